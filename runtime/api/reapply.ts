/** Where an app hands itself over: applies what its generation runs, then keeps watching.
 * @module
 */
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Machine } from "../machine/machine.ts";
import { readAppConfig } from "../machine/app_config.ts";
import { appFolders } from "../release/app_root.ts";
import { AppFiles } from "../release/app_files.ts";
import { openLaying } from "../release/laying.ts";
import {
  CONTROL_SOCKET,
  type ControlSocket,
  openControlSocket,
} from "../machine/control.ts";
import { ownFolder } from "../base/own_folder.ts";
import { describeMachine, describeModules } from "../machine/info.ts";
import { consoleLogger, type Logger } from "../base/log.ts";
import { ModuleTable } from "../modules/module_table.ts";
import { folderUrl } from "../modules/module_urls.ts";
import type { Bucket } from "../bucket/bucket.ts";
import { ProtocolError } from "../protocol/parse.ts";
import type { MachineInfo } from "../protocol/machine_info.ts";
import { chooseReleaseFolder, ReleaseFolders } from "../release/folders.ts";
import { S3Bucket } from "../bucket/s3_bucket.ts";
import {
  type Environment,
  inertReason,
  type ReapplyOptions,
  resolveSettings,
} from "../machine/settings.ts";
import { appProcess } from "../process/process.ts";
import { Watcher } from "../machine/watcher.ts";

/** What `reapply()` did. */
export type ReapplyResult =
  | {
    /** A hot upgrade is in. */
    readonly status: "applied";
    /** Its version. */
    readonly version: string;
    /** What code runs. */
    readonly fingerprint: string;
  }
  | {
    /** The base image runs as it is. */
    readonly status: "none";
  }
  | {
    /** This process is none of flyhot's business. */
    readonly status: "skipped";
    /** Why. */
    readonly reason: string;
  }
  | {
    /** The current upgrade could not be applied; the base image runs. */
    readonly status: "error";
    /** What was tried, on what, and why it failed. */
    readonly reason: string;
  };

interface Running extends AsyncDisposable {
  readonly machine: Machine;
  info(): Promise<MachineInfo>;
  /** What keeps upgrades from arriving, or null. */
  readonly missing: string | null;
}

let running: Promise<Running> | null = null;
/** Whether what runs was set up for a question alone, and watches nothing. */
let passive = false;

const environment: Environment = (name) => Deno.env.get(name) || undefined;

/**
 * Applies the hot upgrade that the machines on this base image run, then keeps watching for new ones.
 *
 * Call it once, at the top of the main module, before the app is imported. It never throws: if the upgrade cannot be
 * applied, the app starts with the code of its image and the reason is logged and returned. Outside Fly, in release
 * commands and in other reserved machines it does nothing.
 *
 * @param options overrides of what the environment says
 * @returns what was done
 *
 * @example
 * ```ts
 * import { reapply } from "@flyhot/runtime";
 *
 * const result = await reapply();
 * if (result.status === "error") console.error(result.reason);
 * ```
 */
export async function reapply(
  options: ReapplyOptions = {},
): Promise<ReapplyResult> {
  const logger = options.logger ?? defaultLogger();
  try {
    const inert = inertReason(environment);
    if (inert !== null) {
      if (!running) appProcess.modules.uninstall();
      return { status: "skipped", reason: inert };
    }
    if (running && passive) {
      await (await running)[Symbol.asyncDispose]();
      running = null;
    }
    if (running) {
      return {
        status: "skipped",
        reason: "reapply() has run in this process already",
      };
    }
    const { machine, missing } = await (running = watching(options, logger));
    if (missing !== null) {
      logger.error(`hot upgrades are off: ${missing}`);
      return { status: "error", reason: missing };
    }
    return await boot(machine, logger);
  } catch (error) {
    const reason = messageOf(error);
    logger.error(`hot upgrades are off: ${reason}`);
    return { status: "error", reason };
  }
}

async function boot(machine: Machine, logger: Logger): Promise<ReapplyResult> {
  try {
    const result = await machine.boot();
    if (result === null) return { status: "none" };
    if (result.state === "applied" || result.state === "nothing_to_do") {
      const { version, fingerprint } = result;
      return { status: "applied", version, fingerprint };
    }
    return {
      status: "error",
      reason: result.failure?.message ?? "the upgrade is still pending",
    };
  } catch (error) {
    const reason = messageOf(error);
    const remedy = error instanceof ProtocolError
      ? ""
      : "; it is read again while the app runs";
    logger.error(
      `the pointer cannot be read, starting with the base image: ${reason}${remedy}`,
    );
    return { status: "error", reason };
  }
}

