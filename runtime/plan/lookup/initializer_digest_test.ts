import { assertEquals, assertNotEquals } from "@std/assert";
import { acornParser } from "../analyze/parse_acorn.ts";
import { textFactsOf } from "../analyze/keeping/text_facts.ts";
import { initializerDigest } from "./initializer_digest.ts";

const parse = await acornParser();

/** The digest of `main.ts#<name>` in an app of these files. */
function digest(
  files: Record<string, string>,
  name = "cfg",
  version = "1",
): string {
  const found = initializerDigest("main.ts", name, {
    texts(path) {
      const text = files[path];
      return text === undefined ? undefined : textFactsOf(parse(text));
    },
    target: (_, specifier) =>
      specifier.startsWith("./")
        ? { path: specifier.slice(2) }
        : { outside: `${specifier}@${version}` },
  });
  if (found === null) throw new Error(`main.ts has no ${name}`);
  return found;
}

/** Pairs of the main module's texts. */
const same: [string, string, string, name?: string][] = [
  ["layout and comments", "const cfg = { a: 1 };", "const cfg = {\n// c\na:1}"],
  [
    "what it does not refer to",
    "const a = 1; const cfg = [];",
    "const a = 2; const cfg = [];",
  ],
  [
    "methods of a class",
    "class G { f() { return 1; } } const cfg = new G();",
    "class G { f() { return 2; } } const cfg = new G();",
  ],
  [
    "a class in a variable",
    "const G = class { f() { return 1; } }; const cfg = new G();",
    "const G = class { f() { return 2; } }; const cfg = new G();",
  ],
  [
    "a name of its own inside",
    "const x = 1; const cfg = [1].map((x) => x);",
    "const x = 2; const cfg = [1].map((x) => x);",
  ],
  [
    "what only reads a constant",
    "const l = [1]; const cfg = [...l]; serve(() => l.map(String));",
    "const l = [1]; const cfg = [...l]; serve(() => l.map(Number));",
  ],
  [
    "what is done to the value itself",
    "const cfg = []; cfg.push(1);",
    "const cfg = []; cfg.push(2);",
  ],
  [
    "a method that its constructor lets be called later",
    "class G { constructor() { every(() => this.tick()); } tick() { return 1; } } const cfg = new G();",
    "class G { constructor() { every(() => this.tick()); } tick() { return 2; } } const cfg = new G();",
  ],
  [
    "a method that others call too",
    "class G { constructor() { this.reset(); } play() { this.reset(); } reset() { return 1; } } const cfg = new G();",
    "class G { constructor() { this.reset(); } play() { this.reset(); } reset() { return 2; } } const cfg = new G();",
  ],
  [
    "a method that leads to itself",
    "class G { constructor() { this.loop(); } loop() { use(1); after(() => this.loop()); } } const cfg = new G();",
    "class G { constructor() { this.loop(); } loop() { use(2); after(() => this.loop()); } } const cfg = new G();",
  ],
  [
    "a method of a loop that its constructor begins",
    "class G { constructor() { this.run(); } async run() { while (true) { await use(); this.tick(); } } tick() { return 1; } } const cfg = new G();",
    "class G { constructor() { this.run(); } async run() { while (true) { await use(); this.tick(); } } tick() { return 2; } } const cfg = new G();",
  ],
  [
    "an arrow field",
    "const limit = 1; class G { get = () => limit; } const cfg = new G();",
    "const limit = 2; class G { get = () => limit; } const cfg = new G();",
  ],
  [
    "a static method that makes nothing",
    "class G { static help() { return 1; } } const cfg = new G();",
    "class G { static help() { return 2; } } const cfg = new G();",
  ],
];
for (const [what, a, b] of same) {
  Deno.test(`an initializer stays the same: ${what}`, () => {
    assertEquals(digest({ "main.ts": a }), digest({ "main.ts": b }));
  });
}

