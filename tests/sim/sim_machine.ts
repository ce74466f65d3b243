/** A machine of a simulated world: a platform that starts and ends processes, and in each the real runtime machine.
 * @module
 */
import type { Bucket } from "@flyhot/runtime/bucket";
import type { Manifest } from "@flyhot/runtime/protocol";
import type { WantedRelease } from "../../runtime/release/wanted.ts";
import { digestOfText } from "../../src/release/digest.ts";
import {
  makeRuntime,
  runningManifest,
  type Runtime,
} from "./machine/runtime.ts";
import {
  type Nature,
  simTransaction,
  type TakingMachine,
  type Temper,
} from "./machine/transaction.ts";
import { outside, type Sim, SimProcess } from "./sim.ts";

/** What a machine is made with. */
export interface SimMachineOptions {
  readonly id: string;
  readonly app: string;
  readonly imageRef: string;
  /** What its image holds. */
  readonly base: Manifest;
  readonly temper: Temper;
  /** Default `started`. */
  readonly state?: string;
  /** How it reaches the bucket. */
  readonly bucket: Bucket;
  /** How far its clock is off, in milliseconds. Default 0. */
  readonly skewMs?: number;
  /** What a release does. Default: it works. */
  readonly natureOf?: (version: string) => Nature;
  /** Told before a release is taken. */
  readonly onTake?: (
    machine: SimMachine,
    wanted: WantedRelease,
    atBoot: boolean,
  ) => void;
  /** Told when a release is in. */
  readonly onTaken?: (machine: SimMachine, wanted: WantedRelease) => void;
  /** Told what a process runs once it has started. */
  readonly onStarted?: (machine: SimMachine) => void;
}

/** An event as the Machines API tells it. */
export interface PlatformEvent {
  readonly type: string;
  readonly status: string;
  readonly source: "user" | "flyd";
  readonly timestamp: number;
  readonly request?: unknown;
}

/** A process that runs the app. */
interface Running extends Runtime {
  readonly process: SimProcess;
  /** Whether its event loop still turns. */
  isDeaf: boolean;
  /** Requests that it answered. */
  served: number;
}

const RESTART_MS = 1_000;
const KILL_MS = 5_000;
const EVENTS_MAX = 20;

/** One simulated machine. */
export class SimMachine implements TakingMachine {
  readonly id: string;
  /** The platform's word for its state; null once it is destroyed. */
  state: string | null;
  temper: Temper;
  /** Whether it has state that no older code can take. */
  refusesToGoBack = false;
  /** Whether nobody vouches for older releases, as its image asks. */
  wantsSignatures = false;
  imageRef: string;
  /** What the platform remembers, newest first. */
  events: PlatformEvent[] = [];
  /** Digests of what ran before something else was taken. */
  readonly wasBefore: Set<string> = new Set();
  /** Processes that ended without being asked to, by the release that they ran. */
  readonly deaths = new Map<string, number>();
  /** When each process ended that was not asked to, in milliseconds since the world began. */
  readonly diedAt = new Map<SimProcess, number>();
  /** When something last happened to it that no rollout did, in milliseconds since the world began. */
  disturbedAt = -Infinity;
  /** How many processes it has had. */
  lives = 0;
  /** The last look that failed; the next one may be a minute away. */
  #failedLook: SimProcess | null = null;
  /** Whether it stays down when it is stopped, or starts again by itself. */
  readonly #sim: Sim;
  readonly #options: SimMachineOptions;
  #running: Running | null = null;
  #suspended: Running | null = null;
  #ending: Promise<void> | null = null;

  constructor(sim: Sim, options: SimMachineOptions) {
    this.#sim = sim;
    this.#options = options;
    this.id = options.id;
    this.imageRef = options.imageRef;
    this.state = options.state ?? "started";
    this.temper = options.temper;
  }

  /** Digest of the release that its process runs, or null on the base image and where none runs. */
  get sha256(): string | null {
    return this.#running?.app.release?.sha256 ?? null;
  }

  /** The id of the upgrade that is in, or null. */
  get upgradeId(): string | null {
    return this.#running?.app.release?.wanted.id ?? null;
  }

  /** Which process runs, or null. */
  get process(): SimProcess | null {
    return this.#running?.process ?? null;
  }

  /** Whether its process could not look the last time, so that it waits longer than usual before it looks again. */
  get backsOff(): boolean {
    return this.process !== null && this.#failedLook === this.process;
  }

  /** As the Machines API answers. */
  get json(): unknown {
    return {
      id: this.id,
      name: this.id,
      state: this.state ?? "destroyed",
      region: "fra",
      instance_id: "01",
      host_status: "ok",
      config: {
        image: this.imageRef,
        metadata: { fly_platform_version: "v2", fly_process_group: "app" },
      },
      events: this.events,
    };
  }

  /** Begins to live. */
  begin(): void {
    if (this.state === "started") this.#boot();
  }

