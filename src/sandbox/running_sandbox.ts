/** A running sandbox, for whoever uses it.
 * @module
 */
import { type ErrorCode, FlyhotError } from "../errors.ts";
import type { Deployer, DeployOptions } from "./deploy/deploys.ts";
import type { BuildOptions, Images } from "./image/images.ts";
import { waitUntilAnswering } from "./machine/health/readiness.ts";
import type { Machine } from "./machine/machine.ts";
import type { MachineExecOutcome } from "./machine/processes/machine_exec.ts";
import type { LogLine } from "./machine/records/machine_log.ts";
import type { MachineState } from "./machine/records/machine_types.ts";
import type { Machines } from "./machines.ts";
import { PlatformError } from "./machines_api/platform_error.ts";
import { type SandboxMachine, toSandboxMachine } from "./sandbox_machine.ts";
import type {
  CreateMachineOptions,
  Deployment,
  ExecOptions,
  LogWaitOptions,
  WaitOptions,
} from "./sandbox_types.ts";
import { type Notifier, waitFor } from "./wait_for.ts";

/** Where a sandbox is, and what it is called. */
interface SandboxPlace {
  readonly app: string;
  /** Where everything is kept. */
  readonly folder: string;
  /** All variables that a command needs to use it. */
  readonly env: Readonly<Record<string, string>>;
  /** The object store. */
  readonly endpoint: string;
  /** The Machines API. */
  readonly flapsUrl: string;
  /** The bucket's name. */
  readonly bucket: string;
}

/** What a sandbox is made of. */
interface SandboxInside {
  /** The registry. */
  readonly images: Images;
  readonly machines: Machines;
  /** Deploys. */
  readonly deployer: Deployer;
  /** Tells every line that a machine logs. */
  readonly logs: Notifier<LogLine>;
  /** Aborted when everything ends. */
  readonly stopping: AbortSignal;
  /** Ends everything. */
  readonly stop: () => Promise<void>;
}

const WAIT_MS = 10_000;

/** A running sandbox. Methods throw a `FlyhotError` that says what was tried, on what, and why it failed. */
export class Sandbox implements AsyncDisposable {
  readonly app: string;
  /** Where everything is kept. */
  readonly folder: string;
  /** The object store, `AWS_ENDPOINT_URL_S3`. */
  readonly endpoint: string;
  /** The Machines API, `FLY_FLAPS_BASE_URL`. */
  readonly flapsUrl: string;
  /** The bucket's name, `BUCKET_NAME`. */
  readonly bucket: string;
  readonly #place: SandboxPlace;
  readonly #inside: SandboxInside;

  /** Takes over what has been started. */
  constructor(place: SandboxPlace, inside: SandboxInside) {
    this.app = place.app;
    this.folder = place.folder;
    this.endpoint = place.endpoint;
    this.flapsUrl = place.flapsUrl;
    this.bucket = place.bucket;
    this.#place = place;
    this.#inside = inside;
  }

  /**
   * All variables that a command needs to use this sandbox, credentials included; `PATH` begins with the stand-in's folder.
   * Not shown when the sandbox is printed.
   */
  get env(): Readonly<Record<string, string>> {
    return this.#place.env;
  }

  /** All machines but destroyed ones, oldest first. */
  machines(): readonly SandboxMachine[] {
    return this.#inside.machines.live().map(toSandboxMachine);
  }

  /** One machine, destroyed or not. */
  machine(machineId: string): SandboxMachine {
    return toSandboxMachine(this.#get(machineId));
  }

  /** Makes a machine and waits until its process runs. */
  createMachine(options: CreateMachineOptions): Promise<SandboxMachine> {
    const { image, config, ...rest } = options;
    return explain(`create a machine from ${image}`, async () => {
      const body = { ...rest, config: { ...config, image } };
      return toSandboxMachine(await this.#inside.machines.launch(body));
    });
  }

  /** Starts a stopped machine, or resumes a suspended one, and waits until its process runs. */
  startMachine(machineId: string): Promise<void> {
    return this.#change("start", machineId, (machine) => machine.start());
  }

  /** Stops a machine as `fly machine stop` does and waits until its process has ended. */
  stopMachine(machineId: string): Promise<void> {
    return this.#change("stop", machineId, (machine) => machine.stop());
  }

  /** Freezes a machine's processes; their memory is kept. */
  suspendMachine(machineId: string): Promise<void> {
    return this.#change("suspend", machineId, (machine) => machine.suspend());
  }

  /** Stops and starts a machine; its files are those of the image again. */
  restartMachine(machineId: string): Promise<void> {
    return this.#change("restart", machineId, (machine) => machine.restart());
  }

  /** Kills a machine's processes at once, as if its host had failed; the restart policy decides what follows. */
  crashMachine(machineId: string): Promise<void> {
    return this.#change("crash", machineId, async (machine) => {
      const { pid } = machine;
      machine.crash();
      await waitFor(
        machine.changes,
        () => machine.pid !== pid || pid === null || undefined,
        this.#limits({}),
      );
    });
  }

