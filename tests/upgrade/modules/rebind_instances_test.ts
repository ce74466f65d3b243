import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Files } from "../../support/driven_app.ts";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

/** A class whose instances cannot follow it, since its methods reach for a private field. */
const game = (word: string, more = "") =>
  `export class Game {
  #said = "${word}";
  say(): string { return this.#said + "/${word}"; }
}
${more}`;

/** What holds them in its instances, and has nothing itself. */
const LOBBY = `import { Game } from "./game.ts";
export class Lobby {
  opened = 0;
  games = new Map<string, Game>();
  open(name: string): Game {
    const game = new Game();
    this.games.set(name, game);
    this.opened++;
    return game;
  }
}
`;

/** What has the instance, and hands it on to what stays. */
const MAIN = `import { Lobby } from "./lobby.ts";
import { handle } from "./handle.ts";
const lobby = new Lobby();
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, (request) => handle(request, lobby));
`;
const HANDLE = `import type { Lobby } from "./lobby.ts";
let last: Lobby | undefined;
export function handle(request: Request, lobby: Lobby): Response {
  const name = new URL(request.url).pathname.slice(1);
  if (name === "hold") last = lobby;
  if (name === "held") return new Response([...last?.games.values() ?? []].map((it) => it.say()).join());
  if (name === "drop") lobby.games.clear();
  if (name === "" || name === "drop") return new Response(String(lobby.opened));
  return new Response((lobby.games.get(name) ?? lobby.open(name)).say());
}
`;

const files = (
  settings: Readonly<Record<string, readonly string[]>>,
): Files => ({
  "main.ts": MAIN,
  "handle.ts": HANDLE,
  "lobby.ts": LOBBY,
  "game.ts": game("one"),
  "deno.json": JSON.stringify({
    flyhot: {
      rebind: true,
      runtime: { probationMs: 200, drainMs: 300 },
      ...settings,
    },
  }),
});

async function get(app: OrdinaryApp, path: string): Promise<string> {
  return await (await fetch(`${app.url}/${path}`)).text();
}

Deno.test("rebind: a module that holds what changes in instances alone stays, and makes the new ones", async () => {
  await using app = await OrdinaryApp.start(files({ keep: ["main.ts#lobby"] }));
  await using clients = new Clients(app.url);
  assertEquals(await get(app, "ann"), "one/one");
  const held = await app.upgrade({ "game.ts": game("two") });
  assertStringIncludes(
    held.failure?.message ?? "",
    'main.ts:3 lobby.games.get("ann"): holds Game',
  );
  assertEquals(await get(app, "ann"), "one/one");
  await get(app, "drop");
  const opened = Number(await get(app, ""));
  for (const word of ["two", "three"]) {
    const report = await app.upgrade({ "game.ts": game(word) });
    assertEquals(report.state, "applied", JSON.stringify(report));
    assertEquals(report.reloaded, ["game.ts", "main.ts"]);
    assertEquals(await get(app, "ben"), `${word}/${word}`);
    await get(app, "drop");
  }
  assertEquals(Number(await get(app, "")), opened + 2);
  const late = await app.upgrade({
    "game.ts": game(
      "late",
      `setTimeout(() => { throw new Error("it went bad"); }, 60);`,
    ),
  });
  assertEquals(late.state, "rolled_back", JSON.stringify(late));
  assertEquals(await get(app, "cyd"), "three/three");
  assertEquals(await clients.end(), []);
});

Deno.test("rebind: instances that whoever stays has got are found through the instances that hold them", async () => {
  await using app = await OrdinaryApp.start(
    files({ startsAnew: ["main.ts#lobby"] }),
  );
  await using clients = new Clients(app.url);
  assertEquals(await get(app, "ann"), "one/one");
  const report = await app.upgrade({ "game.ts": game("two") });
  assertEquals(report.reloaded, ["game.ts", "main.ts"]);
  assertEquals(await get(app, "ann"), "two/two");
  await get(app, "hold");
  assertEquals(await get(app, "held"), "two/two,two/two");
  const held = await app.upgrade({ "game.ts": game("three") });
  assertStringIncludes(
    held.failure?.message ?? "",
    'handle.ts:2 last.games.get("ann"): holds Game',
  );
  assertEquals(await get(app, "ann"), "two/two");
  assertEquals(await clients.end(), []);
});
