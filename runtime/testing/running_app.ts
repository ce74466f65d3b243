/** A running app of a test: its process, its bucket, and the versions it is brought to.
 * @module
 */
import { errorText } from "../base/error_text.ts";
import { join } from "node:path";
import type { MachineInfo } from "../protocol/machine/machine_info.ts";
import { AppLog } from "./app/app_log.ts";
import { AppMachine } from "./app/app_machine.ts";
import { type AppVersion, folderOf, nameOf } from "./app/app_version.ts";
import { copyFolder } from "./app/copy_folder.ts";
import { deadlineSignal } from "../base/waiting/deadline.ts";
import { startObjectServer } from "./releases/object_server.ts";
import { flyhotCommand, packApp, type PackedApp } from "./releases/pack_app.ts";
import { Publisher } from "./releases/publisher.ts";
import type { StartAppOptions, TestApp } from "./test_app.ts";
import { TestAppError } from "./test_app_error.ts";
import type { UpgradeReport } from "./upgrade_report.ts";

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
        appFolder: options.folder ?? "",
        command: options.command ??
          [Deno.execPath(), "run", "--quiet", ...permissions, main],
        app,
        env: options.env ?? {},
        listens: options.listens ?? true,
        ...(options.port === undefined ? {} : { port: options.port }),
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
    return this.#machine.appFolder;
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

  upgrade(
    to: AppVersion,
    options: { readonly consent?: readonly string[] } = {},
  ): Promise<UpgradeReport> {
    return this.#oneAtATime(async () =>
      await this.publish(await this.pack(to), options.consent)
    );
  }

  /** Packs a version: the first half of an upgrade. */
  async pack(to: AppVersion): Promise<PackedApp> {
    const number = ++this.#versions;
    const { flyhot = flyhotCommand(), upgradeTimeoutMs = 60_000 } =
      this.#options;
    using packing = deadlineSignal(upgradeTimeoutMs, this.#stopped.signal);
    const { signal } = packing;
    const folder = join(
      await folderOf(to, join(this.#temporary, `version-${number}`)),
      this.#options.folder ?? "",
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
  publish(
    release: PackedApp,
    consent: readonly string[] = [],
  ): Promise<UpgradeReport> {
    return this.#bounded((signal) =>
      this.#publisher.publish(release, signal, consent)
    );
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
