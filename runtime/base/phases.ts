/** The phases of one upgrade on one machine.
 * @module
 */
/** The steps of one upgrade on one machine, in order. */
export const UPGRADE_PHASES = [
  "check",
  "fetch",
  "verify",
  "unpack",
  "diff",
  "prepare",
  "suspend",
  "migrate",
  "swap",
  "start",
  "health",
  "probation",
  "commit",
] as const;

/** One step of an upgrade. */
export type UpgradePhase = typeof UPGRADE_PHASES[number];
