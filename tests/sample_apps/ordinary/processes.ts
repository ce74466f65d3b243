/** The two processes that are compared: one that is upgraded all the time, and fresh ones as a plain start makes them.
 * @module
 */
import { join } from "@std/path";
import { denoHost } from "../../../src/host_deno.ts";
import { packRelease } from "../../../src/release/pack/pack.ts";
import { AppLog } from "../../../runtime/testing/app/app_log.ts";
import { AppMachine } from "../../../runtime/testing/app/app_machine.ts";
import { AppProcess } from "../../../runtime/testing/app/app_process.ts";
import { copyFolder } from "../../../runtime/testing/app/copy_folder.ts";
import { startObjectServer } from "../../../runtime/testing/releases/object_server.ts";
import type { PackedApp } from "../../../runtime/testing/releases/pack_app.ts";
import { Publisher } from "../../../runtime/testing/releases/publisher.ts";
import type { UpgradeReport } from "../../../runtime/testing/mod.ts";
import { RUNTIME } from "../../support/ordinary_app.ts";
import type { Version } from "./history.ts";
import { freePort } from "../../support/net/free_port.ts";

const APP = "ordinary";
const START_MS_MAX = 60_000;
const UPGRADE_MS_MAX = 120_000;

const run = (...args: string[]) => [
  "sh",
  "-c",
  `exec ${Deno.execPath()} ${args.join(" ")}`,
];

const SERVE_AT = ["--host", "127.0.0.1", "--port", "$PORT"];
const COMMANDS = {
  preload: {
    hot: run(
      "run",
      "-A",
      "--quiet",
      "--preload",
      `${RUNTIME}/preload`,
      "main.ts",
    ),
    fresh: run("run", "-A", "--quiet", "main.ts"),
  },
  serve: {
    hot: run(
      "run",
      "-A",
      "--quiet",
      `${RUNTIME}/serve`,
      "main.ts",
      ...SERVE_AT,
    ),
    fresh: run("serve", "-A", "--quiet", ...SERVE_AT, "main.ts"),
  },
};

/** The process that lives through all versions, on a machine with a bucket. */
export class HotProcess implements AsyncDisposable {
  readonly #folder: string;
  readonly #server = startObjectServer();
  readonly #log = new AppLog();
  readonly #machine: AppMachine;
  readonly #publisher: Publisher;

  private constructor(folder: string, image: string, by: "preload" | "serve") {
    this.#folder = folder;
    this.#machine = new AppMachine(
      {
        folder,
        image,
        command: COMMANDS[by].hot,
        app: APP,
        env: {},
        listens: true,
        startTimeoutMs: START_MS_MAX,
        stopTimeoutMs: 5_000,
      },
      this.#server,
      this.#log,
    );
    this.#publisher = new Publisher(
      APP,
      this.#machine,
      this.#server,
      this.#log,
    );
  }

  /** Starts it on a version. */
  static async start(
    folder: string,
    version: Version,
    by: "preload" | "serve",
  ): Promise<HotProcess> {
    await Deno.mkdir(folder, { recursive: true });
    const hot = new HotProcess(folder, version.folder, by);
    try {
      await hot.#machine.start();
      return hot;
    } catch (error) {
      await hot[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where it listens. */
  get url(): string {
    return this.#machine.url;
  }

  /** What it is; another one after a restart. */
  get pid(): number {
    return this.#machine.process.pid;
  }

  /** What it wrote. */
  get log(): readonly string[] {
    return this.#log.lines;
  }

  /** Packs a version, as `flyhot hot --local` does. */
  async pack({ folder, number }: Version): Promise<PackedApp> {
    using host = denoHost();
    const packed = await packRelease({
      root: folder,
      app: APP,
      version: `${number}.0.0`,
    }, host);
    const path = join(this.#folder, `release-${number}.tar.gz`);
    await Deno.copyFile(packed.path, path);
    await packed.dispose();
    const { sha256, size, manifest } = packed;
    return {
      path,
      sha256,
      size,
      version: manifest.version,
      sourceImageRef: manifest.source_image_ref,
    };
  }

  /** Upgrades it. */
  async upgrade(release: PackedApp): Promise<UpgradeReport> {
    return await this.#publisher.publish(
      release,
      AbortSignal.timeout(UPGRADE_MS_MAX),
    );
  }

  /** Ends it and starts it again, on its first version's files. */
  async restart(): Promise<void> {
    await this.#machine.stop();
    await this.#machine.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#machine.stop();
    await this.#server[Symbol.asyncDispose]();
  }
}

/** A process that was started on a version, without anything of flyhot. */
export class FreshProcess implements AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
  readonly #process: AppProcess;

  private constructor(url: string, process: AppProcess) {
    this.url = url;
    this.#process = process;
  }

  /** Starts it, in a copy of the version's files. */
  static async start(
    folder: string,
    version: Version,
    by: "preload" | "serve",
  ): Promise<FreshProcess> {
    await copyFolder(version.folder, folder);
    const port = freePort();
    const log = new AppLog();
    const process = new AppProcess({
      command: COMMANDS[by].fresh,
      cwd: folder,
      env: { ...Deno.env.toObject(), PORT: `${port}`, NO_COLOR: "1" },
    }, log);
    const deadline = performance.now() + START_MS_MAX;
    while (!await listens(port)) {
      if (process.ended.aborted || performance.now() > deadline) {
        await process.stop(0);
        throw new Error(
          `A fresh process of version ${version.number} does not start:\n${
            log.lines.join("\n")
          }`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return new FreshProcess(`http://127.0.0.1:${port}`, process);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop(1_000);
  }
}

async function listens(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}