const different: [string, string, string, name?: string][] = [
  ["its text", "const cfg = [1];", "const cfg = [2];"],
  [
    "a constant",
    "const limit = 1; const cfg = { limit };",
    "const limit = 2; const cfg = { limit };",
  ],
  [
    "a constant of a constant",
    "const a = 1; const b = a + 1; const cfg = { b };",
    "const a = 2; const b = a + 1; const cfg = { b };",
  ],
  [
    "a function",
    "const cfg = make(); function make() { return [1]; }",
    "const cfg = make(); function make() { return [2]; }",
  ],
  [
    "a function that a function calls",
    "const inner = () => 1; const make = () => inner(); const cfg = make();",
    "const inner = () => 2; const make = () => inner(); const cfg = make();",
  ],
  [
    "what is assigned",
    "let limit = 1; limit = 2; const cfg = { limit };",
    "let limit = 1; limit = 3; const cfg = { limit };",
  ],
  [
    "a field that is assigned",
    "const d = {}; d.limit = 1; const cfg = { ...d };",
    "const d = {}; d.limit = 2; const cfg = { ...d };",
  ],
  [
    "what is put in at the top level",
    "const d = new Map(); d.set('a', 1); const cfg = [...d];",
    "const d = new Map(); d.set('a', 2); const cfg = [...d];",
  ],
  [
    "a field taken out",
    "const { a: l } = { a: 1, b: 2 }; const cfg = { l };",
    "const { b: l } = { a: 1, b: 2 }; const cfg = { l };",
  ],
  [
    "a pattern",
    "const cfg = [/a/];",
    "const cfg = [/a/i];",
  ],
  [
    "another class",
    "class A {} class B {} const cfg = new A();",
    "class A {} class B {} const cfg = new B();",
  ],
  [
    "a local of its function",
    "function main() { const limit = 1; const cfg = { limit }; }",
    "function main() { const limit = 2; const cfg = { limit }; }",
    "main.cfg",
  ],
  [
    "what is passed for a parameter",
    "function main(limit) { const cfg = { limit }; } main(1);",
    "function main(limit) { const cfg = { limit }; } main(2);",
    "main.cfg",
  ],
  [
    "the default of a parameter",
    "const main = ({ limit = 1 }) => { const cfg = { limit }; }; main({});",
    "const main = ({ limit = 2 }) => { const cfg = { limit }; }; main({});",
    "main.cfg",
  ],
  [
    "a static field",
    "const limit = 1; class C { static cfg = { limit }; }",
    "const limit = 2; class C { static cfg = { limit }; }",
    "C.cfg",
  ],
  [
    "a method that its constructor calls",
    "class G { constructor() { this.setup(); } setup() { this.add(1); } add(n) { return n; } } const cfg = new G();",
    "class G { constructor() { this.setup(); } setup() { this.add(2); } add(n) { return n; } } const cfg = new G();",
  ],
  [
    "a method that such a method calls",
    "class G { constructor() { this.setup(); } setup() { this.more(); } more() { use(1); } } const cfg = new G();",
    "class G { constructor() { this.setup(); } setup() { this.more(); } more() { use(2); } } const cfg = new G();",
  ],
  [
    "a method that a field calls",
    "class G { routes = this.make(); make() { return [1]; } } const cfg = new G();",
    "class G { routes = this.make(); make() { return [2]; } } const cfg = new G();",
  ],
  [
    "a function that its constructor calls",
    "const register = (it) => use(it, 1); class G { constructor() { register(this); } } const cfg = new G();",
    "const register = (it) => use(it, 2); class G { constructor() { register(this); } } const cfg = new G();",
  ],
  [
    "a constant of a field",
    "const limit = 1; class G { most = limit; } const cfg = new G();",
    "const limit = 2; class G { most = limit; } const cfg = new G();",
  ],
  [
    "what its class extends",
    "class A { constructor() { this.setup(); } setup() { use(1); } } class G extends A {} const cfg = new G();",
    "class A { constructor() { this.setup(); } setup() { use(2); } } class G extends A {} const cfg = new G();",
  ],
  [
    "a static method that makes it",
    "class G { static make() { const it = new G(); it.add(1); return it; } add(n) { return n; } } const cfg = G.make();",
    "class G { static make() { const it = new G(); it.add(2); return it; } add(n) { return n; } } const cfg = G.make();",
  ],
];
for (const [what, a, b, name] of different) {
  Deno.test(`an initializer changes with ${what}`, () => {
    assertNotEquals(
      digest({ "main.ts": a }, name),
      digest({ "main.ts": b }, name),
    );
  });
}

Deno.test("functions that call each other are digested", () => {
  const text = (n: number) =>
    `const cfg = a(3); function a(n) { return n && b(n - ${n}); } function b(n) { return a(n); }`;
  assertNotEquals(
    digest({ "main.ts": text(1) }),
    digest({ "main.ts": text(2) }),
  );
});

const MAIN = `import { limit } from "./limits.ts"; const cfg = { limit };`;

Deno.test("an initializer changes with what it imports", () => {
  const of = (limits: string) =>
    digest({ "main.ts": MAIN, "limits.ts": limits });
  const before = of("export const limit = 1; export const other = 1;");
  assertEquals(
    before,
    of("export const limit = 1;\nexport const other = 2;"),
  );
  assertNotEquals(before, of("export const limit = 2;"));
  assertNotEquals(before, of("const n = 1; export { n as limit };"));
});

Deno.test("an initializer changes with what its import imports, through barrels and circles", () => {
  const of = (n: number) =>
    digest({
      "main.ts": MAIN,
      "limits.ts":
        `export * from "./other.ts"; export { deep as limit } from "./deep.ts";`,
      "other.ts": `export const unused = 1;`,
      "deep.ts":
        `import { n } from "./star.ts"; import "./main.ts"; export const deep = () => n;`,
      "star.ts": `export * from "./n.ts"; export * from "./limits.ts";`,
      "n.ts": `export const n = ${n};`,
    });
  assertEquals(of(1), of(1));
  assertNotEquals(of(1), of(2));
});

Deno.test("a namespace counts by the members that are used", () => {
  const of = (main: string, limits: string) =>
    digest({
      "main.ts": `import * as l from "./limits.ts"; ${main}`,
      "limits.ts": limits,
    });
  const one = "const cfg = { a: l.a };";
  const all = "const cfg = { ...l };";
  const before = "export const a = 1; export const b = 1;";
  const after = "export const a = 1; export const b = 2;";
  assertEquals(of(one, before), of(one, after));
  assertNotEquals(of(all, before), of(all, after));
  assertNotEquals(
    of(one, before),
    of(one, "export const a = 3; export const b = 1;"),
  );
});

Deno.test("a package counts by its version", () => {
  const files = {
    "main.ts": `import { open } from "npm:db"; const cfg = open();`,
  };
  assertEquals(digest(files), digest(files));
  assertNotEquals(digest(files), digest(files, "cfg", "2"));
});

Deno.test("an imported class counts by its name", () => {
  const of = (text: string) =>
    digest({
      "main.ts": `import { G } from "./g.ts"; const cfg = new G();`,
      "g.ts": text,
    });
  assertEquals(
    of("export class G { f() { return 1; } }"),
    of("export class G { f() { return 2; } }"),
  );
});
