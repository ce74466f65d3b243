/** Pointing back, and waiting until the machines are back.
 * @module
 */
import {
  errorText,
  type Pointer,
  pointerKey,
  ulid,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../errors.ts";
import { namesUpgrade } from "../pointer/history.ts";
import type { PointerMover } from "../pointer/pointer.ts";
import { counted, tell } from "../steps.ts";
import {
  fenced,
  rebased,
  type RollbackOptions,
  rolledBack,
} from "../pointer/transitions.ts";
import { isBad, isGood, type MachineState, queued } from "./verdict.ts";
import type { RolloutDeps } from "../deps.ts";
import { watchMachines } from "./watch.ts";

/** Options of {@linkcode returnMachines}. */
interface ReturnOptions extends Pick<RollbackOptions, "target"> {
  readonly app: string;
  /** The base image. */
  readonly imageRef: string;
  /** The upgrade to undo; null where the entry of the base image cannot be read, so that only the image is left. */
  readonly upgradeId: string | null;
  /** Who does it. */
  readonly deployedBy: string;
  /** How long machines may take, in milliseconds. */
  readonly timeoutMs: number;
  /** The machines to wait for. */
  readonly machines: readonly MachineState[];
}

/** How the way back ended. */
interface Returned {
  /** The upgrade that undid the other. */
  readonly upgradeId: string;
  /** The version that the pointer names now. */
  readonly version: string;
  /** What is known of the machines that were waited for. */
  readonly states: readonly MachineState[];
}

/**
 * Undoes an upgrade on all machines by an ordinary one to what was committed before it. Null if the pointer never
 * named the upgrade, and never will.
 */
export async function returnMachines(
  options: ReturnOptions,
  mover: PointerMover,
  deps: RolloutDeps,
  signal: AbortSignal,
): Promise<Returned | null> {
  const { app, upgradeId, target, machines } = options;
  const { host, bucket } = deps;
  const id = ulid(host.now(), host.randomBytes(10));
  const now = new Date(host.now()).toISOString();
  const { imageRef, deployedBy } = options;
  const back = upgradeId === null
    ? rebased(app, imageRef, { id, deployedBy, now })
    : rolledBack({
      upgradeId,
      id,
      deployedBy,
      now,
      ...(target === undefined ? {} : { target }),
    });
  // A write of the upgrade may still be under way.
  const fence = fenced(app, imageRef, now);
  const isThere = (pointer: Pointer | null) =>
    upgradeId === null || namesUpgrade(pointer, upgradeId);
  const version = await tell(deps, {
    name: "Point back",
    result: (version) => version,
  }, async () => {
    try {
      const pointer = await mover.move(
        (before) => (isThere(before) ? back : fence)(before),
        signal,
      );
      return Object.values(pointer.generations)
        .find(({ hot_upgrade }) => hot_upgrade?.id === id)
        ?.hot_upgrade?.version ?? null;
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof FlyhotError && cause.code === "conflict") {
        throw cause;
      }
      const said = errorText(cause);
      throw new FlyhotError(
        "incomplete",
        `Cannot point ${bucket.url(pointerKey(app))} back from ${
          upgradeId === null
            ? "an entry that cannot be read"
            : `upgrade ${upgradeId}`
        }: ${said}`,
        { hint: "when the bucket answers again, run: flyhot rollback", cause },
      );
    }
  });
  if (version === null) return null;
  // What stopped the rollout stays in view as that.
  const failed = new Set(
    machines.filter(isBad).map(({ machine }) => machine.id),
  );
  const states = await tell(deps, {
    name: "Wait for machines",
    detail: `to be back on ${version}`,
    result: (states) =>
      `${counted(states.filter(isGood).length, "machine")} back`,
  }, () =>
    watchMachines(
      machines.map(({ machine }) => queued(machine)),
      {
        app,
        upgradeId: id,
        timeoutMs: options.timeoutMs,
        toTheEnd: true,
        onChange: (state) => {
          const { machine } = state;
          if (!isGood(state) || failed.has(machine.id)) return;
          deps.reporter.emit({
            type: "machine",
            id: machine.id,
            region: machine.region,
            standing: "returned",
          });
        },
      },
      deps,
      signal,
    ));
  return { upgradeId: id, version, states };
}
