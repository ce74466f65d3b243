import { assertEquals } from "@std/assert";
import { of } from "../analyze_fixture_test.ts";

Deno.test("owned: servers, timers, crons, workers, listeners and loops at the top level", () => {
  const owned = (source: string) =>
    (of(source).owned ?? []).map(({ kind, detail, later }) =>
      `${kind} ${detail}${later ? " later" : ""}`
    );
  assertEquals(
    owned(
      `import http from "node:http"; import { Worker as W } from "node:worker_threads";
Deno.serve(() => new Response()); setInterval(f, 1); setTimeout(f, 1); Deno.cron("x", "* * * * *", f);
new Worker(new URL("./w.ts", import.meta.url), { type: "module" }); addEventListener("unload", f);
const pool = () => new Worker(import.meta.resolve("./pool.ts"));
http.createServer().listen(80); Deno.addSignalListener("SIGUSR1", f);
async function loop() { while (true) { await tick(); } } loop();
export const handler = () => { setInterval(f, 1); };`,
    ),
    [
      "server Deno.serve()",
      "interval setInterval()",
      "timeout setTimeout()",
      "cron Deno.cron()",
      "worker ./w.ts",
      "listener addEventListener()",
      "worker ./pool.ts later",
      "server listen()",
      "listener Deno.addSignalListener()",
      "loop an endless loop that awaits",
    ],
  );
});

Deno.test("owned: loops that do not end with the timers of their module are told", () => {
  const unpaced = (source: string) =>
    (of(source).owned ?? []).filter((it) => it.unpaced).map(({ line }) => line);
  const loops = [
    "(async () => { for (;;) { await queue.pop(); } })();",
    "async function run() { while (true) { const job = await queue.pop(); if (!job) break; await job(); } }\nrun();",
    "const run = async () => { do { await once(bus, 'job'); } while (true); }; void run();",
    "(async () => { for await (const event of Deno.watchFs('.')) handle(event); })();",
    "const watcher = Deno.watchFs('.'); (async () => { for await (const _ of watcher) reload(); })();",
    "(async () => { for await (const entries of kv.watch([['a']])) handle(entries); })();",
    "let running = true; (async () => { while (running) await queue.pop(); })(); export const stop = () => { running = false; };",
    "const c = new AbortController(); (async () => { while (!c.signal.aborted) await queue.pop(); })();",
    "class Worker { open = true; async run() { while (this.open) await queue.pop(); } } new Worker().run();",
    "async function next() { await queue.pop(); return next(); } next();",
    "(async function next() { await queue.pop(); return next(); })();",
    "const next = async () => { try { await queue.pop(); } catch { await new Promise((r) => setTimeout(r, 5)); } void next(); }; next();",
    "const next = () => queue.pop().then(next); next();",
    "const next = () => queue.pop().catch(() => new Promise((r) => setTimeout(r, 5))).then((job) => { work(job); next(); }); next();",
    "const next = () => queue.pop().finally(() => next()); next();",
    "const sleep = () => queue.pop(); (async () => { while (true) await sleep(); })();",
    "class Bus { wait() { return this.next; } } const bus = new Bus(); (async () => { while (true) await bus.wait(); })();",
    "const tools = { delay: () => queue.pop() }; (async () => { while (true) await tools.delay(); })();",
    "import { once } from 'node:events'; (async () => { while (true) await new Promise(process.nextTick); })();",
    "(async () => { while (true) await new Promise((r) => AbortSignal.timeout(5).addEventListener('abort', r)); })();",
    "(async () => { while (true) { await Promise.race([queue.pop(), new Promise((r) => setTimeout(r, 5))]); } })();",
    "(async () => { while (true) { try { await queue.pop(); } catch { await new Promise((r) => setTimeout(r, 5)); } } })();",
    "(async () => { while (true) { if (!await queue.pop()) await new Promise((r) => setTimeout(r, 5)); } })();",
    "async function* jobs() { while (true) yield await queue.pop(); }\n(async () => { for await (const job of jobs()) job(); })();",
  ];
  for (const source of loops) {
    assertEquals(unpaced(source).length > 0, true, source);
  }
  const others = [
    "(async () => { while (true) { await queue.pop(); await new Promise((r) => setTimeout(r, 1)); } })();",
    "import { delay } from 'jsr:@std/async'; (async () => { for (;;) { await delay(5); await work(); } })();",
    "const rest = () => new Promise((r) => setTimeout(r, 1)); const turn = async () => { await work(); await rest(); }; (async () => { while (true) await turn(); })();",
    "(async () => { while (true) { const { done, value } = await reader.read(); if (done) break; take(value); } })();",
    "for await (const entry of Deno.readDir('.')) take(entry);",
    "(async () => { for await (const conn of Deno.listen({ port: 1 })) take(conn); })();",
    "let more = true; (async () => { while (more) { const page = await get(); more = page.more; } })();",
    "let page = await first(); while (page) { page = await get(page.next); }",
    "async function walk(at) { for await (const it of Deno.readDir(at)) { if (it.isDirectory) await walk(it.name); } } await walk('.');",
    "async function retry(n) { try { return await get(); } catch { return retry(n - 1); } } await retry(3);",
    "async function next() { await new Promise((r) => setTimeout(r, 5)); return next(); } next();",
    "(async function next() { await new Promise((r) => setTimeout(r, 5)); return next(); })();",
    "const turn = async () => { try { await work(); } finally { setTimeout(turn, 20); } }; turn();",
    "async function connect() { await open(); socket.onclose = () => connect(); } connect();",
    "const next = () => new Promise((r) => setTimeout(r, 5)).then(next); next();",
    "const nap = promisify(setTimeout); (async () => { while (true) await nap(5); })();",
    "import { setTimeout as x } from 'node:timers/promises'; (async () => { while (true) await x(5); })();",
    "import * as timers from 'node:timers/promises'; (async () => { while (true) await timers.scheduler.wait(5); })();",
    "const nap = () => new Promise((r) => setTimeout(r, 5)); (async () => { while (true) { try { await queue.pop(); } finally { await nap(); } } })();",
    "(async () => { while (true) await Promise.all([queue.pop(), new Promise((r) => setTimeout(r, 5))]); })();",
    "class Clock { wait() { return new Promise((r) => setTimeout(r, 5)); } } const clock = new Clock(); (async () => { while (true) await clock.wait(); })();",
    "import { setInterval } from 'node:timers/promises'; (async () => { for await (const _ of setInterval(10)) work(); })();",
    "export const later = async () => { while (true) await queue.pop(); };",
    "class Later { async run() { while (true) await this.pop(); } }",
    "async function* jobs() { for (const it of [1, 2]) yield await it; }\n(async () => { for await (const job of jobs()) job(); })();",
  ];
  for (const source of others) assertEquals(unpaced(source), [], source);
});

