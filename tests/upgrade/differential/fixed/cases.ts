/** Small programs that naive rules of reloading get wrong, each behind a boot shell: upgraded, it must answer as a
 * fresh process does, or the upgrade must be refused with file and line.
 * @module
 */
import { CLASS_CASES } from "./cases_of_classes.ts";
import { MODULE_CASES } from "./cases_of_modules.ts";
import { RUNNING_CASES } from "./cases_of_running.ts";
import { STATE_CASES } from "./cases_of_state.ts";

/** A request: an exported function of `app.ts` and its arguments. */
export type Ask = readonly [name: string, ...args: unknown[]];

/** One program with one upgrade. */
export interface FixedCase {
  /** What naive rules get wrong. */
  readonly why: string;
  readonly before: Readonly<Record<string, string>>;
  /** Files that change; null removes one. */
  readonly after: Readonly<Record<string, string | null>>;
  /** What is asked of the running process before the upgrade, to bring it into its state. */
  readonly history?: readonly Ask[];
  /** What gives a fresh process of the new release the same state. */
  readonly given?: readonly Ask[];
  /** What is asked of both; it must not change what is asked later. Default: `ask`. */
  readonly asks?: readonly Ask[];
  /** The `"flyhot"` section of deno.json. */
  readonly flyhot?: Readonly<Record<string, unknown>>;
  /** Whether its answers tell what happened in a while, so that those during the upgrade are not compared. */
  readonly isTimed?: boolean;
  /** Why it does not hold yet. */
  readonly open?: string;
  /** More for deno.json. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** All of them by name. */
export const FIXED_CASES: Readonly<Record<string, FixedCase>> = {
  ...MODULE_CASES,
  ...RUNNING_CASES,
  ...CLASS_CASES,
  ...STATE_CASES,
};
