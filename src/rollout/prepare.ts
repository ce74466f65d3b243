/** Everything before the first write: machines, release, plan.
 * @module
 */
import type { RunningManifest } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import type { AppMachine } from "../fly/fleet.ts";
import { classify, joinPlans } from "../release/join_plans.ts";
import { type PackedRelease, packRelease } from "../release/pack.ts";
import type { PlanReport } from "@flyhot/runtime/plan";
import { counted, tell } from "./steps.ts";
import { type AskedMachines, askMachines } from "./ask_machines.ts";
import type { RolloutDeps } from "./watch.ts";

/** What a release is packed from. */
export interface ReleaseSource {
  /** The Fly app. */
  readonly app: string;
  /** The app's folder. */
  readonly root: string;
  /** The app's own version, for people. Default: the one in deno.json. */
  readonly version?: string;
  /** The image that the folder is a part of. Default `local:<digest of the content>`. */
  readonly sourceImageRef?: string;
  /** The main modules of the process groups. Default: found in deno.json, fly.toml or Dockerfile. */
  readonly entries?: readonly string[];
  /** Patterns of files that belong to the release whatever else leaves them out. */
  readonly include?: readonly string[];
  /** Patterns of files that do not, as in `.dockerignore`. */
  readonly exclude?: readonly string[];
  /** Leave out what git ignores. */
  readonly gitIgnored: boolean;
}

/** A rollout that could begin. */
export interface Prepared extends AskedMachines {
  /** The release; to be disposed of. */
  readonly release: PackedRelease;
  /** What it would do. */
  readonly plan: PlanReport;
}

/**
 * Finds the machines, packs the release and plans; writes nothing but a temporary file.
 *
 * @param source what to pack
 * @param deps clock, disk, machines and reporter
 * @param signal gives up early
 * @returns what a rollout needs; its release is to be disposed of
 * @throws {FlyhotError} as {@linkcode askMachines}, {@linkcode packRelease} and the machines say
 */
export async function prepare(
  source: ReleaseSource,
  deps: RolloutDeps,
  signal: AbortSignal,
): Promise<Prepared> {
  const asked = await tell(
    deps,
    {
      name: "Find machines",
      detail: source.app,
      result: ({ running, resting }) =>
        `${running.length} started, ${resting.length} at rest`,
    },
    async () => {
      const found = askMachines(source.app, await deps.fleet.list(signal));
      await refuseDeployUnderWay(source.app, found, deps, signal);
      return found;
    },
  );
  const release = await tell(
    deps,
    {
      name: "Pack release",
      detail: source.root,
      result: ({ manifest, size }) =>
        `${manifest.version}, ${
          counted(Object.keys(manifest.files).length, "file")
        }, ${size} bytes`,
    },
    () => packRelease(source, deps.host, signal),
  );
  try {
    for (const text of release.notes) {
      deps.reporter.emit({ type: "note", text });
    }
    const { plan, imageRef } = await tell(
      deps,
      { name: "Plan", result: ({ plan }) => describePlan(plan) },
      async () => {
        const running = await runningManifests(asked.running, deps, signal);
        return {
          plan: joinPlans(
            running.map((each) => classify(release.manifest, each)),
          ),
          // Machines look their generation up by what they themselves were told.
          imageRef: running[0]?.image_ref ?? asked.imageRef,
        };
      },
    );
    return { ...asked, imageRef, release, plan };
  } catch (error) {
    await release.dispose();
    throw error;
  }
}

/** A deploy holds the lease of the machine that it updates next; what it brings would not have this release. */
async function refuseDeployUnderWay(
  app: string,
  { running }: AskedMachines,
  { fleet }: RolloutDeps,
  signal: AbortSignal,
): Promise<void> {
  const holder = await fleet.leaseHolder?.(running.map(({ id }) => id), signal);
  if (holder === null || holder === undefined) return;
  throw new FlyhotError(
    "conflict",
    `Cannot upgrade ${app}: a deploy is under way (${holder})`,
    { hint: "let it end, then run flyhot hot again" },
  );
}

/** Asks one machine of each process group, because groups have different main modules. */
async function runningManifests(
  machines: readonly AppMachine[],
  { fleet, reporter }: RolloutDeps,
  signal: AbortSignal,
): Promise<RunningManifest[]> {
  const groups = Map.groupBy(machines, ({ group }) => group);
  return await Promise.all([...groups.values()].map(async (members) => {
    for (const [index, { id }] of members.entries()) {
      try {
        return await fleet.manifest(id, signal);
      } catch (error) {
        if (signal.aborted || index === members.length - 1) throw error;
        const text = error instanceof Error ? error.message : String(error);
        reporter.emit({ type: "note", text });
      }
    }
    throw new TypeError("a group has at least one machine");
  }));
}

function describePlan(plan: PlanReport): string {
  const parts = [
    `${counted(plan.reload.length, "module")} to reload`,
    ...(plan.mapped.length > 0 ? [`${plan.mapped.length} not loaded yet`] : []),
    ...(plan.assets.length > 0 ? [counted(plan.assets.length, "asset")] : []),
    ...(plan.removed.length > 0 ? [`${plan.removed.length} removed`] : []),
  ];
  return plan.hot
    ? `hot: ${parts.join(", ")}`
    : `cold: ${counted(plan.cold.length, "change")} that cannot go hot`;
}
