/** Going back to an earlier release because a person wants it.
 * @module
 */
import {
  errorText,
  type HotUpgrade,
  sameImage,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import { oneLine } from "../base/one_line.ts";
import { acquireLock } from "./lock/lock.ts";
import { describeBad, machineReport, restingReport } from "./waves/outcome.ts";
import { PointerMover, readPointer } from "./pointer/pointer.ts";
import type { RolloutReport } from "./report.ts";
import { chooseWay, nothing } from "./pointer/way_back.ts";
import { returnMachines } from "./machines/return_machines.ts";
import { counted } from "./steps.ts";
import { isRunning } from "./machines/ask_machines.ts";
import type { AppMachine } from "../fly/fleet/fleet.ts";
import {
  isBad,
  isGood,
  type MachineState,
  queued,
} from "./machines/verdict.ts";
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
  const warn = (text: string) =>
    deps.reporter.emit({ type: "warning", text: oneLine(text) });
  const { pointer } = await readPointer(bucket, app, work, warn);
  const machines = await machinesOrNone(deps, work);
  const { imageRef, upgradeId, target } = chooseWay(pointer, machines, options);
  const own = machines.filter((machine) =>
    sameImage(machine.imageRef, imageRef)
  );
  const running = own.filter(isRunning);
  const resting = own.filter((machine) => !isRunning(machine));
  await refusePruned(app, target, deps, work);
  const returned = await returnMachines(
    {
      app,
      imageRef,
      upgradeId,
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
      { hint: stuckRemedy(stuck) },
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
    source_image_ref: target?.source_image_ref ?? imageRef,
    image_ref: imageRef,
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

/** A restart takes what the pointer names, but for a release that a machine takes from nobody: unsigned, or not what was promised. */
function stuckRemedy(stuck: readonly MachineState[]): string {
  const refusing = stuck.filter(({ failure }) => failure?.phase === "verify");
  if (refusing.length > 0) {
    return `${
      refusing.map(({ machine }) => machine.id).join(", ")
    } will not take that release, not after a restart either: go back to the image with: flyhot rollback --to-base; or deploy a release that is signed with: flyhot hot`;
  }
  return `the pointer names it: such a machine runs it after: ${
    stuck.map(({ machine }) => `fly machine restart ${machine.id}`).join("; ")
  }`;
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
    {
      hint:
        "deploy that version again with: flyhot hot; or go back to the image with: flyhot rollback --to-base",
    },
  );
}
