import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DrivenApp, type Files } from "../../support/driven_app.ts";

const V1: Files = {
  "app.ts": `
import { rooms } from "./rooms.ts";
export const say = (key: string, line: string) => rooms.get(key).say(line);
export const read = (key: string) => rooms.get(key).state;
export const keys = () => rooms.keys();
export const remove = (key: string) => rooms.remove(key);
export const fill = async (count: number) => {
  for (let index = 0; index < count; index++) await rooms.get("room" + index).say("hello " + index);
  return rooms.size;
};
`,
  "rooms.ts": `
import { family } from "@flyhot/runtime";
export const rooms = family("rooms", {
  state: (key) => ({ key, lines: [] as string[] }),
  actions: { say: (room, line: string) => room.lines.push(line) },
});
`,
};

const ROOMS_2 = (step: string) => `
import { family } from "@flyhot/runtime";
export const rooms = family("rooms", {
  version: 2,
  state: (key) => ({ key, lines: [] as string[], topic: "new" }),
  migrate: { 2: ${step} },
  actions: { say: (room, line: string) => room.lines.push(room.topic + ": " + line) },
});
`;

Deno.test("family() makes members on demand, lists and removes them, and migrates all in one upgrade", async () => {
  await using app = await DrivenApp.start(V1);
  assertEquals(await app.call("say", "a", "one"), 1);
  assertEquals(await app.call("say", "b", "two"), 1);
  assertEquals(await app.call("keys"), ["a", "b"]);
  assertEquals(await app.call("remove", "b"), true);
  assertEquals(await app.call("remove", "b"), false);
  const result = await app.upgrade({
    "rooms.ts": ROOMS_2(`(old) => ({ ...old, topic: "old" })`),
  });
  assert(result.state === "applied", JSON.stringify(result));
  assertEquals(result.holders, [{
    name: "rooms",
    from: 1,
    to: 2,
    action: "migrated",
  }]);
  assertEquals(await app.call("say", "a", "three"), 2);
  assertEquals(await app.call("say", "c", "four"), 1);
  assertEquals(await app.call("read", "a"), {
    key: "a",
    lines: ["one", "old: three"],
    topic: "old",
  });
  assertEquals(await app.call("read", "c"), {
    key: "c",
    lines: ["new: four"],
    topic: "new",
  });
});

Deno.test("a migration that throws for one member undoes all and names its key", async () => {
  await using app = await DrivenApp.start(V1);
  await app.call("fill", 50);
  const result = await app.upgrade({
    "rooms.ts": ROOMS_2(
      `(old) => { if (old.key === "room37") throw new Error("bad room"); return { ...old, topic: "x" }; }`,
    ),
  });
  assert(result.state === "failed", JSON.stringify(result));
  assertStringIncludes(result.message, "rooms[room37]");
  assertStringIncludes(result.message, "bad room");
  assertEquals(await app.call("read", "room0"), {
    key: "room0",
    lines: ["hello 0"],
  });
  assertEquals(await app.call("say", "room37", "still here"), 2);
});

Deno.test("100,000 members upgrade in one transaction", async () => {
  await using app = await DrivenApp.start(V1);
  assertEquals(await app.call("fill", 100_000), 100_000);
  const result = await app.upgrade({
    "rooms.ts": ROOMS_2(`(old) => ({ ...old, topic: "t" + old.key })`),
  });
  assert(result.state === "applied", JSON.stringify(result));
  for (const index of [0, 1, 49_999, 99_999]) {
    assertEquals(await app.call("read", `room${index}`), {
      key: `room${index}`,
      lines: [`hello ${index}`],
      topic: `troom${index}`,
    });
  }
});
