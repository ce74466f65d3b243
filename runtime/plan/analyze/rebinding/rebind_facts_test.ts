import { assertEquals } from "@std/assert";
import { analyzeScript } from "../../../../src/release/graph/analysis/analyze.ts";

/** Facts of a module that imports from `./m.ts`. */
function facts(source: string, path = "a.tsx") {
  const imports = `import d, { a, b, C } from "./m.ts"; ` +
    `import * as ns from "./m.ts"; import { serve, app } from "npm:x"; `;
  return analyzeScript(path, imports + source, { rebind: true }).rebind!;
}

/** `name how fate` of each use, with `!` where it may run while the module is evaluated. */
function uses(source: string, path?: string): string[] {
  const { uses = [], top = [] } = facts(source, path);
  return uses.map(({ name, how, fate, why }, at) =>
    [name, how, why && `(${why})`, fate, top.includes(at) && "!"]
      .filter(Boolean).join(" ")
  );
}

const inside = (body: string) =>
  uses(
    `const kept = new Map(); let own: unknown; export function f(p: any) { ${body} }`,
  );

function each(
  cases: Readonly<Record<string, readonly string[]>>,
  of: (source: string) => string[],
) {
  assertEquals(
    Object.fromEntries(Object.keys(cases).map((it) => [it, of(it)])),
    cases,
  );
}

Deno.test("rebindFactsOf() tells calls inside of functions from whatever keeps hold of an import", () => {
  each({
    "a();": ["a call"],
    "a?.();": ["a call"],
    "(a)();": ["a call"],
    "(a as any)();": ["a call"],
    "d();": ["default call"],
    "new C();": ["C new"],
    "C.make();": ["C member"],
    "p instanceof C;": ["C test"],
    "ns.a();": ["a call"],
    "new ns.C();": ["C new"],
    "ns['a']();": ["a call"],
    "ns[p]();": ["* value (uses it as a whole)"],
    "Object.keys(ns);": ["* value (uses it as a whole)"],
    "const { a: x } = ns; x();": ["* value (uses it as a whole)"],
    "ns.a.b = 1;": ["a value (changes it)"],
    "C.count++;": ["C value (changes it)"],
    "C[p]();": ["C value (changes it)"],
    "p(a);": ["a value (passes it on)"],
    "p.on('x', a);": ["a value (passes it on)"],
    "p.x = a;": ["a value (gives it another name)"],
    "const x = a; x();": ["a value (gives it another name)"],
    "const { x = a } = p; x();": ["a value (gives it another name)"],
    "return a;": ["a value (returns it)"],
    "return () => a;": ["a value (returns it)"],
    "return { a };": ["a value (puts it away)"],
    "return [a];": ["a value (puts it away)"],
    "typeof a;": ["a value (asks for its type)"],
    "a`x`;": ["a value (tags a template with it)"],
    "return <C />;": ["C value (renders it)"],
    "class X extends C {}": ["C value (extends it)"],
    "if (a === p) return;": ["a value (uses its value)"],
    "p ? a() : b();": ["a call", "b call"],
  }, inside);
});

