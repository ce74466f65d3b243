import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoJson, DrivenApp, type Files } from "../../support/driven_app.ts";

const APP = `
import "./set.ts";
export const read = () => {
  const it = globalThis as { word?: string; other?: string };
  return [it.word ?? null, it.other ?? null, Deno.env.get("MODE") ?? null, console.debug("x") ?? null];
};`;

async function underCalls(
  app: DrivenApp,
  changes: Files,
  answers: readonly unknown[],
): Promise<Awaited<ReturnType<DrivenApp["upgrade"]>>> {
  let isOver = false;
  const wrong: unknown[] = [];
  const calling = (async () => {
    while (!isOver) {
      const answer = await app.call("read");
      if (
        !answers.some((it) => JSON.stringify(it) === JSON.stringify(answer))
      ) {
        wrong.push(answer);
      }
    }
  })();
  const result = await app.upgrade(changes);
  isOver = true;
  await calling;
  assertEquals(wrong, []);
  return result;
}

Deno.test("what a module has set on globals stays only where the new code sets it too, and goes back with an undo", async () => {
  await using app = await DrivenApp.start({
    "app.ts": APP,
    "set.ts": `
Object.assign(globalThis, { word: "one" });
Deno.env.set("MODE", "dark");
console.debug = () => "debug one";`,
  });
  const one = ["one", null, "dark", "debug one"];
  assertEquals(await app.call("read"), one);
  const refused = async (changes: Files, ...texts: string[]) => {
    const result = await underCalls(app, changes, [one]);
    assert(result.state === "failed", JSON.stringify(result));
    assertEquals(result.phase, "plan");
    for (const text of texts) assertStringIncludes(result.message, text);
    assertEquals(await app.call("read"), one);
  };
  await refused(
    { "app.ts": APP.replace('import "./set.ts";', "") },
    "set.ts:2 word: was set by it and would stay, because the new code does not set it",
    "set.ts:3 Deno.env.MODE: was set by it",
    "set.ts:4 console.debug: was set by it",
    `"global:set.ts#word"`,
  );
  const wrapped = `
Object.assign(globalThis, { word: "two" });
Deno.env.set("MODE", "dark");
const before = console.debug;
console.debug = () => "[" + before() + "]";`;
  await refused(
    { "app.ts": APP, "set.ts": wrapped },
    "set.ts:4 console.debug: is set by the new code to something made of what the old code has set",
  );
  const failing = `
globalThis.word = "three";
globalThis.other = "new";
Deno.env.set("MODE", "light");
console.debug = () => "debug three";
throw new Error("not today");`;
  const failed = await app.upgrade({ "set.ts": failing });
  assert(failed.state === "failed", JSON.stringify(failed));
  assertStringIncludes(failed.message, "not today");
  assertEquals(await app.call("read"), one);
  const two = ["two", "new", "dark", "debug two"];
  const applied = await app.upgrade({
    "set.ts": `
globalThis.word = "two";
globalThis.other = "new";
Deno.env.set("MODE", "dark");
console.debug = () => "debug two";`,
  });
  assertEquals(applied.state, "applied", JSON.stringify(applied));
  assertEquals(await app.call("read"), two);
  const dropped = await app.upgrade(
    {
      "deno.json": denoJson({ consent: ["global:set.ts#other"] }),
      "set.ts": `
globalThis.word = "four";
Deno.env.set("MODE", "dark");
console.debug = () => "debug four";`,
    },
  );
  assertEquals(dropped.state, "applied", JSON.stringify(dropped));
  assertEquals(await app.call("read"), ["four", "new", "dark", "debug four"]);
});