Deno.test("owned: what a loop waits for that other modules have, and what their functions wait for", () => {
  const loop = (source: string) => of(source).owned?.map((it) => it.pacedBy);
  assertEquals(
    loop(
      "import { sleep as nap } from './x.ts'; (async () => { while (true) await nap(5); })();",
    ),
    [[{ specifier: "./x.ts", name: "sleep" }]],
  );
  assertEquals(
    loop(
      "import * as x from './x.ts'; import y from './y.ts'; (async () => { while (true) { await x.rest(); await y(); } })();",
    ),
    [[{ specifier: "./x.ts", name: "rest" }, {
      specifier: "./y.ts",
      name: "default",
    }]],
  );
  assertEquals(
    of(
      `import { far } from "./far.ts";
export const sleep = () => new Promise((r) => setTimeout(r, 1));
export const wait = () => new Promise((r) => waiting.push(r));
export default async function () { await sleep(); }
export { sleep as nap };
export const through = () => far();
export class Bus { wait() { return this.next; } tick() { return sleep(); } pop() {} }`,
    ).pacing,
    [
      { name: ".tick", timer: true },
      { name: ".wait" },
      { name: "default", timer: true },
      { name: "nap", timer: true },
      { name: "sleep", timer: true },
      { name: "through", by: [{ specifier: "./far.ts", name: "far" }] },
    ],
  );
});

Deno.test("owned: functions that begin loops are told to those who call them", () => {
  const begins = (source: string) =>
    (of(source).pacing ?? []).filter((it) => it.loop).map(({ name }) => name);
  assertEquals(
    begins(
      `export function forever(act) { (async () => { while (true) await act(); })(); }
export const seldom = (act) => { (async () => { while (true) { await act(); await new Promise((r) => setTimeout(r, 1)); } })(); };
const run = async () => { for (;;) await queue.pop(); };
export default () => { void run(); };
export class Worker { start() { void this.#run(); return run(); } async #run() {} }`,
    ),
    [".start", "default", "forever"],
  );
});
