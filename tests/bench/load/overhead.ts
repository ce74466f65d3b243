/** What the runtime costs while nothing is upgraded: a request through its hooks, a call through a live boundary.
 * @module
 */
import { join } from "@std/path";
import { TextLineStream } from "@std/streams/text-line-stream";
import { RUNTIME } from "../../support/ordinary_app.ts";
import type { Bench } from "../figure.ts";
import { LoadClients } from "./load_clients.ts";
import {
  cpuMsOf,
  median,
  PROFILE,
  run,
  withFolder,
  writeFiles,
} from "../measuring.ts";

const SERVE = (handle: string) => `
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => ${handle}(request));
console.log(server.addr.port);
`;
const FILES = {
  "deno.json": JSON.stringify({
    imports: { "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0" },
  }),
  "app.ts": `
export const handle = (request: Request) => new Response("hello " + request.method);
let sum = 0;
export function add(by: number): number {
  sum += by;
  return sum;
}
`,
  "ordinary.ts": `import { handle } from "./app.ts";\n${SERVE("handle")}`,
  "shell.ts": `
import { live, reapply } from "@flyhot/runtime";
await reapply({ watch: false, logger: { info() {}, warn() {}, error() {} } });
const app = await live(() => import("./app.ts"));
${SERVE("app.handle")}`,
  "calls.ts": `
import { holder, live, reapply } from "@flyhot/runtime";
await reapply({ watch: false, logger: { info() {}, warn() {}, error() {} } });
const direct = await import("./app.ts");
const app = await live(() => import("./app.ts"));
const count = holder("count", { version: 1, state: () => ({ sum: 0 }), actions: { add: (state, by: number) => (state.sum += by) } });
const times = Number(Deno.args[0]);
const ns = (calls: number, work: () => void) => {
  const from = performance.now();
  work();
  return (performance.now() - from) / calls * 1e6;
};
const measure = async () => {
  const plain = ns(times, () => { for (let at = 0; at < times; at++) direct.add(1); });
  const boundary = ns(times, () => { for (let at = 0; at < times; at++) app.add(1); });
  const from = performance.now();
  for (let at = 0; at < times / 10; at++) await count.add(1);
  const action = (performance.now() - from) / (times / 10) * 1e6;
  return { plain, boundary, action };
};
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async () => Response.json(await measure()));
const inside = [], outside = [];
for (let round = 0; round < 7; round++) {
  inside.push(await (await fetch("http://127.0.0.1:" + server.addr.port)).json());
  outside.push(await measure());
}
console.log(JSON.stringify({ inside, outside }));
Deno.exit(0);
`,
} as const;

/** A server, and what it computes for a request. */
class Measured implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #clients: LoadClients;
  readonly microseconds: number[] = [];
  readonly rates: number[] = [];

  private constructor(process: Deno.ChildProcess, clients: LoadClients) {
    this.#process = process;
    this.#clients = clients;
  }

  static async start(folder: string, args: readonly string[], env = {}) {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", "--quiet", ...PROFILE, ...args],
      cwd: folder,
      env: { NO_COLOR: "1", ...env },
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = process.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()).getReader();
    const { value } = await lines.read();
    await lines.cancel();
    return new Measured(process, new LoadClients(Number(value)));
  }

  /** Loads it for a while. */
  async load(ms: number): Promise<void> {
    const { latencies } = this.#clients;
    const asked = latencies.length;
    const cpu = cpuMsOf(this.#process.pid);
    const from = performance.now();
    await this.#clients.load(ms, 4);
    const requests = Math.max(1, latencies.length - asked);
    this.rates.push(requests / (performance.now() - from) * 1000);
    this.microseconds.push(
      (cpuMsOf(this.#process.pid) - cpu) / requests * 1000,
    );
    if (this.#clients.failed > 0) throw new Error("requests failed");
  }

  /** Forgets what was measured so far. */
  warm(): void {
    this.microseconds.length = this.rates.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#process.status;
  }
}

async function* figures({ tiny }: { readonly tiny: boolean }) {
  yield* await withFolder(async (folder) => {
    await writeFiles(folder, Object.entries(FILES));
    const env = {
      FLY_IMAGE_REF: "registry.fly.io/bench:deployment-1",
      FLY_APP_NAME: "bench",
      FLYHOT_SOCKET: join(folder, "socket"),
      TMPDIR: folder,
      // Nobody is there: its hooks are on all the same.
      AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9",
      AWS_REGION: "auto",
      AWS_ACCESS_KEY_ID: "bench",
      AWS_SECRET_ACCESS_KEY: "bench",
      BUCKET_NAME: "releases",
      FLYHOT_POLL_MS: "3600000",
    };
    await using plain = await Measured.start(folder, ["ordinary.ts"]);
    await using preload = await Measured.start(folder, [
      "--preload",
      `${RUNTIME}/preload`,
      "ordinary.ts",
    ], env);
    await using shell = await Measured.start(folder, ["shell.ts"], {
      ...env,
      FLYHOT_SOCKET: join(folder, "socket2"),
    });
    const all = { plain, preload, shell };
    for (let turn = 0; turn < (tiny ? 1 : 6); turn++) {
      for (const each of Object.values(all)) await each.load(tiny ? 200 : 2000);
      // The first turn compiles.
      if (turn === 0 && !tiny) {
        for (const each of Object.values(all)) each.warm();
      }
    }
    type Calls = { plain: number; boundary: number; action: number };
    const { inside, outside }: { inside: Calls[]; outside: Calls[] } = JSON
      .parse(
        await run(Deno.execPath(), [
          "run",
          "-A",
          "--no-lock",
          "--quiet",
          "calls.ts",
          tiny ? "1000" : "1000000",
        ], { cwd: folder, env }),
      );
    const us = (it: Measured) => median(it.microseconds);
    const request = (name: string, it: Measured) => ({
      name,
      value: (us(it) - us(plain)) * 1000,
      unit: "ns a request",
      note: `${us(it).toFixed(1)} µs beside ${
        us(plain).toFixed(1)
      } µs plain, computed by the server; ${
        (median(it.rates) / median(plain.rates)).toFixed(2)
      } times the throughput`,
    });
    const ns = (rounds: readonly Calls[], key: keyof Calls) =>
      median(rounds.map((round) => round[key]));
    const boundary = (name: string, rounds: readonly Calls[]) => ({
      name: `a call through a live boundary ${name}`,
      value: ns(rounds, "boundary") - ns(rounds, "plain"),
      unit: "ns more",
      note: `${ns(rounds, "boundary").toFixed(1)} ns beside ${
        ns(rounds, "plain").toFixed(1)
      } ns`,
    });
    return [
      request("the preload, Deno.serve", preload),
      request("a boot shell: reapply() and live()", shell),
      boundary("in a request", inside),
      boundary("outside of any", outside),
      {
        name: "an action of a holder in a request, awaited",
        value: ns(inside, "action"),
        unit: "ns",
      },
    ];
  });
}

/** What the runtime costs while nothing is upgraded. */
export const bench: Bench = {
  about: "hooks and boundaries, for each request",
  run: figures,
};
