/** The plan as `flyhot plan --json` has always told it, with the refusals beside it.
 * @module
 */
import { nameOf, versionOf } from "./dependencies/lock_file.ts";
import { isScriptPath } from "./paths.ts";
import type { Plan, ReachedClass } from "./plan.ts";
import type { Refusal } from "../base/refusal.ts";
import { becauseOf } from "./reload/reload_set.ts";

/** What is to become of one package. */
export interface PackageReport {
  /** Scheme and name: `npm:zod`. */
  readonly name: string;
  /** The version that its importers have now; null where it is new to them. */
  readonly from: string | null;
  /** The version that they get. */
  readonly to: string;
  /** Whether machines may have to download it. */
  readonly download: boolean;
  /** The modules that import it. */
  readonly importers: readonly string[];
}

/** What a module holds of one that it imports, so that it is evaluated with it. */
export interface CaptureReport {
  /** The module that it imports. */
  readonly of: string;
  /** What of it; empty for the module as a whole. */
  readonly name: string;
  /** Ends a sentence that begins with the importer: `passes it on`. */
  readonly why: string;
  /** The line in the importer, from 1; 0 for none. */
  readonly line: number;
}

/** What is to become of each file. */
export interface PlanReport {
  /** True if no file needs a cold deploy. */
  readonly hot: boolean;
  /** Modules that are evaluated again. */
  readonly reload: readonly string[];
  /** Modules that are new or changed but not loaded yet. */
  readonly mapped: readonly string[];
  /** Assets that changed. */
  readonly assets: readonly string[];
  /** Files that are gone. */
  readonly removed: readonly string[];
  /** Files that stay as they are. */
  readonly unchanged: readonly string[];
  /** For every module in `reload`: from the changed module that it is there for up to itself. */
  readonly because: Readonly<Record<string, readonly string[]>>;
  /** Importers that stay and call the new code, by the module that they import; left out where there are none. */
  readonly rebound?: Readonly<Record<string, readonly string[]>>;
  /** What modules hold that are evaluated with one that they import, where others may stay; else left out. */
  readonly captures?: Readonly<Record<string, CaptureReport>>;
  /** About how much memory the replaced modules keep on each machine, in bytes. */
  readonly retained_bytes: number;
  /** About how many upgrades like this one fit, before the memory that is kept calls for a restart; left out where it is not known. */
  readonly upgrades_left?: number;
  /** Files that need a cold deploy: why, and for modules the import chain. */
  readonly cold: readonly {
    readonly path: string;
    readonly reason: string;
    readonly chain: readonly string[];
  }[];
  /** Packages that come in: at another version, or for the first time. Left out by older machines. */
  readonly packages?: readonly PackageReport[];
  /** What is known of each holder beforehand. Left out by older machines. */
  readonly holders?: Plan["holders"];
  /** State that starts new because the app says so: `cache.ts#cache`. Left out by older machines. */
  readonly startsAnew?: readonly string[];
  /** State of replaced modules that stays by name: `rooms.ts#rooms`. Left out by older machines. */
  readonly kept?: readonly string[];
  /** Of which classes of the app that state holds instances, as far as a machine has told. Left out by older machines. */
  readonly reaches?: Readonly<Record<string, readonly ReachedClass[]>>;
  /** What else is worth knowing: what takes effect only with the next image, what the app does not use. */
  readonly notes?: readonly string[];
  /** What is said in `deno.json` or by `--consent` and matches nothing. Left out by older machines. */
  readonly warnings?: readonly string[];
  /** The same with file, line and remedy, as machines say it. */
  readonly refusals: readonly Refusal[];
}

/**
 * Tells a plan as data.
 *
 * @param plan the plan
 * @returns the report
 */
export function planReport(plan: Plan): PlanReport {
  const mapped = new Set(plan.mapped);
  const replaced = new Set(plan.reload);
  return {
    hot: plan.hot,
    reload: plan.reload,
    mapped: plan.mapped,
    assets: plan.files.filter((path) =>
      !mapped.has(path) && !isScriptPath(path)
    ),
    removed: plan.removed,
    unchanged: plan.unchanged,
    because: Object.fromEntries(
      plan.reload.map((path) => [path, becauseOf(path, plan.reasons)]),
    ),
    ...reboundOf(plan),
    retained_bytes: plan.retained_bytes,
    cold: plan.refusals.map(coldFile),
    packages: plan.packages.map(({ name, from, to, isNew, importers }) => ({
      name,
      from: from !== null && nameOf(from) === name ? versionOf(from) : null,
      to: versionOf(to),
      download: isNew,
      importers,
    })),
    holders: plan.holders,
    startsAnew: plan.startsAnew,
    kept: plan.kept.map(({ at }) => at).filter((at) =>
      replaced.has(at.slice(0, at.indexOf("#")))
    ),
    reaches: plan.reaches,
    notes: plan.notes,
    warnings: plan.warnings,
    refusals: plan.refusals,
  };
}

/** Who stays, and who does not, and why. */
function reboundOf(
  { rebound, reasons }: Plan,
): Pick<PlanReport, "rebound" | "captures"> {
  const stay = Object.entries(rebound).map(([path, { by }]) =>
    [path, by] as const
  );
  const captures = [...reasons].flatMap(([path, reason]) => {
    if (reason.kind !== "imports" || !reason.capture) return [];
    const { name, why, line } = reason.capture;
    const [of = reason.of] = reason.through ?? [];
    return [[path, { of, name, why, line }] as const];
  });
  return {
    ...stay.length > 0 ? { rebound: Object.fromEntries(stay) } : {},
    ...captures.length > 0 ? { captures: Object.fromEntries(captures) } : {},
  };
}

/**
 * Adds what machines have refused that only they could know.
 *
 * @param plan what was planned
 * @param refusals what they refused
 * @returns the plan, which cannot go hot; each refusal once
 */
export function withRefusals(
  plan: PlanReport,
  refusals: readonly Refusal[],
): PlanReport {
  const all = new Map(
    [...plan.refusals, ...refusals].map((each) => [JSON.stringify(each), each]),
  );
  return {
    ...plan,
    hot: all.size === 0,
    cold: [...all.values()].map(coldFile),
    refusals: [...all.values()],
  };
}

function coldFile(
  { path, subject, why, remedy, chain }: Refusal,
): PlanReport["cold"][number] {
  return {
    path,
    reason: `${subject === "" ? "" : `${subject} `}${why}${
      remedy === "" ? "" : `; ${remedy}`
    }`,
    chain: chain ?? [path],
  };
}
