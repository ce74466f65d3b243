/** Watching machines until each has said how an upgrade ended.
 * @module
 */
import { type Bucket, BucketError, getJson } from "@flyhot/runtime/bucket";
import {
  errorText,
  parseMachineResult,
  ProtocolError,
  resultKey,
} from "@flyhot/runtime/protocol";
import {
  type AppMachine,
  restartHint,
  ServesNobodyError,
} from "../../fly/fleet/fleet.ts";
import type { RolloutDeps } from "../deps.ts";
import { afterLife } from "./live_through.ts";
import { judgeLife, type LifeBefore } from "./lives.ts";
import {
  isAwaited,
  isGood,
  type MachineEvent,
  type MachineState,
  step,
  verdict,
} from "./verdict.ts";

/** Options of {@linkcode watchMachines}. */
export interface WatchOptions {
  readonly app: string;
  /** The upgrade that the machines are to tell about. */
  readonly upgradeId: string;
  /** How long they may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Go on after the first bad end, until all have ended. Default false. */
  readonly toTheEnd?: boolean;
  /** Told of every change. */
  readonly onChange: (state: MachineState) => void;
  /** Who ran on each machine before the upgrade: processes that end are noticed. Default: that is not asked. */
  readonly before?: ReadonlyMap<string, LifeBefore>;
  /** Told of a machine that is started and answers nobody. */
  readonly onDeaf?: (machineId: string) => void;
}

const POLL_FIRST_MS = 200;
const POLL_LAST_MS = 1_000;
const POLL_GROWTH = 1.5;
/** Pauses after which a machine that was told to look is looked at by itself: most upgrades take less than that. */
const NUDGED_MS = [60, 90, 150];
// The Machines API allows one list a second for all callers of an app.
const LIST_INTERVAL_MS = 3_000;
/** After how long a machine that says nothing is asked whether it still serves. */
const PROBE_INTERVAL_MS = 15_000;
/** How long a last question may take, in milliseconds. */
const LAST_PROBE_MS = 30_000;
/** How long the others of a wave may take to end once one has failed, in milliseconds. */
const GRACE_MS = 3000;

/**
 * Nudges machines, then reads their results until it is clear how they end.
 *
 * A nudge that fails is only a note: machines look at the pointer by themselves, too.
 */
export async function watchMachines(
  begin: readonly MachineState[],
  options: WatchOptions,
  deps: RolloutDeps,
  signal: AbortSignal,
): Promise<MachineState[]> {
  const { host } = deps;
  const states = new Map(begin.map((state) => [state.machine.id, state]));
  const take = (id: string, event: MachineEvent) => {
    const before = states.get(id);
    const after = before && step(before, event);
    if (!after || after === before) return;
    states.set(id, after);
    if (after.standing !== before.standing || after.failure) {
      options.onChange(after);
    }
  };
  const noted = new Set<string>();
  const note = (error: unknown, more = "") => {
    const text = (errorText(error)) +
      more;
    // The same trouble comes back with every look.
    if (!noted.has(text)) deps.reporter.emit({ type: "note", text });
    noted.add(text);
  };
  const awaited = () => [...states.values()].filter(isAwaited);
  // What is under way may well fail in the same way: whether one machine is ill or the release is worth a moment.
  let graceUntil = Infinity;
  const isOver = () => {
    if (options.toTheEnd || awaited().length === 0) {
      return awaited().length === 0;
    }
    if (verdict(states.values()) === "bad") {
      graceUntil = Math.min(graceUntil, host.monotonicNow() + GRACE_MS);
    }
    return host.monotonicNow() >= graceUntil;
  };

  // What is under way when it is over, or late, is not waited for.
  const over = new AbortController();
  const all = AbortSignal.any([signal, over.signal]);
  const deadline = host.monotonicNow() + options.timeoutMs;
  const timer = host.sleep(options.timeoutMs, all)
    .then(() => over.abort(), () => {});
  const look = async (machine: AppMachine) => {
    const event = await readResult(machine, options, deps.bucket, note, all);
    if (event) take(machine.id, event);
  };
  let nap = new AbortController();
  // What fails here fails in the next look at all of them, too.
  const lookSoon = async (id: string) => {
    for (const pauseMs of NUDGED_MS) {
      const state = states.get(id);
      if (!state || !isAwaited(state)) break;
      await host.sleep(pauseMs, all);
      await look(state.machine);
    }
    if (awaited().length === 0) nap.abort();
  };
  const nudges = awaited().map(async ({ machine: { id } }) => {
    try {
      await deps.fleet.nudge(id, all);
    } catch (error) {
      if (!all.aborted) note(error, "; it looks at the pointer by itself");
    }
    if (all.aborted) return;
    take(id, { type: "nudged" });
    await lookSoon(id).catch(() => {});
  });
  let listing = Promise.resolve();
  let listAt = host.monotonicNow() + LIST_INTERVAL_MS;
  let probing = Promise.resolve();
  let probeAt = host.monotonicNow() + PROBE_INTERVAL_MS;
  let pauseMs = POLL_FIRST_MS;
  try {
    while (!isOver() && !over.signal.aborted) {
      if (host.monotonicNow() >= listAt) {
        listAt = Infinity;
        const watched = options.before
          ? [...states.values()].filter((it) => isAwaited(it) || isGood(it))
          : awaited();
        listing = relist(watched, take, options, deps, note, all).finally(() =>
          listAt = host.monotonicNow() + LIST_INTERVAL_MS
        );
      }
      if (host.monotonicNow() >= probeAt) {
        probeAt = Infinity;
        probing = probe(awaited(), take, options, deps, all).finally(() =>
          probeAt = host.monotonicNow() + PROBE_INTERVAL_MS
        );
      }
      const looks = await Promise.allSettled(
        awaited().map(({ machine }) => look(machine)),
      );
      for (const look of looks) {
        if (look.status === "rejected") throw look.reason;
      }
      if (isOver()) break;
      nap = new AbortController();
      await host.sleep(
        Math.min(pauseMs, Math.max(0, deadline - host.monotonicNow())),
        AbortSignal.any([all, nap.signal]),
      ).catch((error) => {
        if (all.aborted || !nap.signal.aborted) throw error;
      });
      pauseMs = Math.min(POLL_LAST_MS, pauseMs * POLL_GROWTH);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!over.signal.aborted) throw error;
  } finally {
    over.abort();
    await Promise.all([...nudges, listing, probing, timer]);
  }
  if (!isOver()) {
    const last = new AbortController();
    const limit = AbortSignal.any([signal, last.signal]);
    const timer = host.sleep(LAST_PROBE_MS, limit)
      .then(() => last.abort(), () => {});
    await probe(awaited(), take, options, deps, limit);
    last.abort();
    await timer;
    signal.throwIfAborted();
    for (const { machine } of awaited()) take(machine.id, { type: "deadline" });
  }
  return [...states.values()];
}

