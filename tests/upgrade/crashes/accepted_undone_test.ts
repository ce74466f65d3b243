// P12: whoever was handed a new module is handed the old one when the upgrade is undone.
import { assert, assertEquals } from "@std/assert";
import { denoJson, DrivenApp, type Files } from "../../support/driven_app.ts";

const tagged = (tag: string, more = "") =>
  `export const tag = "${tag}";${more}`;
/** Accepts itself, and says so where others look. */
const own = (tag: string) => `
import { hot } from "@flyhot/runtime";
import { current } from "./current.ts";
export const tag = "${tag}";
current.own ||= tag;
hot(import.meta).accept((next) => { current.own = (next as { tag: string }).tag; });
export const read = () => current.own;`;
const WORSE = `
import { health } from "@flyhot/runtime"; health(() => false);`;

const FILES: Files = {
  "deno.json": denoJson({ shared: ["log.ts#log", "current.ts#current"] }),
  "current.ts": `export const current = { own: "" };`,
  "log.ts": `export const log: string[] = [];`,
  "app.ts": `
import { hot } from "@flyhot/runtime";
import * as firstOne from "./one.ts";
import * as firstTwo from "./two.ts";
import * as firstSlow from "./deep/slow.ts";
import { read as readNear } from "./near.ts";
import { read as readOwn } from "./own.ts";
import { log } from "./log.ts";
let one = firstOne;
let two = firstTwo;
let slow = firstSlow;
const own = hot(import.meta);
own.accept("./two.ts", (next) => { two = next as typeof two; });
own.accept("./one.ts", (next) => { one = next as typeof one; });
own.accept("./one.ts", (next) => { log.push((next as typeof one).tag); });
own.accept("./deep/slow.ts", async (next) => {
  await new Promise((done) => setTimeout(done, 20));
  slow = next as typeof slow;
});
export const read = () => [one.tag, two.tag, slow.tag, readNear(), readOwn()].join(" ");
export const logged = () => log.splice(0).join(" ");`,
  "one.ts": tagged("one1"),
  "two.ts": tagged("two1"),
  "deep/slow.ts": `import { word } from "./word.ts"; export const tag = word;`,
  "deep/word.ts": `export const word = "slow1";`,
  // Accepts in its turn, farther from the boundary.
  "near.ts": `
import { hot } from "@flyhot/runtime";
import { tag } from "./far.ts";
let far = tag;
hot(import.meta).accept("./far.ts", (next) => { far = (next as { tag: string }).tag; });
export const read = () => far;`,
  "far.ts": tagged("far1"),
  "own.ts": own("own1"),
};

Deno.test("P12: after an undo every acceptor has what it had: lists, itself, slow ones, and after upgrades that held", async () => {
  await using app = await DrivenApp.start(FILES);
  const before = "one1 two1 slow1 far1 own1";
  assertEquals(await app.call("read"), before);
  const versions = (at: number): Files => ({
    "one.ts": tagged(`one${at}`),
    "two.ts": tagged(`two${at}`),
    "deep/word.ts": `export const word = "slow${at}";`,
    "far.ts": tagged(`far${at}`),
    "own.ts": own(`own${at}`),
  });
  const expected = (at: number) => before.replaceAll("1", `${at}`);
  let last = 1;
  for (const at of [2, 4]) {
    // Each alone, and all at once.
    // Each alone, and all at once.
    const all = Object.entries(versions(at));
    const tries = at === 2 ? [...all.map((it) => [it]), all] : [all];
    for (const some of tries) {
      const [[path, text]] = some as [[string, string]];
      const result = await app.upgrade({
        ...Object.fromEntries(some),
        [path]: text + WORSE,
      });
      assert(result.state === "failed", JSON.stringify(result));
      assertEquals(result.phase, "health", JSON.stringify(result));
      assertEquals(await app.call("read"), expected(last), path);
      await app.pack(versions(last));
    }
    const applied = await app.upgrade(versions(at + 1));
    assertEquals(applied.state, "applied", JSON.stringify(applied));
    last = at + 1;
    assertEquals(await app.call("read"), expected(last));
  }
});
