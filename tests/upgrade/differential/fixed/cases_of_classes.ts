/** Fixed cases about classes whose instances live in the state of a holder.
 * @module
 */
import type { FixedCase } from "./cases.ts";

/** An app that keeps what `make()` of a module makes, and asks it. */
const app = (module: string, question: string, made: string): string =>
  `import { holder } from "@flyhot/runtime";\nimport { make } from "./${module}";\nconst kept = holder("kept", {\n  state: () => ({ it: undefined as any }),\n  actions: {\n    put: (state) => { state.it ??= make(); },\n    ask: (state) => { const it = state.it; return ${question}; },\n    give: (state) => { state.it = ${made}; },\n  },\n});\nexport const put = () => kept.put();\nexport const ask = () => kept.ask();\nexport const give = () => kept.give();\n`;

const kept = (
  why: string,
  before: string,
  after: string,
  options: {
    question?: string;
    more?: Record<string, string>;
    moreAfter?: Record<string, string>;
  } = {},
): FixedCase => {
  const question = options.question ?? "it.f()";
  return {
    why,
    before: {
      "app.ts": app("made.ts", question, "make()"),
      "made.ts": before,
      ...options.more,
    },
    after: { "made.ts": after, ...options.moreAfter },
    history: [["put"], ["ask"]],
    given: [["put"]],
  };
};

const same = (text: string): string => text;

