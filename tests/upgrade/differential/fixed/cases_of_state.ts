/** Fixed cases about state: of holders, and of variables that nothing names.
 * @module
 */
import type { FixedCase } from "./cases.ts";

const counter = (word: string, more = ""): string =>
  `import { holder } from "@flyhot/runtime";\n${more}const hits = holder("hits", {\n  state: () => ({ n: 0 }),\n  actions: { hit: (state) => ++state.n, give: (state, n: number) => { state.n = n; } },\n});\nexport const hit = () => hits.hit();\nexport const give = (n: number) => hits.give(n);\nexport const ask = () => "${word} " + hits.state.n;\n`;

/** Cases by name. */
export const STATE_CASES: Readonly<Record<string, FixedCase>> = {
  "counter": {
    why: "its number stays, its words do not",
    before: { "app.ts": counter("one") },
    after: { "app.ts": counter("two") },
    history: [["hit"], ["hit"], ["hit"]],
    given: [["give", 3]],
  },
  "variable written by requests": {
    why: "nothing names it: kept, or refused",
    before: {
      "app.ts":
        `let hits = 0;\nexport const hit = () => ++hits;\nexport const give = (n: number) => { hits = n; };\nexport const ask = () => "one " + hits;\n`,
    },
    after: {
      "app.ts":
        `let hits = 0;\nexport const hit = () => ++hits;\nexport const give = (n: number) => { hits = n; };\nexport const ask = () => "two " + hits;\n`,
    },
    history: [["hit"], ["hit"]],
    given: [["give", 2]],
  },
  "two functions over one variable": {
    why: "both must be of one version",
    before: {
      "app.ts":
        `import { inc, now } from "./count.ts";\nexport const hit = () => inc();\nexport const ask = () => "one " + now();\nexport { give } from "./count.ts";\n`,
      "count.ts":
        `let n = 0;\nexport const inc = () => ++n;\nexport const now = () => n;\nexport const give = (to: number) => { n = to; };\n`,
    },
    after: {
      "count.ts":
        `let n = 0;\nexport const inc = () => n += 10;\nexport const now = () => n + 0.5;\nexport const give = (to: number) => { n = to; };\n`,
    },
    history: [["hit"], ["hit"]],
    given: [["give", 2]],
  },
  "constant held by a kept variable": {
    why: "=== tells the old constant from the new one",
    before: {
      "app.ts":
        `import { CLOSED, OPEN, word } from "./states.ts";\nlet now: object = OPEN;\nexport const close = () => { now = CLOSED; };\nexport const ask = () => word + (now === OPEN) + (now === CLOSED);\n`,
      "states.ts":
        `export const OPEN = { name: "open" };\nexport const CLOSED = { name: "closed" };\nexport const word = "one";\n`,
    },
    after: {
      "states.ts":
        `export const OPEN = { name: "open" };\nexport const CLOSED = { name: "closed" };\nexport const word = "two";\n`,
    },
    history: [["close"]],
    given: [["close"]],
    flyhot: { keep: ["app.ts#now"] },
  },
  "constant held by a kept variable, kept as well": {
    why: "kept, it is the same to old code and new",
    before: {
      "app.ts":
        `import { CLOSED, word } from "./states.ts";\nlet now: object | null = null;\nexport const close = () => { now = CLOSED; };\nexport const ask = () => word + (now === CLOSED);\n`,
      "states.ts":
        `export const CLOSED = { name: "closed" };\nexport const word = "one";\n`,
    },
    after: {
      "states.ts":
        `export const CLOSED = { name: "closed" };\nexport const word = "two";\n`,
    },
    history: [["close"]],
    given: [["close"]],
    flyhot: { keep: ["app.ts#now", "states.ts#CLOSED"] },
  },
  "constant within a constant, held by an unchanged module": {
    why: "=== tells the old constant from the new one",
    before: {
      "app.ts":
        `import { users } from "./users.ts";\nimport { ROLES, word } from "./roles.ts";\nexport const join = (name: string) => { users.set(name, { role: ROLES.admin }); };\nexport const ask = () => word + [...users.values()].map((it) => it.role === ROLES.admin);\n`,
      "users.ts": `export const users = new Map<string, { role: object }>();\n`,
      "roles.ts":
        `export const ROLES = { admin: { name: "admin" } };\nexport const word = "one";\n`,
    },
    after: {
      "roles.ts":
        `export const ROLES = { admin: { name: "admin" } };\nexport const word = "two";\n`,
    },
    history: [["join", "ann"]],
    given: [["join", "ann"]],
    flyhot: { keep: ["app.ts#word"] },
  },
  "list filled at the top level": {
    why: "the line that fills it runs again",
    before: {
      "app.ts":
        `const jobs: string[] = [];\njobs.push("default");\nexport const add = (job: string) => { jobs.push(job); };\nexport const ask = () => "one " + jobs.join();\n`,
    },
    after: {
      "app.ts":
        `const jobs: string[] = [];\njobs.push("default");\nexport const add = (job: string) => { jobs.push(job); };\nexport const ask = () => "two " + jobs.join();\n`,
    },
    history: [["add", "mine"]],
    given: [["add", "mine"]],
  },
  "rooms made twice by one function": {
    why: "a local of a function that runs twice is two variables",
    before: {
      "app.ts":
        `import { makeRoom } from "./room.ts";\nconst rooms = [makeRoom(), makeRoom()];\nrooms[0]!.push("ann");\nexport const ask = () => "one " + JSON.stringify(rooms);\n`,
      "room.ts":
        `export function makeRoom() { const players: string[] = []; return players; }\n`,
    },
    after: {
      "app.ts":
        `import { makeRoom } from "./room.ts";\nconst rooms = [makeRoom(), makeRoom()];\nrooms[0]!.push("ann");\nexport const ask = () => "two " + JSON.stringify(rooms);\n`,
    },
  },
  "number of a renumbered enum": {
    why: "the state holds a number that means another member now",
    before: {
      "app.ts":
        `import { holder } from "@flyhot/runtime";\nimport { Kind } from "./kind.ts";\nconst kept = holder("kept", { state: () => ({ kind: Kind.B }), actions: { give: (state, kind: number) => { state.kind = kind; } } });\nexport const give = (kind: number) => kept.give(kind);\nexport const ask = () => Kind[kept.state.kind] ?? "none";\n`,
      "kind.ts": `export enum Kind { A, B }\n`,
    },
    after: { "kind.ts": `export enum Kind { New, A, B }\n` },
    given: [["give", 1]],
  },
  "initial value of a constant that changed": {
    why: "the text of the initializer is the same, what it refers to is not",
    before: {
      "app.ts":
        `const limit = 1;\nconst settings = { limit };\nexport const ask = () => settings.limit;\n`,
    },
    after: {
      "app.ts":
        `const limit = 2;\nconst settings = { limit };\nexport const ask = () => settings.limit;\n`,
    },
  },
  "release that fails after it wrote": {
    why: "what it wrote before it failed must not be seen",
    before: {
      "app.ts":
        `import { list } from "./list.ts";\nexport const ask = () => list.join() + ".";\n`,
      "list.ts": `export const list: string[] = [];\n`,
    },
    after: {
      "app.ts":
        `import { list } from "./list.ts";\nlist.push("from the failed release");\nexport const ask = () => list.join() + ".";\nthrow new Error("bad release");\n`,
    },
  },
};
