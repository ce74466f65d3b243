/** Images whose build has prepared their scripts answer and are upgraded as others are.
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp, type OrdinaryStart } from "../../support/ordinary_app.ts";

// The spaces tell whether types were blanked out, or transpiled away.
const rooms = (word: string) => `
import { Kind } from "./kind.ts";
import { say } from "./say.ts";
interface Room { readonly   name: string }
export const all = new Map<string, Room>();
export class   Rooms { join(name: string): Room { const room: Room = { name: "${word}" + name + Kind.open }; all.set(name, room); return room; } }
export function   list(): string { return say([...all.keys()].join()); }
export default (path:   string): string => path === "/text" ? list.toString() : path;
`;
const FILES = {
  "main.ts": `
import text, { all, list, Rooms } from "./rooms.ts";
const rooms = new Rooms();
const greeting: string = "hello";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, (request) => {
  const path = new URL(request.url).pathname;
  if (path.startsWith("/join/")) rooms.join(path.slice(6));
  return new Response(path === "/text" ? text(path) : greeting + " " + list() + " " + all.size);
});
`,
  "rooms.ts": rooms("a"),
  "say.ts": `export const say = (word: string): string => "(" + word + ")";\n`,
  "kind.ts": `export enum Kind { open = "open" }\n`,
  "main_test.ts": `throw new Error("nobody loads tests");\n`,
  "deno.json": JSON.stringify({
    flyhot: { rebind: true, keep: ["rooms.ts#all"], startsAnew: [] },
  }),
};

const ERASED = /^200 function {3}list\(\) {8}/;
const TRANSPILED = /^200 function list\(\) \{/;

async function lives(
  options: OrdinaryStart,
  text: RegExp,
  greeting = "hello",
): Promise<void> {
  await using app = await OrdinaryApp.start(FILES, options);
  const asked = async (words: string) =>
    assertEquals(await app.ask(), `200 ${greeting} ${words}`);
  assertMatch(await app.ask("/text"), text);
  assertEquals(await app.ask("/join/x"), `200 ${greeting} (x) 1`);
  await using clients = new Clients(app.url);
  const said = await app.upgrade({
    "say.ts": `export const say = (word: string): string => "[" + word + "]";`,
  });
  assertEquals(said.state, "applied", JSON.stringify(said));
  await asked("[x] 1");
  const kept = await app.upgrade({ "rooms.ts": rooms("b") });
  assertEquals(kept.state, "applied", JSON.stringify(kept));
  await asked("[x] 1");
  assertEquals(await app.ask("/join/y"), `200 ${greeting} [x,y] 2`);
  const back = await app.upgrade({
    "say.ts": FILES["say.ts"],
    "rooms.ts": FILES["rooms.ts"],
  });
  assertEquals(back.state, "applied", JSON.stringify(back));
  await asked("(x,y) 2");
  assertEquals(await clients.end(), []);
}

Deno.test("a prepared image is loaded as it is written, and upgraded", async () => {
  await lives({ prepared: {} }, ERASED);
});

Deno.test("an image that nobody has prepared lives in the same way", async () => {
  await lives({}, TRANSPILED);
});

Deno.test("of a script that has changed since it was prepared, nothing that was prepared is used", async () => {
  const then = 'sed -i "s/readonly   name/readonly name/" rooms.ts';
  await lives({ prepared: { then } }, TRANSPILED);
});

Deno.test("what is prepared in another version, or torn, is not used", async () => {
  for (
    const then of [
      `sed -i 's/"version":[0-9]*/"version":0/' .flyhot/prepared.json`,
      `truncate -s 200 .flyhot/prepared.json`,
    ]
  ) await lives({ prepared: { then } }, TRANSPILED);
});
