/** Decides, from the pointer, what this machine should do.
 * @module
 */
import { retryDelayMs } from "../base/waiting/retry.ts";
import type { HotUpgrade } from "../protocol/hot_upgrade.ts";
import type { Generation } from "../protocol/pointer.ts";

/** What this machine remembers of one upgrade. */
export type UpgradeMemory =
  | {
    /** It ended, well or badly: it is not tried again. */
    readonly state: "ended";
  }
  | {
    /** Transient trouble; try again later. */
    readonly state: "waiting";
    /** How often it was tried. */
    readonly attempts: number;
    /** When to try again, on the clock that never jumps, in milliseconds. */
    readonly retryAt: number;
  };

/** What to do. */
type UpgradeDecision =
  | {
    /** Bring this upgrade in. */
    readonly act: "apply";
    readonly upgrade: HotUpgrade;
  }
  | {
    /** Look again then, on the clock that never jumps, in milliseconds. */
    readonly act: "wait";
    /** When. */
    readonly until: number;
  }
  | {
    /** Nothing. */
    readonly act: "none";
  };

/** Decides what a running machine does about its generation. */
export function decideUpgrade(
  generation: Generation | null,
  machineId: string,
  memory: ReadonlyMap<string, UpgradeMemory>,
  now: number,
): UpgradeDecision {
  const upgrade = generation?.hot_upgrade ?? null;
  if (!upgrade) {
    return { act: "none" };
  }
  if (upgrade.state === "rolled_back") {
    return { act: "none" };
  }
  if (upgrade.wave !== "*" && !upgrade.wave.includes(machineId)) {
    return { act: "none" };
  }
  const known = memory.get(upgrade.id);
  if (known?.state === "ended") {
    return { act: "none" };
  }
  if (known && now < known.retryAt) {
    return { act: "wait", until: known.retryAt };
  }
  return { act: "apply", upgrade };
}

/**
 * What a machine may start with: the committed upgrades of its base image, newest first, back to the image as it is.
 */
export function bootUpgrades(
  generation: Generation | null,
): readonly HotUpgrade[] {
  if (!generation) return [];
  const found = new Map<string, HotUpgrade>();
  for (const upgrade of [generation.hot_upgrade, ...generation.history]) {
    if (upgrade?.state !== "committed") continue;
    if (upgrade.key === null || upgrade.sha256 === null) break;
    if (!found.has(upgrade.sha256)) found.set(upgrade.sha256, upgrade);
  }
  return [...found.values()];
}

const RETRY = { firstMs: 1_000, lastMs: 60_000 };
const ATTEMPTS_MAX = 5;

/** What to remember after transient trouble. */
export function afterTransientFailure(
  before: UpgradeMemory | undefined,
  now: number,
  forever = false,
): UpgradeMemory {
  const attempts = (before?.state === "waiting" ? before.attempts : 0) + 1;
  if (attempts >= ATTEMPTS_MAX && !forever) return { state: "ended" };
  const delay = retryDelayMs(attempts, RETRY);
  return { state: "waiting", attempts, retryAt: now + delay };
}
