import { assertEquals } from "@std/assert";
import { A, plan, texts } from "./classify_fixture_test.ts";

Deno.test("state: every kind, its sentence, its names", () => {
  const from = {
    ...A,
    "app.ts":
      `import { Game } from "./game.ts"; import { hot } from "@flyhot/runtime";
let hits = 0;
const game = new Game();
const kv = await Deno.openKv();
export const f = () => ++hits + game.n + kv;`,
    "game.ts": `export class Game { n = 0; }`,
  };
  const b = { "app.ts": `${from["app.ts"]} // v2` };
  assertEquals(texts(plan(b, { from })), [
    `app.ts:2 hits: holds state (assignment at line 5), which would be lost; move it into a holder, or add to "flyhot" in deno.json: "startsAnew": ["app.ts#hits"]`,
    `app.ts:3 game: holds what new Game() has become, which would be lost; move it into a holder, or add to "flyhot" in deno.json: "startsAnew": ["app.ts#game"]`,
    `app.ts:4 kv: is open (Deno.openKv()), and would be opened a second time; close it in hot(import.meta).dispose(), or add to "flyhot" in deno.json: "startsAnew": ["app.ts#kv"], or consent to it: "consent": ["handle:app.ts#kv"]`,
  ]);
  const named = plan(b, {
    from,
    flyhot: {
      startsAnew: ["app.ts#hits", "app.ts#game"],
      consent: ["handle:app.ts#kv"],
    },
  });
  assertEquals([texts(named), named.startsAnew, named.notes], [[], [
    "app.ts#hits",
    "app.ts#game",
  ], ["consented to: handle:app.ts#kv"]]);
  const kept = plan(b, {
    from,
    flyhot: {
      keep: ["app.ts#game", "app.ts#main.x"],
      startsAnew: ["app.ts#hits", "app.ts#kv"],
    },
  });
  assertEquals(texts(kept), [
    `app.ts:3 game: is named under "keep", which needs the preload; start the app by --preload, deploy cold once with "keep" in its deno.json, or name it under "startsAnew": ["app.ts#game"]`,
    `app.ts main.x: is named under "keep", which needs the preload; start the app by --preload, deploy cold once with "keep" in its deno.json, or name it under "startsAnew": ["app.ts#main.x"]`,
  ]);
  // A class without fields has nothing to lose; a handle with dispose() has a name.
  const calm = {
    ...from,
    "game.ts": `export class Game { f() {} }`,
    "app.ts":
      `import { Game } from "./game.ts"; import { hot } from "@flyhot/runtime"; const game = new Game(); const kv = await Deno.openKv(); hot(import.meta).dispose(() => kv.close()); export const f = () => game;`,
  };
  assertEquals(
    texts(plan({ "app.ts": `${calm["app.ts"]} // v2` }, { from: calm })),
    [],
  );
});

Deno.test("state: a file that is only renamed does not lose its state without a word", () => {
  const rooms =
    `const rooms = new Map(); export const add = (x) => rooms.set(x, 1);`;
  const from = {
    ...A,
    "app.ts":
      `import { add } from "./rooms.ts"; export const f = () => add(1);`,
    "rooms.ts": rooms,
  };
  const b = {
    "app.ts":
      `import { add } from "./lobby.ts"; export const f = () => add(1);`,
    "lobby.ts": rooms,
  };
  const sentence =
    `rooms.ts:1 rooms: holds state (set() at line 1), and would start empty in lobby.ts; let it stay in rooms.ts, move it into a holder, or add to "flyhot" in deno.json: "startsAnew": ["rooms.ts#rooms"]`;
  assertEquals(texts(plan({ ...b, "rooms.ts": null }, { from })), [sentence]);
  assertEquals(texts(plan(b, { from })), [sentence]);
  assertEquals(
    texts(plan(b, { from, flyhot: { startsAnew: ["rooms.ts#rooms"] } })),
    [],
  );
  // State that other modules change has moved as well, whatever else of it is new.
  const changed = (file: string) =>
    `import { rooms } from "./${file}.ts"; export const f = (x) => rooms.set(x, 1);`;
  assertEquals(
    texts(plan(
      {
        "app.ts": changed("config/state"),
        "config/state.ts":
          `export const port = 1; export const rooms = new Map();`,
        "rooms.ts": null,
      },
      {
        from: {
          ...A,
          "app.ts": changed("rooms"),
          "rooms.ts": "export const rooms = new Map();",
        },
      },
    )),
    [
      `rooms.ts:1 rooms: holds state (set() in app.ts:1), and would start empty in config/state.ts; let it stay in rooms.ts, move it into a holder, or add to "flyhot" in deno.json: "startsAnew": ["rooms.ts#rooms"]`,
    ],
  );
  // Dropped altogether, there is nobody left to miss it.
  const gone = plan({ "app.ts": `export const f = 1;`, "rooms.ts": null }, {
    from,
  });
  assertEquals([texts(gone), gone.pruned, gone.removed], [[], ["rooms.ts"], [
    "rooms.ts",
  ]]);
});
