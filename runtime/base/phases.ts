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
const ON_THE_WIRE: Readonly<Partial<Record<UpgradePhase, string>>> = {
  plan: "diff",
  load: "prepare",
};

/** The name of a phase in a machine's result. */
export function phaseOnTheWire(phase: UpgradePhase): string {
  return ON_THE_WIRE[phase] ?? phase;
}

/** The phase that a machine's result names, by either of its names; undefined if it is none. */
export function phaseNamed(name: unknown): UpgradePhase | undefined {
  return UPGRADE_PHASES.find((phase) =>
    name === phase || name === phaseOnTheWire(phase)
  );
}
