/** A machine of a simulated world: a platform that starts and ends processes, and in each the real runtime machine.
 *
 * Only the transaction of an upgrade is a stand-in: it downloads and checks the release for real, and then takes it,
 * refuses it or dies of it, as the release's nature and the machine's temper say.
 *
 * @module
 */
import type { Bucket } from "@flyhot/runtime/bucket";
import {
  type MachineInfo,
  type Manifest,
  MANIFEST_PATH,
  parseManifest,
  PROTOCOL_VERSION,
  type RunningManifest,
} from "@flyhot/runtime/protocol";
import { UntarStream } from "@std/tar";
import { UpgradeError } from "../../runtime/base/upgrade_error.ts";
import { describeMachine } from "../../runtime/machine/info.ts";
import { Machine, type Transaction } from "../../runtime/machine/machine.ts";
import {
  resolveSettings,
  type Settings,
} from "../../runtime/machine/settings.ts";
import { Watcher } from "../../runtime/machine/watcher.ts";
import { AppProcess } from "../../runtime/process/process.ts";
import { AppFiles } from "../../runtime/release/app_files.ts";
import { ReleaseFolders } from "../../runtime/release/unpack/folders.ts";
import type { UpgradeOutcome } from "../../runtime/upgrade/context.ts";
import type { WantedRelease } from "../../runtime/release/wanted.ts";
import { digestOf, digestOfText } from "../../src/release/digest.ts";
import { outside, type Sim, SimProcess } from "./sim.ts";

/** How a machine takes every upgrade that is not a way back. */
export type Temper =
  | "applies"
  | "fails"
  | "refuses"
  | "goes back by itself"
  | "keeps silent"
  | "is slow"
  | "tries twice"
  | "stops"
  | "vanishes"
  | "restarts";

/** What a release does to every machine. */
export type Nature =
  | "works"
  | "fails"
  | "dies on probation"
  | "dies at once"
  | "dies soon"
  | "hangs"
  | "dies at start";

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
interface Running {
  readonly process: SimProcess;
  readonly app: AppProcess;
  readonly watcher: Watcher;
  /** What it does when it is asked to end. */
  readonly atEnd: ReadonlySet<() => Promise<void>>;
  readonly info: () => Promise<MachineInfo>;
  /** Whether its event loop still turns. */
  isDeaf: boolean;
  /** Requests that it answered. */
  served: number;
}

/** How often a machine looks at the pointer, in milliseconds. */
export const POLL_MS = 5_000;
const PROBATION_MS = 5_000;
const RESTART_MS = 1_000;
const KILL_MS = 5_000;
const EVENTS_MAX = 20;

