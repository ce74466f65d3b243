/** All machines of the sandbox's app.
 * @module
 */
import { join } from "node:path";
import { makeFolderNow } from "./computer/disk.ts";
import { newMachineId, newMachineName } from "./ids.ts";
import type { Image, Images } from "./image/images.ts";
import { Machine, type MachineWorld } from "./machine/machine.ts";
import {
  type MachineRequest,
  parseMachineRequest,
} from "./machine/records/machine_config.ts";
import { machinePlace } from "./machine/machine_place.ts";
import { checkMachineFiles } from "./machine/machine_files.ts";
import {
  invalidArgument,
  PlatformError,
} from "./machines_api/platform_error.ts";
import { findFreePort } from "./computer/ports.ts";
import { Notifier } from "./wait_for.ts";

/** Options of {@linkcode Machines}. */
interface MachinesOptions {
  readonly app: string;
  /** Where the folders of machines are; must exist. */
  readonly folder: string;
  /** Where their sockets are, a short path; must exist. */
  readonly socketFolder: string;
  /** Where a machine goes that names no region. */
  readonly primaryRegion: string;
  /** The images they start from. */
  readonly images: Images;
  /** Who leases are said to belong to. */
  readonly owner: string;
  /** What every machine gets from the sandbox. */
  readonly world: MachineWorld;
}

const DESTROYED_MAX = 100;

/** Makes machines and finds them. */
export class Machines {
  /** Tells whenever a machine changed its state, or a new one is there. */
  readonly changes: Notifier = new Notifier();
  readonly #options: MachinesOptions;
  readonly #machines = new Map<string, Machine>();
  readonly #ports = new Set<number>();
  #sockets = 0;
  #closed = false;

  constructor(options: MachinesOptions) {
    this.#options = options;
  }

  /** All machines, oldest first; the newest 100 destroyed ones among them. */
  all(): readonly Machine[] {
    return [...this.#machines.values()];
  }

  /** All machines but destroyed ones, oldest first. */
  live(): readonly Machine[] {
    return this.all().filter(({ state }) => state !== "destroyed");
  }

  /** Finds a machine. */
  get(id: string): Machine {
    const machine = this.#machines.get(id);
    if (machine === undefined) {
      throw new PlatformError(404, "machine not found");
    }
    return machine;
  }

  /** Finds the image of a configuration. */
  imageOf({ config }: Pick<MachineRequest, "config">): Image {
    const image = this.#options.images.find(config.image);
    if (image === null) {
      throw new PlatformError(404, `Could not find image "${config.image}"`);
    }
    checkMachineFiles(config, image.start.workdir);
    return image;
  }

  /** Makes a machine, without starting it. */
  create(request: MachineRequest): Machine {
    if (this.#closed) {
      throw new PlatformError(503, "unavailable: the sandbox was stopped");
    }
    const { app, primaryRegion, owner, world } = this.#options;
    const image = this.imageOf(request);
    const region = request.region ?? primaryRegion;
    if (!/^[a-z]{3}$/.test(region)) {
      throw invalidArgument(`region "${region}" is not a region`);
    }
    this.#refuseTakenName(request.name);
    const id = newMachineId();
    const folder = join(this.#options.folder, id);
    makeFolderNow(folder);
    const port = findFreePort(this.#ports);
    this.#ports.add(port);
    const socket = join(this.#options.socketFolder, String(++this.#sockets));
    const name = request.name ?? newMachineName();
    const given = { app, id, name, region, port, socket, folder, owner };
    const machine = new Machine(
      machinePlace(given),
      request.config,
      image,
      request.skipSecrets
        ? { ...world, env: { ...world.env, secrets: {} } }
        : world,
    );
    machine.changes.add(() => this.changes.tell());
    this.#machines.set(id, machine);
    this.#forgetOldest();
    this.changes.tell();
    return machine;
  }

  /** Makes a machine of what the Machines API takes as a body, and waits until its process runs. */
  async launch(body: unknown): Promise<Machine> {
    const machine = this.create(parseMachineRequest(body));
    await machine.start();
    return machine;
  }

  /** Kills all machines; none can be used afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.all().map((machine) => machine.close()));
  }

  #refuseTakenName(name: string | null): void {
    const holder = this.live().find(({ place }) => place.name === name);
    if (holder === undefined) return;
    throw new PlatformError(
      409,
      `already_exists: unique machine name violation, machine ID ${holder.place.id} already exists with name "${name}"`,
      "name_taken",
    );
  }

  #forgetOldest(): void {
    const destroyed = this.all().filter(({ state }) => state === "destroyed");
    for (const machine of destroyed.slice(0, -DESTROYED_MAX)) {
      machine.log.close();
      this.#machines.delete(machine.place.id);
      this.#ports.delete(machine.place.port);
    }
  }
}
