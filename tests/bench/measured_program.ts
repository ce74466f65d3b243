/** An app of many modules in a process of its own, upgraded on demand, which says what each upgrade took.
 * @module
 */
import { join, toFileUrl } from "@std/path";
import { denoHost } from "../../src/host_deno.ts";
import { packRelease } from "../../src/release/pack/pack.ts";
import type { MachineInfo } from "../../runtime/protocol/mod.ts";
import type { layeredApp } from "./layered_app.ts";
import { PROFILE, withFolder, writeFiles } from "./measuring.ts";

/** What one upgrade of the measured process came to. */
export interface MeasuredUpgrade {
  readonly state: string;
  readonly message?: string;
  readonly ms: number;
  readonly cpu: number;
  readonly stall: number;
  readonly reloaded: number;
  readonly rss: number;
}

/** What the process holds at a moment, after a collection of garbage. */
export interface Held {
  /** Maps, sets and controllers: what flyhot could keep of an upgrade hangs on one of these. */
  readonly collections: number;
  /** In bytes. */
  readonly rss: number;
  /** In bytes, of JavaScript. */
  readonly heap: number;
  /** What the runtime says of itself. */
  readonly info: MachineInfo;
}

const MAIN = `
import { TextLineStream } from "jsr:@std/streams@1.1.2/text-line-stream";
import { Session } from "node:inspector";
import process from "node:process";
import { events, hotUpgrade, info, live, reapply } from "@flyhot/runtime";
await reapply({ watch: false, drainMs: 50, logger: { info() {}, warn() {}, error() {} } });
const app = await live(() => import("./root.ts"));
const say = (value: unknown) => Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(value) + "\\n"));
let stall = 0, last = performance.now();
setInterval(() => {
  const now = performance.now();
  stall = Math.max(stall, now - last - 1);
  last = now;
}, 1);
let started = 0, completed = 0, cpu = 0;
const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
(async () => {
  for await (const event of events()) {
    if (event.type === "started") [started, cpu] = [performance.now(), used()];
    if (event.type === "completed") [completed, cpu] = [performance.now(), used() - cpu];
  }
})();
// What flyhot could keep of an upgrade hangs on one of these; modules themselves have none.
async function collections() {
  // What work begun before an upgrade may still meet is kept for a while.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const session = new Session();
  session.connect();
  const ask = (method, params) => new Promise((resolve, reject) => session.post(method, params, (error, result) => error ? reject(error) : resolve(result)));
  let count = 0;
  for (const name of ["Map", "Set", "AbortController"]) {
    const { result } = await ask("Runtime.evaluate", { expression: name + ".prototype" });
    const { objects } = await ask("Runtime.queryObjects", { prototypeObjectId: result.objectId, objectGroup: "count" });
    const length = await ask("Runtime.callFunctionOn", { objectId: objects.objectId, functionDeclaration: "function () { return this.length; }", returnByValue: true });
    count += length.result.value;
    await ask("Runtime.releaseObjectGroup", { objectGroup: "count" });
  }
  session.disconnect();
  return count;
}
say({ total: app.total() });
for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
  const { url } = JSON.parse(line);
  if (url === undefined) {
    const count = await collections();
    const { rss, heapUsed } = Deno.memoryUsage();
    say({ collections: count, rss, heap: heapUsed, info: await info() });
    continue;
  }
  stall = 0;
  const result = await hotUpgrade(url);
  await new Promise((resolve) => setTimeout(resolve, 2));
  say({ state: result.state, message: result.message, ms: completed - started, cpu, stall, reloaded: result.reloaded?.length ?? 0, rss: Deno.memoryUsage().rss, total: app.total() });
}
Deno.exit(0);
`;

/** The measured program in a process of its own. */
export class MeasuredProgram {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";

  private constructor(root: string) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", ...PROFILE, "main.ts"],
      cwd: root,
      env: {
        NO_COLOR: "1",
        FLY_IMAGE_REF: "registry.fly.io/bench:deployment-1",
        FLY_APP_NAME: "bench",
        FLYHOT_SOCKET: join(root, "..", "socket"),
        FLYHOT_PROBATION_MS: "0",
        TMPDIR: join(root, ".."),
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
  }

  /** Upgrades to a release. */
  async upgrade(url: string): Promise<MeasuredUpgrade> {
    const measured = await this.#ask<MeasuredUpgrade>({ url });
    if (measured.state === "applied") return measured;
    throw new Error(`not applied: ${JSON.stringify(measured)}`);
  }

  /** What the process holds now. */
  held(): Promise<Held> {
    return this.#ask<Held>({});
  }

  async #answer<T>(): Promise<T> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("The measured program has ended");
      this.#rest += value;
    }
    const at = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, at);
    this.#rest = this.#rest.slice(at + 1);
    return JSON.parse(line);
  }

  async #ask<T>(question: unknown): Promise<T> {
    const line = JSON.stringify(question) + "\n";
    await this.#writer.write(new TextEncoder().encode(line));
    return await this.#answer();
  }

  /** Starts the program of an app, lends it with a packer of releases that differ in some files, and ends it. */
  static async lend<T>(
    app: ReturnType<typeof layeredApp>,
    use: (
      program: MeasuredProgram,
      pack: (files: Map<string, string>) => Promise<string>,
    ) => Promise<T>,
  ): Promise<T> {
    return await withFolder(async (folder) => {
      const root = join(folder, "app");
      const source = join(folder, "source");
      const files = new Map([...app.files(), ["main.ts", MAIN]]);
      await packed(source, files);
      // Its image is the first release: it names what an import of it needs.
      await packed(root, files);
      const program = new MeasuredProgram(root);
      try {
        await program.#answer();
        return await use(program, (files) => packed(source, files));
      } finally {
        await program.#writer.close().catch(() => {});
        await program.#process.status;
        program.#lines.releaseLock();
      }
    });
  }
}

async function packed(folder: string, files: Map<string, string>) {
  await writeFiles(folder, files);
  using host = denoHost();
  const release = await packRelease({ root: folder, app: "bench" }, host);
  const file = join(folder, "..", `${release.sha256}.tar.gz`);
  await Deno.copyFile(release.path, file);
  await release.dispose();
  return toFileUrl(file).href;
}
