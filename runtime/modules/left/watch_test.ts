import { assertEquals } from "@std/assert";
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { insertInto } from "../keep/line_map.ts";
import { inOrder } from "../keep/placed.ts";
import { type BeginWait, WAIT_KEY, watchWaits } from "./watch.ts";

const parse = await acornParser();

function watchedIn(text: string): string[] {
  return watchWaits(text, parse(text), "file:///a.js").watched.map((it) =>
    it.name ?? it.text
  );
}

Deno.test("watchWaits() finds loops of functions that wait and end by nothing that they do themselves", () => {
  const one = "for await (const it of all) use(it);";
  const two = "for (;;) { await next(); }";
  const three = "outer: while (true) { for (;;) { await x; break outer; } }";
  const four = "while (!signal.aborted) { if (a) { await b(); } }";
  const five = "do { await c; } while (this.running)";
  const text =
    `const f = async () => { ${one} }; async function g() { if (f) ${two} }
    class A { async *h() { ${three} } async i() { ${four} } j() { return async () => { ${five} }; } }`;
  assertEquals(watchedIn(text), [
    one,
    two,
    three,
    "for (;;) { await x; break outer; }",
    four,
    five,
  ]);
});

Deno.test("watchWaits() finds loops over what generators of the module make, by way of whatever", () => {
  const one = "for (const id of ids()) await take(id);";
  const two = "for (const id of this.all().filter(isFree)) yield id;";
  const three = "for (const id of more()) { await take(id); }";
  const text = `function* ids() {} const more = function* () {};
    const f = async () => { ${one} for (const id of ids()) use(id); };
    class A { *all() {} *free() { ${two} } async g() { ${three} for (const it of list()) await it; } }`;
  assertEquals(watchedIn(text), [one, two, three]);
});

Deno.test("watchWaits() leaves alone what has an end, waits for nothing, or is no function's", () => {
  assertEquals(
    watchedIn(
      `for await (const it of all) use(it);
      async function f() {
        for (const it of all) await it;
        for (let at = 0; at < 3; at++) await at;
        while (queue.length) await queue.pop();
        for (;;) { setTimeout(async () => { await x; }); break; }
      }`,
    ),
    [],
  );
});

Deno.test("watchWaits() finds functions that wait before they lead to themselves", () => {
  const all: readonly (readonly [text: string, names: readonly string[]])[] = [
    [`const next = () => take().then(() => { next(); });`, ["next"]],
    [`const next = () => take().then(next);`, ["next"]],
    [`function next() { return take().then(next.bind(null, 1)); }`, ["next"]],
    [`function next() { take().finally(() => next()); }`, ["next"]],
    [`function next() { take().catch(() => next()); }`, ["next"]],
    [`function next() { queueMicrotask(next); }`, ["next"]],
    [`function next() { process.nextTick(() => next()); }`, ["next"]],
    [`import fs from "node:fs"; const next = () => fs.stat(".", next);`, [
      "next",
    ]],
    [
      `import { stat } from "node:fs"; const next = () => stat(".", () => next());`,
      ["next"],
    ],
    [`const next = async () => { await take(); next(); };`, ["next"]],
    [`const next = async () => (await take(), next());`, ["next"]],
    [`const next = async (a) => next(await take());`, ["next"]],
    [`async function* all() { yield await take(); yield* all(); }`, ["all"]],
    [`const one = () => take().then(() => two()); const two = () => one();`, [
      "one",
    ]],
    [`let next; next = () => take().then(() => next());`, ["next"]],
    [`const all = { next() { take().then(() => all.next()); } };`, ["next"]],
    [`all.next = () => take().then(() => all.next());`, ["next"]],
    [`class A { static next() { take().then(() => A.next()); } }`, ["next"]],
    [`class A { next = () => take().then(() => this.next()); }`, ["next"]],
    [`const next = () => later(() => next());`, ["next"]],
    [`const next = () => { (async () => { await take(); next(); })(); };`, [
      "next",
    ]],
    [`const start = () => { const next = () => take().then(next); next(); };`, [
      "next",
    ]],
    // They follow their class.
    [`class A { next() { take().then(() => this.next()); } }`, []],
    [`class A { async next() { await take(); this.next(); } }`, []],
    // Timers are known by themselves.
    [`const next = () => setTimeout(() => next(), 5);`, []],
    [`const walk = (at) => { for (const it of at.all) walk(it); };`, []],
    [
      `const next = () => take().then(() => other()); const other = () => {};`,
      [],
    ],
    [`emitter.once("x", function turn() { emitter.off("x", turn); });`, []],
    [`const next = () => { emitter.once("x", next); };`, []],
    // Around a part of an optional chain nothing can be put, nor around all of a list.
    [`const next = () => a?.b().then(next);`, []],
    [`const next = () => (a, take()).then(next);`, []],
  ];
  for (const [text, names] of all) assertEquals(watchedIn(text), names, text);
});

