/** Small programs that are asked all the while they are upgraded: no request may fall between evaluation and swap.
 * @module
 */
import type { Program } from "./program.ts";

const CLASS = `export class Room { n = 0; add() { return ++this.n; } }`;

/** Each answers its version and how many have asked; no number is told twice, none is left out. */
export const ASKED_PROGRAMS: Readonly<Record<string, Program>> = {
  counted: {
    keep: ["main.ts#hits"],
    before: {
      "main.ts":
        `import { a } from "./a.ts"; import { b } from "./b.ts"; let hits = 0; SERVE(() => new Response(a() + b() + " " + ++hits));`,
      "a.ts": `export const a = () => "one";`,
      "b.ts": `export const b = () => "one";`,
    },
    after: {
      "main.ts":
        `import { a } from "./a.ts"; import { b } from "./b.ts"; let hits = 0; SERVE(() => new Response(b() + a() + " " + ++hits));`,
      "a.ts": `export const a = () => "two";`,
      "b.ts": `export const b = () => "two";`,
    },
    answer: "twotwo",
  },
  counted_elsewhere: {
    keep: ["count.ts#n"],
    before: {
      "main.ts":
        `import { inc } from "./count.ts"; SERVE(() => new Response("one " + inc()));`,
      "count.ts": `let n = 0; export const inc = () => ++n;`,
    },
    after: {
      "main.ts":
        `import { inc } from "./count.ts"; SERVE(() => new Response("two " + inc()));`,
      "count.ts": `let n = 0; export const inc = () => { n += 1; return n; };`,
    },
    answer: "two",
  },
  listed_in_main: {
    keep: ["main.ts#main.all"],
    before: {
      "main.ts":
        `function main() { const all: string[] = []; SERVE((request) => new Response("one " + all.push(request.url))); } main();`,
    },
    after: {
      "main.ts":
        `function main() { const all: string[] = []; SERVE((request) => { all.push(request.url); return new Response("two " + all.length); }); } main();`,
    },
    answer: "two",
  },
  of_a_class: {
    keep: ["main.ts#room"],
    before: {
      "main.ts":
        `import { Room } from "./room.ts"; import { many } from "./many.ts"; const room = new Room(); SERVE(() => new Response("one " + room.add() + many));`,
      "room.ts": CLASS,
      "many.ts": `export const many = "";`,
    },
    after: {
      "main.ts":
        `import { Room } from "./room.ts"; import { many } from "./many.ts"; const room = new Room(); SERVE(() => new Response("two " + room.add() + many));`,
      "room.ts": CLASS.replace("++this.n", "this.n += 1"),
      "many.ts":
        `export const many = Array.from({ length: 1000 }, () => "").join("");`,
    },
    answer: "two",
  },
  awaited: {
    keep: ["count.ts#n"],
    before: {
      "main.ts":
        `import { inc } from "./count.ts"; import { slow } from "./slow.ts"; SERVE(() => new Response("one " + inc() + slow));`,
      "count.ts": `let n = 0; export const inc = () => ++n;`,
      "slow.ts":
        `await new Promise((done) => setTimeout(done, 1)); export const slow = "";`,
    },
    after: {
      "main.ts":
        `import { inc } from "./count.ts"; import { slow } from "./slow.ts"; SERVE(() => new Response("two " + inc() + slow));`,
      "count.ts": `let n = 0; export const inc = () => { n += 1; return n; };`,
      "slow.ts":
        `await new Promise((done) => setTimeout(done, 60)); export const slow = "";`,
    },
    answer: "two",
  },
};
