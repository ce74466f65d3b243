import { assertEquals } from "@std/assert";
import { analyzeScript } from "../../../../src/release/graph/analysis/analyze.ts";

const SERVE = (answer: string) =>
  `Deno.serve(() => new Response(String(${answer})));`;

/** What a module holds that would be lost: its variables and the locals of its functions. */
function stateOf(source: string): string {
  const { bindings = [], kept = [] } = analyzeScript("main.ts", source);
  return [
    ...bindings.map(({ name, why }) => `${name} ${why}`),
    ...kept.flatMap(({ name, state }) => state ? [`${name} ${state.why}`] : []),
  ].join(", ");
}

function check(cases: Readonly<Record<string, string>>): void {
  for (const [source, expected] of Object.entries(cases)) {
    assertEquals(stateOf(source), expected, source);
  }
}

Deno.test("state: what begins empty and only imports can fill, which later code gives it to", () => {
  const bump = `import { bump } from "./bump.ts"; import * as all from "x";`;
  check({
    [`${bump} const hits = new Map(); ${SERVE("bump(hits, 1)")}`]:
      "hits mutated",
    [`${bump} const list = []; export const add = (it) => all.push(list, it);`]:
      "list mutated",
    [`${bump} const o = {}; export const add = (it) => bump({ o }, it);`]:
      "o mutated",
    // A constant, what is filled at once, what functions of its own module get, and what is only shown.
    [`${bump} const NONE = []; ${SERVE("bump(NONE)")}`]: "",
    [`${bump} const list = []; list.push(1); ${SERVE("bump(list)")}`]: "",
    [`${bump} const list = []; bump(list); ${SERVE("list.length")}`]: "",
    [`const f = (it) => it.length, list = []; ${SERVE("f(list)")}`]: "",
    [`const list = []; ${SERVE("JSON.stringify(list)")}`]: "",
  });
});

Deno.test("state: what functions in tables change of what they are given", () => {
  const state = "const state = { n: 0 };";
  const table = "const by = { inc: (it) => { it.n++; }, get: (it) => it.n };";
  check({
    [`${state} ${table} ${SERVE("by[name](state)")}`]: "state mutated",
    [`${state} ${table} ${SERVE("by.inc(state)")}`]: "state mutated",
    [`${state} ${table} ${SERVE("by.get(state)")}`]: "",
    [`${state} ${table} by.inc(state); ${SERVE("by.get(state)")}`]: "",
    [
      `${state} const all = [(it) => { it.n++; }]; export const run = () => { for (const f of all) f(state); };`
    ]: "state mutated",
    [
      `${state} const run = (f) => f(state); function step(it) { it.n++; } ${
        SERVE("run(step)")
      }`
    ]: "state mutated",
  });
});

Deno.test("state: what requests store for themselves is none", () => {
  const als =
    `import { AsyncLocalStorage } from "node:async_hooks"; const als = new AsyncLocalStorage();`;
  check({
    [`${als} ${SERVE("als.run({ n: 0 }, () => ++als.getStore().n)")}`]: "",
    [`${als} export const name = (n) => { const it = als.getStore(); it.name = n; it.log.push(n); };`]:
      "",
    [`${als} ${SERVE("als.last = 1")}`]: "als mutated",
  });
});

Deno.test("state: parameters that closures go on changing", () => {
  check({
    [
      `const counter = ((n) => ({ inc: () => ++n }))(0); ${
        SERVE("counter.inc()")
      }`
    ]: "counter.n written",
    [
      `const counter = (function (n, log = []) { return { inc() { log.push(1); return ++n; } }; })(0); ${
        SERVE("counter.inc()")
      }`
    ]: "counter.n written, counter.log mutated",
    [
      `function make(n) { return () => ++n; } const inc = make(0); ${
        SERVE("inc()")
      }`
    ]: "make.n written",
    [
      `function make(n) { function inc() { return ++n; } return { inc }; } const c = make(0); ${
        SERVE("c.inc()")
      }`
    ]: "make.n written",
    [
      `function make(n) { const step = () => ++n; const inc = () => step(); return inc; } const c = make(0); ${
        SERVE("c()")
      }`
    ]: "make.n written",
    [
      `const add = (list) => (x) => list.push(x); const push = add([]); ${
        SERVE("push(1)")
      }`
    ]: "add.list mutated",
    [
      `function once(f, done = false) { return () => { if (done) return; done = true; f(); }; } const g = once(() => 1); ${
        SERVE("g()")
      }`
    ]: "once.done written",
  });
});

Deno.test("state: variables of blocks, of catch, and of functions without a name", () => {
  check({
    [`{ let n = 0; ${SERVE("++n")} }`]: "n written",
    [`for (const name of ["a"]) { let hits = 0; ${SERVE("name + ++hits")} }`]:
      "hits written",
    [`["a"].forEach((name) => { let hits = 0; ${SERVE("name + ++hits")} });`]:
      "hits written",
    [`(() => { let n = 0; ${SERVE("++n")} })();`]: "n written",
    [
      `(async () => { const rooms = new Map(); ${
        SERVE("rooms.set(1, 2)")
      } })();`
    ]: "rooms mutated",
    [
      `class G { n = 0; inc() { return ++this.n; } } (() => { const g = new G(); ${
        SERVE("g.inc()")
      } })();`
    ]: "g instance",
    [`try { throw 1; } catch (e) { ${SERVE("++e")} }`]: "e written",
  });
});

