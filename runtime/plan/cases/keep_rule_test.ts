import { assertEquals } from "@std/assert";
import { refusalText } from "../../base/refusal.ts";
import {
  packed,
  running,
  type Sources,
} from "../../../tests/support/planned_app.ts";
import { classify } from "../classify.ts";
import { planReport } from "../report.ts";

/** What a process that keeps values says to a release. */
function plan(
  before: Sources,
  after: Sources,
  { keep = [], startsAnew = [], consent = [], made = {}, isWayBack = false }: {
    readonly keep?: readonly string[];
    readonly startsAnew?: readonly string[];
    readonly consent?: readonly string[];
    readonly made?: Readonly<Record<string, readonly string[]>>;
    readonly isWayBack?: boolean;
  } = {},
) {
  const flyhot = { keep, startsAnew };
  const machine = running(before, {
    live: {},
    loaded: Object.keys(before),
    changes: { boot: [], canKeep: { possible: true }, made },
  });
  const { refusals, taken, reload, warnings } = classify(
    packed({ ...before, ...after }, { flyhot }),
    machine,
    { consent, isWayBack },
  );
  return {
    refusals: refusals.map(refusalText),
    taken: taken.map(({ at }) => at),
    reload,
    ...warnings.length > 0 ? { warnings } : {},
  };
}

const JOBS =
  `export const jobs = []; export const add = (job) => jobs.push(job);`;

Deno.test("K5: what another module does to a kept value while it is evaluated is refused", () => {
  const before = {
    "main.ts":
      `import { add } from "./jobs.ts"; add("default"); serve(() => add("x"));`,
    "jobs.ts": JOBS,
  };
  const after = { "main.ts": `${before["main.ts"]} // two` };
  assertEquals(plan(before, after, { keep: ["jobs.ts#jobs"] }).refusals, [
    `main.ts:1 jobs.ts#jobs: is named under "keep", and what main.ts does to it while it is evaluated would be done a second time; do it only to a value that does not have it yet, or consent to it: "consent": ["repeats:jobs.ts#jobs"]`,
  ]);
  const consented = plan(before, after, {
    keep: ["jobs.ts#jobs"],
    consent: ["repeats:jobs.ts#jobs"],
  });
  assertEquals([consented.refusals, consented.reload], [[], ["main.ts"]]);
  // The way back to what ran before does what it did then.
  const back = plan(before, after, { keep: ["jobs.ts#jobs"], isWayBack: true });
  assertEquals(back.refusals, []);
});

Deno.test("K5: what another module derives from a kept value while it is evaluated is refused", () => {
  const jobs =
    `export const jobs = []; export const add = (job) => jobs.push(job);
export const count = () => jobs.length; export let last = 0; export const note = () => { last++; };
export const api = { jobs, add };`;
  const ask = (line: string, more: Sources = {}) => {
    const before = {
      "main.ts":
        `import { jobs, count, last, note, api, add } from "./jobs.ts"; import * as all from "./jobs.ts"; ${line} serve(() => { add("x"); note(); });`,
      "jobs.ts": jobs,
      ...more,
    };
    const after = { "main.ts": `${before["main.ts"]} // two` };
    const keep = ["jobs.ts#jobs", "jobs.ts#last"];
    return plan(before, after, { keep }).refusals;
  };
  assertEquals(ask(`const n = jobs.length;`), [
    `main.ts:1 jobs.ts#jobs: is named under "keep", and what main.ts makes of what it holds (.length) while it is evaluated would miss what the old code still changes; look at it when it is asked for, or consent to it: "consent": ["repeats:jobs.ts#jobs"]`,
  ]);
  for (
    const line of [
      `const [first] = jobs;`,
      `const copy = [...jobs];`,
      `for (const it of jobs) start(it);`,
      `const first = jobs[0];`,
      `const n = count();`,
      `const n = all.jobs.length;`,
      `const n = all.count();`,
      `const text = last + 1;`,
      `const text = JSON.stringify({ last });`,
      `import { listed } from "./other.ts"; const n = listed();`,
    ]
  ) {
    const other =
      `import { jobs } from "./jobs.ts"; export const listed = () => jobs.map(String);`;
    assertEquals(ask(line, { "other.ts": other }).length, 1, line);
  }
  for (
    const line of [
      `console.log(jobs.length, last);`,
      `start(() => jobs.length + last + count());`,
      `const same = jobs; serve(same);`,
      `export { jobs };`,
    ]
  ) assertEquals(ask(line), [], line);
});

