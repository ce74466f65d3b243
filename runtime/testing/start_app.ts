/** Starts an app in a process of its own, to be upgraded by a test.
 * @module
 */
import { errorText } from "../base/error_text.ts";
import { join } from "node:path";
import type { MachineInfo } from "../protocol/machine/machine_info.ts";
import { AppLog } from "./app/app_log.ts";
import { AppMachine } from "./app/app_machine.ts";
import { type AppVersion, folderOf, nameOf } from "./app/app_version.ts";
import { copyFolder } from "./app/copy_folder.ts";
import { deadlineSignal } from "../base/deadline.ts";
import { startObjectServer } from "./releases/object_server.ts";
import { flyhotCommand, packApp, type PackedApp } from "./releases/pack_app.ts";
import { Publisher } from "./releases/publisher.ts";
import { TestAppError } from "./test_app_error.ts";
import type { UpgradeReport } from "./upgrade_report.ts";

/** How an app is started and upgraded. */
export interface AppSettings {
  /** The app's main module. Default `main.ts`. */
  readonly main?: string;
  /** What the main module may do, as flags of `deno run`. Default `["-A"]`. */
  readonly permissions?: readonly string[];
  /** How the app is started, where it is not `deno run <permissions> <main>`; run in the app's folder. */
  readonly command?: readonly string[];
  /** Variables of the app's environment, besides those of the test and those that Fly sets. */
  readonly env?: Readonly<Record<string, string>>;
  /** The Fly app's name. Default `test-app`. */
  readonly app?: string;
  /** Whether the app listens on `PORT`; its start then ends when it does. Default true. */
  readonly listens?: boolean;
  /** The port that the app listens on, where it does not read `PORT`. Default one that is free. */
  readonly port?: number;
  /** How long a start may take, in milliseconds. Default 30000. */
  readonly startTimeoutMs?: number;
  /** How long packing, and then the upgrade, may take, in milliseconds. Default 60000. */
  readonly upgradeTimeoutMs?: number;
  /** How long the app may take to end after SIGTERM, in milliseconds. Default 5000. */
  readonly stopTimeoutMs?: number;
  /** How the `flyhot` command is run. Default `deno run -A jsr:@flyhot/cli@<the version of this package>`. */
  readonly flyhot?: readonly string[];
  /** Packs a version, where the `flyhot` command is not to; writes the release to `output`. */
  readonly pack?: (
    folder: string,
    options: { readonly output: string; readonly signal: AbortSignal },
  ) => Promise<PackedApp>;
}

/** Options of {@linkcode startApp}. */
export interface StartAppOptions extends AppSettings {
  /** The version to start with: what a cold deploy would have brought. */
  readonly from: AppVersion;
}

/** A running app. */
export interface TestApp extends AsyncDisposable {
  /** Where it listens, without a slash at the end. A restart may change it. */
  readonly url: string;
  /** Its process id; only a restart changes it. */
  readonly pid: number;
  /** The copy of the first version that it runs in. */
  readonly folder: string;
  /** All that it wrote so far, line by line. */
  readonly log: readonly string[];
  /**
   * Waits until it has written a line.
   *
   * @param wanted a part of the line, or a pattern
   * @param options how many of the lines so far are too old to count (default none), and how long to wait, in milliseconds (default 30000)
   * @returns the line
   * @throws {TestAppError} if it does not come in time
   */
  logged(
    wanted: string | RegExp,
    options?: { readonly from?: number; readonly timeoutMs?: number },
  ): Promise<string>;
  /**
   * What its runtime says of itself.
   *
   * @throws {TestAppError} if it does not answer
   */
  info(): Promise<MachineInfo>;
  /**
   * Upgrades it while it runs, as `flyhot hot` does. A refused upgrade is no error, but said in the report.
   *
   * @param to the version
   * @returns what was done
   * @throws {TestAppError} if the version cannot be packed, or the app ends or does not say what became of it in time
   */
  upgrade(to: AppVersion): Promise<UpgradeReport>;
  /**
   * Takes the last upgrade back, as `flyhot rollback` does: state goes through the `down` migrations.
   *
   * @returns what was done
   * @throws {TestAppError} if there was no upgrade, or the app ends or does not say what became of it in time
   */
  rollback(): Promise<UpgradeReport>;
  /**
   * Ends the process and starts it anew, as a crashed machine is: on the files of the first version, with the upgrades
   * applied before it serves.
   *
   * @returns what its runtime says of itself
   * @throws {TestAppError} if it does not start
   */
  restart(): Promise<MachineInfo>;
  /** Ends the process and removes all files; upgrades under way are given up. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts an app from one of its versions, in a real process that believes to be a machine on Fly.
 *
 * Everything else that an upgrade needs is there too: a bucket on loopback, and the `flyhot` command that packs the
 * next version. Nothing leaves this computer.
 *
 * @param options the version to start with, and how
 * @returns the app, which serves
 * @throws {TestAppError} if it does not start, saying what it wrote
 *
 * @example
 * ```ts ignore
 * import { startApp } from "@flyhot/runtime/testing";
 *
 * Deno.test("the counter survives the upgrade", async () => {
 *   await using app = await startApp({ from: { git: "main" } });
 *   await fetch(`${app.url}/increment`, { method: "POST" });
 *   const report = await app.upgrade(".");
 *   if (report.state !== "applied") throw new Error(report.failure?.message);
 *   const count = await (await fetch(`${app.url}/count`)).text();
 *   if (count !== "1") throw new Error(`the count is ${count}`);
 * });
 * ```
 */
export async function startApp(options: StartAppOptions): Promise<TestApp> {
  return await startRunningApp(options);
}

/** The same for the kit itself, which packs and publishes one by one. */
export async function startRunningApp(
  options: StartAppOptions,
): Promise<RunningApp> {
  const app = new RunningApp(
    options,
    await Deno.realPath(await Deno.makeTempDir({ prefix: "flyhot-test-" })),
  );
  try {
    await app.start();
    return app;
  } catch (error) {
    await app[Symbol.asyncDispose]();
    throw error;
  }
}

/** {@linkcode TestApp}, and its steps one by one. */
export class RunningApp implements TestApp {
  readonly #options: StartAppOptions;
  readonly #app: string;
  readonly #temporary: string;
  readonly #log = new AppLog();
  readonly #server = startObjectServer();
  readonly #machine: AppMachine;
  readonly #publisher: Publisher;
  readonly #stopped = new AbortController();
  #versions = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #disposed: Promise<void> | null = null;

