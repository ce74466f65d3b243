/** Small programs whose kept instances, or values under a query, do not follow the new code.
 * @module
 */
import type { Program } from "./program.ts";

const ALL =
  `import { T } from "./t.ts"; const all = [new T()]; SERVE(() => new Response(all.map((it) => it.say()).join()));`;

function program(before: string, after: string, why: string): Program {
  return {
    keep: ["main.ts#all"],
    before: { "main.ts": ALL, "t.ts": `export class T { ${before} }` },
    after: { "t.ts": `export class T { ${after} }` },
    refused: why,
  };
}

/** Each is refused alone: whether instances follow is judged when the new code is there. */
export const REFUSED_INSTANCES: Readonly<Record<string, Program>> = {
  symbol_field: program(
    `say() { return "one"; }`,
    `[Symbol.for("s")] = 5; say() { return "two" + this[Symbol.for("s")]; }`,
    `T[Symbol.for("s")] is a new field, and its name is not known before it is made`,
  ),
  symbol_function: program(
    `[Symbol.for("s")] = () => "a"; say() { return "one"; }`,
    `[Symbol.for("s")] = () => "b"; say() { return "two"; }`,
    `T[Symbol.for("s")] is a function of the old code, and its new text names what only a new instance gets`,
  ),
  getter_behind_field: program(
    `word = "one"; say() { return this.word; }`,
    `get word() { return "two"; } say() { return this.word; }`,
    "T.word is not a field any more, and that of kept instances hides what is there now",
  ),
  getter_of_object: {
    keep: ["main.ts#all"],
    before: {
      "main.ts":
        `import { make } from "./t.ts"; const all: ReturnType<typeof make>[] = []; SERVE(() => { all[0] ??= make(); return new Response(all.map((it) => it.word).join()); });`,
      "t.ts": `export const make = () => ({ get word() { return "one"; } });`,
    },
    after: {
      "t.ts": `export const make = () => ({ get word() { return "two"; } });`,
    },
    refused: "all[0].word: holds get word: its text is not in the new code",
  },
  prototype_of_function: {
    keep: ["main.ts#all"],
    before: {
      "main.ts":
        `import { T } from "./t.ts"; const all: { say(): string }[] = []; SERVE(() => { all[0] ??= new T(); return new Response(all.map((it) => it.say()).join()); });`,
      "t.ts":
        `export const T = function () {} as any; T.prototype.say = function () { return "one"; };`,
    },
    after: {
      "t.ts":
        `export const T = function () {} as any; T.prototype.say = function () { return "two"; };`,
    },
    refused:
      "say of its prototype goes on with the old code: its text is not in the new code; declare it as a class",
  },
  class_of_function: {
    keep: ["main.ts#all"],
    before: {
      "main.ts":
        `import { make } from "./t.ts"; const all: ReturnType<typeof make>[] = []; SERVE(() => { all[0] ??= make(); return new Response(all.map((it) => it.say()).join()); });`,
      "t.ts":
        `const word = () => "one"; export const make = () => { class T { say() { return word(); } } return new T(); };`,
    },
    after: {
      "t.ts":
        `const word = () => "two"; export const make = () => { class T { say() { return word(); } } return new T(); };`,
    },
    refused:
      "holds T: say of its prototype goes on with the old code: it names word, which is around it",
  },
  function_of_promise: {
    keep: ["main.ts#all"],
    before: {
      "main.ts":
        `import { make } from "./t.ts"; const all = new Map<string, Promise<{ say(): string }>>(); SERVE(async () => new Response((await all.getOrInsertComputed("x", make)).say()));`,
      "t.ts": `export const make = async () => ({ say: () => "one" });`,
    },
    after: {
      "t.ts": `export const make = async () => ({ say: () => "two" });`,
    },
    refused:
      'all.get("x")(awaited).say: holds say: its text is not in the new code',
  },
  under_query: {
    keep: ["n.ts#n"],
    before: {
      "main.ts":
        `import * as a from "./n.ts"; import * as b from "./n.ts?b"; SERVE(() => new Response("one " + a.hit() + b.hit()));`,
      "n.ts": `let n = 0; export const hit = () => ++n;`,
    },
    after: { "n.ts": `let n = 0; export const hit = () => ++n + ".";` },
    refused:
      `n: is named under "keep", and it is loaded as NAME/n.ts?b too, whose values are others, which no name keeps`,
  },
};
