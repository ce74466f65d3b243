/** The sandbox as a value: what its interface promises, done with its context.
 * @module
 */
import { type ErrorCode, FlyhotError } from "../errors.ts";
import type { Deployer } from "./deploys.ts";
import type { Images } from "./image/images.ts";
import type { Machine } from "./machine/machine.ts";
import { parseMachineRequest } from "./machine/records/machine_config.ts";
import type { LogLine } from "./machine/records/machine_log.ts";
import type { MachineState } from "./machine/records/machine_types.ts";
import type { Machines } from "./machines.ts";
import { PlatformError } from "./machines_api/platform_error.ts";
import { waitUntilAnswering } from "./machine/health/readiness.ts";
import type {
  BuildImageOptions,
  CreateMachineOptions,
  Deployment,
  DeployOptions,
  ExecOptions,
  ExecOutcome,
  LogWaitOptions,
  Sandbox,
  SandboxMachine,
  ScaleOptions,
  WaitOptions,
} from "./sandbox_types.ts";
import { type Notifier, waitFor } from "./wait_for.ts";

/** The context of a running sandbox. */
export interface SandboxContext {
  /** The app's name. */
  readonly app: string;
  /** Where everything is kept. */
  readonly folder: string;
  /** Where machines go. */
  readonly regions: readonly string[];
  /** What a command needs to use it. */
  readonly env: Readonly<Record<string, string>>;
  /** The object store. */
  readonly endpoint: string;
  /** The Machines API. */
  readonly flapsUrl: string;
  /** The bucket's name. */
  readonly bucket: string;
  /** The registry. */
  readonly images: Images;
  /** The machines. */
  readonly machines: Machines;
  /** Deploys. */
  readonly deployer: Deployer;
  /** Tells every line that a machine logs. */
  readonly logs: Notifier<LogLine>;
  /** How many requests came in, by server and method. */
  readonly requests: () => Readonly<Record<string, number>>;
  /** Aborted when everything ends. */
  readonly stopping: AbortSignal;
  /** Ends everything. */
  readonly stop: () => Promise<void>;
}

const WAIT_MS = 10_000;
const READY_MS = 30_000;

/** A running sandbox. */
export class RunningSandbox implements Sandbox {
  readonly #context: SandboxContext;

  constructor(context: SandboxContext) {
    this.#context = context;
  }

  /** The app's name. */
  get app(): string {
    return this.#context.app;
  }

  /** Where everything is kept. */
  get folder(): string {
    return this.#context.folder;
  }

  /** All variables that a command needs to use it; not shown when it is printed. */
  get env(): Readonly<Record<string, string>> {
    return this.#context.env;
  }

  /** The object store. */
  get endpoint(): string {
    return this.#context.endpoint;
  }

  /** The Machines API. */
  get flapsUrl(): string {
    return this.#context.flapsUrl;
  }

  /** The bucket's name. */
  get bucket(): string {
    return this.#context.bucket;
  }

  /** How many requests came in, by server and method. */
  requests(): Readonly<Record<string, number>> {
    return this.#context.requests();
  }

  /** All machines but destroyed ones, oldest first. */
  machines(): readonly SandboxMachine[] {
    return this.#context.machines.live().map(toSandboxMachine);
  }

