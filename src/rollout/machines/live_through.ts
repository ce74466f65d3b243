/** Watching machines live through the probation of what they applied.
 * @module
 */
import { errorText } from "@flyhot/runtime/protocol";
import type { AppMachine } from "../../fly/fleet/fleet.ts";
import {
  exitsSince,
  judgeLife,
  judgeRested,
  type Life,
  type LifeBefore,
  lifeBefore,
  withLastWords,
} from "./lives.ts";
import { runningSha } from "./running_code.ts";
import { isBad, isGood, type MachineState, step } from "./verdict.ts";
import type { RolloutDeps } from "../deps.ts";

/** Options of {@linkcode liveThrough}. */
interface LiveOptions {
  /** Who ran on each machine before the upgrade, by machine id. */
  readonly before: Map<string, LifeBefore>;
  /** Digest of the release that they should run; null for the base image. */
  readonly sha256: string | null;
  /** For how long they are watched, in milliseconds; 0 for one look. */
  readonly holdMs: number;
  /** Machines that have proved it in an earlier wave: they are looked at and not asked again. */
  readonly earlier: ReadonlySet<string>;
  /** When each machine was last asked, and found to live on; kept up to date. Default: nobody wants to know. */
  readonly heardAt?: Map<string, number>;
  /** Told of every change. */
  readonly onChange: (state: MachineState) => void;
  /** Told of a machine that is started and answers nobody. */
  readonly onDeaf?: (machineId: string) => void;
}

const LOOK_MS = 1_500;
const LOOKS_MAX = 4;
const RETRY_MS = 1_000;

/**
 * Watches machines for a while, then asks each whether the process that said so is still there and runs the release.
 */
export async function liveThrough(
  begin: readonly MachineState[],
  options: LiveOptions,
  deps: RolloutDeps,
  signal: AbortSignal,
): Promise<MachineState[]> {
  const { host } = deps;
  const states = new Map(begin.map((state) => [state.machine.id, state]));
  const living = () => [...states.values()].filter(isGood);
  const isOver = () =>
    living().length === 0 || [...states.values()].some(isBad);
  const take = async (state: MachineState, life: Life) => {
    const after = await afterLife(state, life, deps, signal);
    if (life.life === "dead" && life.servesNobody) {
      options.onDeaf?.(state.machine.id);
    }
    if (after === state || after.standing === state.standing) return;
    states.set(state.machine.id, after);
    options.onChange(after);
  };
  const asked = () =>
    living().filter(({ machine }) => !options.earlier.has(machine.id));
  const rested = () => [...states.values()].filter(hasRested);
  const lookAtRested = async (
    listed: ReadonlyMap<string, AppMachine>,
  ): Promise<void> => {
    for (const state of rested()) {
      const { id } = state.machine;
      const before = options.before.get(id);
      if (!before) continue;
      await take(state, judgeRested(state, before, listed.get(id) ?? null));
    }
  };
  await meetAnew(asked(), options, deps, signal);
  const end = host.monotonicNow() + options.holdMs;
  while (!isOver() && host.monotonicNow() < end) {
    const listed = await listOrNull(deps, signal);
    if (listed) {
      for (const state of living()) {
        const { id } = state.machine;
        const machine = listed.get(id) ?? null;
        const before = options.before.get(id);
        if (before) await take(state, judgeLife(state, before, { machine }));
      }
      await lookAtRested(listed);
    }
    if (isOver()) break;
    const leftMs = Math.max(0, end - host.monotonicNow());
    await host.sleep(Math.min(LOOK_MS, leftMs), signal);
  }
  if (rested().length > 0) {
    const listed = await listOrNull(deps, signal);
    if (listed) await lookAtRested(listed);
  }
  // Asked of the processes themselves: the platform may not have noticed yet.
  let open = isOver() ? [] : asked();
  for (let look = 1; open.length > 0; look++) {
    const listed = await listOrNull(deps, signal);
    const isLast = look === LOOKS_MAX;
    const again = await Promise.all(open.map(async (state) => {
      const { id } = state.machine;
      const before = options.before.get(id);
      if (!before) return null;
      const machine = listed ? listed.get(id) ?? null : state.machine;
      let life = judgeLife(state, before, { machine });
      if (life.life === "alive") {
        const askedAt = host.monotonicNow();
        const answer = await ask(id, deps, signal);
        life = judgeLife(state, before, { machine, answer }, options.sha256);
        if (life.life === "alive") options.heardAt?.set(id, askedAt);
        const isSilent = "error" in answer && life.life === "dead" &&
          !life.servesNobody;
        // It may have come to rest just now, or the network failed.
        if (isSilent && !isLast) return state;
      }
      await take(state, life);
      return null;
    }));
    open = again.filter((state) => state !== null);
    if (open.length > 0) await host.sleep(RETRY_MS, signal);
  }
  return [...states.values()];
}

/** Whether a machine came to rest after it had applied it. */
export function hasRested({ standing, result }: MachineState): boolean {
  return standing === "applies_at_next_start" && result?.state === "applied";
}

/** A machine that was restarted in order before it took the release has another process, which counts from now on. */
async function meetAnew(
  states: readonly MachineState[],
  { before, sha256, holdMs }: LiveOptions,
  deps: RolloutDeps,
  signal: AbortSignal,
): Promise<void> {
  if (holdMs === 0 || states.length === 0) return;
  const listed = await listOrNull(deps, signal);
  await Promise.all(states.map(async ({ machine: { id } }) => {
    const machine = listed?.get(id);
    const known = before.get(id);
    if (!machine || !known) return;
    const exits = exitsSince(machine, known);
    if (exits.length === 0 || exits.some((it) => !it.requestedStop)) return;
    const answer = await ask(id, deps, signal);
    if (!("info" in answer) || runningSha(answer.info) !== sha256) return;
    before.set(id, lifeBefore(machine, answer.info));
  }));
}

/** Takes in what follows from a look at a machine. */
export async function afterLife(
  state: MachineState,
  life: Life,
  { fleet }: Pick<RolloutDeps, "fleet">,
  signal: AbortSignal,
): Promise<MachineState> {
  switch (life.life) {
    case "alive":
      return state;
    case "rests":
      return step(state, { type: "rested" });
    case "left":
      return step(state, { type: "left" });
    case "dead": {
      if (isBad(state)) return state;
      const lines = life.servesNobody
        ? []
        : await fleet.lastLines?.(state.machine.id, signal) ?? [];
      return step(state, {
        type: "died",
        failure: withLastWords(life.failure, lines),
      });
    }
  }
}

async function ask(
  id: string,
  { fleet }: Pick<RolloutDeps, "fleet">,
  signal: AbortSignal,
) {
  try {
    return { info: await fleet.info(id, signal) };
  } catch (error) {
    signal.throwIfAborted();
    return { error };
  }
}

async function listOrNull(
  { fleet, reporter }: Pick<RolloutDeps, "fleet" | "reporter">,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, AppMachine> | null> {
  try {
    const machines = await fleet.list(signal);
    return new Map(machines.map((machine) => [machine.id, machine]));
  } catch (error) {
    signal.throwIfAborted();
    reporter.emit({ type: "note", text: errorText(error) });
    return null;
  }
}
