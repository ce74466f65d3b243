/** Small programs whose requests leave behind what goes on by itself: timers, loops, listeners.
 * @module
 */
import type { Program } from "./program.ts";

const STAY =
  `import { EventEmitter } from "node:events"; export const emitter = new EventEmitter(); const waiting: (() => void)[] = []; export const take = () => new Promise<void>((done) => waiting.push(done)); export const channel = new MessageChannel(); channel.port2.start(); export const log: string[] = []; export const bus = new EventTarget(); let started = false; export const once = (start: () => void) => { if (!started) start(); started = true; }; export const heard = async () => { log.length = 0; await new Promise((done) => setTimeout(done, 80)); bus.dispatchEvent(new Event("told")); emitter.emit("told"); for (const it of waiting.splice(0)) it(); channel.port1.postMessage("told"); await new Promise((done) => setTimeout(done, 30)); return [...new Set(log)].join() || "none"; };`;
const MAIN =
  `import { start } from "./work.ts"; import { heard, once } from "./stay.ts"; SERVE(async (r: Request) => { if (r.url.endsWith("start")) once(start); return new Response(await heard()); });`;

/** A program whose `work.ts` has some code, with `WORD` in it. */
function program(name: string, code: string): Program {
  const work = (word: string) =>
    `import { bus, channel, emitter, log, take } from "./stay.ts"; ${
      code.replaceAll("WORD", `"${word} ${name}"`)
    }`;
  return {
    asks: ["/start", "/"],
    before: { "main.ts": MAIN, "stay.ts": STAY, "work.ts": work("one") },
    after: { "work.ts": work("two") },
  };
}

function refused(name: string, code: string, why: string): Program {
  return { ...program(name, code), refused: why };
}

const SET = (what: string) =>
  `Cannot replace NAME/work.ts: it has set ${what} for a request that is over, which would go on with the old code`;
const LOOPS =
  "Cannot replace NAME/work.ts:1: it is in a loop on behalf of a request that is over, and would go on with the old code";
const OTHER = "its text is not in the new code";

const CHAIN = (name: string) =>
  `Cannot replace NAME/work.ts:1: it is in ${name}(), which leads to itself, on behalf of a request that is over, and would go on with the old code`;

const GIVEN =
  "Cannot replace NAME/work.ts: it has given a MessagePort a function for a request that is over, which would go on with the old code";
const OTHER_FUNCTION = `holds a function: ${OTHER}`;

