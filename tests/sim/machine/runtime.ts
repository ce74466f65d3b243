/** The real runtime machine, as it runs in a simulated process.
 * @module
 */
import type { Bucket } from "@flyhot/runtime/bucket";
import {
  type MachineInfo,
  type Manifest,
  PROTOCOL_VERSION,
  type RunningManifest,
} from "@flyhot/runtime/protocol";
import { describeMachine } from "../../../runtime/machine/info.ts";
import { Machine, type Transaction } from "../../../runtime/machine/machine.ts";
import {
  resolveSettings,
  type Settings,
} from "../../../runtime/machine/settings.ts";
import { Watcher } from "../../../runtime/machine/watcher.ts";
import { AppProcess } from "../../../runtime/process/process.ts";
import { AppFiles } from "../../../runtime/release/app_files.ts";
import { ReleaseFolders } from "../../../runtime/release/unpack/folders.ts";

/** How often a machine looks at the pointer, in milliseconds. */
export const POLL_MS = 5_000;
const PROBATION_MS = 5_000;

/** What a runtime is started with. */
export interface RuntimeOptions {
  readonly id: string;
  readonly app: string;
  readonly imageRef: string;
  readonly bucket: Bucket;
  readonly transaction: Transaction;
  readonly random: () => number;
  /** Told of every look at the pointer. */
  readonly onLook: (look: Promise<unknown>) => void;
}

/** A runtime in a process. */
export interface Runtime {
  readonly app: AppProcess;
  readonly machine: Machine;
  readonly watcher: Watcher;
  /** What it does when it is asked to end. */
  readonly atEnd: ReadonlySet<() => Promise<void>>;
  readonly info: () => Promise<MachineInfo>;
}

/** Makes a runtime; to be called in its process, and started by its `machine` and `watcher`. */
export function makeRuntime(options: RuntimeOptions): Runtime {
  const { id, app, imageRef, bucket } = options;
  const startedAt = new Date().toISOString();
  const settings = resolveSettings(
    { pollIntervalMs: POLL_MS, probationMs: PROBATION_MS },
    (name) =>
      ({
        FLY_APP_NAME: app,
        FLY_IMAGE_REF: imageRef,
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
  const machine = new Machine(context, options.transaction);
  const watcher = new Watcher({
    poll: () => {
      const look = machine.poll();
      options.onLook(look);
      return look;
    },
    intervalMs: settings.pollIntervalMs,
    logger,
    random: options.random,
  });
  const info = () => describeMachine(context, machine.lastUpgradeId, null);
  return { app: appProcess, machine, watcher, atEnd, info };
}

/** What a planner is told of a process; `base` is what the image holds. */
export function runningManifest(
  appProcess: AppProcess,
  base: Manifest,
  imageRef: string,
  info: MachineInfo,
): RunningManifest {
  const { files, config, modules } = appProcess.release?.manifest ??
    base;
  return {
    protocol: PROTOCOL_VERSION,
    image_ref: imageRef,
    fingerprint: info.fingerprint,
    release_sha256: appProcess.release?.sha256 ?? null,
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