Deno.test("H13: enums that are numbered differently are refused where state stays", () => {
  const before = {
    "main.ts":
      `import { E } from "./e.ts"; const seen = new Map<string, E>(); serve((it) => seen.set(it, E.B));`,
    "e.ts": `export enum E { A, B }`,
  };
  const added = { "e.ts": `export enum E { A, B, C }` };
  const moved = { "e.ts": `export enum E { New, A, B }` };
  const keep = ["main.ts#seen"];
  assertEquals(plan(before, added, { keep }).refusals, []);
  assertEquals(plan(before, moved, { keep }).refusals, [
    `e.ts:1 E: A was 0 and is 1 now, and state that stays may hold the old value; let the members keep their values (add new ones at the end), or consent to it: "consent": ["numbers:e.ts#E"]`,
  ]);
  assertEquals(
    plan(before, moved, { keep, consent: ["numbers:e.ts#E"] }).refusals,
    [],
  );
  assertEquals(
    plan(before, moved, { startsAnew: ["main.ts#seen"] }).refusals,
    [],
  );
});

const STORE = {
  "main.ts":
    `import { open } from "./store.ts"; const store = open(); serve(() => store.next());`,
  "store.ts":
    `export function open() { const all = new Map(); return { next: () => all.set(all.size, 1).size }; }`,
};

Deno.test("what a function makes for a module that is evaluated again is lost, though its own module stays", () => {
  const after = { "main.ts": `${STORE["main.ts"]} // two` };
  const made = { "store.ts#open.all": ["main.ts"] };
  assertEquals(plan(STORE, after, { made }).refusals, [
    `store.ts:1 open.all: holds state (set() at line 1), which would be lost; add to "flyhot" in deno.json: "keep": ["store.ts#open.all"] to keep it, or "startsAnew": ["store.ts#open.all"] to lose it`,
  ]);
  const kept = plan(STORE, after, { made, keep: ["store.ts#open.all"] });
  // Only a module that is evaluated again takes something.
  assertEquals(kept, {
    refusals: [],
    taken: ["store.ts#open.all"],
    reload: ["main.ts", "store.ts"],
  });
  // Made by requests, or for a module that stays, it is nobody's loss.
  assertEquals(plan(STORE, after).refusals, []);
  const other = plan(STORE, after, { made: { "store.ts#open.all": ["b.ts"] } });
  assertEquals([other.refusals, other.reload], [[], ["main.ts"]]);
});

Deno.test("H12: weak collections and symbols of the same text stay by themselves", () => {
  const before = {
    "main.ts":
      `const seen = new WeakMap(); const key = Symbol("k"); serve((it) => { seen.set(it, key); });`,
  };
  const same = { "main.ts": `${before["main.ts"]} // two` };
  assertEquals(plan(before, same).taken, ["main.ts#seen", "main.ts#key"]);
  assertEquals(plan(before, same, { startsAnew: ["main.ts#seen"] }).taken, [
    "main.ts#key",
  ]);
  const renamed = {
    "main.ts": before["main.ts"].replace(`Symbol("k")`, `Symbol("other")`),
  };
  assertEquals(plan(before, renamed).taken, ["main.ts#seen"]);
});

Deno.test("H4: what an initializer refers to counts, in whatever module", () => {
  const before = {
    "main.ts":
      `import { limit } from "./limit.ts"; const state = { limit, n: 0 }; serve(() => state.n++);`,
    "limit.ts": `export { limit } from "./deep.ts";`,
    "deep.ts": `const base = 1; export const limit = base + 1;`,
  };
  const keep = ["main.ts#state"];
  const calm = {
    "deep.ts":
      `const base = 1; export const limit = base + 1; export const more = 2;`,
  };
  assertEquals(plan(before, calm, { keep }).refusals, []);
  const other = { "deep.ts": `const base = 2; export const limit = base + 1;` };
  assertEquals(plan(before, other, { keep }).refusals, [
    `main.ts:1 state: is named under "keep", and its initializer, or what that refers to, is another one now; leave the initializer as it was and change the value elsewhere, or name it under "startsAnew": ["main.ts#state"]`,
  ]);
});