Deno.test("rebindFactsOf() follows results to where they are held", () => {
  each({
    "return a();": ["a call"],
    "return new Response(a());": ["a call"],
    "return Response.json({ x: [a(), ...b()] });": ["a call", "b call"],
    "const x = a(); return x + 1;": ["a call"],
    "const { x } = a(); if (x) return;": ["a call"],
    "for (const it of a()) p.send(it);": ["a call"],
    "p.send(`${a()}`);": ["a call"],
    "p.json(a().map((it: any) => it.x));": ["a call"],
    "const x = a(); return p.map((it: any) => it + x);": ["a call"],
    "return (async () => await a())();": ["a call"],
    "for (const it of kept.values()) it.send(a());": ["a call"],
    "p.register(a());": ["a call passed"],
    "p(a());": ["a call passed"],
    "p.x = a();": ["a call passed"],
    "serve(a());": ["a call passed"],
    "own = a();": ["a call held"],
    "own ??= a();": ["a call held"],
    "return own ??= { x: a() };": ["a call held"],
    "kept.set(p, a());": ["a call held"],
    "kept.get(p).x = a();": ["a call held"],
    "const x = a(); kept.set(p, x);": ["a call held"],
    "const x = {} as any; x.y = a(); own = x;": ["a call held"],
    "const list: any[] = []; list.push(a()); own = list;": ["a call held"],
    "const r = kept.get(p); r.x = a();": ["a call held"],
    "const x = a(); return () => x;": ["a call held"],
    "const x = a(); p.onmessage = () => p.send(x);": ["a call held"],
    "const x = a(); setInterval(() => p.send(x), 9);": ["a call held"],
    "a(kept);": ["a call held"],
    "kept.set(p, new C());": ["C new held"],
    "globalThis.x = a();": ["a call held"],
    "this.x = a();": ["a call held"],
    "const x = p.then(() => a()); own = x;": ["a call held"],
    "p.run(() => a());": ["a call held"],
    "const make = () => a(); p.run(make);": ["a call held"],
    "const make = () => a(); const run = (x: any) => x(); run(make);": [
      "a call",
    ],
    "const run = (x: any) => { own = x(); }; run(() => a());": ["a call held"],
    "const run = (x: any) => { own = x; }; run(() => a());": ["a call held"],
    "const all = { make: () => a() }; own = all.make();": ["a call held"],
    "p.make = () => a(); own = p.make();": ["a call held"],
    "for (const it of [() => a()]) own = it();": ["a call held"],
    "(async () => { const x = a(); while (true) { await p; p.send(x); } })();":
      [
        "a call held",
      ],
    "(async () => { while (true) { const x = a(); await p; p.send(x); } })();":
      [
        "a call",
      ],
    "(async () => { const x = a(); for await (const it of p) p.send(x); })();":
      [
        "a call held",
      ],
    "(async () => { for await (const it of a()) p.send(it); })();": [
      "a call held",
    ],
    "(async () => { const x = a(); for (const it of p) await it.send(x); })();":
      [
        "a call",
      ],
    // Whoever is called back has it.
    "a().forEach((x: any) => { own = x; });": ["a call held"],
    "a().forEach((x: any) => p.send(x));": ["a call"],
    "a().forEach((x: any) => kept.set(x, 1));": ["a call held"],
    "a().reduce((sum: any, x: any) => own = sum + x, 0);": ["a call held"],
    "a().then((x: any) => { own = x; });": ["a call held"],
    "a().then(([{ x }]: any) => { own = x; });": ["a call held"],
    "a().map((x: any) => x.y).filter(Boolean).forEach((y: any) => { own = y; });":
      ["a call held"],
    "a((x: any) => { own = x; });": ["a call held"],
    "a((x: any) => p.send(x));": ["a call"],
    "a(function () { own = arguments[0]; });": ["a call held"],
    "const put = (x: any) => { own = x; }; a(put);": ["a call held"],
    "new C((x: any) => { own = x; });": ["C new held"],
    "a().forEach(p);": ["a call passed"],
    "a().forEach(kept.add, kept);": ["a call held"],
    "return a().map(String);": ["a call"],
    "return a().join(p);": ["a call"],
    // A promise has what settles it.
    "own = new Promise((resolve) => resolve(a()));": ["a call held"],
    "return new Promise((resolve) => resolve(a()));": ["a call"],
    "const { promise, resolve } = Promise.withResolvers(); resolve(a()); own = promise;":
      ["a call held"],
    "const { promise, resolve } = Promise.withResolvers(); resolve(a()); return promise;":
      ["a call"],
    // What is set by it tells of it.
    "if (a()) own = 1;": ["a call held"],
    "if (a()) return; else own = 1;": ["a call held"],
    "if (a()) p.x = 1;": ["a call"],
    "if (a()) return () => { own = 1; };": ["a call"],
    "if (a()) { const own = 1; p(own); }": ["a call"],
    "own = a() ? 1 : 2;": ["a call held"],
    "return a() ? 1 : 2;": ["a call"],
    "a() && (own = 1);": ["a call held"],
    "while (a()) own = 1;": ["a call held"],
    "switch (a()) { case 1: own = 2; }": ["a call held"],
    "switch (a()) { case 1: return 2; }": ["a call"],
    "try { a(); } catch (error) { own = error; }": ["a call held"],
    "try { a(); } catch (error) { p.log(error); }": ["a call"],
    "try { p(); } catch { own = a(); }": ["a call held"],
    "try { p(); } catch (error) { own = error; a(); }": ["a call"],
  }, inside);
  assertEquals(
    uses(`let own: any; const put = (x: any) => { own = x; };
      export const f = () => put(a());`),
    ["a call held"],
  );
  assertEquals(
    uses(`let own: any; const make = () => a();
      export const f = () => { own = make(); };`),
    ["a call held"],
  );
  assertEquals(
    uses(`let own: any; class X { get() { return a(); } }
      export const f = (x: X) => { own = x.get(); };`),
    ["a call held"],
  );
  assertEquals(uses(`export class X { x = a(); static y = 1; }`), [
    "a call held",
  ]);
});

