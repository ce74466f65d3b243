/** The runtime of this process once it is set up: by `reapply()`, by the preload, or for a question alone.
 * @module
 */
import { errorText } from "../../base/error_text.ts";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Machine } from "../../machine/machine.ts";
import { appPlace } from "./app_place.ts";
import { preparedIn } from "../../modules/prepared/prepared_file.ts";
import { AppFiles } from "../../release/app_files.ts";
import { openLaying } from "../../release/laid/laying/laying.ts";
import {
  CONTROL_SOCKET,
  type ControlSocket,
  openControlSocket,
} from "../../machine/control.ts";
import { ownFolder } from "../../base/platform/own_folder.ts";
import { describeMachine, describeModules } from "../../machine/info.ts";
import { consoleLogger, type Logger } from "../../base/log.ts";
import { ModuleTable } from "../../modules/module_table.ts";
import { folderUrl } from "../../modules/module_urls.ts";
import type { Bucket } from "../../bucket/bucket.ts";
import type {
  MachineInfo,
  StartedBy,
} from "../../protocol/machine/machine_info.ts";
import {
  chooseReleaseFolder,
  ReleaseFolders,
} from "../../release/unpack/folders.ts";
import { S3Bucket } from "../../bucket/s3_bucket.ts";
import {
  type Environment,
  type ReapplyOptions,
  resolveSettings,
} from "../../machine/settings.ts";
import { appProcess } from "../../process/process.ts";
import { Watcher } from "../../machine/watcher.ts";
import type { ReapplyResult } from "../reapply_result.ts";

/** What runs. */
export interface Running extends AsyncDisposable {
  /** Brings upgrades in. */
  readonly machine: Machine;
  /** What it says of itself. */
  info(): Promise<MachineInfo>;
  /** What keeps upgrades from arriving, or null. */
  readonly missing: string | null;
}

/** What there is of it in this process. */
interface Runtime {
  running: Promise<Running> | null;
  /** Whether what runs was set up for a question alone, and watches nothing. */
  passive: boolean;
  /** What it came to, where it was started before the app; null where the app starts it. */
  before: Promise<ReapplyResult> | null;
}

const KEY = Symbol.for("@flyhot/runtime.running");

/** What there is; one for all copies of this package. */
export const runtime: Runtime = (globalThis as { [KEY]?: Runtime })[KEY] ??= {
  running: null,
  passive: false,
  before: null,
};

/** Reads the environment. */
export const environment: Environment = (name) =>
  Deno.env.get(name) || undefined;

/** The logger where none is given. */
export function defaultLogger(): Logger {
  return consoleLogger(environment("FLYHOT_LOG") === "json" ? "json" : "text");
}

/** Sets the runtime up, and lets it watch. */
export function startRunning(
  options: ReapplyOptions,
  logger: Logger,
  startedBy: StartedBy,
): Promise<Running> {
  runtime.passive = false;
  return starting(options, logger, startedBy);
}

/** What runs; where nobody has started it yet, set up to answer, and not to watch. */
export async function runningAtLeast(): Promise<Running> {
  if (!runtime.running) {
    starting({ watch: false }, defaultLogger(), "reapply");
    runtime.passive = true;
  }
  return await runtime.running!;
}

function starting(
  options: ReapplyOptions,
  logger: Logger,
  startedBy: StartedBy,
): Promise<Running> {
  const started = runtime.running = start(options, logger, startedBy);
  // A start that failed must not stand in the way of the next.
  started.catch(() => runtime.running = null);
  return started;
}

async function start(
  options: ReapplyOptions,
  logger: Logger,
  startedBy: StartedBy,
): Promise<Running> {
  const mainFile = fileURLToPath(Deno.mainModule);
  const { config, root, appFolder } = await appPlace(options.root);
  const settings = resolveSettings(options, environment, config);
  const { keeping, textFacts } = appProcess.modules;
  const prepared = preparedIn(root);
  // Each module passes the parser at every start: behind a boot shell only where it is of use, or where it does so anyway.
  const keeps = startedBy !== "reapply" || config.keeps || config.rebind;
  await (keeps ? keeping.start() : keeping.startWatching()).catch((error) => {
    logger.error(
      `${
        keeps
          ? "values cannot be kept through upgrades"
          : "loops that requests leave behind cannot be seen"
      }: the parser cannot be loaded: ${error}`,
    );
  });
  if (config.rebind) {
    await keeping.startRebinding().catch((error) => {
      logger.error(
        `importers of what changes are evaluated, whatever "rebind" says: the parser cannot be loaded: ${error}`,
      );
    });
  }
  textFacts.prepared = await prepared;
  const { watch = true } = { ...config.runtime, ...options };
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
  appProcess.fillFolder = (folder, path) => folders.fill(folder, path);
  appProcess.root = root;
  appProcess.appFolder = appFolder;
  appProcess.logger = logger;
  const main = relative(root, mainFile);
  // Before anything is decided: what an earlier process has laid over the image's files is not the image's.
  const laid = await openLaying(root, settings.imageRef);
  if (laid.files) await folders.removeLeftovers();
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
    startedBy,
    startedAt: new Date().toISOString(),
    main,
    folders,
    logger,
  };
  const machine = new Machine(context);
  const notWatching = typeof settings.bucket === "string"
    ? settings.bucket
    : watch
    ? null
    : options.watch === false
    ? "reapply() was called with watch: false"
    : '"flyhot".runtime.watch is false in deno.json';
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
      logger.warn(errorText(error));
    }
  }
  if (bucket && watch) watcher.start();
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
