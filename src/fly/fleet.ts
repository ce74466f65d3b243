/** The machines of an app, as a rollout sees them.
 * @module
 */
import type { MachineInfo, RunningManifest } from "@flyhot/runtime/protocol";

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
  /** Tells the runtime on a machine to read the pointer now; carries no authority. */
  nudge(machineId: string, signal?: AbortSignal): Promise<void>;
}