  constructor(options: StartAppOptions, temporary: string) {
    const { app = "test-app", main = "main.ts", permissions = ["-A"] } =
      options;
    this.#options = options;
    this.#app = app;
    this.#temporary = temporary;
    this.#machine = new AppMachine(
      {
        folder: temporary,
        image: join(temporary, "image"),
        command: options.command ??
          [Deno.execPath(), "run", "--quiet", ...permissions, main],
        app,
        env: options.env ?? {},
        listens: options.listens ?? true,
        port: options.port ?? null,
        startTimeoutMs: options.startTimeoutMs ?? 30_000,
        stopTimeoutMs: options.stopTimeoutMs ?? 5_000,
      },
      this.#server,
      this.#log,
    );
    this.#publisher = new Publisher(
      app,
      this.#machine,
      this.#server,
      this.#log,
    );
  }

  get url(): string {
    return this.#machine.url;
  }

  get pid(): number {
    return this.#machine.process.pid;
  }

  get folder(): string {
    return this.#machine.root;
  }

  get log(): readonly string[] {
    return [...this.#log.lines];
  }

  async start(): Promise<void> {
    const image = join(this.#temporary, "image");
    const folder = await folderOf(this.#options.from, image);
    if (folder !== image) await copyFolder(folder, image);
    await this.#machine.start();
  }

  async logged(
    wanted: string | RegExp,
    options: { readonly from?: number; readonly timeoutMs?: number } = {},
  ): Promise<string> {
    const { from = 0, timeoutMs = 30_000 } = options;
    using deadline = deadlineSignal(timeoutMs, this.#stopped.signal);
    try {
      return await this.#log.waitFor(wanted, from, deadline.signal);
    } catch (cause) {
      const why = errorText(cause);
      throw new TestAppError(
        `Cannot find ${wanted} in what the app wrote: ${why}; it wrote:`,
        { cause, log: this.#log.lines.slice(from) },
      );
    }
  }

  info(): Promise<MachineInfo> {
    return this.#machine.info();
  }

  upgrade(to: AppVersion): Promise<UpgradeReport> {
    return this.#oneAtATime(async () =>
      await this.publish(await this.pack(to))
    );
  }

  /** Packs a version: the first half of an upgrade. */
  async pack(to: AppVersion): Promise<PackedApp> {
    const number = ++this.#versions;
    const { flyhot = flyhotCommand(), upgradeTimeoutMs = 60_000 } =
      this.#options;
    using packing = deadlineSignal(upgradeTimeoutMs, this.#stopped.signal);
    const { signal } = packing;
    const folder = await folderOf(
      to,
      join(this.#temporary, `version-${number}`),
    );
    const output = join(this.#temporary, `release-${number}.tar.gz`);
    return await (this.#options.pack?.(folder, { output, signal }) ??
      packApp(
        folder,
        { name: nameOf(to), app: this.#app, output, flyhot },
        signal,
      ));
  }

  /** Brings a packed version in: the second half. */
  publish(release: PackedApp): Promise<UpgradeReport> {
    return this.#bounded((signal) => this.#publisher.publish(release, signal));
  }

  rollback(): Promise<UpgradeReport> {
    return this.#oneAtATime(() =>
      this.#bounded((signal) => this.#publisher.goBack(signal))
    );
  }

  restart(): Promise<MachineInfo> {
    return this.#oneAtATime(async () => {
      await this.#machine.stop();
      this.#stopped.signal.throwIfAborted();
      await this.#machine.start();
      return await this.info();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposed ??= this.#dispose();
  }

  async #dispose(): Promise<void> {
    this.#stopped.abort(new Error("the test has ended"));
    await this.#turn;
    await this.#machine.stop();
    await this.#server[Symbol.asyncDispose]();
    await Deno.remove(this.#temporary, { recursive: true });
  }

  async #bounded<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { upgradeTimeoutMs = 60_000 } = this.#options;
    using deadline = deadlineSignal(upgradeTimeoutMs, this.#stopped.signal);
    return await act(deadline.signal);
  }

  #oneAtATime<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => {
      this.#stopped.signal.throwIfAborted();
      return act();
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }
}
