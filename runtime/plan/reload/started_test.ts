import { assertEquals } from "@std/assert";
import {
  packed,
  running,
  type Sources,
} from "../../../tests/support/planned_app.ts";
import { classify } from "../classify.ts";

const OPTIONS = { live: {}, preload: true, rebind: true };

/** What an app evaluates besides what has changed, where its start has run some functions and classes. */
function change(
  app: Sources,
  changes: Sources,
  started?: Readonly<Record<string, readonly number[]>>,
): string[] {
  const machine = running(app, OPTIONS);
  const rebinds = Object.fromEntries(
    Object.entries(machine.analysis!).map((
      [path, { rebind }],
    ) => [path, Object.keys(rebind?.leaves ?? {})]),
  );
  const plan = classify(packed({ ...app, ...changes }, OPTIONS), {
    ...machine,
    rebinds,
    ...started ? { started } : {},
  });
  return plan.reload.filter((path) => !Object.hasOwn(changes, path));
}

const WORDS = { "words.ts": `export function say() { return "a"; }` };
const WORDS_2 = { "words.ts": `export function say() { return "b"; }` };
/** Its pieces: 1 the class, 2 `hi`, 3 `later`, 4 `on`, 5 what it listens with, 6 `tell`, 7 `give`, 8 what is given. */
const ROOMS = {
  "rooms.ts": `import { say } from "./words.ts";
import { take } from "./take.ts";
const events = new EventTarget();
export class Rooms {
  hi() { console.log(say()); }
  async later() { await 0; this.hi(); }
  on() { events.addEventListener("x", () => { say(); }); }
  tell() { events.dispatchEvent(new Event("x")); }
  give() { take(() => { say(); }); }
}
`,
  "take.ts": `export function take(act: () => void) { void act; }`,
};
const MAIN = {
  "main.ts":
    `import { Rooms } from "./rooms.ts"; const [rooms] = [new Rooms()]; Deno.serve(() => { rooms.hi(); return new Response(); });`,
};
const APP = { ...WORDS, ...ROOMS, ...MAIN };
const ALL = ["main.ts", "rooms.ts"];
const NOTHING = { "main.ts": [], "take.ts": [], "words.ts": [] };

Deno.test("started: methods of a class that was made count as run, until it is known that they have not", () => {
  for (
    const [started, expected] of [
      [undefined, ALL],
      [{ ...NOTHING, "rooms.ts": [1] }, []],
      [{ ...NOTHING, "rooms.ts": [1, 2] }, ALL],
      // Of a module that is not told of, all may have run.
      [NOTHING, ALL],
      [{ "rooms.ts": [1] }, ALL],
      // It listens, and nothing has told it anything.
      [{ ...NOTHING, "rooms.ts": [1, 4] }, []],
      [{ ...NOTHING, "rooms.ts": [1, 4, 6] }, []],
      [{ ...NOTHING, "rooms.ts": [1, 4, 5, 6] }, ALL],
      // Whoever was given a function may call it yet.
      [{ ...NOTHING, "rooms.ts": [1, 7] }, ALL],
      // What has begun and waits may run whatever it can.
      [{ ...NOTHING, "rooms.ts": [1, 3] }, ALL],
    ] as const
  ) {
    assertEquals(
      change(APP, WORDS_2, started),
      [...expected],
      JSON.stringify(started),
    );
  }
});

