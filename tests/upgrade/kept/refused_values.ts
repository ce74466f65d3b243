/** Small programs whose locals would be lost, or whose kept values do not follow: their next version cannot come in hot.
 * @module
 */
import type { Program } from "./program.ts";

/** Small programs whose locals would be lost, or whose kept values do not follow: their next version cannot come in hot. */
export const REFUSED_VALUES: Readonly<Record<string, Program>> = {
  async_main: {
    before: {
      "main.ts":
        `import { open } from "./db.ts"; async function main() { const db = await open(); SERVE(() => new Response("one " + ++db.n)); } main();`,
      "db.ts":
        `export const open = async () => { await new Promise((r: Request) => setTimeout(r, 30)); return { n: 0 }; };`,
    },
    after: {
      "main.ts":
        `import { open } from "./db.ts"; async function main() { const db = await open(); SERVE(() => new Response("two " + ++db.n)); } main();`,
    },
    refused: `main.db: holds state`,
  },
  let_closure_shared: {
    before: {
      "main.ts":
        `import { inc } from "./count.ts"; SERVE(() => new Response("one " + inc()));`,
      "count.ts":
        `let n = 0; export const inc = () => ++n; export const dec = () => --n;`,
    },
    after: {
      "count.ts":
        `let n = 0; export const inc = () => n += 10; export const dec = () => --n;`,
    },
    refused: `n: holds state`,
  },
  local_other: {
    before: {
      "main.ts":
        `import { makeGames } from "./games.ts"; const games = makeGames(); SERVE(() => new Response("one " + games.next()));`,
      "games.ts":
        `export function makeGames() { const all = new Map(); return { next: () => all.set(all.size, 1).size }; }`,
    },
    after: {
      "main.ts":
        `import { makeGames } from "./games.ts"; const games = makeGames(); SERVE(() => new Response("two " + games.next()));`,
    },
    refused:
      `makeGames.all: holds state (set() at line 1), which would be lost; add to "flyhot" in deno.json: "keep": ["NAME/games.ts#makeGames.all"]`,
  },
  new_users: {
    before: {
      "main.ts":
        `class Users { n = 0; add() { return ++this.n; } } const handler = (users: Users) => () => new Response("one " + users.add()); export const main = () => { SERVE(handler(new Users())); }; main();`,
    },
    after: {
      "main.ts":
        `class Users { n = 0; add() { return ++this.n; } } const handler = (users: Users) => () => new Response("two " + users.add()); export const main = () => { SERVE(handler(new Users())); }; main();`,
    },
    refused: `main.new Users: holds what new Users() has become`,
  },
  numbers: {
    keep: ["main.ts#s"],
    before: {
      "main.ts":
        `import { E } from "./e.ts"; const s: { e?: E } = {}; SERVE((r: Request) => { s.e ??= E.B; return new Response(E[s.e]); });`,
      "e.ts": `export enum E { A, B }`,
    },
    after: { "e.ts": `export enum E { New, A, B }` },
    refused: `E: A was 0 and is 1 now`,
  },
  live_let_kept: {
    keep: ["mode.ts#mode"],
    before: {
      "main.ts":
        `import { f } from "./user.ts"; import { setMode } from "./mode.ts"; SERVE((r: Request) => { if (r.url.endsWith("set")) setMode("set"); return new Response(f()); });`,
      "user.ts":
        `import { mode } from "./mode.ts"; export const f = () => mode;`,
      "mode.ts":
        `export let mode = "one"; export const setMode = (m: string) => { mode = m; };`,
    },
    after: {
      "mode.ts":
        `export let mode = "two"; export const setMode = (m: string) => { mode = m + " two"; };`,
    },
    refused: `mode: is named under "keep", and its initializer`,
  },
  memo_kept: {
    keep: ["cache.ts#cache"],
    before: {
      "main.ts":
        `import { get } from "./cache.ts"; SERVE(() => new Response(get()));`,
      "cache.ts":
        `import { build } from "./build.ts"; let cache: string | undefined; export const get = () => cache ??= build();`,
      "build.ts": `export const build = () => "one";`,
    },
    after: { "build.ts": `export const build = () => "two";` },
    refused:
      `cache: is named under "keep", and its initializer, or what that refers to, is another one now`,
  },
  cached_import_kept: {
    keep: ["main.ts#p"],
    before: {
      "main.ts":
        `let p: any; SERVE(async () => { p ??= import("./x.ts"); return new Response((await p).f()); });`,
      "x.ts": `export const f = () => "one";`,
    },
    after: { "x.ts": `export const f = () => "two";` },
    refused:
      `p: is named under "keep", and its initializer, or what that refers to, is another one now`,
  },
  twice_kept: {
    keep: ["room.ts#makeRoom.players"],
    before: {
      "main.ts":
        `import { makeRoom } from "./room.ts"; const rooms = [makeRoom(), makeRoom()]; rooms[0].push("ann"); SERVE(() => new Response(JSON.stringify(rooms)));`,
      "room.ts":
        `export function makeRoom() { const players: string[] = []; return players; }`,
    },
    after: {
      "main.ts":
        `import { makeRoom } from "./room.ts"; const rooms = [makeRoom(), makeRoom()]; rooms[0].push("ann"); SERVE(() => new Response("two " + JSON.stringify(rooms)));`,
      "room.ts":
        `export function makeRoom() { const players: string[] = []; return players; }
// again`,
    },
    refused:
      `makeRoom.players: is named under "keep", and its initializer has run more than once`,
  },
  index_of_kept: {
    keep: ["main.ts#rooms"],
    before: {
      "main.ts":
        `const rooms = new Map<string, number>(); const index = new Set(rooms.keys()); SERVE((request) => { rooms.set(request.url, 1); index.add(request.url); return new Response("one " + index.size); });`,
    },
    after: {
      "main.ts":
        `const rooms = new Map<string, number>(); const index = new Set(rooms.keys()); SERVE((request) => { rooms.set(request.url, 1); index.add(request.url); return new Response("two " + index.size); });`,
    },
    refused:
      `rooms: is named under "keep", and what its module makes of what it holds (keys()) while it is evaluated would miss what the old code still changes`,
  },
  wrapped_kept: {
    keep: ["main.ts#rooms"],
    before: {
      "main.ts":
        `class View { constructor(readonly rooms: Map<string, number>) {} get size() { return this.rooms.size; } } const rooms = new Map<string, number>(); const busy = new View(rooms).size > 0; SERVE((request) => { rooms.set(request.url, 1); return new Response("one " + busy); });`,
    },
    after: {
      "main.ts":
        `class View { constructor(readonly rooms: Map<string, number>) {} get size() { return this.rooms.size; } } const rooms = new Map<string, number>(); const busy = new View(rooms).size > 0; SERVE((request) => { rooms.set(request.url, 1); return new Response("two " + busy); });`,
    },
    refused:
      `rooms: is named under "keep", and what its module makes of what it holds (.size) while it is evaluated would miss what the old code still changes`,
  },
  field_kept: {
    keep: ["main.ts#rooms"],
    before: {
      "main.ts":
        `const rooms = new Map<string, number>(); const view = { rooms }; const { rooms: { size } } = view; SERVE((request) => { rooms.set(request.url, 1); return new Response("one " + size); });`,
    },
    after: {
      "main.ts":
        `const rooms = new Map<string, number>(); const view = { rooms }; const { rooms: { size } } = view; SERVE((request) => { rooms.set(request.url, 1); return new Response("two " + size); });`,
    },
    refused:
      `rooms: is named under "keep", and what its module makes of what it holds (.size) while it is evaluated would miss what the old code still changes`,
  },
};
