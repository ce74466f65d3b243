/** How the machines of an app stand: what `flyhot status` answers.
 * @module
 */
import { EXIT_CODES } from "../errors.ts";
import type { AbandonedProbation } from "../rollout/pointer/abandoned.ts";

/**
 * How one machine stands: it runs what it should (`up_to_date`, `base_image`), older code (`behind`), older code until
 * its wave comes (`waiting`), it is about to run (`starting`), at rest (`applies_at_next_start`), out of reach
 * (`unreachable`), started and deaf to everybody (`serves_nobody`), or does not say what it runs (`unknown`).
 */
export type StatusVerdict =
  | "up_to_date"
  | "base_image"
  | "behind"
  | "waiting"
  | "starting"
  | "applies_at_next_start"
  | "unreachable"
  | "serves_nobody"
  | "unknown";

/** What one machine runs. */
export interface MachineStatus {
  /** The machine's id. */
  readonly id: string;
  /** Its region. */
  readonly region: string;
  /** Its process group. */
  readonly group: string;
  /** The platform's word for its state. */
  readonly state: string;
  /** Its base image. */
  readonly image_ref: string;
  /** The hot upgrade that is applied; null for none, or where it is not known. */
  readonly hot_upgrade: {
    readonly id: string;
    readonly version: string;
    readonly source_image_ref: string;
    readonly sha256: string;
    readonly deployed_at: string;
    readonly applied_at: string;
  } | null;
  /** What code runs, or null where it is not known. */
  readonly fingerprint: string | null;
  /** What code should run on its base image, or null where that is not known. */
  readonly current_fingerprint: string | null;
  /** Upgrades since its process started, or null where it is not known. */
  readonly upgrades: number | null;
  /** Replaced modules that cannot be freed. */
  readonly retained_modules: number | null;
  /** About how much memory they keep, in bytes, as in a plan. */
  readonly retained_bytes: number | null;
  /** Whether that is past the budget, so that a restart is recommended; null where it is not known. */
  readonly retained_budget_exceeded: boolean | null;
  /** How much memory they may keep, in bytes; null where it is not known. */
  readonly retained_budget_bytes: number | null;
  /** About how much an upgrade has kept so far, in bytes; null before the first one. */
  readonly upgrade_bytes: number | null;
  /** About how many more of these fit into the budget; null before the first one. */
  readonly upgrades_left: number | null;
  /** How it stands. */
  readonly verdict: StatusVerdict;
  /** More about the verdict, or null. */
  readonly detail: string | null;
  /** The one command that mends it, or null where nothing is wrong or no command does. */
  readonly remedy: string | null;
}

/** The answer of `flyhot status --json`. */
export interface StatusReport {
  /** The Fly app. */
  readonly app: string;
  /** What the machines were compared with. */
  readonly compared_with: "pointer" | "each other";
  /** The revision of the pointer, or null if it was not read or there is none. */
  readonly pointer_revision: number | null;
  /** The machines, by region and id. */
  readonly machines: readonly MachineStatus[];
  /** Upgrades that were left on probation by a deployer that is gone. */
  readonly abandoned: readonly AbandonedProbation[];
}

const WRONG: ReadonlySet<StatusVerdict> = new Set([
  "behind",
  "unreachable",
  "serves_nobody",
  "unknown",
]);

/** The exit code that tells whether all is as it should be. */
export function statusExitCode({ machines, abandoned }: StatusReport): number {
  return abandoned.length > 0 ||
      machines.some(({ verdict }) => WRONG.has(verdict))
    ? EXIT_CODES.incomplete
    : EXIT_CODES.ok;
}