Deno.test("started: whoever may go on by itself leaves nothing to be known, in whatever module it is", () => {
  const started = { ...NOTHING, "rooms.ts": [1], "main.ts": [1] };
  const tail = `Deno.serve(() => { rooms.hi(); return new Response(); });`;
  for (
    const [main, expected] of Object.entries({
      [`function main() { return new Rooms(); } const rooms = main(); ${tail}`]:
        [],
      [`async function main() { await 0; } const [rooms] = [new Rooms()]; main(); ${tail}`]:
        ALL,
      [`async function main() { await 0; } const [rooms] = [new Rooms()]; main().catch(console.error); ${tail}`]:
        ALL,
      [`async function main() { await 0; } const [rooms] = [new Rooms()]; await main(); ${tail}`]:
        [],
      [`async function main() { return 1; } const [rooms] = [new Rooms()]; main(); ${tail}`]:
        [],
      [`export async function main() { await 0; } const [rooms] = [new Rooms()]; await main(); ${tail}`]:
        ALL,
      [`const main = async () => { for await (const _ of [1]); }; const [rooms] = [new Rooms()]; main(); ${tail}`]:
        ALL,
      [`const [rooms] = [new Rooms()]; function main() { fetch("x").then(() => {}); } main(); ${tail}`]:
        ALL,
      [`const [rooms] = [new Rooms()]; function main() { queueMicrotask(() => {}); } main(); ${tail}`]:
        ALL,
      [`const [rooms] = [new Rooms()]; await (async () => { await 0; })(); ${tail}`]:
        [],
      // A request has run by then, and has begun nothing that the start would begin.
      [`const [rooms] = [new Rooms()]; Deno.serve(async () => { await 0; rooms.hi(); return new Response(); });`]:
        [],
      [`const [rooms] = [new Rooms()]; async function answer() { await 0; rooms.hi(); return new Response(); } Deno.serve(answer);`]:
        [],
      [`const [rooms] = [new Rooms()]; async function answer() { await 0; rooms.hi(); return new Response(); } Deno.serve(answer); answer();`]:
        ALL,
      [`const [rooms] = [new Rooms()]; export default async function answer() { await 0; rooms.hi(); return new Response(); } Deno.serve(answer);`]:
        ALL,
      [`const [rooms] = [new Rooms()]; (async () => { await 0; })(); ${tail}`]:
        ALL,
    })
  ) {
    const app = {
      ...APP,
      "main.ts": `import { Rooms } from "./rooms.ts"; ${main}`,
    };
    assertEquals(change(app, WORDS_2, started), expected, main);
  }
});

Deno.test("started: what a module does that was evaluated later, and nobody noted, counts as run wherever it leads", () => {
  const { "main.ts": _, ...started } = { ...NOTHING, "rooms.ts": [1] };
  assertEquals(change(APP, WORDS_2, started), ALL);
  // As does what the new text of a module may run that was noted as it was.
  const both = change(
    APP,
    { ...WORDS_2, "main.ts": MAIN["main.ts"].replace("const", "let") },
    { ...NOTHING, "rooms.ts": [1] },
  );
  assertEquals(both, ["rooms.ts"]);
});

Deno.test("started: instances that are held follow their class, if they would be made in the same way", () => {
  const player = (word: string, more = "", init = "[]") => ({
    "player.ts":
      `export class Player { items = ${init}; constructor(name: string) { this.name = name; ${more} } hi() { return "${word}"; } }`,
  });
  const table = (hi: string) => ({
    "table.ts":
      `import { Player } from "./player.ts"; const all = new Map(); let memo; export function join(name: string) { const it = new Player(name); all.set(name, it); } export const look = (name: string) => { ${hi} };`,
    "main.ts":
      `import { join, look } from "./table.ts"; Deno.serve(() => { join("a"); look("a"); return new Response(); });`,
  });
  const started = { "main.ts": [], "table.ts": [], "player.ts": [] };
  const changed = (
    before: Sources,
    after: Sources,
    hi = "console.log(all.get(name).hi());",
  ) =>
    change({ ...table(hi), ...before }, after, started)
      .filter((path) => path !== "main.ts");
  assertEquals(changed(player("a"), player("b")), []);
  assertEquals(changed(player("a"), player("b", "this.more = 1;")), ALL_TABLE);
  assertEquals(changed(player("a"), player("b", "", "[1]")), ALL_TABLE);
  // What it begins is not made by following.
  const registers = "globalThis.all.push(this);";
  assertEquals(
    changed(player("a", registers), player("b", registers)),
    ALL_TABLE,
  );
  const made = "this.at = Date.now();";
  assertEquals(changed(player("a", made), player("b", made)), ALL_TABLE);
  // What its methods have given, or a method itself, does not follow.
  for (
    const hi of [
      "memo = all.get(name).hi();",
      "memo ??= all.get(name)?.hi() + 1;",
      "const it = all.get(name); memo = it.hi;",
      "memo = all.get(name)[name]();",
    ]
  ) assertEquals(changed(player("a"), player("b"), hi), ALL_TABLE, hi);
});

const ALL_TABLE = ["table.ts"];