  /** Asks the runtime; null where nobody answers in time. */
  async ask(path: string): Promise<unknown> {
    const running = this.#running;
    if (!running || running.isDeaf) return null;
    return await running.process.run(async () => {
      if (path === "/v1/check") {
        running.watcher.nudge();
        return { ok: true };
      }
      const info = await running.info();
      return path === "/v1/info"
        ? info
        : runningManifest(running.app, this.#options.base, this.imageRef, info);
    });
  }

  /** Answers a request, as long as a process serves. */
  serve(): boolean {
    if (this.state !== "started" || !this.#running) return false;
    if (this.#running.isDeaf) return false;
    this.#running.served++;
    return true;
  }

  /** Starts it, or lets it go on where it was suspended. */
  start(): void {
    if (this.state === "started" || this.state === null) return;
    this.state = "started";
    this.#record("start", "started", "user");
    this.disturbedAt = this.#sim.elapsed;
    if (this.#suspended) {
      this.#running = this.#suspended;
      this.#suspended = null;
      this.#running.process.thaw();
    } else this.#boot();
  }

  /** Stops it in order, as a person or the proxy does: the process gets a signal, and some seconds. */
  stop(what: "stop" | "restart" | "update" = "stop"): void {
    if (this.state !== "started") return;
    this.#record(what, "stopping", "user");
    if (this.#running) this.#endInOrder(this.#running);
    // Not every platform says of each end that it was asked for; the order of its events does.
    this.#end(this.lives % 2 === 0 ? 0 : 143, this.lives % 2 === 0, false);
    this.state = "stopped";
  }

  /** Freezes it with all it knows. */
  suspend(): void {
    if (this.state !== "started" || !this.#running) return;
    this.#suspended = this.#running;
    this.#running = null;
    this.#suspended.process.freeze();
    this.disturbedAt = this.#sim.elapsed;
    this.state = "suspended";
    this.#record("suspend", "suspended", "flyd");
  }

  /** Stops and starts it. */
  restart(): void {
    this.stop("restart");
    this.#suspended?.process.kill();
    this.#suspended = null;
    this.start();
  }

  /** Its process ends by itself; the platform starts another one. */
  crash(code = 1): void {
    if (this.state !== "started" || !this.#running) return;
    const sha256 = this.sha256 ?? "base";
    this.diedAt.set(this.#running.process, this.#sim.elapsed);
    this.deaths.set(sha256, (this.deaths.get(sha256) ?? 0) + 1);
    this.#end(code, false, true);
    outside(() =>
      this.#sim.later(RESTART_MS, () => {
        if (this.state === "started" && !this.#running) this.#boot();
      })
    );
  }

  /** Takes it away for good. */
  destroy(): void {
    this.#running?.process.kill();
    this.#suspended?.process.kill();
    this.#running = this.#suspended = null;
    this.state = null;
  }

  /** A deploy: another image, another process. */
  deploy(imageRef: string): void {
    this.stop("update");
    this.#suspended?.process.kill();
    this.#suspended = null;
    this.imageRef = imageRef;
    this.start();
  }

  #endInOrder({ process, atEnd }: Running): void {
    const last = new SimProcess(`${process.name}.end`, process.skewMs);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ending = promise;
    outside(() =>
      this.#sim.later(KILL_MS, () => {
        last.kill();
        resolve();
      })
    );
    last.run(() =>
      Promise.allSettled([...atEnd].map((act) => act())).then(() => resolve())
    );
  }

  #end(code: number, requested: boolean, restarting: boolean): void {
    this.disturbedAt = this.#sim.elapsed;
    this.#running?.process.kill();
    this.#running = null;
    this.#record("exit", "stopped", "flyd", {
      exit_event: {
        exit_code: code,
        guest_exit_code: code,
        guest_signal: -1,
        signal: -1,
        oom_killed: false,
        requested_stop: requested,
        restarting,
        exited_at: new Date(this.#sim.now).toISOString(),
      },
    });
  }

  #record(
    type: string,
    status: string,
    source: "user" | "flyd",
    request?: unknown,
  ): void {
    const timestamp = this.#sim.now;
    this.events = [
      { type, status, source, timestamp, ...(request ? { request } : {}) },
      ...this.events,
    ].slice(0, EVENTS_MAX);
  }

  #boot(): void {
    const ending = this.#ending;
    if (ending) {
      // The platform starts no process before the last one has ended.
      ending.then(() => {
        if (this.#ending === ending) this.#ending = null;
        if (this.state === "started" && !this.#running) this.#boot();
      });
      return;
    }
    const { id, app, bucket, skewMs = 0 } = this.#options;
    this.lives++;
    const process = new SimProcess(`${id}.${this.lives}`, skewMs);
    process.run(() => {
      const runtime = makeRuntime({
        id,
        app,
        imageRef: this.imageRef,
        bucket,
        transaction: simTransaction(this.#sim, this, process),
        random: () => this.#sim.random(),
        onLook: (look) =>
          void look.then(
            () => this.#failedLook = null,
            () => this.#failedLook = process,
          ),
      });
      const running = { ...runtime, process, isDeaf: false, served: 0 };
      this.#running = running;
      this.#run(running).catch((error) => {
        throw error;
      });
    });
  }

  async #run(running: Running): Promise<void> {
    // An app whose bucket does not answer starts with its image.
    await running.machine.boot().catch(() => null);
    const { release } = running.app;
    if (release && this.natureOf(release.wanted) === "dies at start") {
      return this.crash();
    }
    running.app.bootTrial?.confirm();
    this.#options.onStarted?.(this);
    running.watcher.start();
  }

  /** What a release does to it. */
  natureOf(wanted: WantedRelease): Nature {
    return this.#options.natureOf?.(wanted.version) ?? "works";
  }

  /** Tells that it is about to take a release. */
  onTake(wanted: WantedRelease, atBoot: boolean): void {
    this.#options.onTake?.(this, wanted, atBoot);
  }

  /** Tells that a release is in. */
  onTaken(wanted: WantedRelease): void {
    this.#options.onTaken?.(this, wanted);
  }

  /** The event loop of a process turns no more. */
  hang(process: SimProcess): void {
    if (this.#running?.process === process) this.#running.isDeaf = true;
  }
}

/** The fingerprint of code, without waiting for it. */
export function fingerprintOf(imageRef: string, sha256: string | null): string {
  return digestOfText(`${imageRef}\n${sha256 ?? "base"}`).slice(0, 12);
}
