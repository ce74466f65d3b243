/** Hot or cold, and why: what a release would do to a running machine.
 * @module
 */
import type { Manifest, RunningManifest } from "@flyhot/runtime/protocol";
import {
  lockChanges,
  newPackages,
  packageOf,
  type ReloadSet,
  reloadSet,
} from "@flyhot/runtime/plan";
import type { PlanReport } from "./plan_report.ts";

/** Deno never frees a module; measured, one costs five to six times its source. */
const RETAINED_PER_SOURCE_BYTE = 6;

type ColdFile = PlanReport["cold"][number];

/**
 * Says what a release would do to a machine: file by file, and for what cannot go hot the reason.
 *
 * @param manifest the release
 * @param running what the machine says it runs
 * @returns the plan; without a single entry where the release changes nothing
 */
export function classify(
  manifest: Manifest,
  running: RunningManifest,
): PlanReport {
  const changed = { module: [] as string[], asset: [] as string[], config: [] };
  for (const [path, { sha256, kind }] of Object.entries(manifest.files)) {
    if (kind !== "config" && own(running.files, path) !== sha256) {
      changed[kind].push(path);
    }
  }
  const set = reloadSet(changed.module, manifest.modules, {
    main: running.main,
    // What an upgrade removed stays loaded; there is nothing to evaluate it from.
    loaded: new Set(
      running.loaded.filter((path) => Object.hasOwn(manifest.files, path)),
    ),
    live: edgeMap(running.live),
    plain: edgeMap(running.plain),
    accepted: edgeMap(running.accepted ?? {}),
  });
  const cold = [
    ...coldMain(manifest, running),
    ...coldConfig(manifest, running),
    ...coldLocks(manifest, running),
    ...coldPackages(manifest, running),
    ...coldModules(set, running.main),
    ...declinedModules(set, running),
  ];
  return {
    hot: cold.length === 0,
    reload: set.reload,
    mapped: set.mapped,
    assets: changed.asset.sort(),
    removed: Object.keys(running.files).filter((path) =>
      !Object.hasOwn(manifest.files, path) &&
      !Object.hasOwn(running.config, path) &&
      // Deno writes one when it starts without.
      path !== "deno.lock"
    ).sort(),
    unchanged: Object.entries(manifest.files).filter(([path, { sha256 }]) =>
      own(running.files, path) === sha256 && !set.reload.includes(path)
    ).map(([path]) => path).sort(),
    because: Object.fromEntries(set.because),
    retained_bytes: RETAINED_PER_SOURCE_BYTE *
      set.reload.reduce(
        (sum, path) => sum + (manifest.files[path]?.size ?? 0),
        0,
      ),
    cold,
  };
}

/**
 * Joins the plans for machines that run different main modules.
 *
 * @param plans the plans, at least one
 * @returns what happens on any of them; hot only if all are
 */
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
  };
}

/**
 * Tells whether a plan changes nothing.
 *
 * @param plan the plan
 * @returns true if there is no file in it
 */
export function isEmptyPlan(plan: PlanReport): boolean {
  return plan.reload.length + plan.mapped.length + plan.assets.length +
      plan.removed.length + plan.cold.length === 0;
}

function coldMain(manifest: Manifest, running: RunningManifest): ColdFile[] {
  const path = running.main;
  if (Object.hasOwn(manifest.modules, path)) return [];
  const reason = Object.hasOwn(manifest.files, path)
    ? `is the main module of a running machine, but no entry of the release; name it under "flyhot".entry in deno.json`
    : "is the main module of a running machine, and gone from the release";
  return [{ path, reason, chain: [path] }];
}

function coldConfig(manifest: Manifest, running: RunningManifest): ColdFile[] {
  return Object.entries(manifest.config).flatMap(([path, digest]) => {
    const before = own(running.config, path);
    // What the image does not carry cannot be compared.
    if (before === undefined || before === digest) return [];
    return [{ path, reason: configReason(path), chain: [path] }];
  });
}

function configReason(path: string): string {
  switch (path) {
    case "fly.toml":
      return "is read by fly deploy only";
    case "Dockerfile":
      return "describes the image, which is only built anew by fly deploy";
    case "package.json":
      return "decides which packages the image holds";
    default:
      return "has changed in what Deno reads only when it starts (imports, compilerOptions, unstable ...)";
  }
}

function coldLocks(manifest: Manifest, running: RunningManifest): ColdFile[] {
  const path = "deno.lock";
  return lockChanges(running.locked, manifest.locked).map((change) => ({
    path,
    reason: `${change}, and a running process keeps what it has loaded`,
    chain: [path],
  }));
}

function coldPackages(
  manifest: Manifest,
  running: RunningManifest,
): ColdFile[] {
  return newPackages(manifest, new Set(running.external)).map((name) => {
    const path = Object.entries(manifest.modules).find(([, { external }]) =>
      external.some((specifier) =>
        packageOf(specifier) === name
      )
    )?.[0] ?? running.main;
    return {
      path,
      reason: `adds ${name}, which needs a new image`,
      chain: [path],
    };
  });
}

function declinedModules(
  { reload, because }: ReloadSet,
  running: RunningManifest,
): ColdFile[] {
  return reload.flatMap((path) => {
    const reason = own(running.declined ?? {}, path);
    if (reason === undefined) return [];
    const chain = because.get(path) ?? [path];
    return [{ path, reason: `declines to be replaced: ${reason}`, chain }];
  });
}

function coldModules(set: ReloadSet, main: string): ColdFile[] {
  return set.cold.map(({ path, chain }) => ({
    path,
    reason: path === main
      ? "is the main module, which runs only once"
      : chain.length === 2
      ? "is imported statically by the main module, before reapply(); move the import behind live(), or use import type if only types are used"
      : "is imported statically on the way from the main module; put a live() boundary in between",
    chain,
  }));
}

function edgeMap(
  edges: Readonly<Record<string, readonly string[]>>,
): Map<string, Set<string>> {
  return new Map(
    Object.entries(edges).map(([from, to]) => [from, new Set(to)]),
  );
}

function own(record: Readonly<Record<string, string>>, key: string) {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
