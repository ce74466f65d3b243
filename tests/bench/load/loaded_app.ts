/** An app with HTTP, state and WebSockets in a process of its own, which is upgraded on demand.
 * @module
 */
import { join, toFileUrl } from "@std/path";
import { TextLineStream } from "@std/streams/text-line-stream";
import { denoHost } from "../../../src/host_deno.ts";
import { packRelease } from "../../../src/release/pack/pack.ts";
import { cpuMsOf, PROFILE, writeFiles } from "../measuring.ts";

const MAIN = `
import { TextLineStream } from "jsr:@std/streams@1.1.2/text-line-stream";
import { hotUpgrade, live, reapply } from "@flyhot/runtime";
await reapply({ watch: false, logger: { info() {}, warn() {}, error() {} } });
const app = await live(() => import("./app.ts"));
const server = Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen() {} },
  (request) => app.handle(request),
);
const say = (value: unknown) => Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(value) + "\\n"));
say(server.addr.port);
// How long others have to wait for their turn: how late a timer comes.
let longest = 0;
let due = performance.now() + 2;
setInterval(() => {
  const now = performance.now();
  longest = Math.max(longest, now - due);
  due = now + 2;
}, 2);
for await (const url of Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
  if (url === "longest") {
    say(longest);
    longest = 0;
    continue;
  }
  const { state, message } = await hotUpgrade(url);
  say({ state, message });
}
Deno.exit(0);
`;
const APP = `
import { holder, sockets } from "@flyhot/runtime";
import { words } from "./words.ts";
const count = holder("count", {
  version: 1,
  state: () => ({ requests: 0 }),
  actions: { add: (state) => ++state.requests },
});
const echo = sockets("echo", {
  data: () => ({ said: 0 }),
  message(socket, text) {
    socket.data.said++;
    socket.send(words + text);
  },
});
export async function handle(request: Request): Promise<Response> {
  if (request.headers.get("upgrade") === "websocket") return echo.upgrade(request);
  await count.add();
  return new Response(words);
}
`;
const wordsOf = (version: number) =>
  `export const words = "words of version ${`${version}`.padStart(4, "0")}";\n`;
const VERSIONS = 4;

/** A running app. */
export class UpgradedApp implements AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #releases: readonly string[];
  #upgrades = 0;

  private constructor(
    process: Deno.ChildProcess,
    lines: ReadableStreamDefaultReader<string>,
    port: number,
    releases: readonly string[],
  ) {
    this.#process = process;
    this.#writer = process.stdin.getWriter();
    this.#lines = lines;
    this.#releases = releases;
    this.port = port;
  }

  /** Starts one in a folder, with releases to go to. */
  static async start(folder: string): Promise<UpgradedApp> {
    const files = (version: number) =>
      [
        ["main.ts", MAIN],
        ["app.ts", APP],
        ["words.ts", wordsOf(version)],
        [
          "deno.json",
          JSON.stringify({
            imports: { "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0" },
          }),
        ],
      ] as const;
    const root = join(folder, "app");
    await writeFiles(root, files(0));
    const releases: string[] = [];
    for (let version = 1; version <= VERSIONS; version++) {
      const source = join(folder, `v${version}`);
      await writeFiles(source, files(version));
      using host = denoHost();
      const packed = await packRelease({ root: source, app: "load" }, host);
      const file = join(folder, `${version}.tar.gz`);
      await Deno.copyFile(packed.path, file);
      await packed.dispose();
      releases.push(toFileUrl(file).href);
    }
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", "--quiet", ...PROFILE, "main.ts"],
      cwd: root,
      env: {
        NO_COLOR: "1",
        FLY_IMAGE_REF: "registry.fly.io/load:deployment-1",
        FLY_APP_NAME: "load",
        FLYHOT_SOCKET: join(folder, "socket"),
        FLYHOT_PROBATION_MS: "200",
        TMPDIR: folder,
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = process.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()).getReader();
    const { value } = await lines.read();
    return new UpgradedApp(process, lines, Number(value), releases);
  }

  /** Its process. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Upgrades it to the next version; it is committed when this returns. */
  async upgrade(): Promise<void> {
    const url = this.#releases[this.#upgrades++ % this.#releases.length]!;
    const result = await this.#ask(url) as { state?: string } | null;
    if (result?.state === "applied") return;
    throw new Error(`not applied: ${JSON.stringify(result)}`);
  }

  /** What it has computed so far, in milliseconds. */
  get cpuMs(): number {
    return cpuMsOf(this.pid);
  }

  /** For how long somebody had to wait for a turn, in milliseconds, since this was asked before. */
  async longestTurn(): Promise<number> {
    return Number(await this.#ask("longest"));
  }

  async #ask(line: string): Promise<unknown> {
    await this.#writer.write(new TextEncoder().encode(line + "\n"));
    const { value } = await this.#lines.read();
    return JSON.parse(value ?? "null");
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#process.status;
    this.#lines.releaseLock();
  }
}
