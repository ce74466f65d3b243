import { assert, assertEquals } from "@std/assert";
import { touchesOf } from "../../protocol/manifest/module_analysis.ts";
import { A, of, topOf, touches } from "./analyze_fixture_test.ts";

Deno.test("top: every way to touch an import at the top level", () => {
  const found: string[][] = [], wanted: string[][] = [];
  for (
    const [code, ...expected] of [
      [`a.get("/", () => {});`, "./a.ts#a method get()"],
      [`a();`, "./a.ts#a call ()"],
      [`new a();`, "./a.ts#a construct new()"],
      ["a`x`;", "./a.ts#a call ()"],
      [`a.x = 1;`, "./a.ts#a write x"],
      [`a["x"] = 1;`, "./a.ts#a write x"],
      [`a[k] += 1;`, "./a.ts#a write []"],
      [`a.n++;`, "./a.ts#a write n"],
      [`delete a.x;`, "./a.ts#a write x"],
      [`[a.x, { y: a.y }] = z;`, "./a.ts#a write x", "./a.ts#a write y"],
      [`({ x: a.x = 1 } = z);`, "./a.ts#a write x"],
      [`for (a.i of list);`, "./a.ts#a write i"],
      [`Object.assign(a, { x: 1 });`, "./a.ts#a write"],
      [`f(a);`, "./a.ts#a pass"],
      [`f({ deep: [a] });`, "./a.ts#a pass"],
      [`f(...a);`],
      [`f(a.b);`, "./a.ts#a pass b"],
      [`globalThis.a = a;`, "./a.ts#a pass"],
      [`console.log(a, JSON.stringify(a), Object.keys(a), [...a]);`],
      [`const b = a; b.use(1);`, "./a.ts#a method use()"],
      [`const { b } = a; b.use(1);`, "./a.ts#a method b.use()"],
      [`const [b] = a; b.use(1);`, "./a.ts#a method [].use()"],
      [`let b; b = a; b.use(1);`, "./a.ts#a method use()"],
      [`for (const b of [a]) b.use(1);`, "./a.ts#a method use()"],
      [`const ctx = { app: a }; ctx.app.use(1);`, "./a.ts#a method use()"],
      [
        `(a as any).use(1); a!.drop();`,
        "./a.ts#a method use()",
        "./a.ts#a method drop()",
      ],
      [`a?.use?.(1);`, "./a.ts#a method use()"],
      [`(await a).use(1);`, "./a.ts#a method use()"],
      [`ns.a.use(1);`, "./a.ts#a method use()"],
      [`const { a: b } = ns; b.use(1);`, "./a.ts#a method use()"],
      [`ns.f();`, "./a.ts#f call ()"],
      [`new ns.C().run();`, "./a.ts#C method new().run()"],
      [
        `const i = new a(); i.run();`,
        "./a.ts#a construct new()",
        "./a.ts#a method new().run()",
      ],
      [`a.get("x").push(1);`, "./a.ts#a method get().push()"],
      [
        `const r = a.get("x"); r.list.push(1);`,
        "./a.ts#a method get()",
        "./a.ts#a method get().list.push()",
      ],
      [`(await import("./b.ts")).x.use(1);`, "./b.ts#x method use()"],
      [`f(() => import("./b.ts")); await import("./b.ts");`],
      [`class B extends a {}`, "./a.ts#a extend"],
      [`@a class B {}`, "./a.ts#a call ()"],
      [`@a("x") class B {}`, "./a.ts#a call ().()"],
      [`class B { @a method() {} }`, "./a.ts#a call ()"],
      [`class B { static x = a.make(); }`, "./a.ts#a method make()"],
      [`class B { static { a.use(this); } }`, "./a.ts#a method use()"],
      [`class B { [a.key()]() {} }`, "./a.ts#a method key()"],
      [`(() => a.use())();`, "./a.ts#a method use()"],
      [`(async function () { await 1; a.use(); })();`, "./a.ts#a method use()"],
      [`function f() { a.use(); } f();`, "./a.ts#a method use()"],
      [
        `const f = () => g(); function g() { a.use(); } f();`,
        "./a.ts#a method use()",
      ],
      [
        `const f = function () { a.use(); }; f.call(null);`,
        "./a.ts#a method use()",
      ],
      [`function f(x) { x.use(); } f(a);`, "./a.ts#a method use()"],
      [`function f({ x }) { x.use(); } f({ x: a });`, "./a.ts#a method use()"],
      [`function f(cb) { cb(); } f(() => a.use());`, "./a.ts#a method use()"],
      [`[1].forEach(() => a.use());`, "./a.ts#a method use()"],
      [`[a].forEach((x) => x.use());`, "./a.ts#a method use()"],
      [`names.forEach(a);`, "./a.ts#a call ()"],
      [`new Promise(() => a.use());`, "./a.ts#a method use()"],
      [
        `try { a.use(); } catch { a.other(); } finally { a.end(); }`,
        "./a.ts#a method use()",
        "./a.ts#a method other()",
        "./a.ts#a method end()",
      ],
      [
        `if (x) a.use(); else while (y) a.other();`,
        "./a.ts#a method use()",
        "./a.ts#a method other()",
      ],
      [`switch (x) { case 1: a.use(); }`, "./a.ts#a method use()"],
      [`label: for (;;) { a.use(); break label; }`, "./a.ts#a method use()"],
      [
        `class B { constructor() { a.use(); } run() { a.run(); } } new B();`,
        "./a.ts#a method use()",
      ],
      [`class B { x = a.make(); } new B();`, "./a.ts#a method make()"],
      [
        `class B { run() { a.run(); } } const b = new B(); b.run();`,
        "./a.ts#a method run()",
      ],
      [`class B { run() { a.run(); } } f(new B());`, "./a.ts#a method run()"],
      [
        `class P { run() { a.run(); } } class B extends P { constructor() { super(); this.run(); } } new B();`,
        "./a.ts#a method run()",
      ],
      [
        `class B { static make() { a.run(); } } B.make();`,
        "./a.ts#a method run()",
      ],
      [`const o = { run() { a.run(); } }; o.run();`, "./a.ts#a method run()"],
      [`namespace N { a.use(); }`, "./a.ts#a method use()"],
      [`enum E { X = a.x }`],
      // Not while the module is evaluated:
      [`setTimeout(() => a.use(), 10);`],
      [`Deno.serve(() => a.use());`],
      [`export const f = () => a.use();`],
      [`class B { run() { a.run(); } }`],
      [`export default { fetch: () => a.use() };`],
      // Another `a`:
      [`{ const a = x; a.use(); }`],
      [`function f(a) { a.use(); } f(1);`],
      [`try {} catch (a) { a.use(); }`],
      [`for (const a of list) a.use();`],
      [`const f = ({ a }) => a.use(); f(1);`],
      [`x.a.use(); ({ a: 1 }); b.a = 1;`],
      [`a: for (;;) break a;`],
      // Types are gone:
      [`type T = typeof a; let x: typeof a;`],
    ] as const
  ) {
    const all = touches(A + code);
    found.push([code, ...all.filter((it) => !it.startsWith("global:"))]);
    wanted.push([code, ...expected]);
  }
  assertEquals(found, wanted);
});