/** Evaluates a text as it is, and watched: with what is inside of waits. */
async function evaluated(text: string) {
  const { placed, watched, end } = watchWaits(
    text,
    parse(text),
    "a.js",
  );
  const source = insertInto(text, inOrder(placed), end);
  const inside: number[] = [];
  const told: string[] = [];
  const begin: BeginWait = (url, at) => {
    inside.push(at);
    told.push(`${url} ${at}`);
    const end = () => {
      inside.splice(inside.indexOf(at), 1);
    };
    return {
      end,
      promise: (it) => {
        if (it instanceof Promise) it.then(end, end);
        return it;
      },
      given: (it) =>
        new Proxy(it as () => void, {
          apply: (target, self, args) => {
            end();
            return Reflect.apply(target, self, args);
          },
        }) as typeof it,
      later: (it) => {
        end();
        return it;
      },
    };
  };
  (globalThis as { [WAIT_KEY]?: BeginWait })[WAIT_KEY] = begin;
  const url = (it: string) => `data:text/javascript,${encodeURIComponent(it)}`;
  return {
    watched: await import(url(source)),
    plain: await import(url(text)),
    count: watched.length,
    inside,
    told,
    [Symbol.dispose]() {
      delete (globalThis as { [WAIT_KEY]?: BeginWait })[WAIT_KEY];
    },
  };
}

Deno.test("a watched loop says when it is entered and left, whatever ends it", async () => {
  using app = await evaluated(`
    export async function ends(kind) {
      let turns = 0;
      outer: for (;;) {
        await null;
        for await (const it of [1, 2, 3]) {
          var seen = it;
          if (++turns === 2 && kind === "continue") continue outer;
          if (turns > 4) break outer;
          if (it === 2 && kind === "throw") throw new Error("thrown");
          if (it === 2 && kind === "return") return "returned " + seen;
        }
      }
      return "left " + seen + " " + turns;
    }
    export async function* numbers() { for (let at = 0;; at++) { await null; yield at; } }`);
  const { watched, plain, inside, told } = app;
  assertEquals(app.count, 3);
  for (const kind of ["", "continue", "throw", "return"]) {
    const outcome = (it: typeof plain) =>
      it.ends(kind).catch(({ message }: Error) => message);
    assertEquals(await outcome(watched), await outcome(plain));
    assertEquals(inside, []);
  }
  const numbers = watched.numbers();
  assertEquals((await numbers.next()).value, 0);
  assertEquals(inside, [2]);
  await numbers.return();
  assertEquals(inside, []);
  assertEquals(told[0], "a.js 0");
});

Deno.test("a watched chain does what it did, and says when each of its waits is over", async () => {
  using app = await evaluated(`
    export const log = [];
    let left = 0;
    let wake = null;
    export const turn = () => { left--; wake?.(); };
    const take = (fails) => new Promise((done, failed) => { wake = () => { wake = null; fails ? failed(new Error("no")) : done("taken"); }; });
    const note = (it) => { log.push(it); };
    const a = () => take().then(() => { note("a"); if (left > 0) a(); });
    const b = () => { take(true).catch(({ message }) => { note("b " + message); if (left > 0) b(); }); };
    const c = async (given) => { "use strict"; given ??= "c"; note(given + " " + await take()); if (left > 0) return c(); };
    const d = async () => (note("d " + await take()), left > 0 ? d() : "over");
    const e = async (
      first,
    ) =>
      left < 1 ? "over" : e(await take());
    function f() { queueMicrotask(() => { note("f"); if (--left > 0) f(); }); }
    const g = (...all) => take().finally(async () => { note("g"); left > 0 && g(...all); });
    const h = { h() { return take().then((it) => { note("h " + it); if (left > 0) h.h(); }, note); } };
    const i = () => { const one = () => take().then(two); const two = () => { note("i"); if (left > 0) one(); }; one(); };
    const all = { a, b, c, d, e, f, g, h: h.h, i };
    export const names = Object.keys(all);
    export const start = (name, turns) => { log.length = 0; left = turns; return all[name](); };`);
  const { watched, plain, inside } = app;
  const soon = () => new Promise((done) => setTimeout(done));
  for (const name of plain.names) {
    const outcome = async (it: typeof plain) => {
      const result = it.start(name, 3);
      const seen: unknown[] = [];
      for (let turn = 0; turn < 4; turn++) {
        if (it === watched && turn < 3 && name !== "f") {
          assertEquals(inside.length > 0, true, `${name} waits`);
        }
        it.turn();
        await soon();
        seen.push([...it.log]);
      }
      return [seen, await result];
    };
    assertEquals(await outcome(watched), await outcome(plain), name);
    assertEquals(inside, [], name);
  }
});