Deno.test("state: objects whose methods change them, however they are made", () => {
  const literal = "{ n: 0, inc() { return ++this.n; } }";
  const serve = SERVE("c.inc()");
  check({
    [`const c = ${literal}; ${serve}`]: "c mutated",
    [`const make = () => (${literal}); const c = make(); ${serve}`]:
      "c mutated",
    [`function make() { const it = ${literal}; return it; } const c = make(); ${serve}`]:
      "c mutated",
    [
      `function make() { return { inner: ${literal} }; } const c = make(); ${
        SERVE("c.inner.inc()")
      }`
    ]: "c mutated",
    [`export default ${literal};`]: "default mutated",
    [`function make() { return ${literal}; } export default make();`]:
      "default mutated",
    [`function C() { this.n = 0; } C.prototype.inc = function () { return ++this.n; }; const c = new C(); ${serve}`]:
      "c instance",
    [`const c = new (class { n = 0; inc() { return ++this.n; } })(); ${serve}`]:
      "c instance",
  });
});

Deno.test("state: what is given as `this`, made of a literal, and instances of classes that calls make", () => {
  const hit = "function hit(by) { this.n += by; } const it = { n: 0 };";
  const base = "const base = { inc() { this.n++; } };";
  const Mixed = "const Mixed = (Base) => class extends Base { n = 0; };";
  check({
    [`${hit} ${SERVE("hit.call(it, 1)")}`]: "it mutated",
    [`${hit} ${SERVE("hit.apply(it, [1])")}`]: "it mutated",
    [`${hit} ${SERVE("Reflect.apply(hit, it, [1])")}`]: "it mutated",
    [`${hit} const add = hit.bind(it); ${SERVE("add(1)")}`]: "it mutated",
    [`${hit} const add = hit.bind({ n: 0 }); ${SERVE("add(1)")}`]:
      "add mutated",
    [`${hit} ${SERVE("hit.call({ n: 0 }, 1)")}`]: "",
    [`${base} const it = { n: 0, __proto__: base }; ${SERVE("it.inc()")}`]:
      "base mutated, it mutated",
    [`${base} const it = { ...base, n: 0 }; ${SERVE("it.inc()")}`]:
      "base mutated, it mutated",
    [
      `${base} const it = Object.assign(Object.create(base), { n: 0 }); ${
        SERVE("it.inc()")
      }`
    ]: "base mutated, it mutated",
    [`${Mixed} const it = new (Mixed(Object))(); ${SERVE("it.n")}`]:
      "it instance",
    [`${Mixed} const It = Mixed(Object), it = new It(); ${SERVE("it.n")}`]:
      "it instance",
    [
      `import { mixed } from "./mixed.ts"; const It = mixed(Object), it = new It(); ${
        SERVE("it.n")
      }`
    ]: "it instance",
    [
      `const Plain = () => class { n() { return 1; } }; const It = Plain(), it = new It(); ${
        SERVE("it.n()")
      }`
    ]: "",
  });
});

Deno.test("state: changes by other ways than a method's name", () => {
  check({
    [`const a = []; ${SERVE("Array.prototype.push.call(a, 1)")}`]: "a mutated",
    [`const a = []; ${SERVE("a.push.apply(a, [1])")}`]: "a mutated",
    [`const a = []; const add = a.push.bind(a); ${SERVE("add(1)")}`]:
      "a mutated",
    [`const a = []; const get = () => a; ${SERVE("get().push(1)")}`]:
      "a mutated",
    [`const a = { n: 0 }; const get = () => a; ${SERVE("get().n++")}`]:
      "a mutated",
    [
      `function h(r, cache = CACHE) { return cache.set(1, 2); } const CACHE = new Map(); ${
        SERVE("h(1)")
      }`
    ]: "CACHE mutated",
    [
      `const u = new URL("http://x"); ${
        SERVE(`u.searchParams.append("a", "b")`)
      }`
    ]: "u mutated",
    [
      `const reader = Deno.stdin.readable.getReader(); ${
        SERVE("reader.read()")
      }`
    ]: "reader handle",
  });
});

Deno.test("state: who listens since the evaluation", () => {
  check({
    [
      `import { EventEmitter } from "node:events"; const e = new EventEmitter(); ${
        SERVE(`e.on("x", () => {})`)
      }`
    ]: "e mutated",
    [
      `const e = new EventTarget(); ${
        SERVE(`e.addEventListener("x", () => {})`)
      }`
    ]: "e mutated",
    // Who listens from the beginning listens again.
    [
      `const e = new EventTarget(); e.addEventListener("x", () => {}); ${
        SERVE(`e.dispatchEvent(new Event("x"))`)
      }`
    ]: "",
  });
});

