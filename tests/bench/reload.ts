// deno-lint-ignore-file no-console -- a table for whoever runs it
/** What reloading costs: one leaf, ten, all modules of apps of three sizes, beside a naive reload and a restart.
 *
 * ```sh
 * deno run -A scripts/jsr.ts run -A tests/bench/reload.ts [--json] [modules …]
 * ```
 *
 * @module
 */
import { join, toFileUrl } from "@std/path";
import { denoHost } from "../../src/host_deno.ts";
import { packRelease } from "../../src/release/pack.ts";
import { layeredApp } from "./layered_app.ts";

/** One row of the table. */
export interface Row {
  readonly modules: number;
  readonly what: string;
  readonly reloaded: number;
  /** Medians and extremes, in milliseconds. */
  readonly first: number;
  readonly tenth: number;
  readonly last: number;
  readonly median: number;
  /** The median of what the process has computed meanwhile, which other load on the computer does not lengthen. */
  readonly cpu: number;
  /** The longest that the event loop was kept, in the second half: the median and the longest. */
  readonly stallMedian: number;
  readonly stall: number;
  /** What each upgrade leaves in memory, in kilobytes of RSS. */
  readonly keptKb: number;
  /** How many maps, sets and controllers more there are at the end than after a few upgrades. */
  readonly keptCollections: number;
}

/** What one upgrade of the measured process came to. */
interface Measured {
  readonly state: string;
  readonly message?: string;
  readonly ms: number;
  readonly cpu: number;
  readonly stall: number;
  readonly reloaded: number;
  readonly rss: number;
}

const CYCLE = 8;
/** After so many upgrades, what is made once has been made. */
const WARM = 10;
/** `BENCH_PROF=<folder>` writes CPU profiles of the measured processes. */
const PROFILE = Deno.env.get("BENCH_PROF")
  ? [
    "--cpu-prof",
    "--cpu-prof-interval",
    "200",
    "--cpu-prof-dir",
    Deno.env.get("BENCH_PROF")!,
  ]
  : [];

const MAIN = `
import { TextLineStream } from "jsr:@std/streams@1.1.2/text-line-stream";
import { Session } from "node:inspector";
import process from "node:process";
import { events, hotUpgrade, live, reapply } from "@flyhot/runtime";
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
    say({ collections: await collections() });
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
class Program implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(root: string) {
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

  async answer(): Promise<Record<string, unknown>> {
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

  async ask(question: unknown): Promise<Record<string, unknown>> {
    const line = JSON.stringify(question) + "\n";
    await this.#writer.write(new TextEncoder().encode(line));
    return await this.answer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#process.status;
    this.#lines.releaseLock();
  }
}

async function packed(folder: string, files: Map<string, string>) {
  for (const [path, text] of files) {
    const file = join(folder, path);
    await Deno.mkdir(join(file, ".."), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
  using host = denoHost();
  const release = await packRelease({ root: folder, app: "bench" }, host);
  const file = join(folder, "..", `${release.sha256}.tar.gz`);
  await Deno.copyFile(release.path, file);
  await release.dispose();
  return toFileUrl(file).href;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/**
 * Measures one kind of change in a process of its own.
 *
 * @param modules how many modules the app has
 * @param what what changes
 * @param times how many upgrades
 * @returns what they cost
 */
export async function series(
  modules: number,
  what: "leaf" | "ten" | "all",
  times: number,
): Promise<Row> {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-bench-" });
  try {
    const root = join(folder, "app");
    const source = join(folder, "source");
    const app = layeredApp(modules);
    const files = new Map([...app.files(), ["main.ts", MAIN]]);
    await packed(source, files);
    await packed(root, files);
    const releases: string[] = [];
    for (let version = 1; version <= Math.min(CYCLE, times); version++) {
      releases.push(await packed(source, app.changed(what, version)));
    }
    await using program = new Program(root);
    await program.answer();
    const all: Measured[] = [];
    const collections = async () =>
      (await program.ask({})).collections as number;
    let before = 0;
    for (let round = 0; round < times; round++) {
      if (round === Math.min(WARM, times - 1)) before = await collections();
      const url = releases[round % releases.length];
      const measured = await program.ask({ url }) as unknown as Measured;
      if (measured.state !== "applied") {
        throw new Error(`not applied: ${JSON.stringify(measured)}`);
      }
      all.push(measured);
    }
    const keptCollections = await collections() - before;
    const half = all.slice(Math.floor(all.length / 2));
    return {
      modules,
      what,
      reloaded: all[0]!.reloaded,
      first: all[0]!.ms,
      tenth: (all[9] ?? all.at(-1)!).ms,
      last: all.at(-1)!.ms,
      median: median(all.map(({ ms }) => ms)),
      cpu: median(all.map(({ cpu }) => cpu)),
      stallMedian: median(half.map(({ stall }) => stall)),
      stall: Math.max(...half.map(({ stall }) => stall)),
      keptKb: (all.at(-1)!.rss - half[0]!.rss) / 1024 / (half.length - 1),
      keptCollections,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The whole tree by a new query in a process without hooks, and a process started again. */
async function others(modules: number): Promise<readonly string[]> {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-bench-" });
  try {
    const app = layeredApp(modules);
    for (const [path, text] of app.files()) {
      const file = join(folder, path);
      await Deno.mkdir(join(file, ".."), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    await Deno.writeTextFile(
      join(folder, "naive.ts"),
      `import { registerHooks } from "node:module";
const times = [];
let round = 0;
registerHooks({
  resolve(specifier, context, next) {
    const result = next(specifier, context);
    return { ...result, url: result.url.replace(/[?].*/, "") + "?v=" + round };
  },
});
for (; round < 8; round++) {
  const from = performance.now();
  await import("./root.ts");
  times.push(performance.now() - from);
}
console.log(JSON.stringify(times));`,
    );
    await Deno.writeTextFile(
      join(folder, "server.ts"),
      `import { total } from "./root.ts";
const server = Deno.serve({ port: 0, onListen() {} }, () => new Response(String(total())));
await (await fetch("http://127.0.0.1:" + server.addr.port)).text();
Deno.exit(0);`,
    );
    const run = (file: string) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-lock", file],
        cwd: folder,
      }).output();
    const { stdout } = await run("naive.ts");
    const naive: number[] = JSON.parse(new TextDecoder().decode(stdout));
    const restarts: number[] = [];
    for (let round = 0; round < 5; round++) {
      const from = performance.now();
      await run("server.ts");
      restarts.push(performance.now() - from);
    }
    return [
      `${modules} modules: every module imported under a new query, naively: ${
        naive[0]!.toFixed(0)
      } ms the first time, ${naive.at(-1)!.toFixed(0)} ms the eighth`,
      `${modules} modules: a process started again, until its first answer ${
        median(restarts).toFixed(0)
      } ms`,
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const sizes = Deno.args.map(Number).filter((size) => size > 0);
  const rows: Row[] = [];
  const notes: string[] = [];
  for (const modules of sizes.length > 0 ? sizes : [50, 211, 1000]) {
    rows.push(await series(modules, "leaf", 200));
    rows.push(await series(modules, "ten", 40));
    rows.push(await series(modules, "all", 10));
    notes.push(...await others(modules));
  }
  if (Deno.args.includes("--json")) {
    console.log(JSON.stringify({ rows, notes }, null, 2));
  } else {
    console.table(
      rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [
            key,
            typeof value === "number" ? Math.round(value * 10) / 10 : value,
          ]),
        )
      ),
    );
    for (const note of notes) console.log(note);
  }
}
