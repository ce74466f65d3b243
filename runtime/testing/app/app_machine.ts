/** The machine of an app under test: a folder like that of an image, and the process in it.
 * @module
 */
import { errorText } from "../../base/error_text.ts";
import { join } from "node:path";
import {
  type MachineInfo,
  parseMachineInfo,
} from "../../protocol/machine/machine_info.ts";
import { appEnvironment } from "./app_environment.ts";
import type { AppLog } from "./app_log.ts";
import { AppProcess } from "./app_process.ts";
import { askControl } from "./control_client.ts";
import { copyFolder } from "./copy_folder.ts";
import { deadlineSignal } from "../../base/waiting/deadline.ts";
import { pause } from "../../base/waiting/pause.ts";
import type { ObjectServer } from "../releases/object_server.ts";
import { TestAppError } from "../test_app_error.ts";

/** How a machine is. */
interface MachineSettings {
  /** A folder of its own for everything it needs. */
  readonly folder: string;
  /** The files of its image. */
  readonly image: string;
  /** The app's folder in it. Default all of it. */
  readonly appFolder?: string;
  /** How the app is started. */
  readonly command: readonly string[];
  readonly app: string;
  /** Variables that the test sets. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether the app listens on PORT. */
  readonly listens: boolean;
  /** The port that it listens on whatever PORT says. Default one that is free. */
  readonly port?: number;
  /** How long a start may take, in milliseconds. */
  readonly startTimeoutMs: number;
  /** How long SIGTERM may take, in milliseconds. */
  readonly stopTimeoutMs: number;
}

/** The id of the machine. */
export const MACHINE_ID = "test-machine";

const START_ATTEMPTS_MAX = 3;
const ASK_MS_MAX = 15_000;
const PORT_TAKEN = /AddrInUse|EADDRINUSE|address (?:is )?already in use/i;

/** A machine with at most one process. */
export class AppMachine {
  readonly #settings: MachineSettings;
  readonly #server: ObjectServer;
  readonly #log: AppLog;
  readonly #root: string;
  #process: AppProcess | null = null;
  #port: number | null = null;

  constructor(settings: MachineSettings, server: ObjectServer, log: AppLog) {
    this.#settings = settings;
    this.#server = server;
    this.#log = log;
    this.#root = join(settings.folder, "app");
  }

  /** The base image that the app is told. */
  get imageRef(): string {
    return `registry.fly.io/${this.#settings.app}:deployment-test`;
  }

  /** Where the app runs. */
  get appFolder(): string {
    return join(this.#root, this.#settings.appFolder ?? "");
  }

  /** Where the app listens. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get process(): AppProcess {
    if (this.#process) return this.#process;
    throw new TestAppError("Cannot use the app: it has been stopped");
  }

  /** Starts the app on the files of its image, and waits until it serves and its runtime answers. */
  async start(): Promise<void> {
    // Not `retry`: each attempt takes another port, and there is nothing to wait for.
    for (let attempt = 1;; attempt++) {
      const from = this.#log.lines.length;
      const trouble = await this.#tryToStart();
      if (trouble === null) return;
      await this.stop();
      const log = this.#log.lines.slice(from);
      // Between choosing a port and listening on it, somebody else may take it.
      const again = log.some((line) => PORT_TAKEN.test(line));
      if (again && attempt < START_ATTEMPTS_MAX) {
        this.#port = null;
        continue;
      }
      throw new TestAppError(
        `Cannot start the app with "${
          this.#settings.command.join(" ")
        }": ${trouble}${
          log.length > 0 ? "; it wrote:" : ", and it wrote nothing"
        }`,
        { log },
      );
    }
  }

  /** Ends the process; nothing happens where there is none. */
  async stop(): Promise<void> {
    await this.#process?.stop(this.#settings.stopTimeoutMs);
    this.#process = null;
  }

  /** Asks the runtime what runs. */
  async info(): Promise<MachineInfo> {
    return parseMachineInfo(await this.#ask("GET /v1/info"));
  }

  /** Tells the runtime to look at the pointer. */
  async nudge(): Promise<void> {
    await this.#ask("POST /v1/check");
  }

  async #tryToStart(): Promise<string | null> {
    const { command, app, listens, startTimeoutMs } = this.#settings;
    await Deno.remove(this.#root, { recursive: true }).catch(() => {});
    await copyFolder(this.#settings.image, this.#root);
    this.#port ??= this.#settings.port ?? freePort();
    try {
      this.#process = new AppProcess({
        command,
        cwd: this.appFolder,
        env: appEnvironment({
          inherited: Deno.env.toObject(),
          deno: Deno.execPath(),
          own: this.#settings.env,
          server: this.#server,
          app,
          imageRef: this.imageRef,
          machineId: MACHINE_ID,
          socketPath: this.#socketPath,
          port: this.#port,
        }),
      }, this.#log);
    } catch (error) {
      return errorText(error);
    }
    const { ended } = this.#process;
    using deadline = deadlineSignal(startTimeoutMs, ended);
    const { signal } = deadline;
    const why = () =>
      ended.aborted ? ended.reason.message : `after ${startTimeoutMs} ms`;
    if (listens && !await tryUntilGood(() => this.#accepts(), signal)) {
      return ended.aborted
        ? why()
        : `${why()} nothing listens on ${this.url}; listen on PORT, or say listens: false`;
    }
    const answers = () =>
      askControl(this.#socketPath, "GET /v1/info", signal)
        .then(() => true, () => false);
    if (await tryUntilGood(answers, signal)) return null;
    return ended.aborted
      ? why()
      : `${why()} its flyhot runtime does not answer; await reapply() in the main module`;
  }

  get #socketPath(): string {
    return join(this.#settings.folder, "socket");
  }

  async #accepts(): Promise<boolean> {
    try {
      const port = this.#port!;
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch {
      return false;
    }
  }

  async #ask(route: "GET /v1/info" | "POST /v1/check"): Promise<unknown> {
    const { ended } = this.process;
    using deadline = deadlineSignal(ASK_MS_MAX, ended);
    try {
      return await askControl(this.#socketPath, route, deadline.signal);
    } catch (cause) {
      const why = deadline.signal.aborted ? deadline.signal.reason : cause;
      throw new TestAppError(
        `Cannot ask the app's flyhot runtime: ${
          errorText(why)
        }; the app wrote:`,
        { cause, log: this.#log.lines },
      );
    }
  }
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Tries again and again, with short pauses; false where the signal was aborted first. */
async function tryUntilGood(
  attempt: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<boolean> {
  for (let ms = 2; !signal.aborted; ms = Math.min(50, ms * 2)) {
    if (await attempt()) return true;
    await pause(ms, { signal });
  }
  return false;
}
