/** The record of the deploy lock.
 * @module
 */
import { protocolVersion } from "./manifest/manifest.ts";
import { object, oneOf, string } from "./json/parse.ts";

/** The deploy lock. */
export interface DeployLock {
  /** {@linkcode PROTOCOL_VERSION}. */
  readonly protocol: number;
  /** Only `held` excludes others. */
  readonly state: "held" | "released";
  /** Unique for each acquisition: who owns the lock. */
  readonly owner: string;
  /** The person or job, for people. */
  readonly holder: string;
  /** What is being deployed, for people. */
  readonly purpose: string;
  /** When it was acquired, RFC 3339. */
  readonly acquired_at: string;
  /** When it was last renewed, RFC 3339. */
  readonly renewed_at: string;
  /** When it lapses if not renewed, RFC 3339. */
  readonly expires_at: string;
}

/**
 * Reads a deploy lock.
 *
 * @param value parsed JSON
 * @returns the lock record
 * @throws {ProtocolError} if it is not one of this protocol
 */
export function parseDeployLock(value: unknown): DeployLock {
  const at = "lock";
  const it = object(value, at);
  return {
    protocol: protocolVersion(it.protocol, `${at}.protocol`),
    state: oneOf("held", "released")(it.state, `${at}.state`),
    owner: string(it.owner, `${at}.owner`),
    holder: string(it.holder, `${at}.holder`),
    purpose: string(it.purpose, `${at}.purpose`),
    acquired_at: string(it.acquired_at, `${at}.acquired_at`),
    renewed_at: string(it.renewed_at, `${at}.renewed_at`),
    expires_at: string(it.expires_at, `${at}.expires_at`),
  };
}
