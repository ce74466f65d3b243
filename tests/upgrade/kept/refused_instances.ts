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
