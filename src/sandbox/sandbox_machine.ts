/** A machine as whoever runs the sandbox sees it, at one moment.
 * @module
 */
import type { Machine } from "./machine/machine.ts";
import type { MachineState } from "./machine/records/machine_types.ts";

/** A machine, as seen by whoever runs the sandbox. */
export interface SandboxMachine {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  /** Its process group, or null for one made outside `deploy`. */
  readonly group: string | null;
  /** What it is doing. */
  readonly state: MachineState;
  /** The image as its creator wrote it. */
  readonly imageRef: string;
  /** Which version of its configuration it runs. */
  readonly instanceId: string;
  /** Where its program is to listen: `http://127.0.0.1:<PORT>`. */
  readonly url: string;
  /** The folder that stands for the image's working folder, usually `/app`. */
  readonly root: string;
  /** Where the flyhot runtime listens: `FLYHOT_SOCKET`. */
  readonly socket: string;
  readonly logFile: string;
  /** The id of its main process, or null while none runs. */
  readonly pid: number | null;
}

/** What a machine is now. */
export function toSandboxMachine(machine: Machine): SandboxMachine {
  return {
    id: machine.place.id,
    name: machine.place.name,
    region: machine.place.region,
    group: machine.group,
    state: machine.state,
    imageRef: machine.config.image,
    instanceId: machine.instanceId,
    url: machine.place.url,
    root: machine.place.root,
    socket: machine.place.socket,
    logFile: machine.place.logFile,
    pid: machine.pid,
  };
}
