/** Small programs without state, and what they answer when they are upgraded.
 * @module
 */
import type { Program } from "./program.ts";

/** Small programs without state, and what they answer when they are upgraded. */
export const PROGRAMS_OF_CODE: Readonly<Record<string, Program>> = {
  decorators: {
    before: {
      "main.ts":
        `import { Svc } from "./svc.ts"; SERVE(() => new Response(new Svc().hit()));`,
      "svc.ts":
        `const tag = (_of: unknown, _: unknown) => () => "one"; export class Svc { @tag hit() { return ""; } }`,
    },
    after: {
      "svc.ts":
        `const tag = (_of: unknown, _: unknown) => () => "two"; export class Svc { @tag hit() { return ""; } }`,
    },
    answer: "two",
  },
  start_literal: {
    before: {
      "main.ts": `import { start } from "./start.ts"; start();`,
      "start.ts":
        `import { createApp } from "./app.ts"; export function start() { const app = createApp(); SERVE(app); }`,
      "app.ts": `export const createApp = () => () => new Response("one");`,
    },
    after: {
      "app.ts": `export const createApp = () => () => new Response("two");`,
    },
    answer: `two`,
  },
  barrel: {
    before: {
      "main.ts":
        `import { one } from "./barrel.ts"; SERVE(() => new Response(one()));`,
      "barrel.ts": `export * from "./x.ts";`,
      "x.ts": `export const one = () => "one";`,
    },
    after: {
      "main.ts":
        `import { one, extra } from "./barrel.ts"; SERVE(() => new Response(one() + extra()));`,
      "x.ts": `export const one = () => "two"; export const extra = () => "!";`,
    },
    answer: `two!`,
  },
  hono_shared_router: {
    before: {
      "main.ts":
        `import { app } from "./app.ts"; import "./routes.ts"; SERVE((r: Request) => app.fetch(r));`,
      "app.ts":
        `import { Hono } from "npm:hono@4.13.19"; export const app = new Hono();`,
      "routes.ts":
        `import { app } from "./app.ts"; app.get("/", (c) => c.text("one"));`,
    },
    after: {
      "routes.ts":
        `import { app } from "./app.ts"; app.get("/", (c) => c.text("two"));`,
    },
    answer: `two`,
  },
  bus_twice: {
    before: {
      "main.ts":
        `import { bus } from "./bus.ts"; import "./sub.ts"; SERVE(() => { const e: any = new Event("x"); e.log = []; bus.dispatchEvent(e); return new Response(e.log.join(",")); });`,
      "bus.ts": `export const bus = new EventTarget();`,
      "sub.ts":
        `import { bus } from "./bus.ts"; bus.addEventListener("x", (e: any) => e.log.push("one"));`,
    },
    after: {
      "sub.ts":
        `import { bus } from "./bus.ts"; bus.addEventListener("x", (e: any) => e.log.push("two"));`,
    },
    answer: `two`,
  },
  table: {
    before: {
      "main.ts":
        `import { commands } from "./registry.ts"; import "./cmd.ts"; SERVE(() => new Response([...commands.keys()].join(",")));`,
      "registry.ts": `export const commands = new Map<string, () => void>();`,
      "cmd.ts":
        `import { commands } from "./registry.ts"; commands.set("old", () => {});`,
    },
    after: {
      "cmd.ts":
        `import { commands } from "./registry.ts"; commands.set("new", () => {});`,
    },
    answer: `new`,
  },
  shebang: {
    before: {
      "main.ts": `#!/usr/bin/env -S deno run -A
import { f } from "./f.ts"; SERVE(() => new Response(f()));`,
      "f.ts": `export const f = () => "one";`,
    },
    after: { "f.ts": `export const f = () => "two";` },
    answer: `two`,
  },
  anon_default: {
    before: {
      "main.ts":
        `import f from "./f.ts"; import g from "./g.ts"; import H from "./h.ts"; SERVE(() => new Response([f(), f.name, g(), g.name, new H().x(), H.name].join()));`,
      "f.ts": `export default () => "one";`,
      "g.ts": `export default function () { return "one"; }`,
      "h.ts": `export default class { x() { return "one"; } }`,
    },
    after: {
      "f.ts": `export default () => "two";`,
      "g.ts": `export default function () { return "two"; }`,
      "h.ts": `export default class { x() { return "two"; } }`,
    },
    answer: `two,default,two,default,two,default`,
  },
  cycle: {
    before: {
      "main.ts": `import { a } from "./a.ts"; SERVE(() => new Response(a()));`,
      "a.ts":
        `import { b } from "./b.ts"; export const name = "A1"; export function a() { return b() + "one"; }`,
      "b.ts":
        `import { name, a } from "./a.ts"; export const b = () => name + typeof a;`,
    },
    after: {
      "a.ts":
        `import { b } from "./b.ts"; export const name = "A2"; export function a() { return b() + "two"; }`,
    },
    answer: `A2functiontwo`,
  },
  namespace_new: {
    before: {
      "main.ts":
        `import * as h from "./h.ts"; SERVE(() => new Response(Object.keys(h).join()));`,
      "h.ts": `export const one = 1;`,
    },
    after: { "h.ts": `export const one = 1; export const two = 2;` },
    answer: `one,two`,
  },
  listener_twice: {
    before: {
      "main.ts":
        `import { log } from "./t.ts"; addEventListener("x", () => log.push("one")); SERVE(() => { log.length = 0; dispatchEvent(new Event("x")); return new Response(log.join()); });`,
      "t.ts": `export const log: string[] = [];`,
    },
    after: {
      "main.ts":
        `import { log } from "./t.ts"; addEventListener("x", () => log.push("two")); SERVE(() => { log.length = 0; dispatchEvent(new Event("x")); return new Response(log.join()); });`,
    },
    answer: `two`,
  },
  new_export_value: {
    before: {
      "main.ts":
        `import { limits } from "./l.ts"; SERVE(() => new Response(JSON.stringify(limits)));`,
      "l.ts": `export const limits = { a: 1 };`,
    },
    after: { "l.ts": `export const limits = { a: 2 };` },
    answer: `{"a":2}`,
  },
  kept_called_twice: {
    before: {
      "main.ts":
        `import { makeRoom } from "./room.ts"; const rooms = [makeRoom(), makeRoom()]; rooms[0].push("ann"); SERVE(() => new Response(JSON.stringify(rooms)));`,
      "room.ts":
        `export function makeRoom() { const players: string[] = []; return players; }`,
    },
    after: {
      "main.ts":
        `import { makeRoom } from "./room.ts"; const rooms = [makeRoom(), makeRoom()]; rooms[0].push("ann"); SERVE(() => new Response("two " + JSON.stringify(rooms)));`,
    },
    answer: `two [["ann"],[]]`,
  },
  json_import: {
    before: {
      "main.ts": `import { f } from "./f.ts"; SERVE(() => new Response(f()));`,
      "f.ts":
        `import d from "./d.json" with { type: "json" }; export const f = () => d.v;`,
      "d.json": `{"v":"one"}`,
    },
    after: { "d.json": `{"v":"two"}` },
    answer: `two`,
  },
  tla: {
    before: {
      "main.ts":
        `import { a } from "./a.ts"; import { b } from "./b.ts"; SERVE(() => new Response(a() + b()));`,
      "a.ts": `export const a = () => "a1";`,
      "b.ts":
        `await new Promise((r: Request) => setTimeout(r, 10)); export const b = () => "b1";`,
    },
    after: {
      "a.ts": `export const a = () => "a2";`,
      "b.ts":
        `await new Promise((r: Request) => setTimeout(r, 10)); export const b = () => "b2";`,
    },
    answer: `a2b2`,
  },
  field_init_import: {
    before: {
      "main.ts":
        `import { A } from "./a.ts"; SERVE(() => new Response(new A().x));`,
      "a.ts": `import { f } from "./f.ts"; export class A { x = f(); }`,
      "f.ts": `export const f = () => "one";`,
    },
    after: { "f.ts": `export const f = () => "two";` },
    answer: `two`,
  },
  default_param: {
    before: {
      "main.ts":
        `import { make } from "./m.ts"; const h = make(); SERVE(() => new Response(h()));`,
      "m.ts":
        `import { shuffler } from "./s.ts"; export const make = (s = shuffler) => () => s();`,
      "s.ts": `export const shuffler = () => "one";`,
    },
    after: { "s.ts": `export const shuffler = () => "two";` },
    answer: `two`,
  },
  jsx: {
    before: {
      "main.ts":
        `import { page } from "./p.tsx"; SERVE(() => new Response(String(page())));`,
      "p.tsx": `export const page = () => <p class="x">one</p>;`,
    },
    after: { "p.tsx": `export const page = () => <p class="x">two</p>;` },
    answer: `<p class="x">two</p>`,
  },
  stack: {
    before: {
      "main.ts":
        `import { f } from "./f.ts"; SERVE(() => { try { f(); } catch (e) { return new Response(/f\\.ts:\\d+/.exec((e as Error).stack!)![0]); } return new Response(""); });`,
      "f.ts":
        `interface A { x: 1 }\n\nexport const f = () => {\n  throw new Error("e");\n};\n`,
    },
    after: {
      "f.ts":
        `interface A { x: 1 }\n\n\ntype B = A;\nexport const f = () => {\n  const a = 1;\n  throw new Error("e" + a);\n};\n`,
    },
    answer: `f.ts:7`,
  },
  worker_untouched: {
    before: {
      "main.ts":
        `import { ask } from "./ask.ts"; SERVE(async () => new Response(await ask()));`,
      "ask.ts":
        `export const ask = () => new Promise<string>((ok) => { const w = new Worker(new URL("./w.ts", import.meta.url), { type: "module" }); w.onmessage = (e) => { ok("asked one, " + e.data); w.terminate(); }; });`,
      "w.ts": `(self as any).postMessage("worker one");`,
    },
    after: {
      "ask.ts":
        `export const ask = () => new Promise<string>((ok) => { const w = new Worker(new URL("./w.ts", import.meta.url), { type: "module" }); w.onmessage = (e) => { ok("asked two, " + e.data); w.terminate(); }; });`,
    },
    answer: `asked two, worker one`,
  },
  worker_that_has_ended: {
    before: {
      "main.ts":
        `import { start } from "./pool.ts"; const name = ["w", "ts"].join("."); SERVE(() => new Promise<Response>((ok) => { const w = start(new URL(name, import.meta.url)); w.onmessage = (e: MessageEvent) => { ok(new Response(e.data)); w.terminate(); }; }));`,
      "pool.ts":
        `export const start = (url: URL) => new Worker(url, { type: "module" });`,
      "w.ts": `(self as any).postMessage("one");`,
    },
    after: { "w.ts": `(self as any).postMessage("two");` },
    answer: `two`,
  },
  worker_is_another: {
    before: {
      "main.ts":
        `import { ask } from "./ask.ts"; SERVE(async () => new Response(await ask()));`,
      "ask.ts":
        `export const ask = () => new Promise<string>((ok) => { const w = new Worker(new URL("./w.ts", import.meta.url), { type: "module" }); w.onmessage = (e) => { ok(e.data); w.terminate(); }; });`,
      "w.ts": `(self as any).postMessage("one");`,
    },
    after: {
      "ask.ts":
        `export const ask = () => new Promise<string>((ok) => { const w = new Worker(new URL("./w2.ts", import.meta.url), { type: "module" }); w.onmessage = (e) => { ok(e.data); w.terminate(); }; });`,
      "w2.ts": `(self as any).postMessage("two");`,
    },
    answer: `two`,
  },
};