Deno.test("top: what is called outside of all modules is told, but for what the platform has", () => {
  assertEquals(
    touches(
      `greet("a"); globalThis.app.use(1); (self as any).late(); new Thing(); fetch("/"); setTimeout(f); console.log(1); app.n = 1; const later = () => other();`,
    ),
    ["global:#greet call ()", "global:#app call use()", "global:#late call ()"],
  );
});

Deno.test("top: what the runtime and packages bring is not touched", () => {
  assertEquals(
    touches(
      `import { holder } from "@flyhot/runtime"; import { Hono } from "npm:hono@4"; import fs from "node:fs"; holder("x"); new Hono(); fs.writeFileSync("x", "y");`,
    ),
    [],
  );
});

Deno.test("top: callbacks passed to an imported function are told with it", () => {
  const it = of(
    `import { route } from "./router.ts"; import { rooms } from "./rooms.ts"; route("/", () => rooms.set("x", 1));`,
  );
  const [touch] = topOf(it);
  const inner = touchesOf(it, touch?.callbacks);
  assertEquals(inner.map((it) => [it.name, it.member]), [[
    "rooms",
    "set()",
  ]]);
});

Deno.test("calls in arguments of calls take no longer than they are many", () => {
  const names = Array.from({ length: 8 }, (_, at) => `f${at}`);
  /** Functions that give back what others make of what yet others make, or of a name. */
  const text = (given: (name: string) => string) =>
    `class C { each() { return ${names[0]}(1); } }\n${
      names.map((name) =>
        `function ${name}(x) { return ${name}(${
          names.map(given).join(", ")
        }); }`
      ).join("\n")
    }\nimport { a } from "./a.ts"; a(() => new C().each());`;
  const timeOf = (source: string) => {
    const start = performance.now();
    of(source);
    return performance.now() - start;
  };
  const flat = text((name) => name), nested = text((name) => `${name}(x)`);
  timeOf(flat);
  const least = Math.min(...[1, 2, 3].map(() => timeOf(flat)));
  const most = Math.min(...[1, 2, 3].map(() => timeOf(nested)));
  // Each level would take eight times as long as the one above it.
  assert(most < 100 * Math.max(least, 1), `${most} ms, and ${least} ms`);
});
