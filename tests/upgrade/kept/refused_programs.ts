/** Small programs whose next version cannot come in hot, and why.
 * @module
 */
import type { Program } from "./program.ts";

/** Small programs whose next version cannot come in hot, and why. */
export const REFUSED_PROGRAMS: Readonly<Record<string, Program>> = {
  generator: {
    asks: ["/next", "/"],
    before: {
      "main.ts":
        `import { ids } from "./ids.ts"; import { word } from "./word.ts"; const it = ids(); SERVE((r: Request) => { if (r.url.endsWith("next")) it.next(); return new Response(word()); });`,
      "ids.ts": `export function* ids() { let n = 0; while (true) yield ++n; }`,
      "word.ts": `export const word = () => "one";`,
    },
    after: { "word.ts": `export const word = () => "two";` },
    refused:
      `it: holds state (next() at line 1), which would be lost; add to "flyhot" in deno.json: "keep": ["NAME/main.ts#it"]`,
  },
  this_of_object: {
    asks: ["/add", "/"],
    before: {
      "main.ts":
        `import { store } from "./store.ts"; SERVE((r: Request) => { if (r.url.endsWith("add")) store.users.add("ann"); return new Response(store.word + " " + store.users.all); });`,
      "store.ts":
        `import { word } from "./word.ts"; export const store = { word, users: { all: [] as string[], add(name: string) { this.all.push(name); } } };`,
      "word.ts": `export const word = "one";`,
    },
    after: { "word.ts": `export const word = "two";` },
    refused:
      `store: holds state (push() at line 1), which would be lost; add to "flyhot" in deno.json: "keep": ["NAME/store.ts#store"]`,
  },
  method_bound: {
    keep: ["main.ts#app"],
    asks: ["/add", "/"],
    before: {
      "main.ts":
        `import { App } from "./app.ts"; const app = new App(); SERVE(app.handle.bind(app));`,
      "app.ts":
        `export class App { hits: string[] = []; handle(r: Request) { if (r.url.endsWith("add")) this.hits.push("x"); return new Response("one " + this.hits); } }`,
    },
    after: {
      "app.ts":
        `export class App { hits: string[] = []; handle(r: Request) { if (r.url.endsWith("add")) this.hits.push("x"); return new Response("two " + this.hits); } }`,
    },
    refused:
      `app: is named under "keep", and handle, which its module takes from it while it is evaluated, is still that of the old code; call it where it is needed: (...args) => app.handle(...args)`,
  },
  method_taken_apart: {
    keep: ["main.ts#app"],
    before: {
      "main.ts":
        `import { App } from "./app.ts"; const app = new App(); const { handle } = app; SERVE((r: Request) => handle.call(app, r));`,
      "app.ts":
        `export class App { hits: string[] = []; handle(r: Request) { this.hits.push(r.url); return new Response("one"); } }`,
    },
    after: {
      "app.ts":
        `export class App { hits: string[] = []; handle(r: Request) { this.hits.push(r.url); return new Response("two"); } }`,
    },
    refused:
      `app: is named under "keep", and handle, which its module takes from it while it is evaluated, is still that of the old code`,
  },
  function_field_taken: {
    keep: ["main.ts#app"],
    before: {
      "main.ts":
        `import { App } from "./app.ts"; const app = new App(); const routes = { "/": app.handle }; SERVE((r) => routes["/"](r));`,
      "app.ts":
        `export class App { hits: string[] = []; handle = (r: Request) => { this.hits.push(r.url); return new Response("one"); }; }`,
    },
    after: {
      "app.ts":
        `export class App { hits: string[] = []; handle = (r: Request) => { this.hits.push(r.url); return new Response("two"); }; }`,
    },
    refused:
      `app: is named under "keep", and handle, which its module takes from it while it is evaluated, is still that of the old code`,
  },
  removed_export: {
    before: {
      "main.ts":
        `import { f } from "./user.ts"; SERVE(() => new Response(f()));`,
      "user.ts": `import { old } from "./x.ts"; export const f = () => old();`,
      "x.ts": `export const old = () => "one";`,
    },
    after: { "x.ts": `export const renamed = () => "two";` },
    refused: `old: is imported from NAME/x.ts, which does not export it`,
  },
  live_let: {
    asks: ["/set", "/"],
    before: {
      "main.ts":
        `import { f } from "./user.ts"; import { setMode } from "./mode.ts"; SERVE((r: Request) => { if (r.url.endsWith("set")) setMode("set"); return new Response(f()); });`,
      "user.ts":
        `import { mode } from "./mode.ts"; export const f = () => mode;`,
      "mode.ts":
        `export let mode = "one"; export const setMode = (m: string) => { mode = m; };`,
    },
    after: {
      "mode.ts":
        `export let mode = "two"; export const setMode = (m: string) => { mode = m + " two"; };`,
    },
    refused:
      `mode: holds state (assignment at line 1), which would be lost; add to "flyhot" in deno.json: "keep": ["NAME/mode.ts#mode"]`,
  },
  hono_kept: {
    keep: ["main.ts#app"],
    before: {
      "main.ts":
        `import { Hono } from "npm:hono@4.13.19"; const app = new Hono(); app.get("/", (c) => c.text("one")); SERVE(app.fetch);`,
    },
    after: {
      "main.ts":
        `import { Hono } from "npm:hono@4.13.19"; const app = new Hono(); app.get("/", (c) => c.text("two")); SERVE(app.fetch);`,
    },
    refused:
      `app: is of npm:hono@4.13.19, and what its module does to it whenever it is evaluated (get()) would be done a second time`,
  },
  main_mutates_kept: {
    keep: ["main.ts#jobs"],
    before: {
      "main.ts":
        `const jobs: string[] = []; jobs.push("default"); SERVE(() => new Response("one " + jobs));`,
    },
    after: {
      "main.ts":
        `const jobs: string[] = []; jobs.push("default"); SERVE(() => new Response("two " + jobs));`,
    },
    refused:
      `jobs: is named under "keep", and push() would be done to it a second time`,
  },
  new_method_in_main: {
    keep: ["main.ts#s"],
    before: {
      "main.ts":
        `import { S } from "./s.ts"; const s = new S(); SERVE(() => new Response(s.f()));`,
      "s.ts": `export class S { f() { return "one"; } }`,
    },
    after: {
      "main.ts":
        `import { S } from "./s.ts"; const s = new S(); s.init(); SERVE(() => new Response(s.f()));`,
      "s.ts":
        `export class S { ready = false; init() { this.ready = true; } f() { return "two " + this.ready; } }`,
    },
    refused:
      `s: is named under "keep", and init() would be done to it a second time`,
  },
  loop_in_main: {
    before: {
      "main.ts":
        `import { tick, log } from "./t.ts"; async function main() { while (true) { await new Promise((r: Request) => setTimeout(r, 100)); tick("one"); } } main(); SERVE(async () => { log.length = 0; await new Promise((r: Request) => setTimeout(r, 250)); return new Response([...new Set(log)].join()); });`,
      "t.ts":
        `export const log: string[] = []; export const tick = (x: string) => log.push(x);`,
    },
    after: {
      "main.ts":
        `import { tick, log } from "./t.ts"; async function main() { while (true) { await new Promise((r: Request) => setTimeout(r, 100)); tick("two"); } } main(); SERVE(async () => { log.length = 0; await new Promise((r: Request) => setTimeout(r, 250)); return new Response([...new Set(log)].join()); });`,
    },
    refused: `log: holds state`,
  },
  timeout_chain: {
    before: {
      "main.ts":
        `import { log } from "./t.ts"; const tick = () => { log.push("one"); setTimeout(tick, 50); }; tick(); SERVE(async () => { log.length = 0; await new Promise((r: Request) => setTimeout(r, 250)); return new Response([...new Set(log)].join()); });`,
      "t.ts": `export const log: string[] = [];`,
    },
    after: {
      "main.ts":
        `import { log } from "./t.ts"; const tick = () => { log.push("two"); setTimeout(tick, 50); }; tick(); SERVE(async () => { log.length = 0; await new Promise((r: Request) => setTimeout(r, 250)); return new Response([...new Set(log)].join()); });`,
    },
    refused: `log: holds state`,
  },
  singleton: {
    before: {
      "main.ts":
        `import { Db } from "./db.ts"; SERVE(() => new Response(Db.get().f()));`,
      "db.ts":
        `export class Db { static one?: Db; n = 0; static get() { return this.one ??= new Db(); } f() { return "one " + ++this.n; } }`,
    },
    after: {
      "db.ts":
        `export class Db { static one?: Db; n = 0; static get() { return this.one ??= new Db(); } f() { return "two " + ++this.n; } }`,
    },
    refused: `Db.one: holds state`,
  },
  request_timer: {
    asks: ["/start", "/"],
    before: {
      "main.ts":
        `let n = 0; SERVE((r: Request) => { if (r.url.endsWith("start")) setInterval(() => n++, 20); return new Response("one " + (n > 0)); });`,
    },
    after: {
      "main.ts":
        `let n = 0; SERVE((r: Request) => new Response("two " + (n > 0)));`,
    },
    refused: `n: holds state`,
  },
  enum_state: {
    keep: ["main.ts#s"],
    before: {
      "main.ts":
        `import { E } from "./e.ts"; const s = { e: E.B }; SERVE(() => new Response(E[s.e] ?? "undefined"));`,
      "e.ts": `export enum E { A, B }`,
    },
    after: { "e.ts": `export enum E { New, A, B }` },
    refused:
      `s: is named under "keep", and its initializer, or what that refers to, is another one now`,
  },
  cached_import: {
    before: {
      "main.ts":
        `let p: any; SERVE(async () => { p ??= import("./x.ts"); return new Response((await p).f()); });`,
      "x.ts": `export const f = () => "one";`,
    },
    after: { "x.ts": `export const f = () => "two";` },
    refused: `p: holds state`,
  },
  memo: {
    before: {
      "main.ts":
        `import { get } from "./cache.ts"; SERVE(() => new Response(get()));`,
      "cache.ts":
        `import { build } from "./build.ts"; let cache: string | undefined; export const get = () => cache ??= build();`,
      "build.ts": `export const build = () => "one";`,
    },
    after: { "build.ts": `export const build = () => "two";` },
    refused: `cache: holds state`,
  },
  closure_text_same: {
    keep: ["main.ts#svc"],
    before: {
      "main.ts":
        `import { Svc } from "./svc.ts"; const makeName = () => { const list = ["one"]; return () => list[0]; }; const svc = new Svc(makeName()); SERVE(() => new Response(svc.name()));`,
      "svc.ts":
        `export class Svc { constructor(readonly name: () => string) {} }`,
    },
    after: {
      "main.ts":
        `import { Svc } from "./svc.ts"; const makeName = () => { const list = ["two"]; return () => list[0]; }; const svc = new Svc(makeName()); SERVE(() => new Response(svc.name()));`,
    },
    refused:
      `svc: is named under "keep", and its initializer, or what that refers to, is another one now`,
  },
  init_refs_changed: {
    keep: ["main.ts#cfg"],
    before: {
      "main.ts":
        `const limit = 1; const cfg = { limit }; SERVE(() => new Response("" + cfg.limit));`,
    },
    after: {
      "main.ts":
        `const limit = 2; const cfg = { limit }; SERVE(() => new Response("" + cfg.limit));`,
    },
    refused:
      `cfg: is named under "keep", and its initializer, or what that refers to, is another one now`,
  },
  bad_eval_after_state: {
    keep: ["main.ts#list"],
    before: {
      "main.ts":
        `const list: string[] = []; SERVE(() => new Response(list.join() + "."));`,
    },
    after: {
      "main.ts":
        `const list: string[] = []; list.push("from the failed release"); throw new Error("bad release"); `,
    },
    refused:
      `list: is named under "keep", and push() would be done to it a second time`,
  },
};
