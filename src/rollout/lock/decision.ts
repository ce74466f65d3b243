/** Who may hold the deploy lock: decided from the record and the clock alone.
 * @module
 */
import {
  type DeployLock,
  PROTOCOL_VERSION,
  shownText,
} from "@flyhot/runtime/protocol";

/** What to do about a lock record. */
type LockDecision =
  | {
    /** There is none: create it. */
    readonly action: "create";
  }
  | {
    /** Replace the record. */
    readonly action: "take_over";
    /** Why that is allowed. */
    readonly why: "released" | "lapsed" | "forced";
  }
  | {
    /** Somebody holds it. */
    readonly action: "refuse";
    /** When it may be taken over if it is not renewed, in milliseconds from now; null if its record does not say. */
    readonly lapsesInMs: number | null;
  };

/** What one deployer claims. */
export interface LockClaim {
  /** Unique for each acquisition. */
  readonly owner: string;
  /** The person or job, for people. */
  readonly holder: string;
  /** What is being deployed, for people. */
  readonly purpose: string;
  /** How long the lock holds without renewal, in milliseconds. */
  readonly ttlMs: number;
}

/**
 * What lies between the end of a lock for its owner and for others: the owner gives it up this much early, others take it
 * over this much late. Both go by the bucket's clock; the margin covers its coarse header and slow answers.
 */
export function skewMarginMs(ttlMs: number): number {
  return Math.max(0, Math.min(10_000, ttlMs / 10));
}

/** Decides what a deployer may do about the lock. */
export function decideLock(
  record: DeployLock | null,
  now: number,
  force: boolean,
): LockDecision {
  if (record === null) return { action: "create" };
  if (record.state === "released") {
    return { action: "take_over", why: "released" };
  }
  const expires = Date.parse(record.expires_at);
  const margin = skewMarginMs(expires - Date.parse(record.renewed_at));
  const lapsesInMs = expires + margin - now;
  if (lapsesInMs < 0) return { action: "take_over", why: "lapsed" };
  if (force) return { action: "take_over", why: "forced" };
  return {
    action: "refuse",
    lapsesInMs: Number.isFinite(lapsesInMs) ? lapsesInMs : null,
  };
}

/** Says where a lock stands. */
export function lockState(
  record: DeployLock | null,
  now: number,
): "free" | "held" | "lapsed" {
  const decision = decideLock(record, now, false);
  if (decision.action === "refuse") return "held";
  return decision.action === "take_over" && decision.why === "lapsed"
    ? "lapsed"
    : "free";
}

/** Writes down a claim. */
export function heldRecord(
  claim: LockClaim,
  now: number,
  acquiredAt?: string,
): DeployLock {
  const at = new Date(now).toISOString();
  return {
    protocol: PROTOCOL_VERSION,
    state: "held",
    owner: claim.owner,
    holder: claim.holder,
    purpose: claim.purpose,
    acquired_at: acquiredAt ?? at,
    renewed_at: at,
    expires_at: new Date(now + claim.ttlMs).toISOString(),
  };
}

/** Writes down that a lock is free. */
export function releasedRecord(record: DeployLock, now: number): DeployLock {
  const at = new Date(now).toISOString();
  return { ...record, state: "released", renewed_at: at, expires_at: at };
}

/** Says who holds a lock, since when, for what and when it lapses. */
export function describeLock(record: DeployLock, now: number): string {
  const ageS = Math.round((now - Date.parse(record.acquired_at)) / 1000);
  const age = Number.isFinite(ageS) ? ` for ${Math.max(0, ageS)} s` : "";
  return `held by ${shownText(record.holder)}${age} to ${
    shownText(record.purpose)
  }; ${lapseOf(decideLock(record, now, false))}`;
}

function lapseOf(decision: LockDecision): string {
  if (decision.action !== "refuse") return "it can be taken over";
  return decision.lapsesInMs === null
    ? "its record does not say when it lapses"
    : `it lapses in ${Math.ceil(decision.lapsesInMs / 1000)} s if not renewed`;
}
