/** What a machine is from its beginning to its end, and what follows from it.
 * @module
 */
import { join } from "node:path";

/** What a machine is given when it is made. */
interface GivenPlace {
  readonly app: string;
  /** Its id, 14 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly region: string;
  /** Where its program is to listen. */
  readonly port: number;
  /** Where the flyhot runtime is to listen. */
  readonly socket: string;
  /** The folder with everything of this machine. */
  readonly folder: string;
  /** Who its leases belong to. */
  readonly owner: string;
}

/** What a machine is from its beginning to its end. */
export interface MachinePlace extends GivenPlace {
  /** The folder that stands for the image's working folder. */
  readonly root: string;
  /** Its own folder for temporary files. */
  readonly tmp: string;
  /** Its own home folder. */
  readonly home: string;
  /** Where its log is kept. */
  readonly logFile: string;
  /** Where its program is to listen. */
  readonly url: string;
  /** Its address in the private network; nothing listens there. */
  readonly privateIp: string;
}

/** Puts a machine in its place. */
export function machinePlace(given: GivenPlace): MachinePlace {
  const { id, folder, port } = given;
  const [a, b, c] = id.match(/.{4}/g) ?? [];
  return {
    ...given,
    root: join(folder, "app"),
    tmp: join(folder, "tmp"),
    home: join(folder, "home"),
    logFile: join(folder, "log.txt"),
    url: `http://127.0.0.1:${port}`,
    privateIp: `fdaa:0:f17:a7b:${a}:${b}:${c}:2`,
  };
}