/** One simulated machine. */
export class SimMachine {
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
      return path === "/v1/info" ? info : this.#manifest(running, info);
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
      const startedAt = new Date().toISOString();
      const settings = resolveSettings(
        { pollIntervalMs: POLL_MS, probationMs: PROBATION_MS },
        (name) =>
          ({
            FLY_APP_NAME: app,
            FLY_IMAGE_REF: this.imageRef,
            FLY_MACHINE_ID: id,
            FLY_REGION: "fra",
          })[name],
      );
      const logger = { info() {}, warn() {}, error() {} };
      const appProcess = new AppProcess();
      const atEnd = new Set<() => Promise<void>>();
      // A signal of the platform's, not of the system that the simulation runs on.
      appProcess.endSignals.onEnd = (act) => {
        atEnd.add(act);
        return () => atEnd.delete(act);
      };
      const context = {
        appProcess,
        settings: settings satisfies Settings,
        bucket,
        files: new AppFiles("/app"),
        startedAt,
        startedBy: "reapply" as const,
        main: "main.ts",
        folders: new ReleaseFolders("/releases"),
        laid: { files: null, refused: "a simulated machine lays no files" },
        logger,
      };
      const machine = new Machine(context, this.#transaction(process));
      const watcher = new Watcher({
        poll: () => {
          const look = machine.poll();
          look.then(
            () => this.#failedLook = null,
            () => this.#failedLook = process,
          );
          return look;
        },
        intervalMs: settings.pollIntervalMs,
        logger,
        random: () => this.#sim.random(),
      });
      const running: Running = {
        process,
        app: appProcess,
        atEnd,
        watcher,
        isDeaf: false,
        served: 0,
        info: () => describeMachine(context, machine.lastUpgradeId, null),
      };
      this.#running = running;
      this.#run(machine, running).catch((error) => {
        throw error;
      });
    });
  }

  async #run(machine: Machine, running: Running): Promise<void> {
    // An app whose bucket does not answer starts with its image.
    await machine.boot().catch(() => null);
    const { release } = running.app;
    if (release && this.#natureOf(release.wanted) === "dies at start") {
      return this.crash();
    }
    running.app.bootTrial?.confirm();
    this.#options.onStarted?.(this);
    running.watcher.start();
  }

  #natureOf(wanted: WantedRelease): Nature {
    return this.#options.natureOf?.(wanted.version) ?? "works";
  }

  #transaction(process: SimProcess): Transaction {
    return {
      upgrade: async (wanted, { appProcess, bucket, onBoot, onLoading }) => {
        const sim = this.#sim;
        const atBoot = onBoot !== null;
        // A way back is taken like any upgrade, by code that has no reason to refuse.
        const isBack = atBoot || wanted.tarballUrl === null ||
          this.#wasBefore.has(wanted.sha256 ?? "");
        const isThere = this.temper === "refuses" &&
          wanted.sha256 === appProcess.release?.sha256;
        if (this.wantsSignatures && isBack && wanted.tarballUrl !== null) {
          throw new UpgradeError("verify", "unsigned: Cannot take it");
        }
        const temper: Temper = isThere
          ? "applies"
          : !isBack
          ? this.temper
          : this.refusesToGoBack && !atBoot
          ? "fails"
          : this.temper === "is slow"
          ? "is slow"
          : "applies";
        if (temper === "keeps silent") return await new Promise(() => {});
        await sim.sleep(sim.between(5, atBoot ? 300 : 3_000));
        if (temper === "is slow" && !atBoot) await sim.sleep(20_000);
        if (temper === "tries twice") {
          this.temper = "applies";
          throw new UpgradeError("fetch", "the line was cut", {
            transient: true,
          });
        }
        if (temper === "stops") {
          this.stop();
          return await new Promise(() => {});
        }
        if (temper === "vanishes") {
          this.destroy();
          return await new Promise(() => {});
        }
        if (temper === "restarts") {
          this.temper = "applies";
          this.restart();
          return await new Promise(() => {});
        }
        if (temper === "refuses") {
          throw new UpgradeError("load", "Cannot remove docs", {
            refusals: [{
              rule: "holder",
              path: "docs.ts",
              line: 3,
              column: 0,
              subject: "docs",
              why: "is removed",
              remedy: "declare it",
              consent: "holder:docs",
            }],
          });
        }
        const nature = this.#natureOf(wanted);
        if (nature === "fails" || nature === "hangs") await onLoading?.();
        if (temper === "fails" || (nature === "fails" && !atBoot)) {
          throw new UpgradeError("health", "the page is empty");
        }
        if (nature === "hangs" && !atBoot) {
          if (this.#running?.process === process) this.#running.isDeaf = true;
          return await new Promise(() => {});
        }
        const before = appProcess.release;
        const nothing: UpgradeOutcome = {
          state: "nothing_to_do",
          reloaded: [],
          modules: 2,
          holders: [],
          assets: [],
          suspendMs: null,
        };
        this.#options.onTake?.(this, wanted, atBoot);
        if (wanted.tarballUrl === null) {
          if (before === null) return nothing;
          appProcess.release = null;
        } else {
          if (wanted.sha256 === before?.sha256) {
            appProcess.release = { ...before!, wanted };
            return nothing;
          }
          const { manifest, sha256 } = await download(wanted, bucket);
          await onLoading?.();
          appProcess.release = {
            wanted,
            sha256,
            manifest,
            folder: `/releases/${sha256}`,
            appliedAt: new Date().toISOString(),
          };
        }
        if (onBoot) {
          onBoot(() => {
            appProcess.release = before;
            return Promise.resolve();
          });
        }
        this.#wasBefore.add(before?.sha256 ?? "");
        this.#options.onTaken?.(this, wanted);
        appProcess.upgrades++;
        return { ...nothing, state: "applied", reloaded: ["app.ts"] };
      },
      probation: async (
        { release: wanted, before, probationMs, superseded },
        { appProcess },
      ) => {
        if (this.temper === "goes back by itself" && !this.#isBack(wanted)) {
          await this.#sim.sleep(2_000);
          appProcess.release = before === null || before.sha256 === null
            ? null
            : { ...appProcess.release!, wanted: before, sha256: before.sha256 };
          const error = new UpgradeError("probation", "the page is empty");
          error.end = "rolled_back";
          throw error;
        }
        const dieAfter = (ms: number) =>
          outside(() =>
            this.#sim.later(ms, () => {
              if (this.#running?.process === process) this.crash();
            })
          );
        const nature = this.#natureOf(wanted);
        if (probationMs === 0) return 0;
        if (nature === "dies on probation") dieAfter(probationMs / 2);
        await this.#sim.sleep(probationMs, superseded).catch(() => {});
        if (nature === "dies at once") dieAfter(100);
        if (nature === "dies soon") dieAfter(2_500);
        return 0;
      },
    };
  }

  readonly #wasBefore = new Set<string>();

  #isBack(wanted: WantedRelease): boolean {
    return wanted.tarballUrl === null;
  }

  #manifest({ app }: Running, info: MachineInfo): RunningManifest {
    const { files, config, modules } = app.release?.manifest ??
      this.#options.base;
    return {
      protocol: PROTOCOL_VERSION,
      image_ref: this.imageRef,
      fingerprint: info.fingerprint,
      release_sha256: app.release?.sha256 ?? null,
      main: "main.ts",
      files: Object.fromEntries(
        Object.entries(files).map(([path, { sha256 }]) => [path, sha256]),
      ),
      config,
      locked: {},
      loaded: Object.keys(modules),
      live: { "main.ts": ["app.ts"] },
      plain: {},
      external: [],
      holders: {},
      // As the runtime says it: every loaded script was looked at.
      analysis: { "main.ts": {}, "app.ts": {} },
      accepted: {},
      declined: {},
    };
  }
}

