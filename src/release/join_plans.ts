/** What a release would do to machines, one plan out of those for different code.
 * @module
 */
import {
  classify as planFor,
  type PlanReport,
  planReport,
} from "@flyhot/runtime/plan";
import type { Manifest, RunningManifest } from "@flyhot/runtime/protocol";

type ColdFile = PlanReport["cold"][number];

/**
 * Says what a release would do to a machine: file by file, and for what cannot go hot the reason.
 *
 * @param manifest the release
 * @param running what the machine says it runs
 * @param consent what is consented to for this upgrade, besides what deno.json says
 * @returns the plan; without a single entry where the release changes nothing
 */
export function classify(
  manifest: Manifest,
  running: RunningManifest,
  consent: readonly string[] = [],
): PlanReport {
  return planReport(planFor(manifest, running, { consent }));
}

/** Joins the plans for machines that run different main modules. */
export function joinPlans(plans: readonly PlanReport[]): PlanReport {
  const union = (
    key: "reload" | "mapped" | "assets" | "removed" | "unchanged",
  ) => [...new Set(plans.flatMap((plan) => plan[key]))].sort();
  const reload = union("reload");
  const cold = new Map<string, ColdFile>();
  for (const file of plans.flatMap((plan) => plan.cold)) {
    const key = `${file.path}\n${file.reason}`;
    if (!cold.has(key)) cold.set(key, file);
  }
  return {
    hot: cold.size === 0,
    reload,
    mapped: union("mapped").filter((path) => !reload.includes(path)),
    assets: union("assets"),
    removed: union("removed"),
    unchanged: union("unchanged").filter((path) =>
      plans.every((plan) => plan.unchanged.includes(path))
    ),
    because: Object.assign({}, ...plans.map((plan) => plan.because)),
    retained_bytes: Math.max(...plans.map((plan) => plan.retained_bytes)),
    cold: [...cold.values()],
    packages: packagesOf(plans),
    holders: Object.assign({}, ...plans.map(({ holders }) => holders ?? {})),
    startsAnew: unique(plans.flatMap(({ startsAnew }) => startsAnew ?? [])),
    kept: unique(plans.flatMap(({ kept }) => kept ?? [])),
    reaches: Object.assign({}, ...plans.map(({ reaches }) => reaches ?? {})),
    notes: [...new Set(plans.flatMap(({ notes }) => notes ?? []))],
    warnings: unmatchedByAll(plans),
    refusals: uniqueRefusals(plans),
  };
}

/** Tells whether a plan changes nothing. */
export function isEmptyPlan(plan: PlanReport): boolean {
  return plan.reload.length + plan.mapped.length + plan.assets.length +
      plan.removed.length + plan.cold.length === 0;
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

/** Each package once; downloaded where any machine has to. */
function packagesOf(
  plans: readonly PlanReport[],
): NonNullable<PlanReport["packages"]> {
  type Package = NonNullable<PlanReport["packages"]>[number];
  const found = new Map<string, Package>();
  for (const item of plans.flatMap(({ packages }) => packages ?? [])) {
    const key = JSON.stringify([item.name, item.from, item.to]);
    const before = found.get(key);
    found.set(key, {
      ...item,
      download: item.download || before?.download === true,
      importers: [
        ...new Set([...before?.importers ?? [], ...item.importers]),
      ].sort(),
    });
  }
  return [...found.values()];
}

/** What is of use on one machine is of use. */
function unmatchedByAll(plans: readonly PlanReport[]): string[] {
  const [first, ...others] = plans.map(({ warnings }) => warnings ?? []);
  return (first ?? []).filter((text) =>
    others.every((warnings) => warnings.includes(text))
  );
}

function uniqueRefusals(
  plans: readonly PlanReport[],
): PlanReport["refusals"] {
  const seen = new Map(
    plans.flatMap(({ refusals }) => refusals).map((refusal) => [
      JSON.stringify(refusal),
      refusal,
    ]),
  );
  return [...seen.values()];
}
