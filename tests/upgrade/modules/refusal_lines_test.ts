import { assert, assertEquals } from "@std/assert";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

const CONFIG = { "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0" };
const denoJson = (flyhot: Readonly<Record<string, unknown>>) =>
  JSON.stringify({
    imports: CONFIG,
    flyhot: {
      ...flyhot,
      // A server that does not come is waited for.
      runtime: { prepareTimeoutMs: 1500 },
    },
  });

const MAIN = `import "./docs.ts";
import { word } from "./word.ts";

Deno.serve(
  { port: Number(Deno.env.get("PORT")), onListen() {} },
  (request) => {
    if (request.headers.get("upgrade") !== "websocket") return new Response(word);
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  },
);
`;
const DOCS = `import { holder } from "@flyhot/runtime";
import { make } from "./make.ts";

// Two on one line, and one by a helper elsewhere.
const more = { actions: {} };
export const docs = holder("docs", {
  state: () => ({ open: 1 as unknown }),
  ...more,
}); export const tags = holder("tags", { state: () => [1], ...more });
export const made = make("made");
`;
const MAKE = `import { holder } from "@flyhot/runtime";
export const make = (name: string) =>
  holder(name, { state: () => ({ n: 1 }), actions: {} });
`;

Deno.test("what only lives in a process is refused where its code declares it: file and line, or the file alone", async () => {
  const files = {
    "deno.json": denoJson({}),
    "main.ts": MAIN,
    "docs.ts": DOCS,
    "make.ts": MAKE,
    "word.ts": `export const word = "one";`,
  };
  await using app = await OrdinaryApp.start(files);
  const refused = async (changes: Readonly<Record<string, string>>) => {
    const { state, failure } = await app.upgrade(changes);
    assertEquals(state, "failed", JSON.stringify(failure));
    const { refusals = [] } = failure!;
    return refusals.map(({ rule, path, line, subject }) =>
      `${rule} ${path}:${line} ${subject}`
    );
  };

  const reconnect = { "deno.json": denoJson({ sockets: "reconnect" }) };
  const socket = new WebSocket(app.url.replace("http", "ws"));
  await new Promise((resolve) => socket.onopen = resolve);
  assertEquals(await refused({ "word.ts": `export const word = "two";` }), [
    "sockets main.ts:8 ",
  ]);

  const without = DOCS.replace(/export const docs[^]*$/, "");
  assertEquals(
    await refused({ ...reconnect, "docs.ts": without }),
    [
      "holder docs.ts:6 docs",
      "holder docs.ts:9 tags",
      "holder docs.ts:10 made",
    ],
  );

  const deaf = MAIN.replace(`Number(Deno.env.get("PORT"))`, "0");
  assertEquals(
    (await refused({ "docs.ts": DOCS, "main.ts": deaf }))
      .map((text) => text.replace(/\d+$/, "PORT")),
    ["server main.ts:4 *:PORT"],
  );

  const done = await app.upgrade({ "main.ts": MAIN });
  assertEquals(done.state, "applied", JSON.stringify(done));
  assert(done.reloaded.includes("main.ts"));
  socket.close();
});

Deno.test("what a kept value cannot follow is refused at its declaration", async () => {
  const rooms = (body: string) => `
const label = "r";
export class Room { ${body} }
export const rooms = new Map<string, Room>();
`;
  await using app = await OrdinaryApp.start({
    "deno.json": denoJson({ keep: ["rooms.ts#rooms"] }),
    "main.ts": `import { Room, rooms } from "./rooms.ts";
import { holder } from "@flyhot/runtime";
const kept = holder("kept",
  { state: () => ({ f: null as unknown }), actions: { put: (s) => { s.f = () => kept; } } });
Deno.serve({ port: Number(Deno.env.get("PORT")), onListen() {} }, async ({ url }) => {
  if (url.endsWith("/open")) rooms.set("a", new Room());
  if (url.endsWith("/put")) await kept.put();
  return new Response(String(rooms.size));
});
`,
    "rooms.ts": rooms("#secret = 1; tell() { return this.#secret; }"),
  });
  const refused = async (changes: Readonly<Record<string, string>>) => {
    const { state, failure } = await app.upgrade(changes);
    assertEquals(state, "failed", JSON.stringify(failure));
    return (failure!.refusals ?? []).map(({ path, line }) => `${path}:${line}`);
  };
  await app.ask("/open");
  const changed = rooms("#secret = 2; tell() { return this.#secret; }");
  assertEquals(await refused({ "rooms.ts": changed }), ["rooms.ts:4"]);
  await app.ask("/put");
  assertEquals(
    await refused({
      "rooms.ts": `${rooms("#secret = 1; tell() { return this.#secret; }")}
export const x = 1;`,
    }),
    ["main.ts:3"],
  );
});