/** Reads what a machine has said about an upgrade so far; null if nothing can be read now. */
export async function readResult(
  machine: AppMachine,
  { app, upgradeId }: Pick<WatchOptions, "app" | "upgradeId">,
  bucket: Bucket,
  note: (error: unknown) => void,
  signal: AbortSignal,
): Promise<MachineEvent | null> {
  try {
    const key = resultKey(app, upgradeId, machine.id);
    const found = await getJson(bucket, key, { signal });
    return found.status === "found"
      ? { type: "result", result: parseMachineResult(found.value) }
      : null;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProtocolError || error instanceof SyntaxError) {
      note(error);
      return null;
    }
    // The next look may do; if none does, the machine counts as silent.
    if (error instanceof BucketError && error.transient) return null;
    throw error;
  }
}

async function relist(
  watched: readonly MachineState[],
  take: (id: string, event: MachineEvent) => void,
  { before }: Pick<WatchOptions, "before">,
  deps: RolloutDeps,
  note: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const now = new Map(
      (await deps.fleet.list(signal)).map((machine) => [machine.id, machine]),
    );
    for (const state of watched) {
      const { id } = state.machine;
      const machine = now.get(id) ?? null;
      const known = before?.get(id);
      if (known) {
        const life = judgeLife(state, known, { machine });
        const after = await afterLife(state, life, deps, signal);
        if (life.life === "dead") {
          take(id, { type: "died", failure: after.failure ?? life.failure });
        } else if (life.life === "rests") take(id, { type: "rested" });
      }
      take(id, { type: "listed", machine });
    }
  } catch (error) {
    if (!signal.aborted) note(error);
  }
}

/** A process that hangs says nothing at all, however long one waits for its word. */
async function probe(
  awaited: readonly MachineState[],
  take: (id: string, event: MachineEvent) => void,
  { onDeaf }: Pick<WatchOptions, "onDeaf">,
  { fleet }: Pick<RolloutDeps, "fleet">,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(awaited.map(async ({ machine: { id } }) => {
    try {
      await fleet.info(id, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof ServesNobodyError)) return;
      onDeaf?.(id);
      take(id, {
        type: "died",
        failure: {
          phase: "load",
          message: `it serves nobody; ${restartHint(id)}`,
          end: "fail",
          transient: false,
        },
      });
    }
  }));
}
