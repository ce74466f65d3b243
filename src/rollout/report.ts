/** What a rollout did, as data: the answer of `flyhot hot --json`.
 * @module
 */
import type { HolderChange, MachineResult } from "@flyhot/runtime/protocol";
import type { HotSurface, PlanReport } from "@flyhot/runtime/plan";
import type { MachineStanding } from "../ui/reporter.ts";

/** What became of one machine. */
export interface MachineReport {
  /** The machine's id. */
  readonly id: string;
  /** Its region. */
  readonly region: string;
  /** Where it ended. */
  readonly standing: MachineStanding;
  /** Modules it evaluated again. */
  readonly reloaded: readonly string[];
  /** Modules loaded in all. */
  readonly modules: number;
  /** Its holders concerned. */
  readonly holders: readonly HolderChange[];
  /** How long its holders took no calls, in milliseconds. */
  readonly suspend_ms: number | null;
  /** Its whole upgrade, in milliseconds. */
  readonly total_ms: number | null;
  /** What code it runs. */
  readonly fingerprint: string | null;
  /** Why it failed. */
  readonly failure: MachineResult["failure"];
}

/** The summary of a plan by which everything stays as it is. */
export const NOTHING_WOULD_CHANGE = "nothing would change";

/** What a rollout did. */
export interface RolloutReport {
  /** The Fly app. */
  readonly app: string;
  /** How it ended. */
  readonly outcome:
    | "committed"
    | "rolled_back"
    | "nothing_to_do"
    | "cold"
    | "dry_run";
  /** One sentence on how it ended. */
  readonly summary: string;
  /** The upgrade, or null where none was published. */
  readonly upgrade_id: string | null;
  /** The app's version in the release. */
  readonly version: string;
  /** The image the release was packed from. */
  readonly source_image_ref: string;
  /** The base image of the machines. */
  readonly image_ref: string;
  /** Digest of the release. */
  readonly sha256: string | null;
  /** Its length in bytes. */
  readonly size: number | null;
  /** What was to become of each file. */
  readonly plan: PlanReport | null;
  /** Of a plan: which modules could be replaced if they changed, by main module. */
  readonly surfaces?: readonly HotSurface[];
  /** What became of each machine. */
  readonly machines: readonly MachineReport[];
  /** From start to end, in milliseconds. */
  readonly total_ms: number;
}
