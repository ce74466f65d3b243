import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoJson, DrivenApp } from "../support/driven_app.ts";

const rooms = (version: string, more = "") => `
export const rooms = new Map<string, number>();
export class Clock { ticks = 0; tick() { return "${version}" + ++this.ticks; } }
${more}`;

const app = (version: string, health = "true", more = "") => `
import { health } from "@flyhot/runtime";
import { Clock, rooms } from "./rooms.ts";
let hits = 0;
const clock = new Clock();
export const inc = () => 0;
export const hit = () => { ++hits; rooms.set("all", (rooms.get("all") ?? 0) + 1); return ["${version}", hits === rooms.get("all"), clock.tick()].join(); };
export const seen = () => [hits, rooms.get("all") ?? 0];
health(() => ${health});
${more}`;

const KEPT = ["app.ts#hits", "app.ts#clock", "rooms.ts#rooms"];

Deno.test("behind a boot shell, too, values are kept that the image's deno.json names (K1, K2, K4)", async () => {
  await using running = await DrivenApp.start({
    "app.ts": app("one"),
    "rooms.ts": rooms("o"),
    "deno.json": denoJson({ keep: KEPT }),
  });
  const answers: string[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) answers.push(await running.call("hit") as string);
  })();
  const more = async () => {
    const wanted = answers.length + 5;
    while (answers.length < wanted) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const upgrade = async (version: string, health = "true") => {
    await more();
    const result = await running.upgrade({
      "app.ts": app(version, health),
      "rooms.ts": rooms(
        version.slice(0, 1),
        `export const more = "${version}";`,
      ),
      "deno.json": denoJson({ keep: KEPT }),
    });
    await more();
    return result;
  };
  const failed = await upgrade("bad", "false");
  assertEquals(failed.state, "failed", JSON.stringify(failed));
  for (const version of ["two", "three"]) {
    const result = await upgrade(version);
    assertEquals(result.state, "applied", JSON.stringify(result));
    assert(
      answers.at(-1)!.startsWith(`${version},true,${version[0]}`),
      answers.at(-1),
    );
  }
  isOver = true;
  await asking;
  const { length } = answers;
  assertEquals(await running.call("seen"), [length, length]);
  const ticks = answers.map((it) => Number(/\d+$/.exec(it)![0]));
  assertEquals(ticks, ticks.map((_, at) => at + 1));
});

Deno.test("a boot shell whose image names nothing to keep says how it can", async () => {
  await using running = await DrivenApp.start({
    "app.ts": app("one"),
    "rooms.ts": rooms("o"),
  });
  const result = await running.upgrade({
    "app.ts": app("two"),
    "deno.json": denoJson({ keep: KEPT }),
  });
  assert(result.state === "failed", JSON.stringify(result));
  assertStringIncludes(
    result.message,
    `is named under "keep", which needs the preload, or an image that names what it keeps; start the app by --preload, deploy cold once with "keep" in its deno.json`,
  );
});
