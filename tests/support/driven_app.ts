/** An app in a process of its own, driven over its standard streams: called, upgraded, asked.
 * @module
 */
import { TextLineStream } from "@std/streams/text-line-stream";
import { fromFileUrl, join } from "@std/path";
import type { Host } from "../../src/host.ts";
import { denoHost } from "../../src/host_deno.ts";
import { packRelease } from "../../src/release/pack/pack.ts";
import type { HotUpgradeResult, MachineInfo } from "../../runtime/mod.ts";

/** Files by path; a value of null removes the file that an earlier version had. */
export type Files = Readonly<Record<string, string | null>>;

const ANSWER_MS_MAX = 60_000;

const BOOT = `
import { hotUpgrade, info, live, reapply } from "@flyhot/runtime";
import { TextLineStream } from "@std/streams/text-line-stream";

import { settings } from "./settings.ts";

await reapply(settings);
const app: Record<string, (...args: unknown[]) => unknown> = await live(() => import("./app.ts"));
const operations: Record<string, (...args: never[]) => unknown> = {
  call: (name: string, ...args: unknown[]) => app[name]!(...args),
  upgrade: (url: string, consent: string[] = []) => hotUpgrade(url, { consent }),
  info: () => info(),
};
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
const encoder = new TextEncoder();
const write = (value: unknown) => Deno.stdout.write(encoder.encode(JSON.stringify(value) + "\\n"));
await write({ id: 0, value: "ready" });
for await (const line of lines) {
  const { id, operation, args } = JSON.parse(line);
  (async () => await operations[operation]!(...args as never[]))().then(
    (value) => write({ id, value: value ?? null }),
    (error) => write({ id, error: String(error?.message ?? error) }),
  );
}
Deno.exit(0);
`;

/** The text of a `deno.json` that says something about state. */
export function denoJson(flyhot: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    imports: {
      "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
      "@std/streams": "jsr:@std/streams@1.1.2",
    },
    flyhot,
  });
}

/** A running app. */
export class DrivenApp implements AsyncDisposable {
  /** The folder it runs in: its base image. */
  readonly root: string;
  readonly #source: string;
  readonly #appFolder: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #log: string[] = [];
  readonly #reading: Promise<unknown>;
  #last = 0;

  private constructor(
    root: string,
    source: string,
    options: readonly string[],
    appFolder: string,
    env: Readonly<Record<string, string>>,
  ) {
    this.root = root;
    this.#env = env;
    this.#appFolder = appFolder;
    this.#source = source;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", ...options, "main.ts"],
      cwd: join(root, appFolder),
      env: {
        NO_COLOR: "1",
        FLY_IMAGE_REF: "registry.fly.io/driven:deployment-1",
        FLY_APP_NAME: "driven",
        FLYHOT_SOCKET: join(root, "..", "socket"),
        FLYHOT_PROBATION_MS: "0",
        TMPDIR: join(root, ".."),
        ...env,
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#waiting.set(0, Promise.withResolvers());
    this.#reading = Promise.all([this.#answers(), this.#messages()]);
  }

  /** Starts an app from its first version. */
  static async start(
    files: Files,
    prepare: (root: string) => Promise<void> = async () => {},
    options: readonly string[] = ["--no-lock"],
    appFolder = "",
    env: Readonly<Record<string, string>> = {},
  ): Promise<DrivenApp> {
    const folder = await Deno.makeTempDir({ prefix: "flyhot-app-" });
    const root = join(folder, "app");
    const source = join(folder, "source");
    const all: Files = {
      [join(appFolder, "main.ts")]: BOOT,
      [join(appFolder, "settings.ts")]: "export const settings = {};",
      [join(appFolder, "deno.json")]: denoJson({}),
      ...files,
    };
    await writeFiles(root, all);
    await writeFiles(source, all);
    await prepare(root);
    const app = new DrivenApp(root, source, options, appFolder, env);
    const ready = app.#waiting.get(0)!.promise;
    await Promise.race([ready, app.#reading]);
    if (app.#waiting.has(0)) {
      await app[Symbol.asyncDispose]();
      throw new Error(`The app did not start:\n${app.#log.join("\n")}`);
    }
    return app;
  }

  /** What the app wrote to standard error. */
  get log(): string {
    return this.#log.join("\n");
  }

  /** Calls an exported function of `app.ts`. */
  call(name: string, ...args: unknown[]): Promise<unknown> {
    return this.#ask("call", name, ...args);
  }

  /** What the runtime says of itself. */
  async info(): Promise<MachineInfo> {
    return await this.#ask("info") as MachineInfo;
  }

  /** Changes some files of the source, packs a release and upgrades to it. */
  async upgrade(
    changes: Files,
    consent: readonly string[] = [],
  ): Promise<HotUpgradeResult> {
    const url = await this.pack(changes);
    return await this.upgradeTo(url, consent);
  }

  /** Upgrades to a release. */
  async upgradeTo(
    url: string,
    consent: readonly string[] = [],
  ): Promise<HotUpgradeResult> {
    return await this.#ask("upgrade", url, consent) as HotUpgradeResult;
  }

  /** Changes some files of the source and packs a release. */
  async pack(changes: Files): Promise<string> {
    await writeFiles(this.#source, changes);
    using own = denoHost();
    const host: Host = Object.create(own, {
      run: {
        value: (...[program, args, options]: Parameters<Host["run"]>) => {
          const env = { ...options?.env, ...this.#env };
          return own.run(program, args, { ...options, env });
        },
      },
    });
    const packed = await packRelease(
      { root: join(this.#source, this.#appFolder), app: "driven" },
      host,
    );
    const target = join(this.root, "..", `${packed.sha256}.tar.gz`);
    await Deno.copyFile(packed.path, target);
    await packed.dispose();
    return new URL(`file://${target}`).href;
  }

  /** Ends the process and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    // An app that is stuck must not hold up the tests.
    const stuck = setTimeout(() => this.#process.kill("SIGKILL"), 10_000);
    await this.#process.status;
    clearTimeout(stuck);
    await this.#reading;
    await Deno.remove(join(this.root, ".."), { recursive: true });
  }

  #ask(operation: string, ...args: unknown[]): Promise<unknown> {
    const id = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    const line = JSON.stringify({ id, operation, args }) + "\n";
    this.#writer.write(new TextEncoder().encode(line)).catch(answer.reject);
    const late = setTimeout(
      () =>
        answer.reject(
          new Error(`The app does not answer ${operation}:\n${this.log}`),
        ),
      ANSWER_MS_MAX,
    );
    return answer.promise.finally(() => clearTimeout(late));
  }

  async #answers(): Promise<void> {
    const lines = this.#process.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      const { id, value, error } = JSON.parse(line);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    }
    for (const [id, waiting] of this.#waiting) {
      if (id !== 0) waiting.reject(new Error(`The app ended:\n${this.log}`));
    }
  }

  async #messages(): Promise<void> {
    const lines = this.#process.stderr
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) this.#log.push(line);
  }
}

async function writeFiles(root: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const target = join(root, path);
    if (text === null) {
      await Deno.remove(target);
      continue;
    }
    await Deno.mkdir(join(target, ".."), { recursive: true });
    await Deno.writeTextFile(target, text);
  }
}

/** The folder of a sample app. */
export function sampleApp(name: string): string {
  return fromFileUrl(new URL(`../apps/${name}/`, import.meta.url));
}
