import { assertEquals } from "@std/assert";
import { type App, change } from "../captures_fixture_test.ts";

const GAME =
  `export class Game { #left = 3; constructor(left: number) { this.#left = left; } take() { return --this.#left; } }`;
const GAME2 = GAME.replace("--", "1 - ");
const LOBBY =
  `import { Game } from "./game.ts"; export class Lobby { games = new Map<string, any>(); open(name: string) { const game = new Game(3); this.games.set(name, game); return game; } find(name: string) { return this.games.get(name); } }`;

/** What is evaluated besides `game.ts`, whose instances cannot follow their class. */
const evaluated = (app: App, changes: App = {}) =>
  change(
    { "game.ts": GAME, "lobby.ts": LOBBY, ...app },
    { "game.ts": GAME2, ...changes },
  );

const MAY = "may have instances that hold what changes";

Deno.test("captures: whoever has instances that hold what changes is evaluated in the place of their module", () => {
  assertEquals(
    evaluated({
      "main.ts":
        `import { Lobby } from "./lobby.ts"; const lobby = new Lobby(); Deno.serve(() => new Response(lobby.find("a")));`,
    }),
    [`main.ts: game.ts > lobby.ts#Lobby ${MAY} at 1`],
  );
  for (
    const use of [
      `let lobby: any; export const get = () => lobby ??= new Lobby();`,
      `export const get = (to: any) => to.put(new Lobby());`,
      `export const is = (it: any) => it instanceof Lobby;`,
      `export const get = () => Lobby.name;`,
      `const made = [] as any[]; export const get = () => { made.push(new Lobby()); };`,
      `export { Lobby };`,
    ]
  ) {
    const found = evaluated({
      "main.ts": `import { Lobby } from "./lobby.ts"; ${use}`,
    });
    assertEquals(found, [`main.ts: game.ts > lobby.ts#Lobby ${MAY} at 1`], use);
  }
  // Whatever it does may have been done while modules were evaluated.
  for (
    const [use, why] of [
      [`export class Sub extends Lobby {}`, "extends it"],
      [`export const classes = { Lobby };`, "puts it away"],
      [
        `let last: any; export const get = () => { last = new Lobby().open("a"); return last; };`,
        "may keep what its methods give",
      ],
      [
        `export const lobby = () => new Lobby(); export const kept = lobby();`,
        "may run it while modules are evaluated",
      ],
    ] as const
  ) {
    assertEquals(
      evaluated({ "main.ts": `import { Lobby } from "./lobby.ts"; ${use}` }),
      [
        "lobby.ts: game.ts#Game may run it while modules are evaluated at 1",
        `main.ts: lobby.ts#Lobby ${why} at 1`,
      ],
    );
  }
  for (
    const use of [
      `import * as all from "./lobby.ts"; export const get = () => Object.values(all);`,
      `export * from "./lobby.ts";`,
      `export { Lobby } from "./lobby.ts";`,
      `import "./lobby.ts";`,
      `export const get = () => import("./lobby.ts");`,
    ]
  ) {
    const [found = ""] = evaluated({ "main.ts": use });
    assertEquals(found.startsWith("main.ts: game.ts > lobby.ts#"), true, use);
  }
  // Nobody has one for long.
  assertEquals(
    evaluated({
      "main.ts":
        `import { Lobby } from "./lobby.ts"; export const count = () => new Lobby().games.size;`,
      "other.ts":
        `import { count } from "./main.ts"; Deno.serve(() => new Response(String(count())));`,
      "types.ts":
        `import type { Lobby } from "./lobby.ts"; let last: Lobby; export const use = (it: Lobby) => { last = it; };`,
    }),
    [],
  );
});

Deno.test("captures: instances inside of instances lead to whoever has the outermost", () => {
  const hotel =
    `import { Lobby } from "./lobby.ts"; export class Hotel { lobbies: any[] = []; add() { this.lobbies.push(new Lobby()); } }`;
  const main =
    `import { Hotel } from "./hotel.ts"; const hotel = new Hotel(); Deno.serve(() => new Response(String(hotel.lobbies.length)));`;
  assertEquals(evaluated({ "hotel.ts": hotel, "main.ts": main }), [
    `main.ts: game.ts > lobby.ts > hotel.ts#Hotel ${MAY} at 1`,
  ]);
  // Through a module that only passes the name on.
  const [barrel, ...rest] = evaluated({
    "barrel.ts": `export { Lobby } from "./lobby.ts";`,
    "hotel.ts": hotel.replace("lobby.ts", "barrel.ts"),
    "main.ts": main,
  });
  assertEquals(barrel, `barrel.ts: game.ts > lobby.ts# passes it on at 1`);
  assertEquals(
    rest,
    [
      `hotel.ts: barrel.ts#Lobby gets it from elsewhere then at 1`,
      `main.ts: game.ts > lobby.ts > hotel.ts#Hotel ${MAY} at 1`,
    ].slice(1),
  );
});

Deno.test("captures: a module that may hold itself what changes is evaluated", () => {
  const kept = (lobby: string) =>
    evaluated({ "lobby.ts": `import { Game } from "./game.ts"; ${lobby}` });
  const holds = "may hold instances of Game, which is made in another way at 1";
  const put = "put() { this.x = new Game(1); } x: any;";
  assertEquals(kept(`export class Lobby { ${put} }`), []);
  for (
    const lobby of [
      `const games = new Map(); export class Lobby { put() { games.set(1, new Game(1)); } }`,
      `export class Lobby { static all: any[] = []; ${put} }`,
      `export class Lobby { ${put} } export const make = () => new Lobby();`,
      `export class Lobby { ${put} } export const first = (it: Lobby) => it.x;`,
      `const all: any[] = []; export class Lobby { ${put} hi() { all.push(this.x); } }`,
    ]
  ) assertEquals(kept(lobby), [`lobby.ts: game.ts#Game ${holds}`], lobby);
  assertEquals(
    kept(
      `export class Lobby { x: any; put() { this.x = new Game(1); } take() { this.y = this.x.take(); } y: any; }`,
    ),
    [`lobby.ts: game.ts#Game may keep what its methods give at 1`],
  );
  assertEquals(
    evaluated({
      "main.ts": `import { Lobby } from "./lobby.ts"; new Lobby().open("a");`,
    }),
    [
      "lobby.ts: game.ts#Game may run it while modules are evaluated at 1",
      "main.ts: lobby.ts#Lobby may run it while modules are evaluated at 1",
    ],
  );
});

Deno.test("captures: whose instances follow, nobody is evaluated who has them inside of others", () => {
  assertEquals(
    change({
      "game.ts":
        `export class Game { left = 3; take() { return --this.left; } }`,
      "lobby.ts": LOBBY.replace("Game(3)", "Game()"),
      "main.ts":
        `import { Lobby } from "./lobby.ts"; const lobby = new Lobby(); Deno.serve(() => new Response(lobby.find("a")));`,
    }, {
      "game.ts":
        `export class Game { left = 3; take() { return this.left -= 1; } }`,
    }),
    [],
  );
});