async function download(
  wanted: WantedRelease,
  bucket: Bucket | null,
): Promise<{ sha256: string; manifest: Manifest }> {
  const key = bucket?.keyOf(wanted.tarballUrl ?? "") ?? null;
  if (!bucket || key === null) {
    throw new UpgradeError(
      "fetch",
      `${wanted.tarballUrl} is not in the bucket`,
    );
  }
  let found: Awaited<ReturnType<Bucket["get"]>>;
  try {
    found = await bucket.get(key);
  } catch (error) {
    throw new UpgradeError("fetch", String(error), { transient: true });
  }
  if (found.status !== "found") {
    throw new UpgradeError("fetch", `${key} is not there`, { transient: true });
  }
  const [one, two] = found.body.tee();
  const [digest, manifest] = await Promise.all([
    digestOf(one),
    manifestOf(two),
  ]);
  if (digest.sha256 !== wanted.sha256 || digest.size !== wanted.size) {
    throw new UpgradeError("verify", `${key} is not what the pointer says`);
  }
  return { sha256: digest.sha256, manifest };
}

async function manifestOf(
  tarball: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<Manifest> {
  const entries = tarball.pipeThrough(new DecompressionStream("gzip"))
    .pipeThrough(new UntarStream());
  for await (const { path, readable } of entries) {
    if (path !== MANIFEST_PATH) break;
    return parseManifest(await new Response(readable).json());
  }
  throw new TypeError("a release begins with its manifest");
}

/** The fingerprint of code, without waiting for it. */
export function fingerprintOf(imageRef: string, sha256: string | null): string {
  return digestOfText(`${imageRef}\n${sha256 ?? "base"}`).slice(0, 12);
}
