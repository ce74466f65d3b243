/** One machine: its files, its processes, its state.
 * @module
 */
import { errorText } from "@flyhot/runtime/protocol";
import { sleep } from "../../sleep.ts";
import { join } from "node:path";
import { mapCommand } from "../image/command_line.ts";
import { startCommand } from "../image/dockerfile.ts";
import { HealthWatch } from "./health/health_watch.ts";
import { newUlid } from "../ids.ts";
import type { Image } from "../image/images.ts";
import { JobQueue } from "../machines_api/job_queue.ts";
import { MachineLease } from "../machines_api/leases.ts";
import { machineEnvironment, type MachineEnvSources } from "./machine_env.ts";
import {
  type MachineExecOptions,
  type MachineExecOutcome,
  MachineExecs,
} from "./processes/machine_exec.ts";
import { resetMachineFiles } from "./machine_files.ts";
import { MachineHistory } from "./records/machine_history.ts";
import { type LogLine, MachineLog } from "./records/machine_log.ts";
import type {
  MachineConfig,
  MachineRecord,
  MachineState,
} from "./records/machine_types.ts";
import { MainProcess } from "./processes/main_process.ts";
import {
  failedPrecondition,
  PlatformError,
} from "../machines_api/platform_error.ts";
import type { ProcessEnd, ProcessRegister } from "./processes/processes.ts";
import { afterExit } from "./restart_policy.ts";
import { stopHabits, type StopOptions } from "./stop_habits.ts";
import { Notifier } from "../wait_for.ts";

/** What a machine is from its beginning to its end. */
export interface MachinePlace {
  /** The app. */
  readonly app: string;
  /** Its id. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** Its region. */
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

/** What a machine gets from the sandbox around it. */
export interface MachineWorld {
  /** Variables that all machines share. */
  readonly env: Pick<MachineEnvSources, "inherited" | "secrets" | "sandbox">;
  /** Is told of its processes. */
  readonly register: ProcessRegister;
  /** Is told of every line it logs. */
  readonly tellLog: (line: LogLine) => void;
}

/**
 * One machine. What changes its state throws at once if that is not allowed now, and returns a promise of its completion;
 * such changes run one after the other.
 */
export class Machine {
  /** What it is from its beginning to its end. */
  readonly place: MachinePlace;
  /** The folder that stands for the image's working folder. */
  readonly root: string;
  /** Its address in the private network; nothing listens there. */
  readonly privateIp: string;
  /** Where its program is to listen. */
  readonly url: string;
  /** What its processes wrote. */
  readonly log: MachineLog;
  /** Where the log is kept. */
  readonly logFile: string;
  /** Who may change it. */
  readonly lease: MachineLease;
  /** What happened to it. */
  readonly history: MachineHistory = new MachineHistory();
  /** Tells whenever its state changed. */
  readonly changes: Notifier = new Notifier();
  readonly #world: MachineWorld;
  readonly #skipSecrets: boolean;
  readonly #createdAt = new Date().toISOString();
  readonly #main: MainProcess;
  readonly #execs: MachineExecs;
  readonly #health: HealthWatch;
  readonly #jobs: JobQueue;
  #updatedAt = this.#createdAt;
  #state: MachineState = "created";
  #config: MachineConfig;
  #image: Image;
  #instanceId = newUlid();
  #restartedAt: number[] = [];
  #backoff: AbortController | null = null;
  #closed = false;