Deno.test("state: what ends with the call that made it is none", () => {
  check({
    [
      `export function parse(text, at) { const next = () => text[at++]; return next() + next(); } const x = parse("ab", 0); ${
        SERVE("x")
      }`
    ]: "",
    [`Deno.serve((r, n = 0) => { const inc = () => ++n; return new Response(String(inc())); });`]:
      "",
    [`const limit = (o) => (r) => { let n = o.n; n++; return new Response(String(n)); }; Deno.serve(limit({ n: 1 }));`]:
      "",
    [
      `const all = [1, 2].reduce((sum, x) => { sum[x] = x; return sum; }, {}); ${
        SERVE("all[1]")
      }`
    ]: "",
    [
      `function clean(o) { o = { ...o }; return () => o.n; } const f = clean({ n: 1 }); ${
        SERVE("f()")
      }`
    ]: "",
    [`for (let at = 0; at < 2; at++) console.log(at); ${SERVE("1")}`]: "",
    [
      `const c = { all: [], listed(x) { return [...this.all, x]; } }; ${
        SERVE("c.listed(1)")
      }`
    ]: "",
    ["export function args(list) { const found = {}; list.slice(2).forEach((it) => { const all = it.slice(1).split(''); all.forEach((x) => { found[x] = 1; }); }); return found; } args(Deno.args);"]:
      "",
    ["export function merge(a) { const out = {}; Object.keys(a).forEach((k) => { ['x'].map((x) => { out[k + x] = a[k]; }); }); return out; } merge({});"]:
      "",
  });
});

Deno.test("state: what a function walks through is state where the callback may go on", () => {
  check({
    // Whoever has a method of that name may call it whenever it likes.
    ["export function start(bus) { const seen = {}; bus.forEach((it) => { seen[it] = 1; }); } start(new Bus());"]:
      "start.seen mutated",
    ["export function start() { const seen = {}; ['a'].forEach((it) => addEventListener(it, () => { seen[it] = 1; })); } start();"]:
      "start.seen mutated",
    ["export function start() { const seen = {}; ['a'].forEach(async (it) => { seen[it] = await it; }); } start();"]:
      "start.seen mutated",
  });
});

Deno.test("state: a collection that is used up where it was made is none", () => {
  const tick = (code: string) =>
    `const users = new Map(); function tick() { const list = []; ${code} } setInterval(tick, 9);`;
  const use = 'import { use } from "./use.ts";';
  check({
    [tick("users.forEach((it) => { list.push(it); });")]: "",
    [tick("[...users].filter(Boolean).forEach((it) => list.push(it));")]: "",
    [use + tick("list.push(1); use(list.join());")]: "",
    [use + tick("use(list.slice(), list.length);")]: "",
    // What is called later, by whomever.
    [tick("users.forEach((it) => { it.on(() => list.push(1)); });")]:
      "tick.list mutated",
    [tick("return users.keys().map((it) => list.push(it));")]:
      "tick.list mutated",
    [tick("users.forEach(async (it) => { list.push(await it); });")]:
      "tick.list mutated",
    [tick("Promise.all([1].map(async (it) => { list.push(await it); }));")]:
      "tick.list mutated",
    // Given is what it is, or a way to change it.
    [use + tick("use(list);")]: "tick.list mutated",
    [use + tick("use(list.sort());")]: "tick.list mutated",
    [use + tick("use(list.push);")]: "tick.list mutated",
    [use + tick("use(list.push.bind(list));")]: "tick.list mutated",
    [use + tick("use(list.values());")]: "tick.list mutated",
    [use + tick("use([list]);")]: "tick.list mutated",
  });
});

Deno.test("state: an object of functions is none, whatever they are called", () => {
  const store = (fields: string, besides = "") =>
    `const store = { ${fields} }; ${besides} ${SERVE("store.add(1)")}`;
  check({
    [store("add(x) { return x; }, set: (x) => x, delete: function () {}")]: "",
    [`${store("add")} function add(x) { return x; }`]: "",
    // What they change has a name of its own.
    [`let n = 0; ${store("add() { n++; }")}`]: "n written",
    [store("items: [], add(x) { this.items.push(x); }")]: "store mutated",
    [store("add(x) { grow(this); }", "function grow(o) { o.x = 1; }")]:
      "store mutated",
    [`import { grow } from "./grow.ts"; ${store("add(x) { grow(this); }")}`]:
      "store mutated",
    [`${store("add")} function add(x) { this.items = x; }`]: "store mutated",
    // They may be others by then.
    [store("add() {}, ...others")]: "store mutated",
    [store("get add() { return others.add; }")]: "store mutated",
    [store("add() {}", "store.add = function (x) { this.items = x; };")]:
      "store mutated",
    [store("add() {}", "Object.assign(store, others);")]: "store mutated",
    [store("add: others.add")]: "store mutated",
    [store("add: others.add.bind(others)")]: "store mutated",
  });
});