Deno.test("rebindFactsOf() tells which uses may run while modules are evaluated", () => {
  each(
    {
      "a();": ["a call !"],
      "if (a()) b();": ["a call !", "b call !"],
      "function start() { a(); } start();": ["a call !"],
      "const start = () => a(); start();": ["a call !"],
      "function late() { a(); } export { late };": ["a call"],
      "export default function () { a(); }": ["a call"],
      "export default { fetch: () => a() };": ["a call"],
      "Deno.serve(() => a());": ["a call"],
      "Deno.serve({ port: 1, handler: () => a() });": ["a call"],
      "const h = () => a(); Deno.serve(h);": ["a call"],
      "const h = { fetch: () => a() }; Deno.serve(h);": ["a call"],
      "app.get('/', () => a());": ["a call"],
      "app.get('/', h); function h() { a(); }": ["a call"],
      "app.get('key', () => a());": ["a call held !"],
      "app.use(() => a());": ["a call held !"],
      "app(() => a());": ["a call held !"],
      "[1].forEach(() => a());": ["a call !"],
      "const all = { x: () => a() }; export const f = (k: 'x') => all[k]();": [
        "a call",
      ],
      "const all = { x: () => a() }; Object.values(all).map((it) => it());": [
        "a call !",
      ],
      "setInterval(() => a(), 1);": ["a call"],
      "addEventListener('x', () => a());": ["a call"],
      "const t = new EventTarget(); t.addEventListener('x', () => a());": [
        "a call",
      ],
      "const t = new EventTarget(); t.addEventListener('x', () => a()); t.dispatchEvent(new Event('x'));":
        ["a call held !"],
      "export const t = new EventTarget(); t.addEventListener('x', () => a());":
        [
          "a call held !",
        ],
      "ns.bus.on('x', () => b());": ["bus member !", "b call held !"],
      "class X { m() { a(); } } new X();": ["a call !"],
      "class X { m() { a(); } } export const f = () => new X();": ["a call"],
      "class X { static { a(); } }": ["a call !"],
      "class X { static x = a(); }": ["a call held !"],
      "await 0; a();": ["a call !"],
      "function make() { return { x: () => a() }; } make();": ["a call !"],
      "Deno.serve(a);": ["a value (passes it on)"],
      "app.get('/', a);": ["a value (passes it on)"],
      "app.use(a);": ["a value (passes it on) !"],
      "export default { fetch: a };": ["a value (puts it away)"],
      "export default { fetch: a } satisfies object;": [
        "a value (puts it away)",
      ],
      "export { a };": ["a export"],
      "export default a;": ["default value (exports its value)"],
    },
    (source) =>
      uses(source).map((it) =>
        it.replace("a value (exp", "default value (exp")
      ),
  );
});

Deno.test("rebindFactsOf() tells what exports run and leave behind", () => {
  const of = (source: string) => {
    const { leaves = {}, runs = {}, uses = [] } = facts(source);
    return Object.fromEntries(
      Object.entries(leaves).map(([name, it]) => [
        name,
        [
          ...it.functions ? ["functions"] : [],
          ...it.data ? ["data"] : [],
          ...it.makes ?? [],
          ...(runs[name] ?? []).map((at) => `runs ${uses[at]!.name}`),
        ].join(" "),
      ]),
    );
  };
  assertEquals(
    of(`export function f() { return 1; }
      export const g = () => "x" + a();
      export async function h() { await b(); }
      export function* i() { yield 1; }
      export const j = () => () => 1;
      export const k = (on: any) => on("x", () => 1);
      export const l = (x: any[]) => x.map((it) => it + 1);
      export const m = () => new R();
      class R { run() { return a(); } }
      export class S { go() { return a(); } }
      export class T { on = () => 1; }
      export class U { on(x: any) { x.y = () => 1; } }
      export const n = () => a;
      const own = () => 1;
      export const o = () => own();
      export const p = () => ({ own });
      export const value = 1;
      export { a };
      export default () => ({ x: 1 });
      export let q = () => 1; q = () => 2;`),
    {
      f: "data",
      g: "data runs a",
      h: "data runs b",
      i: "functions",
      j: "functions",
      k: "functions",
      l: "",
      m: "R runs a",
      S: "runs a",
      T: "functions",
      U: "functions",
      n: "functions runs a",
      o: "data",
      p: "functions",
      default: "data",
    },
  );
});

Deno.test("rebindFactsOf() tells what only a server has", () => {
  const served = (source: string) =>
    (facts(source).uses ?? []).map(({ name, serves }) => `${name} ${serves}`);
  each({
    "Deno.serve(a);": ["a call"],
    "Deno.serve({ port: 1 }, a);": ["a call"],
    "Deno.serve({ handler: a });": ["a call"],
    "Deno.serve({ port: 1, handler: a } as any);": ["a call"],
    "Deno.serve({ handler: a, ['handler']: b });": [
      "a undefined",
      "b undefined",
    ],
    "Deno.serve({ ...b, handler: a });": ["b undefined", "a call"],
    "Deno.serve({ handler: a, ...b });": ["a undefined", "b undefined"],
    "Deno.serve({ onError: a }, b);": ["a undefined", "b call"],
    "Deno.serve({ x: { handler: a } });": ["a undefined"],
    "Deno.serve(...[a]);": ["a undefined"],
    "Deno.serve(a.b);": ["a undefined"],
    "Deno.serve(() => a());": ["a undefined"],
    "other.serve(a);": ["a undefined"],
    "{ const Deno = app; Deno.serve(a); }": ["a undefined"],
    "const it = { handler: a }; Deno.serve(it);": ["a undefined"],
    "export default { fetch: a };": ["a default"],
    "export default { fetch: a, x: 1 } satisfies unknown;": ["a default"],
    "export default { x: a };": ["a undefined"],
    "export default { fetch: a, get fetch() { return b; } };": [
      "a undefined",
      "b undefined",
    ],
    "export default { ...b, fetch: a };": ["b undefined", "a default"],
    "export default { fetch: ns.a };": ["a default"],
    "export default app({ fetch: a });": ["a undefined"],
    "export const it = { fetch: a };": ["a undefined"],
  }, served);
});
