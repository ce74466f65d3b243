/** A generated app in a process of its own: started from a release, asked, upgraded, ended.
 * @module
 */
import { TextLineStream } from "@std/streams/text-line-stream";
import { join } from "@std/path";
import { denoHost } from "../../../src/host_deno.ts";
import { packRelease } from "../../../src/release/pack/pack.ts";
import { freePorts } from "../../support/net/free_port.ts";
import type { HealthKind, Release } from "./program/model.ts";
import type { Outcome } from "./outcome.ts";
import { SHELL } from "./shell.ts";

/** How long an answer may take before the process counts as hung. */
const PATIENCE_MS = 60_000;

/** What is said of a port without a server. */
export const NOTHING = "nothing listens";

/** A running app. */
export class AppProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #log: string[] = [];
  readonly #reading: Promise<unknown>;
  /** Where its pieces may listen. */
  readonly ports: Readonly<Record<string, number>>;
  readonly #elsewhere = new Map<string, AppProcess>();
  #last = 0;
  /** Set once the process has ended. */
  ended = false;

  private constructor(
    root: string,
    ports: Readonly<Record<string, number>>,
    health: HealthKind,
    planted: string,
  ) {
    this.ports = ports;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", "--no-check", "--quiet", "main.ts"],
      cwd: root,
      env: {
        NO_COLOR: "1",
        FLY_IMAGE_REF: "registry.fly.io/driven:deployment-1",
        FLY_APP_NAME: "driven",
        FLYHOT_SOCKET: join(root, "..", "socket"),
        TMPDIR: join(root, ".."),
        HEALTH: health,
        PROBATION: "40",
        FLYHOT_PLANTED: planted,
        ...Object.fromEntries(
          Object.entries(ports).map(([id, port]) => [`PORT_${id}`, `${port}`]),
        ),
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#waiting.set(0, Promise.withResolvers());
    this.#reading = Promise.all([this.#answers(), this.#messages()]);
  }

  /** Starts a release in a folder; undefined if it does not come up. */
  static async start(
    root: string,
    release: Release,
    options: { health: HealthKind; planted?: string },
  ): Promise<{ app?: AppProcess; log: string }> {
    await writeRelease(root, release);
    const ports = freePorts(["main", ...release.ports ?? []]);
    const app = new AppProcess(
      root,
      ports,
      options.health,
      options.planted ?? "",
    );
    const ready = app.#waiting.get(0)!.promise;
    await Promise.race([ready, app.#reading]);
    if (app.#waiting.has(0)) {
      await app[Symbol.asyncDispose]();
      return { log: app.log };
    }
    return { app, log: "" };
  }

  /** What it wrote to standard error. */
  get log(): string {
    return this.#log.join("\n");
  }

  /** From now on the answers of one function come from another process: a planted bug. */
  answerWith(name: string, other: AppProcess): void {
    this.#elsewhere.set(name, other);
  }

  /** Calls an exported function of `app.ts`. */
  call(name: string, ...args: readonly unknown[]): Promise<unknown> {
    const other = this.#elsewhere.get(name);
    if (other) return other.call(name, ...args);
    return this.#ask("call", name, ...args);
  }

  /** Calls an exported function of `app.ts` over HTTP, through a server of the boot shell. */
  async callOverHttp(
    name: string,
    ...args: readonly unknown[]
  ): Promise<unknown> {
    const response = await fetch(
      `http://127.0.0.1:${this.ports["main"]}/${name}`,
      { method: "POST", body: JSON.stringify(args) },
    );
    const { value, error } = await response.json();
    if (error !== undefined) throw new Error(error);
    return value;
  }

  /** What a server of the app's own answers, or that nothing listens. */
  async askPort(id: string): Promise<string> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.ports[id]}/`);
      return await response.text();
    } catch {
      return NOTHING;
    }
  }

  /** What timers, loops and services did within a while. */
  async beats(ms: number): Promise<string> {
    return JSON.stringify(await this.#ask("beats", ms));
  }

  /** Whether it goes on after its start: what it does wrong by a timer of its own has then happened. */
  async lives(): Promise<boolean> {
    try {
      await this.beats(50);
    } catch (error) {
      if (!this.ended) throw error;
    }
    return !this.ended;
  }

  /** Upgrades to a packed release. */
  async upgrade(url: string): Promise<Outcome> {
    return await this.#ask("upgrade", url) as Outcome;
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    const timer = setTimeout(() => {
      try {
        this.#child.kill("SIGKILL");
      } catch { /* it has ended */ }
    }, 3000);
    await this.#child.status;
    clearTimeout(timer);
    await this.#reading;
  }

  async #ask(operation: string, ...args: readonly unknown[]): Promise<unknown> {
    if (this.ended) throw new Error(`The process ended:\n${this.log}`);
    const id = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    const line = JSON.stringify({ id, operation, args }) + "\n";
    this.#writer.write(new TextEncoder().encode(line)).catch((error) =>
      // One that ends closes its input first; that it has ended is known a moment later.
      this.#reading.then(() => answer.reject(error), answer.reject)
    );
    const timer = setTimeout(
      () => answer.reject(new Error(`No answer to ${operation} ${args[0]}`)),
      PATIENCE_MS,
    );
    try {
      return await answer.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async #answers(): Promise<void> {
    const lines = this.#child.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      const { id, value, error } = JSON.parse(line);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    }
    this.ended = true;
    for (const [id, waiting] of this.#waiting) {
      if (id !== 0) {
        waiting.reject(new Error(`The process ended:\n${this.log}`));
      }
    }
  }

  async #messages(): Promise<void> {
    const lines = this.#child.stderr
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      // Every generated app says this at its start: it has no bucket to watch.
      if (!line.includes("hot upgrades are off")) this.#log.push(line);
    }
  }
}

/** Packs a release where a process can be told to take it. */
export async function packTo(
  folder: string,
  release: Release,
): Promise<string> {
  const source = await Deno.makeTempDir({ dir: folder, prefix: "source-" });
  await writeRelease(source, release);
  using host = denoHost();
  const packed = await packRelease({ root: source, app: "driven" }, host);
  const target = join(folder, `${packed.sha256}.tar.gz`);
  await Deno.copyFile(packed.path, target);
  await packed.dispose();
  return new URL(`file://${target}`).href;
}

async function writeRelease(root: string, release: Release): Promise<void> {
  await Deno.mkdir(root, { recursive: true });
  const files = { "main.ts": SHELL, ...release.files };
  await Promise.all(
    Object.entries(files).map(async ([path, text]) => {
      const target = join(root, path);
      if (path.includes("/")) {
        await Deno.mkdir(join(target, ".."), { recursive: true });
      }
      await Deno.writeTextFile(target, text);
    }),
  );
}
