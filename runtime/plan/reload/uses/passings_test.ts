import { assertEquals } from "@std/assert";
import { analyzeScript } from "../../../../src/release/graph/analysis/analyze.ts";
import { relativePath, type View } from "../../lookup/views.ts";
import { NOTHING_KNOWN, type UsesOfView, usesOfView } from "./import_uses.ts";
import { inOneGo } from "../../../base/in_slices.ts";

type App = Readonly<Record<string, string>>;

const M = `export const f = () => globalThis.x;
export class C { x = 1; hi() { return this.x; } get told() { return 1; } static make() {} }
export class Made { constructor() { this.x = f(); } hi() {} }
export const own = (x: any) => { kept.add(x); }; const kept = new Set();
`;

function usesOf(app: App): UsesOfView {
  const analyses = new Map(
    Object.entries(app).map(([path, source]) => [
      path,
      analyzeScript(path, source, { rebind: true }),
    ]),
  );
  const resolve = (path: string, specifier: string) =>
    specifier.startsWith(".") ? relativePath(path, specifier) : null;
  const view: View = {
    analysis: (path) => analyses.get(path),
    setters: () => [],
    listeners: () => [],
    resolve,
    imports: (path) =>
      (analyses.get(path)?.imports ?? []).map((it) =>
        resolve(path, it.specifier)
      ).filter((it) => it !== null),
  };
  return inOneGo(usesOfView(view, Object.keys(app), NOTHING_KNOWN));
}

/** What becomes of what `f` gives in `a.tsx`, through the functions of `h.ts` and what these pass it to in `i.ts`. */
function fate(use: string, h: string, i = ""): string {
  const uses = usesOf({
    "m.ts": M,
    "i.ts": i,
    "h.ts": `import { i } from "./i.ts"; import ext from "npm:x"; ${h}`,
    "a.tsx":
      `import { f, own } from "./m.ts"; import { h, g } from "./h.ts"; import * as ns from "./h.ts"; import ext from "npm:x"; export function use(p: any) { ${use} }`,
  });
  const entry = uses.of("m.ts", "a.tsx").find(({ use }) => use.name === "f")!;
  return uses.fateOf(entry) ?? "gone";
}

Deno.test("Passings: a value goes where the functions of other modules let it go", () => {
  const cases: readonly [expected: string, h: string, i?: string][] = [
    ["gone", `export const h = (x: any) => x.map((it: any) => it.y).join();`],
    ["gone", `export function h() {}`],
    ["gone", `export function h(...all: any) { return all.length; }`],
    ["gone", `export default 1; export const h = async (x: any) => await x;`],
    [
      "held",
      `const all = new Set(); export const h = (x: any) => { all.add(x); };`,
    ],
    ["held", `let last; export const h = (x: any) => { last = x; };`],
    ["held", `let last; export const h = ([{ x }]: any) => { last = x; };`],
    ["held", `let last; export const h = (...all: any) => { last = all; };`],
    ["held", `let last; export function h() { last = arguments[0]; }`],
    ["held", `export const h = (x: any) => () => x;`],
    ["held", `export const h = (x: any) => { setInterval(() => x.y, 9); };`],
    ["held", `let last; export const h = (x: any) => { if (x) last = 1; };`],
    ["passed", `export const h = (x: any, to?: any) => { to.put(x); };`],
    ["passed", `export const h = (x: any) => ext(x);`],
    ["passed", `export class h { constructor(x: any) { void x; } }`],
    ["passed", `export let h = (x: any) => x; h = ext;`],
    ["passed", `export { default as h } from "npm:x";`],
    [
      "gone",
      `export const h = (x: any) => i(x);`,
      `export const i = (x: any) => x;`,
    ],
    ["passed", `export const h = (x: any) => i(x);`, `export const i = 1;`],
    [
      "held",
      `export const h = (x: any) => i(x);`,
      `let last; export const i = (x: any) => { last = x; };`,
    ],
    [
      "held",
      `export const h = (x: any, n = 9) => n > 0 ? i(x, n - 1) : 0;`,
      `import { h } from "./h.ts"; let last; export const i = (x: any, n: any) => { h(x, n); last = x; };`,
    ],
    [
      "gone",
      `export const h = (x: any, n = 9) => n > 0 ? i(x, n - 1) : 0;`,
      `import { h } from "./h.ts"; export const i = (x: any, n: any) => h(x, n);`,
    ],
    ["gone", `export const h = (x: any, to?: any) => { to.put(x.length); };`],
    ["gone", `export const h = (x: any, to?: any) => { to.put(\`\${x}\`); };`],
    ["held", `let last; export const h = (x: any) => { last = x.length; };`],
  ];
  assertEquals(
    cases.map(([, h, i]) => [fate("h(f());", h, i), h, i]),
    cases.map(([expected, h, i]) => [expected, h, i]),
  );
});

