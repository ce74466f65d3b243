/** Small programs whose state stays by name, and what they answer when they are upgraded.
 * @module
 */
import type { Program } from "./program.ts";

/** Small programs whose state stays by name, and what they answer when they are upgraded. */
export const PROGRAMS_OF_STATE: Readonly<Record<string, Program>> = {
  counter: {
    keep: ["main.ts#hits"],
    before: {
      "main.ts": `let hits = 0; SERVE(() => new Response("one " + ++hits));`,
    },
    after: {
      "main.ts": `let hits = 0; SERVE(() => new Response("two " + ++hits));`,
    },
    answer: `two 3`,
  },
  weakmap: {
    keep: ["main.ts#c"],
    before: {
      "main.ts":
        `import { C } from "./c.ts"; const c = new C(); SERVE(() => new Response(c.f()));`,
      "c.ts":
        `const priv = new WeakMap<object, { n: number }>(); export class C { constructor() { priv.set(this, { n: 0 }); } f() { return "one " + ++priv.get(this)!.n; } }`,
    },
    after: {
      "c.ts":
        `const priv = new WeakMap<object, { n: number }>(); export class C { constructor() { priv.set(this, { n: 0 }); } f() { return "two " + ++priv.get(this)!.n; } }`,
    },
    answer: `two 3`,
  },
  symbol_key: {
    keep: ["main.ts#c"],
    before: {
      "main.ts":
        `import { C } from "./c.ts"; const c: any = new C(); SERVE(() => new Response(c.f()));`,
      "c.ts":
        `const K = Symbol("k"); export class C { [K] = 5; f() { return "one " + (this as any)[K]; } }`,
    },
    after: {
      "c.ts":
        `const K = Symbol("k"); export class C { [K] = 5; f() { return "two " + (this as any)[K]; } }`,
    },
    answer: `two 5`,
  },
  frozen: {
    keep: ["main.ts#c"],
    before: {
      "main.ts":
        `import { C } from "./c.ts"; const c = Object.freeze(new C()); SERVE(() => new Response(c.f()));`,
      "c.ts": `export class C { n = 3; f() { return "one " + this.n; } }`,
    },
    after: {
      "c.ts": `export class C { n = 3; f() { return "two " + this.n; } }`,
    },
    answer: `two 3`,
  },
  new_field: {
    keep: ["main.ts#c"],
    before: {
      "main.ts":
        `import { C } from "./c.ts"; const c = new C(); SERVE(() => new Response(c.f()));`,
      "c.ts": `export class C { n = 3; f() { return "one " + this.n; } }`,
    },
    after: {
      "c.ts":
        `export class C { n = 3; log: string[] = []; f() { this.log.push("x"); return "two " + this.n + this.log; } }`,
    },
    answer: `two 3x`,
  },
  arrow_field: {
    keep: ["main.ts#c"],
    before: {
      "main.ts":
        `import { C } from "./c.ts"; const c = new C(); SERVE(() => new Response(c.f()));`,
      "c.ts": `export class C { n = 3; f = () => "one " + this.n; }`,
    },
    after: { "c.ts": `export class C { n = 3; f = () => "two " + this.n; }` },
    answer: `two 3`,
  },
  class_in_state: {
    keep: ["main.ts#kinds"],
    before: {
      "main.ts":
        `import { A } from "./a.ts"; const kinds = new Map([["a", A]]); SERVE(() => new Response(JSON.stringify(new (kinds.get("a")!)())));`,
      "a.ts": `export class A { v = "one"; }`,
    },
    after: { "a.ts": `export class A { v = "two"; extra = 1; }` },
    answer: `{"v":"two","extra":1}`,
  },
  extends_chain: {
    keep: ["main.ts#c"],
    before: {
      "main.ts":
        `import { B } from "./b.ts"; const c = new B(); SERVE(() => new Response(c.f()));`,
      "b.ts":
        `import { A } from "./a.ts"; export class B extends A { f() { return "B" + super.f(); } }`,
      "a.ts": `export class A { f() { return "one"; } }`,
    },
    after: {
      "a.ts":
        `export class A { f() { return "two" + this.g(); } g() { return "!"; } }`,
    },
    answer: `Btwo!`,
  },
  mixin_third: {
    keep: ["main.ts#c"],
    before: {
      "main.ts":
        `import { C } from "./c.ts"; const c = new C(); SERVE(() => new Response(c.f()));`,
      "c.ts":
        `import { mixin } from "./mixin.ts"; class Base {} export class C extends mixin(Base) { f() { return "one" + this.m(); } }`,
      "mixin.ts":
        `export const mixin = (B: any) => class extends B { m() { return "m1"; } };`,
    },
    after: {
      "mixin.ts":
        `export const mixin = (B: any) => class extends B { m() { return "m2"; } };`,
    },
    answer: `onem2`,
  },
  new_users_kept: {
    keep: ["main.ts#main.new Users"],
    before: {
      "main.ts":
        `class Users { n = 0; add() { return ++this.n; } } const handler = (users: Users) => () => new Response("one " + users.add()); export const main = () => { SERVE(handler(new Users())); }; main();`,
    },
    after: {
      "main.ts":
        `class Users { n = 0; add() { return ++this.n; } } const handler = (users: Users) => () => new Response("two " + users.add()); export const main = () => { SERVE(handler(new Users())); }; main();`,
    },
    answer: `two 3`,
  },
  ticking: {
    keep: ["main.ts#game"],
    before: {
      "main.ts":
        `class Game { n = 0; constructor() { setInterval(() => this.tick(), 20); } tick() { this.n++; } } const game = new Game(); SERVE(async () => { const a = game.n; await new Promise((r: Request) => setTimeout(r, 110)); return new Response("one " + (game.n - a > 1 && game.n - a < 9)); });`,
    },
    after: {
      "main.ts":
        `class Game { n = 0; constructor() { setInterval(() => this.tick(), 20); } tick() { this.n += 100; } } const game = new Game(); SERVE(async () => { const a = game.n; await new Promise((r: Request) => setTimeout(r, 110)); return new Response("two " + (game.n - a > 110 && game.n - a < 900)); });`,
    },
    answer: `two true`,
  },
  ticking_async: {
    keep: ["main.ts#main.game", "main.ts#other"],
    before: {
      "main.ts":
        `class Game { n = 0; static async create() { await 1; return new Game(); } constructor() { this.loop(); } loop() { this.n++; setTimeout(() => this.loop(), 20); } } let other = 0; async function main() { const game = await Game.create(); SERVE(async () => { const a = game.n; const b = other; await new Promise((r: Request) => setTimeout(r, 110)); return new Response("one " + (game.n - a > 1 && game.n - a < 9) + (other - b > 1 && other - b < 9)); }); } main(); setInterval(() => other++, 20);`,
    },
    after: {
      "main.ts":
        `class Game { n = 0; static async create() { await 1; return new Game(); } constructor() { this.loop(); } loop() { this.n++; setTimeout(() => this.loop(), 20); } } let other = 0; async function main() { const game = await Game.create(); SERVE(async () => { const a = game.n; const b = other; await new Promise((r: Request) => setTimeout(r, 110)); return new Response("two " + (game.n - a > 1 && game.n - a < 9) + (other - b > 1 && other - b < 9)); }); } main(); setInterval(() => other++, 20);`,
    },
    answer: `two truetrue`,
  },
  let_closure_kept: {
    keep: ["count.ts#n"],
    before: {
      "main.ts":
        `import { inc } from "./count.ts"; SERVE(() => new Response("one " + inc()));`,
      "count.ts":
        `let n = 0; export const inc = () => ++n; export const dec = () => --n;`,
    },
    after: {
      "count.ts":
        `let n = 0; export const inc = () => n += 10; export const dec = () => --n;`,
    },
    answer: `one 12`,
  },
  singleton_kept: {
    keep: ["db.ts#Db.one"],
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
    answer: `two 3`,
  },
  async_main_kept: {
    keep: ["main.ts#main.db"],
    before: {
      "main.ts":
        `import { open } from "./db.ts"; async function main() { const db = await open(); SERVE(() => new Response("one " + ++db.n)); } main();`,
      "db.ts":
        `export const open = async () => { await new Promise((r: Request) => setTimeout(r, 30)); return { n: 0 }; };`,
    },
    after: {
      "main.ts":
        `import { open } from "./db.ts"; async function main() { const db = await open(); SERVE(() => new Response("two " + ++db.n)); } main();`,
    },
    answer: `two 3`,
  },
  request_timer_kept: {
    keep: ["main.ts#n"],
    consent: ["timers:NAME/main.ts"],
    asks: ["/start", "/"],
    before: {
      "main.ts":
        `let n = 0; SERVE((r: Request) => { if (r.url.endsWith("start")) setInterval(() => n++, 20); return new Response("one " + (n > 0)); });`,
    },
    after: {
      "main.ts":
        `let n = 0; SERVE((r: Request) => new Response("two " + (n > 0)));`,
    },
    answer: `two true`,
  },
  loop_in_main_kept: {
    keep: ["t.ts#log"],
    consent: ["repeats:NAME/t.ts#log"],
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
    answer: `two`,
  },
  timeout_chain_kept: {
    keep: ["t.ts#log"],
    consent: ["repeats:NAME/t.ts#log"],
    before: {
      "main.ts":
        `import { log } from "./t.ts"; const tick = () => { log.push("one"); setTimeout(tick, 50); }; tick(); SERVE(async () => { log.length = 0; await new Promise((r: Request) => setTimeout(r, 250)); return new Response([...new Set(log)].join()); });`,
      "t.ts": `export const log: string[] = [];`,
    },
    after: {
      "main.ts":
        `import { log } from "./t.ts"; const tick = () => { log.push("two"); setTimeout(tick, 50); }; tick(); SERVE(async () => { log.length = 0; await new Promise((r: Request) => setTimeout(r, 250)); return new Response([...new Set(log)].join()); });`,
    },
    answer: `two`,
  },
  jobs_consented: {
    keep: ["main.ts#jobs"],
    consent: ["repeats:NAME/main.ts#jobs"],
    before: {
      "main.ts":
        `const jobs: string[] = []; jobs.push("default"); SERVE(() => new Response("one " + jobs));`,
    },
    after: {
      "main.ts":
        `const jobs: string[] = []; jobs.push("default"); SERVE(() => new Response("two " + jobs));`,
    },
    answer: `two default,default`,
  },
  local_other_kept: {
    keep: ["games.ts#makeGames.all"],
    before: {
      "main.ts":
        `import { makeGames } from "./games.ts"; const games = makeGames(); SERVE(() => new Response("one " + games.next()));`,
      "games.ts":
        `export function makeGames() { const all = new Map(); return { next: () => all.set(all.size, 1).size }; }`,
    },
    after: {
      "main.ts":
        `import { makeGames } from "./games.ts"; const games = makeGames(); SERVE(() => new Response("two " + games.next()));`,
    },
    answer: `two 3`,
  },
};
