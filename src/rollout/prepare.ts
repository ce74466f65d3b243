/** Everything before the first write: machines, release, plan.
 * @module
 */
import { generationOf, type HotUpgrade } from "@flyhot/runtime/protocol";
import { oneLine } from "../base/one_line.ts";
import { FlyhotError } from "../errors.ts";
import { classify, isEmptyPlan, joinPlans } from "../release/join_plans.ts";
import { type PackedRelease, packRelease } from "../release/pack/pack.ts";
import type { SignStep } from "../release/signing.ts";
import type { PlanReport } from "@flyhot/runtime/plan";
import { foretoldPlan } from "./foretold_plan.ts";
import { counted, tell } from "./steps.ts";
import {
  type AskedMachines,
  askMachines,
  isRunning,
  nothingRuns,
} from "./machines/ask_machines.ts";
import { readPointer } from "./pointer/pointer.ts";
import { readLatestReleased } from "./released.ts";
import {
  askAll,
  type AskedProcess,
  distinctManifests,
  runningSha,
} from "./machines/running_code.ts";
import type { WokenMachines } from "./machines/wake.ts";
import type { RolloutDeps } from "./deps.ts";

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
  /** What is consented to for this upgrade, besides what deno.json says. */
  readonly consent?: readonly string[];
  /** Leave out what git ignores. */
  readonly gitIgnored: boolean;
}

/** A rollout that could begin. */
export interface Prepared extends AskedMachines {
  /** The release; to be disposed of. */
  readonly release: PackedRelease;
  /** What it would do. */
  readonly plan: PlanReport;
  /** What each running machine said of its process. */
  readonly asked: readonly AskedProcess[];
  /** The main modules that run, and whether the runtime started before them. */
  readonly mains?: readonly {
    readonly main: string;
    readonly preload: boolean;
  }[];
  /** What the pointer says that they should run; null for the base image. */
  readonly current: HotUpgrade | null;
}

/**
 * Tells whether a rollout would change nothing: every machine runs what the pointer has committed, and the release
 * holds nothing else for any of them.
 */
export function isUpToDate(
  { plan, asked, current }: Pick<Prepared, "plan" | "asked" | "current">,
): boolean {
  if (!isEmptyPlan(plan)) return false;
  if (current !== null && current.state !== "committed") return false;
  const wanted = current?.sha256 ?? null;
  return asked.every(({ info }) => runningSha(info) === wanted);
}

/** Finds the machines, packs the release and plans; writes nothing but a temporary file. */
export async function prepare(
  source: ReleaseSource & { readonly sign?: SignStep },
  deps: RolloutDeps,
  signal: AbortSignal,
  woken?: WokenMachines,
): Promise<Prepared> {
  const early = new AbortController();
  const work = AbortSignal.any([signal, early.signal]);
  // Of the folder alone: it goes on while the machines are found and asked.
  const begun = deps.host.monotonicNow();
  const packing = packRelease(
    {
      ...source,
      signs: source.sign !== undefined,
      released: () => readLatestReleased(source.app, deps.bucket, work),
    },
    deps.host,
    work,
  );
  packing.catch(() => {});
  try {
    return await prepareWhile(packing, begun, source, deps, work, woken);
  } catch (error) {
    early.abort(error);
    await packing.then((release) => release.dispose(), () => {});
    throw error;
  }
}

async function prepareWhile(
  packing: Promise<PackedRelease>,
  begun: number,
  source: ReleaseSource,
  deps: RolloutDeps,
  signal: AbortSignal,
  woken: WokenMachines | undefined,
): Promise<Prepared> {
  const found = await tell(
    deps,
    {
      name: "Find machines",
      detail: source.app,
      result: ({ running, resting }) =>
        `${running.length} started, ${resting.length} at rest`,
    },
    async () => {
      const all = await deps.fleet.list(signal);
      const found = askMachines(source.app, all);
      if (!woken && found.running.length === 0) {
        throw nothingRuns(source.app, all);
      }
      await refuseDeployUnderWay(source.app, found, deps, signal);
      return found;
    },
  );
  const asking = untilOneAnswers(
    source.app,
    found,
    packing,
    deps,
    signal,
    woken,
  );
  asking.catch(() => {});
  const release = await tell(
    deps,
    {
      name: "Pack release",
      detail: source.root,
      begun,
      result: ({ manifest, size }) =>
        `${manifest.version}, ${
          counted(Object.keys(manifest.files).length, "file")
        }, ${size} bytes`,
    },
    () => packing,
  );
  for (const text of release.notes) {
    deps.reporter.emit({ type: "note", text });
  }
  const asked = await asking;
  const { plan, imageRef, mains } = await tell(
    deps,
    { name: "Plan", result: ({ plan }) => describePlan(plan) },
    async () => {
      const running = await distinctManifests(asked.answered, deps, signal);
      return {
        plan: foretoldPlan(
          joinPlans(
            running.map((each) =>
              classify(release.manifest, each, source.consent)
            ),
          ),
          asked.answered.map(({ info }) => info),
        ),
        // Machines look their generation up by what they themselves were told.
        imageRef: running[0]?.image_ref ?? asked.found.imageRef,
        mains: running.map(({ main, boot }) => ({
          main,
          preload: boot?.length === 0,
        })),
      };
    },
  );
  const { pointer } = await readPointer(
    deps.bucket,
    source.app,
    signal,
    (text) => deps.reporter.emit({ type: "warning", text: oneLine(text) }),
  );
  const generation = generationOf(pointer, imageRef);
  const current = generation?.hot_upgrade ?? null;
  return {
    ...asked.found,
    imageRef,
    release,
    plan,
    asked: asked.answered,
    mains,
    current,
  };
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

/** Asks all machines; starts one where none runs, or none does any more, once it is known that there is a release. */
async function untilOneAnswers(
  app: string,
  found: AskedMachines,
  packing: Promise<PackedRelease>,
  deps: RolloutDeps,
  signal: AbortSignal,
  woken: WokenMachines | undefined,
): Promise<
  { found: AskedMachines; answered: readonly AskedProcess[] }
> {
  for (;;) {
    if (found.running.length === 0) {
      await packing;
      const one = await woken?.wakeOne(found.resting, signal);
      if (!one) {
        throw woken?.failed(app) ?? nothingRuns(app, found.resting);
      }
      found = askMachines(app, await deps.fleet.list(signal));
      if (found.running.length === 0) continue;
    }
    const { answered, left } = await askAll(found.running, deps, signal);
    const running = answered.map(({ machine }) => machine);
    found = {
      ...found,
      running,
      resting: [
        ...found.resting,
        ...left.filter((machine) => !isRunning(machine)),
      ],
    };
    if (running.length > 0) return { found, answered };
    if (!woken) throw nothingRuns(app, found.resting);
  }
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