/**
 * The machine of this process, set up for direct use where `reapply()` has not run.
 *
 * @returns the machine
 */
export async function runningMachine(): Promise<Machine> {
  return (await runningAtLeast()).machine;
}

/**
 * What code this process runs.
 *
 * @returns whether a hot upgrade is in and which; always the base image, the fingerprint and the counts
 *
 * @example
 * ```ts
 * import { info } from "@flyhot/runtime";
 *
 * const now = await info();
 * if (now.hotUpgradeApplied) console.log(now.version);
 * ```
 */
export async function info(): Promise<MachineInfo> {
  return await (await runningAtLeast()).info();
}

/**
 * Stops watching, closes the control socket and stops all services, for tests and orderly shutdowns.
 *
 * @example
 * ```ts
 * import { stop } from "@flyhot/runtime";
 *
 * await stop();
 * ```
 */
export async function stop(): Promise<void> {
  const was = running;
  running = null;
  if (was) await (await was)[Symbol.asyncDispose]();
  await appProcess.rest();
}

function watching(options: ReapplyOptions, logger: Logger): Promise<Running> {
  passive = false;
  return starting(options, logger);
}

/** What runs; where nobody has called `reapply()` yet, set up to answer, and not to watch. */
async function runningAtLeast(): Promise<Running> {
  if (!running) {
    running = starting({ watch: false }, defaultLogger());
    passive = true;
  }
  return await running;
}

function starting(options: ReapplyOptions, logger: Logger): Promise<Running> {
  const started = start(options, logger);
  // A start that failed must not stand in the way of the next.
  started.catch(() => running = null);
  return started;
}

async function start(
  options: ReapplyOptions,
  logger: Logger,
): Promise<Running> {
  const mainFile = fileURLToPath(Deno.mainModule);
  const { root, appFolder } = options.root === undefined
    ? appFolders()
    : { root: options.root, appFolder: "" };
  const settings = resolveSettings(
    options,
    environment,
    await readAppConfig(join(root, appFolder)),
  );
  const own = await ownFolder(
    settings.temporaryFolder,
    (text) => logger.warn(text),
  );
  const folders = new ReleaseFolders(
    await chooseReleaseFolder(root, join(own, "releases")),
  );
  appProcess.modules.table ??= new ModuleTable(folderUrl(root), folders.url);
  const bucket: Bucket | null = typeof settings.bucket === "string"
    ? null
    : new S3Bucket({ ...settings.bucket, ...settings.bucket.credentials });
  appProcess.root = root;
  appProcess.appFolder = appFolder;
  appProcess.logger = logger;
  const main = relative(root, mainFile);
  // Before anything is decided: what an earlier process has laid over the image's files is not the image's.
  const laid = await openLaying(root, settings.imageRef);
  appProcess.modules.originalFile = (path) => laid.files?.originalFile(path);
  const files = new AppFiles(root, {
    appFolder,
    ...laid.files ? { laid: laid.files } : {},
  });
  const context = {
    laid,
    appProcess,
    settings,
    bucket,
    files,
    startedAt: new Date().toISOString(),
    main,
    folders,
    logger,
  };
  const machine = new Machine(context);
  const notWatching = typeof settings.bucket === "string"
    ? settings.bucket
    : options.watch === false
    ? "reapply() was called with watch: false"
    : null;
  const info = () =>
    describeMachine(context, machine.lastUpgradeId, notWatching);
  const watcher = new Watcher({
    poll: () => machine.poll(),
    intervalMs: settings.pollIntervalMs,
    logger,
  });
  let socket: ControlSocket | null = null;
  if (settings.imageRef !== "") {
    try {
      const path = settings.socketPath ?? join(own, CONTROL_SOCKET);
      socket = await openControlSocket(path, {
        info,
        manifest: () => describeModules(context),
        check: () => {
          machine.nudge();
          watcher.nudge();
        },
      }, logger);
    } catch (error) {
      // Upgrades still arrive by polling; only the way to ask is missing.
      logger.warn(messageOf(error));
    }
  }
  if (bucket && options.watch !== false) watcher.start();
  return {
    machine,
    info,
    missing: typeof settings.bucket === "string" ? settings.bucket : null,
    async [Symbol.asyncDispose](): Promise<void> {
      await watcher[Symbol.asyncDispose]();
      await machine.rest();
      await socket?.[Symbol.asyncDispose]();
      await laid.files?.close();
    },
  };
}

function defaultLogger(): Logger {
  return consoleLogger(environment("FLYHOT_LOG") === "json" ? "json" : "text");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