  constructor(
    place: MachinePlace,
    config: MachineConfig,
    image: Image,
    skipSecrets: boolean,
    world: MachineWorld,
  ) {
    this.place = place;
    this.#config = config;
    this.#image = image;
    this.#skipSecrets = skipSecrets;
    this.#world = world;
    this.root = join(place.folder, "app");
    this.url = `http://127.0.0.1:${place.port}`;
    this.logFile = join(place.folder, "log.txt");
    this.log = new MachineLog(this.logFile, place.id, world.tellLog);
    this.lease = new MachineLease(place.id, place.owner);
    const [a, b, c] = place.id.match(/.{4}/g) ?? [];
    this.privateIp = `fdaa:0:f17:a7b:${a}:${b}:${c}:2`;
    this.#main = new MainProcess(
      this.log,
      world.register,
      (end, requested) => this.#afterEnd(end, requested),
    );
    this.#execs = new MachineExecs(world.register);
    this.#health = new HealthWatch(this.url, () => this.changes.tell());
    this.#jobs = new JobQueue((error) => {
      this.log.append(
        "fly",
        errorText(error),
      );
      this.#enter("failed");
    });
    this.history.record("launch", "created", "user");
  }

  /** What it is doing. */
  get state(): MachineState {
    return this.#state;
  }

  /** How it is to be. */
  get config(): MachineConfig {
    return this.#config;
  }

  /** Which version of its configuration it runs. */
  get instanceId(): string {
    return this.#instanceId;
  }

  /** The id of its main process, or null while none runs. */
  get pid(): number | null {
    return this.#main.pid;
  }

  /** Its process group, or null for one made outside a deploy. */
  get group(): string | null {
    const { fly_process_group: group, process_group: legacy } =
      this.#config.metadata ?? {};
    return group ?? legacy ?? null;
  }

  /** The machine as the Machines API shows it. */
  toRecord(): MachineRecord {
    const { repository, tag, digest } = this.#image;
    return {
      id: this.place.id,
      name: this.place.name,
      state: this.#state,
      region: this.place.region,
      instance_id: this.#instanceId,
      version: this.#instanceId,
      private_ip: this.privateIp,
      created_at: this.#createdAt,
      updated_at: this.#updatedAt,
      image_ref: {
        registry: this.#image.ref.split("/")[0] ?? "",
        repository,
        tag,
        digest,
        labels: {},
      },
      config: this.#config,
      events: this.history.events,
      checks: this.#health.statuses(this.#config, this.#updatedAt),
      host_status: "ok",
    };
  }

  /** Starts it, or resumes it where it is suspended; fulfilled once its process runs. */
  start(): Promise<void> {
    this.#refuseDestroyed();
    switch (this.#state) {
      case "starting":
      case "started":
      case "restarting":
        return this.idle();
      case "suspended":
        this.#main.signalAll("SIGCONT");
        this.#execs.signalAll("SIGCONT");
        this.history.record("start", "started", "user");
        this.#enter("started");
        return Promise.resolve();
      case "replacing":
        throw failedPrecondition("machine getting replaced, refusing to start");
      case "created":
      case "stopped":
      case "failed":
        this.#restartedAt = [];
        return this.#jobs.run(() => this.#boot("user"));
      default:
        throw failedPrecondition("machine still active, refusing to start");
    }
  }

  /** Stops it: a signal, then SIGKILL; fulfilled once its processes have ended. */
  stop(options: StopOptions = {}): Promise<void> {
    this.#refuseDestroyed();
    this.#backoff?.abort();
    return this.#jobs.run(async () => {
      if (this.#main.pid === null) return;
      this.history.record("stop", "stopping", "user");
      await this.#halt("stopping", options);
      const { auto_destroy, restart } = this.#config;
      if (auto_destroy && restart?.policy === "no") await this.#end();
      else this.#enter("stopped");
    });
  }

  /** Freezes its processes; their memory is kept. */
  suspend(): void {
    this.#refuseNotRunning();
    this.#main.signalAll("SIGSTOP");
    this.#execs.signalAll("SIGSTOP");
    this.history.record("suspend", "suspended", "user");
    this.#enter("suspended");
  }

  /** Stops it and starts it again, with the files of its image; fulfilled once its process runs. */
  restart(options: StopOptions = {}): Promise<void> {
    this.#refuseDestroyed();
    this.#backoff?.abort();
    return this.#jobs.run(async () => {
      this.history.record("restart", "stopping", "user");
      await this.#halt("restarting", options);
      await this.#boot("user");
    });
  }

  /**
   * Gives it another configuration, image included, and another version. If it runs it is restarted, else it stays
   * stopped; fulfilled once its process runs again.
   */
  update(
    config: MachineConfig,
    image: Image,
    skipLaunch = false,
  ): Promise<void> {
    this.#refuseDestroyed();
    const willRun = ["starting", "started", "restarting", "replacing"]
      .includes(this.#state);
    this.#backoff?.abort();
    return this.#jobs.run(async () => {
      this.#config = config;
      this.#image = image;
      this.#instanceId = newUlid();
      this.#restartedAt = [];
      this.#health.clear();
      this.history.record("update", "replacing", "user");
      await this.#halt("replacing");
      if (willRun && !skipLaunch) await this.#boot("user");
      else this.#enter("stopped");
    });
  }

  /** Ends it for good; fulfilled once its processes have ended and its files are gone. */
  destroy(force: boolean): Promise<void> {
    this.#refuseDestroyed();
    const still = ["created", "stopped", "suspended", "failed"];
    if (!force && !still.includes(this.#state)) {
      throw failedPrecondition(
        "unable to destroy machine, not currently stopped, suspended, failed or created",
      );
    }
    this.#backoff?.abort();
    this.#main.hurry();
    return this.#jobs.run(async () => {
      if (this.#state === "destroyed") return;
      this.history.record("destroy", "destroying", "user");
      await this.#halt("destroying");
      await this.#end();
    });
  }

  /** Kills its processes at once; the restart policy decides what follows. */
  crash(): void {
    this.#main.signalAll("SIGKILL");
  }

  /** Sends a signal to its main process. */
  signal(name: Deno.Signal): void {
    this.#refuseNotRunning();
    this.#main.signal(name);
  }

  /** Runs a command in its folder, with its environment. */
  async exec(options: MachineExecOptions): Promise<MachineExecOutcome> {
    this.#refuseNotRunning();
    return await this.#execs.run(
      { ...options, command: this.#mapped(options.command) },
      { cwd: this.root, env: this.#environment() },
    );
  }

  /** Sets one label, without a new version. */
  setMetadata(key: string, value: string): void {
    const metadata = { ...this.#config.metadata, [key]: value };
    this.#config = { ...this.#config, metadata };
    this.#updatedAt = new Date().toISOString();
  }

  /** Fulfilled once no change is under way. */
  async idle(): Promise<void> {
    await this.#jobs.idle();
  }

  /** Kills everything at once, without restarts; it cannot be used afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#backoff?.abort();
    this.#main.hurry();
    this.#main.signalAll("SIGKILL");
    this.#execs.signalAll("SIGKILL");
    await this.#jobs.close();
    await this.#main.ended();
    await this.#execs.ended();
    await this.#health.stop();
    this.log.close();
  }

  async #boot(source: "user" | "flyd"): Promise<void> {
    this.#enter("starting");
    const { folder, socket } = this.place;
    await resetMachineFiles(folder, socket, this.#image, this.#config);
    if (this.#closed) return;
    const command = startCommand(this.#image.start, this.#config.init ?? {});
    this.log.markStart();
    this.log.append("fly", `Starting machine from ${this.#image.ref}`);
    const runs = this.#main.start({
      command: this.#mapped(command),
      cwd: this.root,
      env: this.#environment(),
    });
    if (!runs) return this.#afterEnd({ code: 127, signal: null }, false);
    this.history.record("start", "started", source);
    this.#enter("started");
  }

  async #halt(state: MachineState, options: StopOptions = {}): Promise<void> {
    const { signal, timeoutMs } = stopHabits(this.#config, options);
    // A frozen process would take a signal only when it is resumed.
    const isFrozen = this.#state === "suspended";
    this.#enter(state);
    await this.#main.halt(isFrozen ? "SIGKILL" : signal, timeoutMs);
  }

  #afterEnd(end: ProcessEnd, requested: boolean): void {
    this.#execs.signalAll("SIGKILL");
    this.log.append(
      "fly",
      end.signal === null
        ? `Main child exited normally with code: ${end.code}`
        : `Main child exited with signal: ${end.signal}`,
    );
    const next = requested || this.#closed
      ? null
      : afterExit(this.#config, end.code, this.#restartedAt, Date.now());
    this.history.recordExit(end, {
      requested,
      restarting: next?.action === "restart",
      restarts: this.#restartedAt.length,
    });
    switch (next?.action) {
      case "stop":
        return this.#enter("stopped");
      case "destroy":
        this.#enter("destroying");
        return this.#jobs.start(() => this.#end());
      case "restart": {
        this.#enter("restarting");
        const backoff = this.#backoff = new AbortController();
        const { pauseMs } = next;
        return this.#jobs.start(() => this.#retry(pauseMs, backoff.signal));
      }
    }
  }

  async #retry(pauseMs: number, signal: AbortSignal): Promise<void> {
    try {
      await sleep(pauseMs, signal);
    } catch {
      return this.#enter("stopped");
    } finally {
      this.#backoff = null;
    }
    this.#restartedAt.push(Date.now());
    await this.#boot("flyd");
  }

  async #end(): Promise<void> {
    await Deno.remove(this.root, { recursive: true }).catch(() => {});
    await Deno.remove(this.place.socket).catch(() => {});
    this.history.record("destroy", "destroyed", "flyd");
    this.#enter("destroyed");
  }

  #enter(state: MachineState): void {
    this.#state = state;
    this.#updatedAt = new Date().toISOString();
    if (state === "started") this.#health.start(this.#config);
    else void this.#health.stop();
    this.changes.tell();
  }

  #environment(): Record<string, string> {
    const { app, id, region, port, socket, folder } = this.place;
    const { inherited, secrets, sandbox } = this.#world.env;
    return machineEnvironment({
      app,
      id,
      region,
      port,
      socket,
      instanceId: this.#instanceId,
      privateIp: this.privateIp,
      tmp: join(folder, "tmp"),
      home: join(folder, "home"),
    }, {
      inherited,
      sandbox,
      image: this.#image.start.env,
      config: this.#config,
      secrets: this.#skipSecrets ? {} : secrets,
    });
  }

  #mapped(command: readonly string[]): readonly string[] {
    return mapCommand(command, this.#image.start.workdir, this.root);
  }

  #refuseNotRunning(): void {
    this.#refuseDestroyed();
    if (this.#state !== "started" || this.#closed) {
      throw failedPrecondition("machine not running");
    }
  }

  #refuseDestroyed(): void {
    if (this.#state === "destroyed") {
      throw new PlatformError(404, "machine not found");
    }
  }
}
