/** One machine: its files, its processes, its state.
 * @module
 */
import { errorText } from "@flyhot/runtime/protocol";
import { sleep } from "../../base/sleep.ts";
import { newUlid } from "../ids.ts";
import { NOT_CARRIED_OUT } from "../image/file_modes.ts";
import type { Image } from "../image/images.ts";
import { JobQueue } from "./job_queue.ts";
import { MachineLease } from "./leases.ts";
import {
  failedPrecondition,
  PlatformError,
} from "../machines_api/platform_error.ts";
import { Notifier } from "../wait_for.ts";
import { HealthWatch } from "./health/health_watch.ts";
import { removeMachineFiles, resetMachineFiles } from "./machine_files.ts";
import type { MachinePlace } from "./machine_place.ts";
import type {
  MachineExecOptions,
  MachineExecOutcome,
} from "./processes/machine_exec.ts";
import {
  MachineProcesses,
  type MachineSetup,
  type ProcessWorld,
} from "./processes/machine_processes.ts";
import type { ProcessEnd, Signal } from "../computer/processes.ts";
import { MachineHistory } from "./records/machine_history.ts";
import { type LogLine, MachineLog } from "./records/machine_log.ts";
import { machineRecord } from "./records/machine_record.ts";
import type {
  MachineConfig,
  MachineRecord,
  MachineState,
} from "./records/machine_types.ts";
import { afterExit } from "./restart_policy.ts";
import { stopHabits, type StopOptions } from "./stop_habits.ts";

/** What a machine gets from the sandbox around it. */
export interface MachineWorld extends ProcessWorld {
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
  /** What its processes wrote. */
  readonly log: MachineLog;
  /** Who may change it. */
  readonly lease: MachineLease;
  /** What happened to it. */
  readonly history: MachineHistory = new MachineHistory();
  /** Tells whenever its state changed. */
  readonly changes: Notifier = new Notifier();
  readonly #createdAt = new Date().toISOString();
  readonly #processes: MachineProcesses;
  readonly #health: HealthWatch;
  readonly #jobs: JobQueue;
  #updatedAt = this.#createdAt;
  #state: MachineState = "created";
  #setup: MachineSetup;
  #restartedAt: number[] = [];
  #backoff: AbortController | null = null;
  #closed = false;

  /** The folder of its place must exist; nothing runs yet. */
  constructor(
    place: MachinePlace,
    config: MachineConfig,
    image: Image,
    world: MachineWorld,
  ) {
    this.place = place;
    this.#setup = { config, image, instanceId: newUlid() };
    this.log = new MachineLog(place.logFile, place.id, world.tellLog);
    this.lease = new MachineLease(place.id, place.owner);
    this.#processes = new MachineProcesses(
      place,
      world,
      this.log,
      (end, requested) => this.#afterEnd(end, requested),
    );
    this.#health = new HealthWatch(place.url, () => this.changes.tell());
    this.#jobs = new JobQueue((error) => {
      this.log.append("fly", errorText(error));
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
    return this.#setup.config;
  }

  /** Which version of its configuration it runs. */
  get instanceId(): string {
    return this.#setup.instanceId;
  }

  /** The id of its main process, or null while none runs. */
  get pid(): number | null {
    return this.#processes.pid;
  }

  /** Its process group, or null for one made outside a deploy. */
  get group(): string | null {
    const { fly_process_group: group, process_group: legacy } =
      this.config.metadata ?? {};
    return group ?? legacy ?? null;
  }

  /** The machine as the Machines API shows it. */
  toRecord(): MachineRecord {
    return machineRecord(this.place, this.#setup, {
      state: this.#state,
      created_at: this.#createdAt,
      updated_at: this.#updatedAt,
      events: this.history.events,
      checks: this.#health.statuses(this.config, this.#updatedAt),
    });
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
        this.#processes.signalAll("SIGCONT");
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
      if (this.#processes.pid === null) return;
      this.history.record("stop", "stopping", "user");
      await this.#halt("stopping", options);
      const { auto_destroy, restart } = this.config;
      if (auto_destroy && restart?.policy === "no") await this.#end();
      else this.#enter("stopped");
    });
  }

  /** Freezes its processes; their memory is kept. */
  suspend(): void {
    this.#refuseNotRunning();
    this.#processes.signalAll("SIGSTOP");
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
      this.#setup = { config, image, instanceId: newUlid() };
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
    this.#processes.hurry();
    return this.#jobs.run(async () => {
      if (this.#state === "destroyed") return;
      this.history.record("destroy", "destroying", "user");
      await this.#halt("destroying");
      await this.#end();
    });
  }

  /** Kills its processes at once; the restart policy decides what follows. */
  crash(): void {
    this.#processes.killMain();
  }

  /** Sends a signal to its main process. */
  signal(name: Signal): void {
    this.#refuseNotRunning();
    this.#processes.signalMain(name);
  }

  /** Runs a command in its folder, with its environment. */
  async exec(options: MachineExecOptions): Promise<MachineExecOutcome> {
    this.#refuseNotRunning();
    return await this.#processes.exec(options, this.#setup);
  }

  /** Sets one label, without a new version. */
  setMetadata(key: string, value: string): void {
    const metadata = { ...this.config.metadata, [key]: value };
    this.#setup = { ...this.#setup, config: { ...this.config, metadata } };
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
    this.#processes.hurry();
    this.#processes.signalAll("SIGKILL");
    await this.#jobs.close();
    await this.#processes.ended();
    await this.#health.stop();
    this.log.close();
  }

  async #boot(source: "user" | "flyd"): Promise<void> {
    this.#enter("starting");
    const { image, config } = this.#setup;
    await resetMachineFiles(this.place, image, config);
    if (this.#closed) return;
    this.log.markStart();
    this.log.append("fly", `Starting machine from ${image.ref}`);
    if (!this.#processes.start(this.#setup)) {
      return this.#afterEnd({ code: 127, signal: null }, false);
    }
    this.history.record("start", "started", source);
    this.#enter("started");
  }

  async #halt(state: MachineState, options: StopOptions = {}): Promise<void> {
    const { signal, timeoutMs } = stopHabits(this.config, options);
    // A frozen process would take a signal only when it is resumed.
    const isFrozen = this.#state === "suspended";
    this.#enter(state);
    await this.#processes.halt(isFrozen ? "SIGKILL" : signal, timeoutMs);
  }

  #afterEnd(end: ProcessEnd, requested: boolean): void {
    this.log.append(
      "fly",
      end.signal === null
        ? `Main child exited normally with code: ${end.code}`
        : `Main child exited with signal: ${end.signal}`,
    );
    // What a shell answers that cannot run something.
    if (end.code === 126 || end.code === 127) {
      this.log.append("fly", `(${NOT_CARRIED_OUT})`);
    }
    const next = requested || this.#closed
      ? null
      : afterExit(this.config, end.code, this.#restartedAt, Date.now());
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
    await removeMachineFiles(this.place);
    this.history.record("destroy", "destroyed", "flyd");
    this.#enter("destroyed");
  }

  #enter(state: MachineState): void {
    this.#state = state;
    this.#updatedAt = new Date().toISOString();
    if (state === "started") this.#health.start(this.config);
    else void this.#health.stop();
    this.changes.tell();
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
