/** What the pointer says of the past: pure look-ups.
 * @module
 */
import type { Generation, HotUpgrade, Pointer } from "@flyhot/runtime/protocol";

/** Tells whether the pointer names an upgrade, as a current or an earlier one, so that its write has landed. */
export function namesUpgrade(
  pointer: Pointer | null,
  upgradeId: string,
): boolean {
  return Object.values(pointer?.generations ?? {}).some((
    { hot_upgrade, history },
  ) => [hot_upgrade, ...history].some((upgrade) => upgrade?.id === upgradeId));
}

/**
 * Finds what a machine that starts again would run if the current upgrade did not exist; the newest committed upgrade of
 * its history, or null for the base image as it is.
 */
export function lastCommitted(generation: Generation): HotUpgrade | null {
  return generation.history.find(({ state }) => state === "committed") ?? null;
}

/**
 * Finds what a person means by the release before: the newest one committed that differs from the current one and has not
 * been undone since, so that going back twice goes back two steps; the upgrade that brought it, or null for the base image
 * as it is.
 */
export function previousUpgrade(generation: Generation): HotUpgrade | null {
  const { hot_upgrade, history } = generation;
  if (hot_upgrade?.state !== "committed") return lastCommitted(generation);
  const passed = new Set([hot_upgrade.sha256]);
  for (const upgrade of history) {
    if (upgrade.state === "rolled_back") passed.add(upgrade.sha256);
    else if (!passed.has(upgrade.sha256)) return upgrade;
  }
  return null;
}
