/** A machine of an app as a real process, with a bucket on loopback that can be made to fail.
 * @module
 */
import { join } from "@std/path";
import { TextLineStream } from "@std/streams/text-line-stream";
import { denoHost } from "../../../src/host_deno.ts";
import { packRelease } from "../../../src/release/pack/pack.ts";
import { putJson } from "../../../runtime/bucket/bucket.ts";
import {
  type HotUpgrade,
  type MachineResult,
  parseMachineResult,
  type Pointer,
  pointerKey,
  releaseKey,
  resultKey,
} from "../../../runtime/protocol/mod.ts";
import { startObjectServer } from "../../../runtime/testing/releases/object_server.ts";

/** The only machine's image. */
export const IMAGE = "registry.fly.io/story:deployment-1";
const APP = "story";
const MACHINE = "m1";

const main = (before: string) => `
import { info, live, reapply } from "@flyhot/runtime";
${before}
await reapply();
const app = await live(() => import("./app.ts"));
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => app.handle(request));
console.log("port " + server.addr.port);
`;

/** The body of an `app.ts` that answers with a word. */
export const answering = (word: string, more = "") =>
  `${more}\nexport const handle = (_request: Request) => new Response("${word}");\n`;

/** A request of the machine to its bucket. */
export interface SeenRequest {
  /** The method. */
  readonly method: string;
  /** The path. */
  readonly path: string;
  /** What it brings. */
  readonly text: () => string;
}

/** When a process is killed: before its request is done, in the middle of the answer, or when it is done but not answered. */
export type KillAt = "before" | "half" | "after";

/** A machine that has not said it by then never will. */
const SAID_MS = 60_000;

/** A machine and its bucket. */
export class MachineProcess implements AsyncDisposable {
  /** What a download of a release is answered instead, by how many there have been; null lets it through. */
  download: (count: number) => Response | null = () => null;
  /** How often a release has been downloaded, or tried to be. */
  downloads = 0;
  /** Called with each request of the machine: when its process is to be killed, if at all. */
  trap: (request: SeenRequest) => KillAt | null = () => null;
  readonly #folder: string;
  readonly #server = startObjectServer();
  readonly #proxy: Deno.HttpServer<Deno.NetAddr>;
  readonly #env: Readonly<Record<string, string>>;
  readonly #main: string;
  #child: Deno.ChildProcess | null = null;
  #reading: Promise<unknown> = Promise.resolve();
  #port = Promise.withResolvers<number>();
  #lines: string[] = [];
  #revision = 0;

