import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { RunningManifest } from "../../runtime/protocol/manifest/manifest.ts";
import { askControl } from "../../runtime/testing/app/control_client.ts";
import { Clients } from "../support/net/clients.ts";
import { OrdinaryApp } from "../support/ordinary_app.ts";
import type { Files } from "../support/driven_app.ts";
import { freePort } from "../support/net/free_port.ts";

const PORT = `port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1"`;

/** An app whose state lies in a variable, in a collection, in a local of its main function and in a weak collection. */
const main = (version: string, port: number, status = 200, more = "") => `
import { Games } from "./games.ts";
let hits = 0;
const seen = new Map<string, number>();
async function main() {
  const games = await Games.open();
  Deno.serve({ ${PORT}, onListen() {} }, async () => {
    const mine = ++hits;
    seen.set("all", (seen.get("all") ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, 2));
    return new Response([mine, "${version}", games.play(), seen.get("all")! >= mine].join());
  });
  Deno.serve({ port: ${port}, hostname: "127.0.0.1", onListen() {} }, () => new Response(null, { status: ${status} }));
}
main();
${more}`;

const games = (word: string, more = "") => `
const plays = new WeakMap<Games, { n: number }>();
export class Games {
  ${more}
  static async open() {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return new Games();
  }
  constructor() { plays.set(this, { n: 0 }); }
  play() { const it = plays.get(this)!; return "${word}" + ++it.n; }
}`;

const KEPT = JSON.stringify({
  flyhot: {
    keep: ["main.ts#hits", "main.ts#seen", "main.ts#main.games"],
    runtime: { prepareTimeoutMs: 3000 },
  },
});

const flyToml = (port: number) =>
  `app = "driven"\n[http_service]\ninternal_port = ${port}\n[[http_service.checks]]\npath = "/healthz"\n`;

/** The control socket of its process. */
async function socketOf({ app }: OrdinaryApp): Promise<string> {
  const { pid } = await app.info();
  const variables = await Deno.readTextFile(`/proc/${pid}/environ`);
  return /(?:^|\0)FLYHOT_SOCKET=([^\0]+)/.exec(variables)![1]!;
}

async function applied(app: OrdinaryApp, changes: Files): Promise<void> {
  const report = await app.upgrade(changes);
  assertEquals(report.state, "applied", JSON.stringify(report));
}

Deno.test("state stays by name under load: through upgrades, a failed check, a failed load and the way back", async () => {
  const port = freePort();
  await using app = await OrdinaryApp.start({
    "main.ts": main("v1", port),
    "games.ts": games("a"),
    "deno.json": KEPT,
    "fly.toml": flyToml(port),
  });
  await using clients = new Clients(app.url);
  for (let version = 2; version <= 4; version++) {
    await applied(app, {
      "main.ts": main(`v${version}`, port),
      "games.ts": games(`g${version}-`),
    });
  }
  const sick = await app.upgrade({ "main.ts": main("sick", port, 500) });
  assertEquals(sick.failure?.phase, "health", JSON.stringify(sick));
  const broken = await app.upgrade({
    "main.ts": main("broken", port, 200, `throw new Error("bad release");`),
  });
  assertStringIncludes(broken.failure?.message ?? "", "bad release");
  const late = await app.upgrade({
    "main.ts": main(
      "late",
      port,
      200,
      `setTimeout(() => { throw new Error("it went bad"); }, 100);`,
    ),
    "deno.json": KEPT.replace("3000", `3000, "probationMs": 600`),
  });
  assertEquals(late.state, "rolled_back", JSON.stringify(late));
  await applied(app, {
    "main.ts": main("last", port),
    "games.ts": games("last-"),
    "deno.json": KEPT,
  });
  // What a plan is made of says what stays with what is kept.
  const { keptReach } = await askControl(
    await socketOf(app),
    "GET /v1/manifest",
    AbortSignal.timeout(20_000),
  ) as RunningManifest;
  assertEquals(keptReach?.["main.ts#main.games"], ["games.ts#Games"]);
  await app.ask();
  assertEquals(await clients.end(), []);
  const answers = [...clients.answers.keys()].map((it) => it.split(","));
  const [status, version, play, all] = (await app.ask()).split(",");
  const total = Number(status!.split(" ")[1]);
  assertEquals([version, all], ["last", "true"]);
  // Every call was counted once, by whichever code.
  assertEquals(clients.total, answers.length);
  assertEquals(total, clients.total + 2, "calls that were counted");
  assertEquals(play, `last-${total}`);
  const met = new Set(answers.map(([, it]) => it));
  assert(!met.has("sick") && !met.has("broken"), [...met].join());
  assert(met.has("v4") && met.has("last"), [...met].join());
});

