/** The machines of an app, as a rollout sees them.
 * @module
 */
import type { MachineInfo, RunningManifest } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../errors.ts";
import type { MachineExit } from "../machine.ts";

/** One machine that runs the app; reserved, temporary and dying ones are left out. */
export interface AppMachine {
  /** The machine's id. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** Its region. */
  readonly region: string;
  /** The platform's word for its state, for example `started`, `stopped`, `suspended`. */
  readonly state: string;
  /** The process group. */
  readonly group: string;
  /** The image it was created or updated with, as its creator wrote it. */
  readonly imageRef: string;
  /** False where the host is unreachable. */
  readonly hostOk: boolean;
  /** Changes whenever the machine is updated: which version of its configuration it runs. */
  readonly instanceId: string;
  /** How its main process ended, newest first, as far as the platform remembers. Default: nothing is known. */
  readonly exits?: readonly MachineExit[];
}

/** What a runtime runs, and what a planner needs of that. */
export interface InfoAndManifest {
  /** What it runs. */
  readonly info: MachineInfo;
  /** The manifest of that code. */
  readonly manifest: RunningManifest;
}

/** Reaches the machines of one app. Every method throws a `FlyhotError` that names machine, cause and remedy. */
export interface Fleet {
  /** Lists the app's machines, started or not. */
  list(signal?: AbortSignal): Promise<readonly AppMachine[]>;
  /** Says who holds a lease on one of these machines, as a deploy does; null if nobody does. */
  leaseHolder?(
    machineIds: readonly string[],
    signal?: AbortSignal,
  ): Promise<string | null>;
  /** Asks the runtime on a machine what it runs. */
  info(machineId: string, signal?: AbortSignal): Promise<MachineInfo>;
  /** Asks the runtime on a machine for what a planner needs. */
  manifest(machineId: string, signal?: AbortSignal): Promise<RunningManifest>;
  /** Asks the runtime on a machine for both at once, which takes one command there in place of two. */
  infoAndManifest?(
    machineId: string,
    signal?: AbortSignal,
  ): Promise<InfoAndManifest>;
  /** Tells the runtime on a machine to read the pointer now; carries no authority. */
  nudge(machineId: string, signal?: AbortSignal): Promise<void>;
  /** Starts a machine that is at rest, and waits until it is started. */
  start(machineId: string, signal?: AbortSignal): Promise<void>;
  /** Stops a machine in an orderly way; does not wait. */
  stop(machineId: string, signal?: AbortSignal): Promise<void>;
  /** The last lines that a machine logged, oldest first; empty where nobody can tell. */
  lastLines?(
    machineId: string,
    signal?: AbortSignal,
  ): Promise<readonly string[]>;
}

/** A machine is started and its process does not answer: whoever calls it waits in vain. */
export class ServesNobodyError extends FlyhotError {
  readonly machineId: string;

  constructor(machineId: string, what: string, why: string) {
    super(
      "incomplete",
      `Cannot ${what}: machine ${machineId} serves nobody (${why})`,
      { hint: restartHint(machineId) },
    );
    this.machineId = machineId;
  }
}

/** How a machine is brought back whose process answers nobody. */
export function restartHint(machineId: string): string {
  return `restart it with: fly machine restart ${machineId}`;
}