  /** Ends a machine for good, running or not. */
  destroyMachine(machineId: string): Promise<void> {
    return this.#change(
      "destroy",
      machineId,
      (machine) => machine.destroy(true),
    );
  }

  /** Runs a command in a machine's folder with its environment. */
  exec(
    machineId: string,
    command: readonly string[],
    options: ExecOptions = {},
  ): Promise<MachineExecOutcome> {
    return explain(
      `run ${command[0]} in machine ${machineId}`,
      async () =>
        await this.#get(machineId).exec({
          timeoutMs: WAIT_MS,
          ...options,
          command,
        }),
    );
  }

  /** Copies a folder into the registry and returns the image's reference. */
  async buildImage(
    folder: string,
    options: Omit<BuildOptions, "app"> = {},
  ): Promise<string> {
    const image = { app: this.app, ...options };
    return (await this.#inside.images.build(folder, image)).ref;
  }

  /** Does what `fly deploy` does: builds an image of a folder and brings it to all machines, one after the other. */
  deploy(folder: string, options: DeployOptions = {}): Promise<Deployment> {
    return explain(`deploy ${folder}`, async () => {
      const { image, machines } = await this.#inside.deployer.deploy(folder, {
        ...options,
        signal: this.#signal(options.signal),
      });
      return { imageRef: image.ref, machines: machines.map(toSandboxMachine) };
    });
  }

  /** Asks a machine over HTTP until it answers anything below 500. */
  async waitUntilReady(
    machineId: string,
    path = "/",
    options: WaitOptions = {},
  ): Promise<void> {
    await waitUntilAnswering(
      this.#get(machineId),
      { path },
      this.#limits(options),
    );
  }

  /** Waits until a machine is in a state; returns at once if it is. */
  async waitForState(
    machineId: string,
    state: MachineState,
    options: WaitOptions = {},
  ): Promise<void> {
    const machine = this.#get(machineId);
    const limits = this.#limits(options);
    const reached = await waitFor(
      machine.changes,
      () => machine.state === state || undefined,
      limits,
    );
    if (reached) return;
    throw new FlyhotError(
      "incomplete",
      `Cannot see machine ${machineId} in state ${state}: it is ${machine.state} after ${limits.timeoutMs} ms`,
      { hint: `see what it logged: ${machine.place.logFile}` },
    );
  }

  /** Waits for a line of a machine's log, past ones included. */
  async waitForLog(
    machineId: string,
    pattern: RegExp,
    options: LogWaitOptions = {},
  ): Promise<LogLine> {
    const { log } = this.#get(machineId);
    const limits = this.#limits(options);
    // A pattern with the flag g would remember where it matched last.
    const wanted = new RegExp(
      pattern.source,
      pattern.flags.replace(/[gy]/g, ""),
    );
    const line = await waitFor(
      this.#inside.logs,
      () =>
        (options.sinceStart ? log.linesSinceStart() : log.lines())
          .find(({ text }) => wanted.test(text)),
      limits,
    );
    if (line !== undefined) return line;
    throw new FlyhotError(
      "incomplete",
      `Cannot find ${pattern} in the log of machine ${machineId} within ${limits.timeoutMs} ms`,
      { hint: log.lines().slice(-8).map(({ text }) => text).join("\n") },
    );
  }

  /** The newest lines of a machine's log, oldest first. */
  logs(machineId: string): readonly LogLine[] {
    return this.#get(machineId).log.lines();
  }

  /** Calls back with every line that any machine logs from now on, until the returned function is called. */
  onLog(listener: (line: LogLine) => void): () => void {
    return this.#inside.logs.add(listener);
  }

  /** Ends all processes and servers and removes the folder; again does nothing. */
  stop(): Promise<void> {
    return this.#inside.stop();
  }

  /** As `stop()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #signal(signal: AbortSignal | undefined): AbortSignal {
    const { stopping } = this.#inside;
    return signal ? AbortSignal.any([signal, stopping]) : stopping;
  }

  #limits(options: WaitOptions): { timeoutMs: number; signal: AbortSignal } {
    const { timeoutMs = WAIT_MS, signal } = options;
    return { timeoutMs, signal: this.#signal(signal) };
  }

  #get(machineId: string): Machine {
    try {
      return this.#inside.machines.get(machineId);
    } catch (cause) {
      throw new FlyhotError(
        "not_found",
        `Cannot find machine ${machineId}: this sandbox has no such machine`,
        { hint: "machines() lists those that there are", cause },
      );
    }
  }

  async #change(
    verb: string,
    machineId: string,
    act: (machine: Machine) => Promise<void> | void,
  ): Promise<void> {
    const machine = this.#get(machineId);
    await explain(`${verb} machine ${machineId}`, async () => {
      await act(machine);
    });
  }
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: "usage",
  404: "not_found",
  408: "incomplete",
  409: "conflict",
  412: "conflict",
  422: "usage",
};

async function explain<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const code = CODES[error.status] ?? "unexpected";
    throw new FlyhotError(code, `Cannot ${what}: ${error.message}`, {
      cause: error,
    });
  }
}