/** What stands in one app, so that all of it is asked in one process. */
const STATE = `
import { Room } from "./room.ts";
const rooms = new Map<string, unknown>();
const jobs: string[] = [];
let last: unknown;
function lazily() { const made = new Map<string, number>(); return made; }
let made: Map<string, number> | undefined;
export const act = (what: string): unknown => {
  if (what === "room") rooms.set("a", new Room("a"));
  if (what === "callback") rooms.set("c", { call: () => rooms.size });
  if (what === "last") last = { at: rooms.size };
  if (what === "lazy") (made ??= lazily()).set("x", 1);
  if (what === "clear") rooms.clear();
  return [rooms.size, [...rooms.values()].map((it) => it instanceof Room ? it.name() : typeof it), last, jobs.length];
};
`;
const SERVER = `
import { act } from "./state.ts";
Deno.serve({ ${PORT}, onListen() {} }, (request) =>
  new Response(JSON.stringify(act(new URL(request.url).pathname.slice(1)))));
`;
const room = (body: string) => `export class Room { ${body} }`;
const ROOM = room(
  `constructor(readonly id: string) {} name() { return "one " + this.id; }`,
);
const settings = (flyhot: unknown) => JSON.stringify({ flyhot });
const ALL = ["state.ts#rooms", "state.ts#last", "state.ts#made"];

Deno.test("what cannot be kept is refused with file, line and what to write", async () => {
  await using app = await OrdinaryApp.start({
    "main.ts": SERVER,
    "state.ts": STATE,
    "room.ts": ROOM,
  });
  const start: Files = {
    "state.ts": STATE,
    "room.ts": ROOM,
    "deno.json": settings({ keep: ALL }),
  };
  const refused = async (changes: Files, ...wanted: string[]) => {
    const report = await app.upgrade({ ...start, ...changes });
    assertEquals(report.state, "failed", JSON.stringify(report));
    for (const it of wanted) {
      assertStringIncludes(report.failure!.message, it);
    }
  };
  const touched = `${STATE}\n// again`;
  for (const what of ["room", "last", "lazy"]) await app.ask(`/${what}`);
  // Nothing is named.
  await refused(
    { "state.ts": touched, "deno.json": "{}" },
    `state.ts:3 rooms: holds state`,
    `add to "flyhot" in deno.json: "keep": ["state.ts#rooms"] to keep it, or "startsAnew": ["state.ts#rooms"] to lose it`,
    `state.ts:5 last: holds state`,
  );
  // H5: the constructor gives what kept instances do not have.
  await refused(
    {
      "room.ts": room(
        `at: number; constructor(readonly id: string) { this.at = id.length; } name() { return "two " + this.at; }`,
      ),
    },
    `state.ts:3 rooms.get("a"): holds Room: Room.at is new and comes from the constructor`,
    `"startsAnew": ["state.ts#rooms"]`,
  );
  // A variable that became a constant, one that is gone, one that is taken apart.
  await refused(
    {
      "state.ts": STATE.replace("let last: unknown;", "").replace(
        "last = {",
        "globalThis.name = {",
      ).replace(", last,", ", 0,").replaceAll(
        "globalThis.name",
        "(globalThis as any).last",
      ),
    },
    `state.ts:5 last: is named under "keep", and the new code has no such initializer`,
  );
  await refused(
    {
      "state.ts": STATE.replace(
        "const rooms = new Map<string, unknown>();",
        "const [rooms] = [new Map<string, unknown>()];",
      ),
    },
    `rooms: is named under "keep", but is taken out of another value`,
  );
  // K5: done whenever the module is evaluated.
  await refused(
    {
      "state.ts": `${STATE}\njobs.push("again");`,
      "deno.json": settings({ keep: [...ALL, "state.ts#jobs"] }),
    },
    `state.ts:17 jobs: is named under "keep", and push() would be done to it a second time`,
    `"consent": ["repeats:state.ts#jobs"]`,
  );
  // What runs only when it is asked for does not take what it made before.
  await refused(
    {
      "state.ts": touched,
      "deno.json": settings({ keep: [...ALL, "state.ts#lazily.made"] }),
    },
    `state.ts:6 lazily.made: is named under "keep", and its initializer does not run while the new code is evaluated`,
  );
  // H3: a function of the old code.
  await app.ask("/callback");
  await refused(
    { "state.ts": touched },
    `state.ts:3 rooms.get("c").call: holds call: it may name what is around it in the old code`,
    `"keep": [{ "at": "state.ts#rooms", "functions": "keep" }]`,
  );
  assertEquals(
    await app.ask("/"),
    `200 [2,["one a","object"],{"at":1},0]`,
  );
  await applied(app, {
    ...start,
    "state.ts": touched,
    "room.ts": ROOM.replace("one", "two"),
    "deno.json": settings({
      keep: [
        { at: "state.ts#rooms", functions: "keep" },
        "state.ts#last",
        "state.ts#made",
      ],
    }),
  });
  assertEquals(
    await app.ask("/"),
    `200 [2,["two a","object"],{"at":1},0]`,
  );
  // Given up by name, it begins as in a process that starts.
  await applied(app, {
    ...start,
    "state.ts": `${STATE}\n// once more`,
    "deno.json": settings({
      keep: ["state.ts#last"],
      startsAnew: ["state.ts#rooms", "state.ts#made"],
    }),
  });
  assertEquals(await app.ask("/"), `200 [0,[],{"at":1},0]`);
});
