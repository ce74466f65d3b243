/** What code every machine runs, asked of each of them.
 * @module
 */
import {
  errorText,
  type MachineInfo,
  type RunningManifest,
} from "@flyhot/runtime/protocol";
import type { AppMachine } from "../../fly/fleet/fleet.ts";
import { FlyhotError } from "../../errors.ts";
import { mapLimited } from "../../base/limited.ts";
import { isRunning } from "./ask_machines.ts";
import type { RolloutDeps } from "../deps.ts";

/** A machine, and what its runtime says of the process. */
export interface AskedProcess {
  readonly machine: AppMachine;
  /** The answer. */
  readonly info: MachineInfo;
  /** What a planner needs of that code, where it was asked for as well. */
  readonly manifest?: RunningManifest;
}

/** What all machines answered. */
interface Answers {
  /** Those that run, each with its answer. */
  readonly answered: readonly AskedProcess[];
  /** Those that came to rest, or left, while they were asked. */
  readonly left: readonly AppMachine[];
}

const ASKED_AT_ONCE = 16;

/**
 * Asks every running machine what it runs.
 *
 * One machine of each process group is asked for its manifest as well: as a rule those are all that a plan needs.
 *
 * One that cannot answer keeps a rollout from beginning: it could take no upgrade either, and would undo it for all.
 */
export async function askAll(
  machines: readonly AppMachine[],
  { fleet }: Pick<RolloutDeps, "fleet">,
  signal: AbortSignal,
): Promise<Answers> {
  const firsts = new Set(
    Map.groupBy(machines, ({ group }) => group).values()
      .map(([first]) => first),
  );
  const asked = await mapLimited(machines, ASKED_AT_ONCE, async (machine) => {
    try {
      return {
        machine,
        ...firsts.has(machine)
          ? await askForBoth(machine.id, fleet, signal)
          : { info: await fleet.info(machine.id, signal) },
      };
    } catch (error) {
      signal.throwIfAborted();
      return { machine, error };
    }
  });
  const answered = asked.filter((each) => "info" in each);
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

async function askForBoth(
  id: string,
  fleet: RolloutDeps["fleet"],
  signal: AbortSignal,
): Promise<Omit<AskedProcess, "machine">> {
  try {
    const both = await fleet.infoAndManifest?.(id, signal);
    if (both) return both;
  } catch (error) {
    signal.throwIfAborted();
    // Only what says nothing about the process: a manifest may be too long to come with the rest.
    const mayAnswer = error instanceof FlyhotError &&
      error.code === "unexpected";
    if (!mayAnswer) throw error;
  }
  return { info: await fleet.info(id, signal) };
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
    const known = members.find(({ info, manifest }) =>
      manifest?.fingerprint === info.fingerprint
    );
    if (known?.manifest) return known.manifest;
    for (const [index, { machine: { id } }] of members.entries()) {
      try {
        return await fleet.manifest(id, signal);
      } catch (error) {
        if (signal.aborted || index === members.length - 1) throw error;
        reporter.emit({ type: "note", text: errorText(error) });
      }
    }
    throw new TypeError("a kind has at least one machine");
  }));
}

/** The digest of the release that a process runs, or null on the base image. */
export function runningSha(info: MachineInfo): string | null {
  return info.hotUpgradeApplied ? info.sha256 : null;
}