Deno.test("H4: methods that only construction calls are part of it", () => {
  const app = (setup: string) =>
    `export class App { constructor() { this.setup(); } setup() { this.of = ${setup}; } answer() { return this.of; } }`;
  const before = {
    "main.ts": `import { App } from "./app.ts"; new App(); serve(() => 1);`,
    "app.ts": app("1"),
  };
  const keep = ["main.ts#new App"];
  const change = (text: string) => plan(before, { "app.ts": text }, { keep });
  const calm = change(app("1").replace("return this.of", "return [this.of]"));
  assertEquals([calm.refusals, calm.taken], [[], keep]);
  // What has no variable has its name all the same.
  assertEquals(calm.warnings, undefined);
  assertEquals(change(app("2")).refusals, [
    `main.ts:1 new App: is named under "keep", and its initializer, or what that refers to, is another one now; leave the initializer as it was and change the value elsewhere, or name it under "startsAnew": ["main.ts#new App"]`,
  ]);
});

Deno.test("a plan tells of which classes kept values hold instances, and which of these follow", () => {
  const before = {
    "main.ts":
      `import { Room } from "./room.ts"; const rooms = new Map(); serve((it) => rooms.set(it, new Room()));`,
    "room.ts":
      `import { User } from "./user.ts"; export class Room { users = [new User()]; }`,
    "user.ts": `export class User {}`,
  };
  const machine = running(before, {
    live: {},
    loaded: Object.keys(before),
    changes: {
      boot: [],
      canKeep: { possible: true },
      keptReach: {
        "main.ts#rooms": ["room.ts#Room", "user.ts#User"],
        "main.ts#other": ["room.ts#Room"],
      },
    },
  });
  const flyhot = { keep: ["main.ts#rooms"] };
  const plan = (change: Sources) =>
    planReport(classify(packed({ ...before, ...change }, { flyhot }), machine));
  assertEquals(plan({ "room.ts": `${before["room.ts"]} // two` }).reaches, {
    "main.ts#rooms": [
      { name: "Room", path: "room.ts", follows: true },
      { name: "User", path: "user.ts", follows: false },
    ],
  });
  // Nothing is taken where its module stays.
  assertEquals(plan({ "notes.txt": "x" }).reaches, {});
});

Deno.test("under a boot shell a plan refuses what is named under keep in the words of the machine", () => {
  const before = {
    "main.ts":
      `import { live } from "@flyhot/runtime"; await live(() => import("./app.ts"));`,
    "app.ts":
      `const rooms = new Map(); export const join = (it) => rooms.set(it, 1);`,
  };
  const flyhot = { keep: ["app.ts#rooms"] };
  const release = packed(
    { ...before, "app.ts": `${before["app.ts"]} // two` },
    { flyhot },
  );
  const said = (why: string | undefined) =>
    classify(
      release,
      running(before, {
        changes: {
          ...why === undefined ? {} : { canKeep: { possible: false, why } },
        },
      }),
    ).refusals.map(refusalText);
  const text =
    `app.ts:1 rooms: is named under "keep", which needs the preload; start the app by --preload, deploy cold once with "keep" in its deno.json, or name it under "startsAnew": ["app.ts#rooms"]`;
  // What `running_manifest.ts` says of a process with a boot shell, and what is said of an older runtime.
  assertEquals(said("which needs the preload"), [text]);
  assertEquals(said(undefined), [text]);
  assertEquals(said("for which the parser could not be loaded"), [
    `app.ts:1 rooms: is named under "keep", for which the parser could not be loaded; see to it that npm:acorn is in the image's cache (deno cache), or name it under "startsAnew": ["app.ts#rooms"]`,
  ]);
});

Deno.test("the way back does not fail for state that only the newer code has", () => {
  const one = { "main.ts": `let a = 0; serve(() => a++);` };
  const two = { "main.ts": `let a = 0, b = 0; serve(() => a++ + b++);` };
  const keep = ["main.ts#a"];
  assertEquals(plan(two, one, { keep }).refusals.length, 1);
  const back = plan(two, one, { keep, isWayBack: true });
  assertEquals([back.refusals, back.taken], [[], ["main.ts#a"]]);
});
