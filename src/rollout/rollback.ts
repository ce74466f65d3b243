/** Going back to an earlier release because a person wants it.
 * @module
 */
import {
  type Generation,
  type HotUpgrade,
  sameImage,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import { generationOf, previousUpgrade } from "./pointer/history.ts";
import { acquireLock } from "./lock/lock.ts";
import { describeBad, machineReport, restingReport } from "./outcome.ts";
import { PointerMover, readPointer } from "./pointer/pointer.ts";
import type { RolloutReport } from "./report.ts";
import { returnMachines } from "./return_machines.ts";
import { counted } from "./steps.ts";
import { askMachines } from "./ask_machines.ts";

import { isBad, queued } from "./verdict.ts";
import type { RolloutDeps } from "./watch.ts";

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
  const { host, fleet, bucket } = deps;
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
  const { running, resting, imageRef } = askMachines(
    app,
    await fleet.list(work),
  );
  const { pointer } = await readPointer(bucket, app, work);
  const generation = pointer && generationOf(pointer, imageRef)?.generation;
  const current = generation?.hot_upgrade;
  if (!generation || !current) {
    throw nothing(app, `its machines run ${imageRef} as it is`);
  }
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
        hint:
          "the pointer names it: such a machine runs it after: fly machine restart",
      },
    );
  }
  return {
    app,
    outcome: "committed",
    summary: `${returned.version} runs on ${
      counted(returned.states.length, "machine")
    } again`,
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
      ...resting.filter((machine) => sameImage(machine.imageRef, imageRef))
        .map((machine) => restingReport(machine)),
    ],
    total_ms: host.monotonicNow() - start,
  };
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
    { hint: "deploy that version anew with: flyhot hot" },
  );
}

function nothing(app: string, why: string): FlyhotError {
  return new FlyhotError(
    "not_found",
    `Cannot roll ${app} back: ${why}`,
    { hint: "see what runs with: flyhot status" },
  );
}
