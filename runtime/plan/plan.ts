/** What a release would do to a machine, as the planner answers it.
 * @module
 */
import type { KeptEntry } from "../protocol/manifest/release_settings.ts";
import type { PackageChange } from "./dependencies/package_changes.ts";
import type { TakenEntry } from "./rules/keep_rule.ts";
import type { Reason } from "./reload/reload_set.ts";
import type { Refusal } from "../base/refusal.ts";

/** A class of the app of which state that stays holds instances. */
export interface ReachedClass {
  /** Its name. */
  readonly name: string;
  /** Its module. */
  readonly path: string;
  /** True if that module is replaced: the instances follow the new class. */
  readonly follows: boolean;
}

/** A module that is evaluated while modules that import it stay. */
export interface ReboundModule {
  /** The importers that stay: what they call is the new code. */
  readonly by: readonly string[];
  /** What of the module they use. */
  readonly names: readonly string[];
}

/** What a release would do to a machine. */
export interface Plan {
  /** True if nothing is refused. */
  readonly hot: boolean;
  /** Modules that are evaluated again, in path order. */
  readonly reload: readonly string[];
  /** Why each of them and of `fresh` is; see `becauseOf()`. */
  readonly reasons: ReadonlyMap<string, Reason>;
  /** Those of them whose functions and classes take the place of the old ones in importers that stay, by path. */
  readonly rebound: Readonly<Record<string, ReboundModule>>;
  /** The modules to import so that all of `reload` is loaded. */
  readonly roots: readonly string[];
  /** New or changed modules that nothing has loaded yet. */
  readonly mapped: readonly string[];
  /** Modules that are evaluated for the first time because a reloaded one imports them. */
  readonly fresh: readonly string[];
  /** Changed files to be laid over their place: all that this process has not loaded. */
  readonly files: readonly string[];
  /** Files that are gone. */
  readonly removed: readonly string[];
  /** Files that stay as they are. */
  readonly unchanged: readonly string[];
  /** Loaded modules that nothing reaches any more. */
  readonly pruned: readonly string[];
  /** Why it cannot come in hot; empty means hot. */
  readonly refusals: readonly Refusal[];
  /** What is said in `deno.json` or by `--consent` and matches nothing. */
  readonly warnings: readonly string[];
  /** What else is worth knowing. */
  readonly notes: readonly string[];
  /** Packages that come in, at other versions or for the first time. */
  readonly packages: readonly PackageChange[];
  /** How many modules were linked. */
  readonly linked: number;
  /** About how much memory the replaced modules keep, in bytes: six times their source. */
  readonly retained_bytes: number;
  /** What is known of each holder beforehand: one whose module is reloaded is declared again. */
  readonly holders: Readonly<
    Record<string, "kept" | "declared again" | "removed">
  >;
  /** State that is lost with its module because the app says so: `rooms.ts#rooms`. */
  readonly startsAnew: readonly string[];
  /** State that stays by name. */
  readonly kept: readonly KeptEntry[];
  /** Of which classes of the app the state that stays holds instances, by its name. */
  readonly reaches: Readonly<Record<string, readonly ReachedClass[]>>;
  /** What of the replaced modules is taken over by this upgrade. */
  readonly taken: readonly TakenEntry[];
}

/**
 * Whether a plan changes nothing.
 *
 * @param plan the plan
 * @returns true if there is nothing in it, and nothing against it
 */
export function isEmptyPlan(plan: Plan): boolean {
  return plan.reload.length + plan.mapped.length + plan.files.length +
      plan.removed.length + plan.pruned.length + plan.refusals.length === 0;
}

/** Whether a plan does or refuses anything to files and modules. */
export function changesAnything(plan: Plan): boolean {
  return plan.reload.length + plan.mapped.length + plan.files.length +
      plan.removed.length + plan.refusals.length > 0;
}