Deno.test("Passings: a value is passed by call, by a namespace, as a component's attribute", () => {
  const h =
    `let last; export const h = (x: any) => { last = x; }; export const g = (_: any, x: any) => x;`;
  const cases: readonly [expected: string, use: string][] = [
    ["held", "h(f());"],
    ["held", "const x = f(); return h(x);"],
    ["held", "ns.h(f());"],
    ["held", "f().forEach((x: any) => h(x));"],
    ["held", "return <h x={f()} />;"],
    ["held", "const H = h; return <ns.h x={f()} />;"],
    ["gone", "g(f());"],
    ["gone", "return g(1, f());"],
    ["gone", "g(1, 2, f());"],
    ["passed", "g(...p, f());"],
    ["passed", "new g(f());"],
    ["passed", "h?.call(p, f());"],
    ["passed", "ext(f());"],
    // It gets back what it has given.
    ["gone", "own(f());"],
    ["gone", "ext(f().length); ext(`${f()}`); ext(!f());"],
    ["held", "h(f().length);"],
  ];
  // In lower case it is a tag, with dots a component nobody follows.
  const known = new Map([
    ["return <h x={f()} />;", "gone"],
    ["const H = h; return <ns.h x={f()} />;", "gone"],
  ]);
  assertEquals(
    cases.map(([, use]) => [fate(use, h), use]),
    cases.map(([expected, use]) => [known.get(use) ?? expected, use]),
  );
  const component =
    `let last; export const h = ({ x }: any) => { last = x; }; export const g = ({ x }: any) => <p>{x}</p>;`;
  const rendered = (use: string, h: string) => {
    const uses = usesOf({
      "m.ts": M,
      "h.tsx": h,
      "a.tsx":
        `import { f } from "./m.ts"; import { h as H, g as G } from "./h.tsx"; export function use() { ${use} }`,
    });
    const [entry] = uses.of("m.ts", "a.tsx");
    return uses.fateOf(entry!) ?? "gone";
  };
  assertEquals(
    ["<H x={f()} />", "<G x={f()} />", "<H>{f()}</H>", "<G>{f()}</G>"].map(
      (it) => rendered(`return ${it};`, component),
    ),
    ["held", "gone", "held", "gone"],
  );
});

/** Whether methods of what `a.ts` makes at its top level count as run. */
function runs(main: string, h = "", m = M): boolean {
  const uses = usesOf({
    "leaf.ts": `export const leaf = () => 1;`,
    "m.ts": m.replace("return this.x", "return leaf()") +
      `import { leaf } from "./leaf.ts";`,
    "h.ts": h,
    "a.ts":
      `import { C, Made, f } from "./m.ts"; import { h } from "./h.ts"; import ext, { Hono } from "npm:hono"; ${main}`,
  });
  const [entry] = uses.of("leaf.ts", "m.ts");
  return uses.hasRun(entry!);
}

Deno.test("an instance of which no code of the start asks for a method has run none", () => {
  const idle = [
    `new C();`,
    `const c = new C(); Deno.serve(() => new Response(c.hi()));`,
    `const c = new C(); const app = new Hono(); app.get("/", () => c.hi());`,
    `const c = new C(); setInterval(() => c.hi(), 9);`,
    `const c = new C(); console.log(c.x);`,
    `const c = new C(); if (c === null || !c) f();`,
    `function main() { const c = new C(); Deno.serve(() => new Response(c.hi())); } main();`,
    `const c = new C(); const go = (it: C) => { Deno.serve(() => new Response(it.hi())); }; go(c);`,
    `h(new C());`,
    `const c = new C(); h(c, c);`,
    `let c = new C(); Deno.serve(() => { c = new C(); return new Response(c.hi()); });`,
  ];
  const H =
    `export const h = (it: any, _: any) => { setTimeout(() => it.hi()); };`;
  assertEquals(idle.filter((main) => runs(main, H)), []);
  const busy = [
    `new C().hi();`,
    `const c = new C(); c.hi();`,
    `const c = new C(); c?.hi();`,
    `const c = new C(); c.told;`,
    `const c = new C(); const { hi } = c;`,
    `const { hi } = new C();`,
    `const c = new C(); c["h" + "i"]();`,
    `const c = new C(); c.hi = () => 1;`,
    `export const c = new C();`,
    `const c = new C(); export { c };`,
    `export default new C();`,
    `const all = [new C()];`,
    `const all = { c: new C() };`,
    `ext(new C());`,
    `const c = new C(); ext(c);`,
    `new Map([["c", new C()]]);`,
    `const c = new C(); const go = () => c; Deno.serve(go);`,
    `const c = new C(); const go = () => c.hi(); Deno.serve(() => new Response(go()));`,
    `const c = new C(); [1].map(() => c.hi());`,
    `const c = new C(); void (async () => { await 0; c.hi(); })();`,
    `const c = new C(); \`\${c}\`;`,
    `const c = new C(); c == "x";`,
    `await new C();`,
    `const c = new C(); let d; d = c;`,
    `const go = (...all: any) => all[0].hi(); go(new C());`,
    `const go = function () { arguments[0].hi(); }; go(new C());`,
    `let go = (it: any) => it; go = (it: any) => it.hi(); go(new C());`,
    `h(...[new C()]);`,
    `h(1, new C());`,
    `using c = new C();`,
    // It does more than to put away what it is given.
    `new Made();`,
  ];
  const asks = `export const h = (_: any, it: any) => { it.hi(); };`;
  assertEquals(
    busy.filter((main) =>
      !runs(
        main,
        asks,
        main.includes("Made")
          ? M.replace("hi() {}", "hi() { return this.x }").replace(
            "return this.x;",
            "",
          )
          : M,
      )
    ),
    [],
  );
  // Through functions of other modules, in circles as well.
  const circle = (more: string) =>
    `import { back } from "./i.ts"; export const h = (it: any) => { back(it); ${more} };`;
  for (const more of ["", "it.hi();", "it.x;"]) {
    const uses = usesOf({
      "leaf.ts": `export const leaf = () => 1;`,
      "m.ts":
        `import { leaf } from "./leaf.ts"; export class C { hi() { leaf(); } }`,
      "h.ts": circle(more),
      "i.ts":
        `import { h } from "./h.ts"; export const back = (it: any) => { h(it); };`,
      "a.ts":
        `import { C } from "./m.ts"; import { back } from "./i.ts"; back(new C());`,
    });
    const [entry] = uses.of("leaf.ts", "m.ts");
    assertEquals(uses.hasRun(entry!), more.includes("hi"), more);
  }
});
