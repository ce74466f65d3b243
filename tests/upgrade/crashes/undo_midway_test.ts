import { assert, assertEquals } from "@std/assert";
import { DrivenApp, type Files } from "../../support/driven_app.ts";

/** New code that crashes by itself while its services are being started, or its modules handed over. */
const CRASH = `setTimeout(() => { throw new Error("crash"); }, 60);`;

/** Says what is in use, and refuses what is in use already: as a port does. */
const GLOBALS = `
const it = globalThis as unknown as { inUse: string[]; said: string[] };
it.inUse ??= [];
it.said ??= [];
const slowly = () => new Promise((done) => setTimeout(done, 300));
`;

const service = (
  word: string,
  options: { slow?: "start" | "stop"; exclusive?: boolean; more?: string },
): Files => ({
  "app.ts": `
import "./served.ts";
export const inUse = () => (globalThis as unknown as { inUse: string[] }).inUse.join();
`,
  "served.ts": `
import { service } from "@flyhot/runtime";
${GLOBALS}
service("port", {
  exclusive: ${options.exclusive ?? true},
  start: async () => {
    ${options.slow === "start" ? "await slowly();" : ""}
    if (${
    options.exclusive ?? true
  } && it.inUse.length > 0) throw new Error("in use by " + it.inUse);
    it.inUse.push("${word}");
  },
  stop: async () => {
    ${options.slow === "stop" ? "await slowly();" : ""}
    it.inUse.splice(it.inUse.indexOf("${word}"), 1);
  },
});
${options.more ?? ""}
`,
});

const CASES = [
  ["an exclusive service starts", "start", true, ""],
  ["its predecessor stops", "stop", true, ""],
  ["a service starts beside its predecessor", "start", false, ""],
  [
    "an exclusive service starts and ends only when told",
    "start",
    true,
    `service("other", { start: () => new Promise((done) => setTimeout(done, 500)) });`,
  ],
] as const;

for (const [when, slow, exclusive, more] of CASES) {
  Deno.test(`new code that crashes while ${when} leaves the old service running, and none of its own`, async () => {
    await using app = await DrivenApp.start(
      service("old", slow === "stop" ? { slow, exclusive } : { exclusive }),
    );
    assertEquals(await app.call("inUse"), "old");
    const result = await app.upgrade(
      service("new", {
        ...slow === "start" ? { slow } : {},
        exclusive,
        more: more + CRASH,
      }),
    );
    assert(result.state === "failed", JSON.stringify(result));
    assertEquals(result.phase, "start", JSON.stringify(result));
    // A start that nobody waited for is stopped when it settles.
    const deadline = performance.now() + 20_000;
    while (
      await app.call("inUse") !== "old" && performance.now() < deadline
    ) await new Promise((done) => setTimeout(done, 20));
    await new Promise((done) => setTimeout(done, 700));
    assertEquals(await app.call("inUse"), "old", app.log);
    assert(!app.log.includes("could not be undone"), app.log);
  });
}

Deno.test("new code that crashes while it is handed over is taken back, in order", async () => {
  const files = (word: string, more = ""): Files => ({
    "app.ts": `
import { hot } from "@flyhot/runtime";
${GLOBALS}
import { word } from "./word.ts";
import { other } from "./other.ts";
it.said.push(word + other);
hot(import.meta).accept("./word.ts", async (module) => {
  const { word } = module as { word: string };
  it.said.push("first " + word);
  await slowly();
  it.said.push("then " + word);
});
hot(import.meta).accept("./other.ts", (module) => { it.said.push((module as { other: string }).other); });
export const said = () => it.said;
`,
    "word.ts": `export const word = "${word}"; ${more}`,
    "other.ts": `export const other = "other ${word}";`,
  });
  await using app = await DrivenApp.start(files("old"));
  const result = await app.upgrade(files("new", CRASH));
  assert(result.state === "failed", JSON.stringify(result));
  const said = await app.call("said");
  assertEquals(said, [
    "oldother old",
    ...["other new", "first new", "then new"],
    ...["first old", "then old", "other old"],
  ]);
});
