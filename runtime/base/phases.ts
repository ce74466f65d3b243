/** The phases of one upgrade on one machine.
 * @module
 */
/** The steps of one upgrade on one machine, in order. */
export const UPGRADE_PHASES = [
  "check",
  "fetch",
  "verify",
  "unpack",
  "plan",
  "load",
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

/** What results have always called two of the phases; commands of any age read them. */
const ON_THE_WIRE = {
  check: "check",
  fetch: "fetch",
  verify: "verify",
  unpack: "unpack",
  plan: "diff",
  load: "prepare",
  suspend: "suspend",
  migrate: "migrate",
  swap: "swap",
  start: "start",
  health: "health",
  probation: "probation",
  commit: "commit",
} as const satisfies Readonly<Record<UpgradePhase, string>>;

/** The name of a phase in a machine's result. */
export function phaseOnTheWire(phase: UpgradePhase): string {
  return ON_THE_WIRE[phase];
}

/** The phase that a machine's result names, by either of its names; undefined if it is none. */
export function phaseNamed(name: unknown): UpgradePhase | undefined {
  return UPGRADE_PHASES.find((phase) =>
    name === phase || name === phaseOnTheWire(phase)
  );
}
