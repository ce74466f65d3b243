/** What runs in one machine: its main process, and commands beside it.
 * @module
 */
import { join } from "node:path";
import { mapCommand } from "../../image/command_line.ts";
import { startCommand } from "../../image/dockerfile.ts";
import type { Image } from "../../image/images.ts";
import { machineEnvironment, type MachineEnvSources } from "../machine_env.ts";
import type { MachinePlace } from "../machine_place.ts";
import type { MachineLog } from "../records/machine_log.ts";
import type { MachineConfig } from "../records/machine_types.ts";
import {
  type MachineExecOptions,
  type MachineExecOutcome,
  MachineExecs,
} from "./machine_exec.ts";
import { MainProcess } from "./main_process.ts";
import type {
  ProcessEnd,
  ProcessRegister,
  Signal,
} from "../../computer/processes.ts";

/** What the processes of a machine start from; an update changes it. */
export interface MachineSetup {
  readonly config: MachineConfig;
  /** The image that the configuration names. */
  readonly image: Image;
  /** Which version of its configuration this is. */
  readonly instanceId: string;
}

/** What processes get whatever the setup. */
export interface ProcessWorld {
  /** Variables that do not come from image and configuration. */
  readonly env: Pick<MachineEnvSources, "inherited" | "secrets" | "sandbox">;
  /** Is told of them. */
  readonly register: ProcessRegister;
}

/** The processes of one machine. */
export class MachineProcesses {
  readonly #place: MachinePlace;
  readonly #world: ProcessWorld;
  readonly #main: MainProcess;
  readonly #execs: MachineExecs;

  /** `onEnd` is told when the main process has ended, and whether somebody had asked for it. */
  constructor(
    place: MachinePlace,
    world: ProcessWorld,
    log: MachineLog,
    onEnd: (end: ProcessEnd, requested: boolean) => void,
  ) {
    this.#place = place;
    this.#world = world;
    this.#execs = new MachineExecs(world.register);
    this.#main = new MainProcess(log, world.register, (end, requested) => {
      this.#execs.signalAll("SIGKILL");
      onEnd(end, requested);
    });
  }

  /** The id of the main process, or null while none runs. */
  get pid(): number | null {
    return this.#main.pid;
  }

  /** Starts the main process; false if it cannot be run, and the log says why. */
  start(setup: MachineSetup): boolean {
    const { image, config } = setup;
    return this.#main.start({
      command: this.#mapped(
        startCommand(image.start, config.init ?? {}),
        image,
      ),
      ...this.#surroundings(setup),
    });
  }

  /** Runs a command beside the main process. */
  exec(
    options: MachineExecOptions,
    setup: MachineSetup,
  ): Promise<MachineExecOutcome> {
    const command = this.#mapped(options.command, setup.image);
    return this.#execs.run(
      { ...options, command },
      this.#surroundings(setup),
    );
  }

  /** Ends the main process: a signal, then SIGKILL; fulfilled once it has ended. */
  halt(signal: Signal, timeoutMs: number): Promise<void> {
    return this.#main.halt(signal, timeoutMs);
  }

  /** From now on every halt is a kill, those under way included. */
  hurry(): void {
    this.#main.hurry();
  }

  /** Sends a signal to the main process alone. */
  signalMain(name: Signal): void {
    this.#main.signal(name);
  }

  /** Kills the main process and all that it started. */
  killMain(): void {
    this.#main.signalAll("SIGKILL");
  }

  /** Sends a signal to everything that runs. */
  signalAll(name: Signal): void {
    this.#main.signalAll(name);
    this.#execs.signalAll(name);
  }

  /** Fulfilled once nothing runs. */
  async ended(): Promise<void> {
    await this.#main.ended();
    await this.#execs.ended();
  }

  #mapped(command: readonly string[], { start }: Image): readonly string[] {
    return mapCommand(command, start.workdir, this.#place.root);
  }

  #surroundings({ config, image, instanceId }: MachineSetup) {
    const env = machineEnvironment(this.#place, instanceId, {
      ...this.#world.env,
      image: image.start.env,
      config,
    });
    return { cwd: join(this.#place.root, image.start.folder), env };
  }
}