/** Cases by name. */
export const CLASS_CASES: Readonly<Record<string, FixedCase>> = {
  "private field": kept(
    "a method of the new class cannot read a private field of the old",
    `class Made { #n = 4; f() { return "one " + this.#n; } }\nexport const make = () => new Made();\n`,
    `class Made { #n = 4; f() { return "two " + this.#n; } }\nexport const make = () => new Made();\n`,
  ),
  "new method called on a kept instance": kept(
    "the app calls what only the new class has",
    `export class Made { f() { return "one"; } }\nexport const make = () => new Made();\n`,
    `export class Made { ready = false; init() { this.ready = true; } f() { this.init(); return "two " + this.ready; } }\nexport const make = () => new Made();\n`,
  ),
  "instance kept in a static field": {
    why: "a class that is made again has lost its only instance",
    before: {
      "app.ts":
        `import { Only } from "./only.ts";\nexport const hit = () => { Only.get().n++; };\nexport const ask = () => Only.get().f();\nexport const give = (n: number) => { Only.get().n = n; };\n`,
      "only.ts":
        `export class Only { static one?: Only; n = 0; static get() { return this.one ??= new Only(); } f() { return "one " + this.n; } }\n`,
    },
    after: {
      "only.ts":
        `export class Only { static one?: Only; n = 0; static get() { return this.one ??= new Only(); } f() { return "two " + this.n; } }\n`,
    },
    history: [["hit"], ["hit"]],
    given: [["give", 2]],
  },
  "private data in a WeakMap": kept(
    "the WeakMap of the new module does not know kept instances",
    `const secret = new WeakMap<object, { n: number }>();\nexport class Made { constructor() { secret.set(this, { n: 7 }); } f() { return "one " + secret.get(this)!.n; } }\nexport const make = () => new Made();\n`,
    `const secret = new WeakMap<object, { n: number }>();\nexport class Made { constructor() { secret.set(this, { n: 7 }); } f() { return "two " + secret.get(this)!.n; } }\nexport const make = () => new Made();\n`,
  ),
  "symbol as a key": kept(
    "the symbol of the new module is another one",
    `const KEY = Symbol("key");\nexport class Made { [KEY] = 5; f() { return "one " + this[KEY]; } }\nexport const make = () => new Made();\n`,
    `const KEY = Symbol("key");\nexport class Made { [KEY] = 5; f() { return "two " + this[KEY]; } }\nexport const make = () => new Made();\n`,
  ),
  "frozen instance": kept(
    "its prototype cannot be set",
    `export class Made { n = 3; f() { return "one " + this.n; } }\nexport const make = () => Object.freeze(new Made());\n`,
    `export class Made { n = 3; f() { return "two " + this.n; } }\nexport const make = () => Object.freeze(new Made());\n`,
  ),
  "new field": kept(
    "kept instances were made without it",
    `export class Made { n = 3; f() { return "one " + this.n; } }\nexport const make = () => new Made();\n`,
    `export class Made { n = 3; log: string[] = []; f() { return "two " + this.n + this.log.length; } }\nexport const make = () => new Made();\n`,
  ),
  "field that the constructor computes": kept(
    "its value cannot be told for a kept instance",
    `export class Made { constructor(readonly n: number) {} f() { return "one " + this.n; } }\nexport const make = () => new Made(3);\n`,
    `export class Made { twice: number; constructor(readonly n: number) { this.twice = 2 * n; } f() { return "two " + this.twice; } }\nexport const make = () => new Made(3);\n`,
  ),
  "arrow function in a field": kept(
    "each instance holds its own old function",
    `export class Made { n = 3; f = () => "one " + this.n; }\nexport const make = () => new Made();\n`,
    `export class Made { n = 3; f = () => "two " + this.n; }\nexport const make = () => new Made();\n`,
  ),
  "class kept as a value": kept(
    "the state holds the class itself",
    `class A { v = "one"; }\nexport const make = () => new Map([["a", A]]);\n`,
    `class A { v = "two"; extra = 1; }\nexport const make = () => new Map([["a", A]]);\n`,
    { question: `JSON.stringify(new (it.get("a"))())` },
  ),
  "field made by a function of another module": {
    why: "the class does not change, what it calls does",
    before: {
      "app.ts":
        `import { A } from "./a.ts";\nexport const ask = () => new A().x;\n`,
      "a.ts": `import { f } from "./f.ts";\nexport class A { x = f(); }\n`,
      "f.ts": `export const f = () => "one";\n`,
    },
    after: { "f.ts": `export const f = () => "two";\n` },
  },
  "base class changes": kept(
    "the class of the instance does not change, its base does",
    same(
      `import { A } from "./a.ts";\nexport class B extends A { override f() { return "B" + super.f(); } }\nexport const make = () => new B();\n`,
    ),
    same(
      `import { A } from "./a.ts";\nexport class B extends A { override f() { return "B" + super.f(); } }\nexport const make = () => new B();\n`,
    ),
    {
      more: { "a.ts": `export class A { f() { return "one"; } }\n` },
      moreAfter: {
        "a.ts":
          `export class A { f() { return "two" + this.g(); } g() { return "!"; } }\n`,
      },
    },
  ),
  "mixin changes": kept(
    "the class between is made by a function of another module",
    `import { mixin } from "./mixin.ts";\nclass Base {}\nexport class C extends mixin(Base) { f() { return "one" + this.m(); } }\nexport const make = () => new C();\n`,
    `import { mixin } from "./mixin.ts";\nclass Base {}\nexport class C extends mixin(Base) { f() { return "one" + this.m(); } }\nexport const make = () => new C();\n`,
    {
      more: {
        "mixin.ts":
          `export const mixin = (Base: any) => class extends Base { m() { return "m1"; } };\n`,
      },
      moreAfter: {
        "mixin.ts":
          `export const mixin = (Base: any) => class extends Base { m() { return "m2"; } };\n`,
      },
    },
  ),
  "closure given to a constructor": kept(
    "the function that the instance holds has the same text and another environment",
    `class Service { constructor(readonly name: () => string) {} f() { return this.name(); } }\nconst makeName = () => { const list = ["one"]; return () => list[0]!; };\nexport const make = () => new Service(makeName());\n`,
    `class Service { constructor(readonly name: () => string) {} f() { return this.name(); } }\nconst makeName = () => { const list = ["two"]; return () => list[0]!; };\nexport const make = () => new Service(makeName());\n`,
  ),
};
