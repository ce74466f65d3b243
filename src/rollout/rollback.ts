/** Going back to an earlier release because a person wants it.
 * @module
 */
import {
  errorText,
  type Generation,
  generationOf,
  type HotUpgrade,
  type Pointer,
  sameImage,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import { previousUpgrade } from "./pointer/history.ts";
import { acquireLock } from "./lock/lock.ts";
import { describeBad, machineReport, restingReport } from "./outcome.ts";
import { PointerMover, readPointer } from "./pointer/pointer.ts";
import type { RolloutReport } from "./report.ts";
import { returnMachines } from "./machines/return_machines.ts";
import { counted } from "./steps.ts";
import { isRunning } from "./machines/ask_machines.ts";
import type { AppMachine } from "../fly/fleet.ts";
import { isBad, isGood, queued } from "./machines/verdict.ts";
import type { RolloutDeps } from "./deps.ts";

/** Options of {@linkcode rollback}. */
export interface RollbackRequest {
  /** The Fly app. */
  readonly app: string;
  /** The id of the upgrade to go back to, or `base` for the base image as it is. Default: the release before. */
  readonly to?: string;
  /** Who does it. */
  readonly deployedBy: string;
  /** How long the machines may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long the deploy lock holds without renewal, in milliseconds. */
  readonly lockTtlMs: number;
  /** Take the deploy lock over even if somebody holds it. */
  readonly force: boolean;
}

/**
 * Points all machines back to an earlier release and waits until they run it.
 *
 * @param options how far back, and for how long
 * @param deps clock, bucket, machines and reporter
 * @param signal interrupts: the machines go back all the same, once the pointer is moved
 * @returns what the machines run now; its outcome is `committed`
 * @throws {FlyhotError} `not_found` if there is nothing to go back to, `incomplete` if a machine does not go back, `conflict` as for a deploy
 */
export async function rollback(
  options: RollbackRequest,
  deps: RolloutDeps,
  signal: AbortSignal = new AbortController().signal,
): Promise<RolloutReport> {
  const mover = new PointerMover(options.app, deps);
  try {
    return await goBack(options, mover, deps, signal);
  } catch (error) {
    if (!signal.aborted || error instanceof FlyhotError) throw error;
    throw new FlyhotError(
      "incomplete",
      `Cannot roll ${options.app} back to the end: interrupted ${
        mover.hasWritten
          ? "while the machines were on their way back"
          : "before anything was changed"
      }`,
      { hint: "see what runs with: flyhot status", cause: error },
    );
  }
}

async function goBack(
  options: RollbackRequest,
  mover: PointerMover,
  deps: RolloutDeps,
  signal: AbortSignal,
): Promise<RolloutReport> {
  const { app, timeoutMs } = options;
  const { host, bucket } = deps;
  const start = host.monotonicNow();
  await using lock = await acquireLock(
    {
      app,
      holder: options.deployedBy,
      purpose: `roll back to ${options.to ?? "the release before"}`,
      ttlMs: options.lockTtlMs,
      force: options.force,
    },
    deps,
    signal,
  );
  mover.guard(() => lock.confirm());
  const work = AbortSignal.any([signal, lock.signal]);
  const { pointer } = await readPointer(bucket, app, work);
  const machines = await machinesOrNone(deps, work);
  const generation = pointer && generationToUndo(pointer, machines);
  const current = generation?.hot_upgrade;
  if (!generation || !current) {
    const imageRef = machines.find(isRunning)?.imageRef ??
      machines[0]?.imageRef ?? pointer?.image_ref;
    throw nothing(
      app,
      imageRef === undefined
        ? "nothing was released yet"
        : `its machines run ${imageRef} as it is`,
    );
  }
  const own = machines.filter(({ imageRef }) =>
    sameImage(imageRef, generation.image_ref)
  );
  const running = own.filter(isRunning);
  const resting = own.filter((machine) => !isRunning(machine));
  const target = chooseTarget(app, generation, options.to);
  if (
    current.state === "committed" &&
    (target?.sha256 ?? null) === current.sha256
  ) {
    throw nothing(app, `${current.version} runs already`);
  }
  await refusePruned(app, target, deps, work);
  const returned = await returnMachines(
    {
      app,
      imageRef: generation.image_ref,
      upgradeId: current.id,
      deployedBy: options.deployedBy,
      timeoutMs,
      target,
      machines: running.map(queued),
    },
    mover,
    deps,
    work,
  );
  if (returned === null) throw nothing(app, "the pointer has changed");
  const stuck = returned.states.filter(isBad);
  if (stuck.length > 0) {
    throw new FlyhotError(
      "incomplete",
      `Cannot bring all machines of ${app} back to ${returned.version}: ${
        stuck.map((state) => describeBad(state, timeoutMs)).join("; ")
      }`,
      {
        hint: `the pointer names it: such a machine runs it after: ${
          stuck.map(({ machine }) => `fly machine restart ${machine.id}`)
            .join("; ")
        }`,
      },
    );
  }
  const now = returned.states.filter(isGood).length;
  const later = returned.states.length - now + resting.length;
  return {
    app,
    outcome: "committed",
    summary: [
      ...(now > 0 || later === 0
        ? [`${returned.version} runs on ${counted(now, "machine")} again`]
        : []),
      ...(later > 0
        ? [
          `${counted(later, "machine")} ${
            later === 1 ? "takes" : "take"
          } ${returned.version} at the next start`,
        ]
        : []),
    ].join("; "),
    upgrade_id: returned.upgradeId,
    version: returned.version,
    source_image_ref: target?.source_image_ref ?? generation.image_ref,
    image_ref: generation.image_ref,
    sha256: target?.sha256 ?? null,
    size: target?.size ?? null,
    plan: null,
    machines: [
      ...returned.states.map((state) => machineReport(state))
        .filter((report) => report !== null),
      ...resting.map((machine) => restingReport(machine)),
    ],
    total_ms: host.monotonicNow() - start,
  };
}

/** The pointer is what matters: it is moved even where nobody can say which machines there are. */
async function machinesOrNone(
  { fleet, reporter }: RolloutDeps,
  signal: AbortSignal,
): Promise<readonly AppMachine[]> {
  try {
    return await fleet.list(signal);
  } catch (error) {
    signal.throwIfAborted();
    const said = errorText(error);
    reporter.emit({
      type: "warning",
      text:
        `${said}; the pointer is moved all the same, and nobody is waited for`,
    });
    return [];
  }
}

/**
 * Finds what a rollback is about: the generation of the machines that run, else of those that there are, else the
 * newest; while a deploy is under way, the newest of those that were upgraded.
 */
function generationToUndo(
  pointer: Pointer,
  machines: readonly AppMachine[],
): Generation | null {
  const running = machines.filter(isRunning);
  const known = [...running, ...machines.filter((it) => !isRunning(it))]
    .map(({ imageRef }) => generationOf(pointer, imageRef))
    .filter((generation) => generation !== null);
  const newest = generationOf(pointer, pointer.image_ref);
  const candidates = known.length > 0 ? known : newest ? [newest] : [];
  const runs = new Set(
    running.map(({ imageRef }) => generationOf(pointer, imageRef)),
  );
  const upgraded = candidates.filter(({ hot_upgrade }) => hot_upgrade !== null)
    .sort((a, b) =>
      Number(runs.has(b)) - Number(runs.has(a)) ||
      (a.first_seen < b.first_seen ? 1 : -1)
    );
  return upgraded[0] ?? candidates[0] ?? null;
}

function chooseTarget(
  app: string,
  generation: Generation,
  to: string | undefined,
): HotUpgrade | null {
  if (to === "base") return null;
  if (to === undefined) return previousUpgrade(generation);
  const upgrade = [generation.hot_upgrade, ...generation.history]
    .find((each) => each?.id === to);
  if (upgrade) return upgrade.key === null ? null : upgrade;
  throw new FlyhotError(
    "not_found",
    `Cannot roll ${app} back to ${to}: the history of ${generation.image_ref} has no such upgrade`,
    { hint: "see what it has with: flyhot releases" },
  );
}

async function refusePruned(
  app: string,
  target: HotUpgrade | null,
  { bucket }: RolloutDeps,
  signal: AbortSignal,
): Promise<void> {
  if (target === null || target.key === null) return;
  const found = await bucket.get(target.key, { signal });
  if (found.status === "found") return await found.body.cancel();
  throw new FlyhotError(
    "not_found",
    `Cannot roll ${app} back to ${target.version}: ${
      bucket.url(target.key)
    } is not in the bucket`,
    { hint: "deploy that version again with: flyhot hot" },
  );
}

function nothing(app: string, why: string): FlyhotError {
  return new FlyhotError(
    "not_found",
    `Cannot roll ${app} back: ${why}`,
    { hint: "see what runs with: flyhot status" },
  );
}