/** Those that go on with old code are refused, those that meet the new code are not. */
export const LEFT_PROGRAMS: Readonly<Record<string, Program>> = {
  interval: refused(
    "interval",
    `export const start = () => { setInterval(() => log.push(WORD), 20); };`,
    `${SET("an interval")} (a function: ${OTHER})`,
  ),
  interval_calls: refused(
    "calls",
    `const tick = () => log.push(WORD); export const start = () => { setInterval(() => tick(), 20); };`,
    `${SET("an interval")} (a function: tick is that of the old code)`,
  ),
  chain: refused(
    "chain",
    `function tick() { log.push(WORD); setTimeout(tick, 20); } export const start = () => { tick(); };`,
    `${SET("a timer")} (tick: ${OTHER})`,
  ),
  long: refused(
    "long",
    `export const start = () => { setTimeout(() => log.push(WORD), 60_000); };`,
    `${SET("a timer")} (a function: ${OTHER})`,
  ),
  loop: refused(
    "loop",
    `export const start = async () => { for (;;) { await new Promise((done) => setTimeout(done, 20)); log.push(WORD); } };`,
    `${LOOPS} (${OTHER})`,
  ),
  loop_of_node: refused(
    "node",
    `import { setTimeout as wait } from "node:timers/promises"; export const start = async () => { for (;;) { await wait(20); log.push(WORD); } };`,
    `${LOOPS} (${OTHER})`,
  ),
  loop_of_promises: refused(
    "promises",
    `export const start = async () => { for (;;) { await take(); log.push(WORD); } };`,
    `${LOOPS} (${OTHER})`,
  ),
  loop_calls: refused(
    "calls",
    `const tell = () => log.push(WORD); export const start = async () => { for (;;) { await take(); tell(); } };`,
    `${LOOPS} (tell is that of the old code)`,
  ),
  loop_of_events: refused(
    "events",
    `import { on } from "node:events"; export const start = async () => { for await (const _ of on(emitter, "told")) log.push(WORD); };`,
    `${LOOPS} (${OTHER})`,
  ),
  loop_of_generator: refused(
    "generator",
    `async function* all() { for (;;) { await take(); yield WORD; } } export const start = async () => { for await (const it of all()) log.push(it); };`,
    LOOPS,
  ),
  loop_of_ids: refused(
    "ids",
    `function* all() { for (let id = 0;; id++) yield id; } export const start = async () => { for (const _ of all()) { await take(); log.push(WORD); } };`,
    `${LOOPS} (${OTHER})`,
  ),
  chain_of_waits: refused(
    "waits",
    `export const start = () => { const next = (): Promise<void> => take().then(() => { log.push(WORD); next(); }); next(); };`,
    `${CHAIN("next")} (${OTHER})`,
  ),
  chain_of_names: refused(
    "names",
    `const tell = () => { log.push(WORD); next(); }; const next = () => { take().then(tell); }; export const start = next;`,
    `${CHAIN("next")} (next is that of the old code)`,
  ),
  chain_of_async: refused(
    "async",
    `export async function start(): Promise<void> { await take(); log.push(WORD); start(); }`,
    `${CHAIN("start")} (${OTHER})`,
  ),
  chain_of_helpers: refused(
    "helpers",
    `const later = (act: () => void) => { take().then(act); }; export const start = () => { later(() => { log.push(WORD); start(); }); };`,
    `${CHAIN("start")} (${OTHER})`,
  ),
  chain_of_catch: refused(
    "catch",
    `export const start = (): void => { take().then(() => { throw new Error(); }).catch(() => { log.push(WORD); start(); }); };`,
    `${CHAIN("start")} (${OTHER})`,
  ),
  chain_of_object: refused(
    "object",
    `const turns = { next() { take().then(() => { log.push(WORD); turns.next(); }); } }; export const start = () => turns.next();`,
    `${CHAIN("next")} (${OTHER})`,
  ),
  chain_follows: {
    ...program(
      "chain",
      `class Room { next() { take().then(() => this.tell()); } tell() { log.push(WORD); this.next(); } } export const start = () => new Room().next();`,
    ),
    answer: "two chain",
  },
  chain_over: {
    ...program(
      "over",
      `export const start = () => { let left = 2; const next = (): Promise<void> => take().then(() => { log.push(WORD); if (--left > 0) next(); }); next(); };`,
    ),
    asks: ["/start", "/", "/"],
    answer: "none",
  },
  loop_follows: {
    ...program(
      "follows",
      `class Room { tick() { log.push(WORD); } } export const start = async () => { const room = new Room(); for (;;) { await take(); room.tick(); } };`,
    ),
    answer: "two follows",
  },
  loop_left: {
    ...program(
      "left",
      `export const start = async () => { for (;;) { await take(); log.push(WORD); if (log.length > 0) break; } };`,
    ),
    asks: ["/start", "/", "/"],
    answer: "none",
  },
  port: refused(
    "port",
    `export const start = () => { channel.port2.onmessage = () => { log.push(WORD); }; };`,
    `${GIVEN} (a function: ${OTHER})`,
  ),
  port_listener: refused(
    "port_listener",
    `export const start = () => { channel.port2.addEventListener("message", () => { log.push(WORD); }); };`,
    `${GIVEN} (a function: ${OTHER})`,
  ),
  listener: refused(
    "listener",
    `export const start = () => { bus.addEventListener("told", () => { log.push(WORD); }); };`,
    OTHER_FUNCTION,
  ),
  consented: {
    ...program(
      "consented",
      `export const start = () => { setInterval(() => log.push(WORD), 20); };`,
    ),
    consent: ["timers:NAME/work.ts"],
    answer: "one consented",
  },
  method: {
    ...program(
      "method",
      `class Room { tick() { log.push(WORD); } } export const start = () => { const room = new Room(); setInterval(() => room.tick(), 20); };`,
    ),
    answer: "two method",
  },
  method_of_this: {
    ...program(
      "this",
      `class Room { start() { setInterval(() => this.tick(), 20); } tick() { log.push(WORD); } } export const start = () => new Room().start();`,
    ),
    answer: "two this",
  },
  cleared: {
    ...program(
      "cleared",
      `export const start = () => { const timer = setInterval(() => log.push(WORD), 5); setTimeout(() => clearInterval(timer), 20); };`,
    ),
    answer: "none",
  },
  soon: {
    ...program(
      "soon",
      `export const start = () => { setTimeout(() => log.push(WORD), 200); };`,
    ),
    answer: "none",
  },
};