  private constructor(
    folder: string,
    env: Readonly<Record<string, string>>,
    before: string,
  ) {
    this.#folder = folder;
    this.#env = env;
    this.#main = main(before);
    this.#proxy = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      async (request) => {
        const { pathname, search } = new URL(request.url);
        const body = request.body && await request.arrayBuffer();
        const kill = this.trap({
          method: request.method,
          path: pathname,
          text: () => new TextDecoder().decode(body ?? undefined),
        });
        if (kill === "before") this.#kill();
        if (request.method === "GET" && pathname.endsWith(".tar.gz")) {
          const instead = this.download(this.downloads++);
          if (instead) return instead;
        }
        const response = await fetch(
          this.#server.endpoint + pathname + search,
          { method: request.method, headers: request.headers, body },
        );
        if (kill === "after") this.#kill();
        if (kill !== "half") return response;
        const content = await response.bytes();
        return new Response(
          new ReadableStream({
            start: (controller) => {
              controller.enqueue(content.slice(0, content.length / 2));
              // Time to unpack what has come.
              setTimeout(() => {
                this.#kill();
                controller.close();
              }, 100);
            },
          }),
          { headers: { etag: response.headers.get("etag") ?? "" } },
        );
      },
    );
  }

  /** Makes a machine whose image has this app, and does something before `reapply()`; it does not run yet. */
  static async make(
    app: string,
    env: Readonly<Record<string, string>> = {},
    before = "",
    files: Readonly<Record<string, string>> = {},
  ): Promise<MachineProcess> {
    const folder = await Deno.makeTempDir({ prefix: "flyhot-story-" });
    const machine = new MachineProcess(folder, env, before);
    await machine.#files("image", app, files);
    return machine;
  }

  /** Its folder; it is also that of its temporary files. */
  get folder(): string {
    return this.#folder;
  }

  /** The process, or null before the first start. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** What it wrote. */
  get log(): string {
    return this.#lines.join("\n");
  }

  /** Packs a release and puts it into the bucket. */
  async release(
    id: string,
    app: string,
    overrides: Partial<HotUpgrade> = {},
    files: Readonly<Record<string, string>> = {},
  ): Promise<HotUpgrade> {
    await this.#files(id, app, files);
    using host = denoHost();
    const packed = await packRelease(
      { root: join(this.#folder, id), app: APP },
      host,
    );
    const { sha256 } = packed;
    const key = releaseKey(APP, id, sha256);
    const content = await Deno.readFile(packed.path);
    await this.#server.bucket.put(key, content, "always");
    await packed.dispose();
    const { port } = this.#proxy.addr;
    return {
      id,
      version: id,
      source_image_ref: IMAGE,
      key,
      tarball_url: `http://127.0.0.1:${port}/${this.#server.bucketName}/${key}`,
      sha256,
      size: content.length,
      deployed_at: "2026-01-01T00:00:00Z",
      deployed_by: "test",
      state: "committed",
      wave: "*",
      ...overrides,
    };
  }

  /** Moves the pointer. */
  async point(
    hot_upgrade: HotUpgrade | null,
    history: readonly HotUpgrade[] = [],
    overrides: Partial<Pointer> = {},
  ): Promise<void> {
    const pointer: Pointer = {
      protocol: 1,
      app: APP,
      revision: ++this.#revision,
      set_at: "2026-01-01T00:00:00Z",
      image_ref: IMAGE,
      hot_upgrade,
      generations: {
        [IMAGE]: {
          image_ref: IMAGE,
          first_seen: "2026-01-01T00:00:00Z",
          hot_upgrade,
          history,
        },
      },
      ...overrides,
    };
    await putJson(this.#server.bucket, pointerKey(APP), pointer, "always");
  }

  /** Deletes the pointer. */
  async unpoint(): Promise<void> {
    await this.#server.bucket.delete(pointerKey(APP));
  }

  /** What the machine has said about an upgrade. */
  async result(id: string): Promise<MachineResult | null> {
    const read = await this.#server.bucket.get(resultKey(APP, id, MACHINE));
    if (read.status !== "found") return null;
    return parseMachineResult(await new Response(read.body).json());
  }

  /** Waits until the machine has said something about an upgrade. */
  async said(id: string, ...states: string[]): Promise<MachineResult> {
    const until = performance.now() + SAID_MS;
    for (;;) {
      const result = await this.result(id);
      if (result && states.includes(result.state)) return result;
      if (performance.now() > until) {
        throw new Error(
          `${id} is ${result?.state ?? "not heard of"}, not ${states.join()}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Removes the sources of a release, which is in the bucket. */
  async forget(id: string): Promise<void> {
    await Deno.remove(join(this.#folder, id), { recursive: true });
  }

  /** Starts the process; tells whether it came to serve. */
  async start(): Promise<boolean> {
    this.#port = Promise.withResolvers();
    const { port } = this.#proxy.addr;
    const child = this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", "main.ts"],
      cwd: join(this.#folder, "image"),
      env: {
        NO_COLOR: "1",
        FLY_IMAGE_REF: IMAGE,
        FLY_APP_NAME: APP,
        FLY_MACHINE_ID: MACHINE,
        FLYHOT_SOCKET: join(this.#folder, "socket"),
        FLYHOT_POLL_MS: "100",
        FLYHOT_PROBATION_MS: "100",
        TMPDIR: this.#folder,
        AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
        AWS_REGION: "auto",
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        BUCKET_NAME: this.#server.bucketName,
        ...this.#env,
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#reading = Promise.all([
      this.#read(child.stdout),
      this.#read(child.stderr),
    ]);
    return await Promise.race([
      this.#port.promise.then(() => true),
      child.status.then(() => false),
    ]);
  }

  /** Asks the app. */
  async ask(path = "/"): Promise<string> {
    const response = await fetch(
      `http://127.0.0.1:${await this.#port.promise}${path}`,
    );
    return await response.text();
  }

  /** Waits until the app answers with a word. */
  async answers(word: string): Promise<void> {
    while (await this.ask() !== word) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends the process, by SIGTERM in order, by SIGKILL as a crash does. */
  async stop(signal: Deno.Signal): Promise<Deno.CommandStatus> {
    const child = this.#child!;
    try {
      child.kill(signal);
    } catch {
      // It has ended.
    }
    const status = await child.status;
    await this.#reading;
    return status;
  }

  /** Waits until the process has ended by itself. */
  async ended(): Promise<Deno.CommandStatus> {
    const status = await this.#child!.status;
    await this.#reading;
    return status;
  }

  #kill(): void {
    try {
      this.#child?.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const lines = stream.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      this.#lines.push(line);
      const port = /^port (\d+)$/.exec(line)?.[1];
      if (port !== undefined) this.#port.resolve(Number(port));
    }
  }

  async #files(
    name: string,
    app: string,
    files: Readonly<Record<string, string>>,
  ): Promise<void> {
    const folder = join(this.#folder, name);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(join(folder, "main.ts"), this.#main);
    for (const [path, text] of Object.entries({ ...files, "app.ts": app })) {
      await Deno.writeTextFile(join(folder, path), text);
    }
    await Deno.writeTextFile(
      join(folder, "deno.json"),
      JSON.stringify({
        imports: { "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0" },
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child) await this.stop("SIGKILL");
    await this.#proxy.shutdown();
    await this.#server[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
