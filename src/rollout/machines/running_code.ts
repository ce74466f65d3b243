/** What code every machine runs, asked of each of them.
 * @module
 */
import {
  errorText,
  type MachineInfo,
  type RunningManifest,
} from "@flyhot/runtime/protocol";
import type { AppMachine } from "../../fly/fleet.ts";
import { mapLimited } from "../../limited.ts";
import { isRunning } from "./ask_machines.ts";
import type { RolloutDeps } from "../deps.ts";

/** A machine, and what its runtime says of the process. */
export interface AskedProcess {
  /** The machine. */
  readonly machine: AppMachine;
  /** The answer. */
  readonly info: MachineInfo;
}

/** What all machines answered. */
export interface Answers {
  /** Those that run, each with its answer. */
  readonly answered: readonly AskedProcess[];
  /** Those that came to rest, or left, while they were asked. */
  readonly left: readonly AppMachine[];
}

const ASKED_AT_ONCE = 16;

/**
 * Asks every running machine what it runs.
 *
 * One that cannot answer keeps a rollout from beginning: it could take no upgrade either, and would undo it for all.
 */
export async function askAll(
  machines: readonly AppMachine[],
  { fleet }: Pick<RolloutDeps, "fleet">,
  signal: AbortSignal,
): Promise<Answers> {
  const asked = await mapLimited(machines, ASKED_AT_ONCE, async (machine) => {
    try {
      return { machine, info: await fleet.info(machine.id, signal) };
    } catch (error) {
      signal.throwIfAborted();
      return { machine, error };
    }
  });
  const answered = asked.flatMap((each) =>
    "info" in each ? [{ machine: each.machine, info: each.info }] : []
  );
  const silent = asked.filter((each) => "error" in each);
  if (silent.length === 0) return { answered, left: [] };
  const now = new Map(
    (await fleet.list(signal)).map((machine) => [machine.id, machine]),
  );
  const stillRuns = silent.filter(({ machine: { id } }) => {
    const machine = now.get(id);
    return machine !== undefined && isRunning(machine);
  });
  const first =
    stillRuns.find(({ error }) =>
      error instanceof Error && "machineId" in error
    ) ?? stillRuns[0];
  if (first) throw first.error;
  return {
    answered,
    left: silent.flatMap(({ machine: { id } }) => now.get(id) ?? []),
  };
}

/** Fetches what planners need, once for each code that runs: process groups have different main modules. */
export async function distinctManifests(
  asked: readonly AskedProcess[],
  { fleet, reporter }: Pick<RolloutDeps, "fleet" | "reporter">,
  signal: AbortSignal,
): Promise<RunningManifest[]> {
  const kinds = Map.groupBy(
    asked,
    ({ machine, info }) => `${machine.group}\n${info.fingerprint}`,
  );
  return await Promise.all([...kinds.values()].map(async (members) => {
    for (const [index, { machine: { id } }] of members.entries()) {
      try {
        return await fleet.manifest(id, signal);
      } catch (error) {
        if (signal.aborted || index === members.length - 1) throw error;
        const text = errorText(error);
        reporter.emit({ type: "note", text });
      }
    }
    throw new TypeError("a kind has at least one machine");
  }));
}

/** The digest of the release that a process runs, or null on the base image. */
export function runningSha(info: MachineInfo): string | null {
  return info.hotUpgradeApplied ? info.sha256 : null;
}