  /** One machine, destroyed or not. */
  machine(machineId: string): SandboxMachine {
    return toSandboxMachine(this.#get(machineId));
  }

  /** Makes a machine and waits until its process runs. */
  createMachine(options: CreateMachineOptions): Promise<SandboxMachine> {
    return explain(`create a machine from ${options.image}`, async () => {
      const machine = this.#context.machines.create(parseMachineRequest({
        name: options.name,
        region: options.region,
        config: { ...options.config, image: options.image },
      }));
      await machine.start();
      return toSandboxMachine(machine);
    });
  }

  /** Makes or destroys machines until a process group has so many. */
  scale(
    count: number,
    options: ScaleOptions = {},
  ): Promise<readonly SandboxMachine[]> {
    const { group = "app", regions = this.#context.regions } = options;
    return explain(`scale ${group} to ${count} machines`, async () => {
      const existing = this.#context.machines.live().filter((machine) =>
        machine.group === group
      );
      const model = existing.at(-1);
      if (model === undefined) {
        throw new FlyhotError(
          "not_found",
          `Cannot scale ${group} to ${count} machines: there is none to copy`,
          { hint: "deploy first" },
        );
      }
      for (const machine of existing.slice(count)) await machine.destroy(true);
      const kept = existing.slice(0, count);
      for (let i = kept.length; i < count; i++) {
        const { config } = model;
        const region = regions[i % regions.length];
        const machine = this.#context.machines.create(
          parseMachineRequest({ config, region }),
        );
        await machine.start();
        kept.push(machine);
      }
      return kept.map(toSandboxMachine);
    });
  }

  /** Starts a stopped machine, or resumes a suspended one. */
  startMachine(machineId: string): Promise<void> {
    return this.#change("start", machineId, (machine) => machine.start());
  }

  /** Stops a machine. */
  stopMachine(machineId: string): Promise<void> {
    return this.#change("stop", machineId, (machine) => machine.stop());
  }

  /** Freezes a machine's processes. */
  suspendMachine(machineId: string): Promise<void> {
    return this.#change("suspend", machineId, (machine) => machine.suspend());
  }

  /** Stops and starts a machine. */
  restartMachine(machineId: string): Promise<void> {
    return this.#change("restart", machineId, (machine) => machine.restart());
  }

  /** Kills a machine's processes at once. */
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

  /** Ends a machine for good. */
  destroyMachine(machineId: string): Promise<void> {
    return this.#change(
      "destroy",
      machineId,
      (machine) => machine.destroy(true),
    );
  }

  /** Runs a command in a machine. */
  exec(
    machineId: string,
    command: readonly string[],
    options: ExecOptions = {},
  ): Promise<ExecOutcome> {
    const { timeoutMs = WAIT_MS, stdin, signal } = options;
    const what = `run ${command[0]} in machine ${machineId}`;
    return explain(what, async () => {
      const { exitCode, stdout, stderr } = await this.#get(machineId).exec({
        command,
        timeoutMs,
        ...(stdin === undefined ? {} : { stdin }),
        ...(signal === undefined ? {} : { signal }),
      });
      return { exitCode, stdout, stderr };
    });
  }

  /** Copies a folder into the registry. */
  async buildImage(
    folder: string,
    options: BuildImageOptions = {},
  ): Promise<string> {
    const { images, app } = this.#context;
    return (await images.build(folder, { app, ...options })).ref;
  }

  /** Does what `fly deploy` does. */
  deploy(folder: string, options: DeployOptions = {}): Promise<Deployment> {
    return explain(`deploy ${folder}`, async () => {
      const { image, machines } = await this.#context.deployer.deploy({
        folder,
        config: options.config ?? null,
        app: null,
        image: options.image ?? null,
        label: options.label ?? null,
        buildArgs: options.buildArgs ?? {},
        regions: options.regions ?? null,
        machines: options.machines ??
          (options.regions ?? this.#context.regions).length,
        buildOnly: false,
        readyMs: options.readyMs ?? READY_MS,
      }, {
        say: options.onLine ?? (() => {}),
        signal: this.#limits(options).signal,
      });
      return { imageRef: image.ref, machines: machines.map(toSandboxMachine) };
    });
  }

  /** Where a machine's program is to listen. */
  url(machineId: string): string {
    return this.#get(machineId).url;
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

  /** Waits until a machine is in a state. */
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
      { hint: `see what it logged: ${machine.logFile}` },
    );
  }

  /** Waits for a line of a machine's log. */
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
      this.#context.logs,
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

  /** The newest lines of a machine's log. */
  logs(machineId: string): readonly LogLine[] {
    return this.#get(machineId).log.lines();
  }

  /** Calls back with every line that any machine logs. */
  onLog(listener: (line: LogLine) => void): () => void {
    return this.#context.logs.add(listener);
  }

  /** Ends all processes and servers and removes the folder. */
  stop(): Promise<void> {
    return this.#context.stop();
  }

  /** As `stop()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #limits(options: WaitOptions): { timeoutMs: number; signal: AbortSignal } {
    const { timeoutMs = WAIT_MS, signal } = options;
    const { stopping } = this.#context;
    return {
      timeoutMs,
      signal: signal ? AbortSignal.any([signal, stopping]) : stopping,
    };
  }

  #get(machineId: string): Machine {
    try {
      return this.#context.machines.get(machineId);
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

/** A machine, as seen by whoever runs the sandbox. */
export function toSandboxMachine(machine: Machine): SandboxMachine {
  return {
    id: machine.place.id,
    name: machine.place.name,
    region: machine.place.region,
    group: machine.group,
    state: machine.state,
    imageRef: machine.config.image,
    instanceId: machine.instanceId,
    url: machine.url,
    root: machine.root,
    socket: machine.place.socket,
    logFile: machine.logFile,
    pid: machine.pid,
  };
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
