import { assert, assertEquals } from "@std/assert";
import { DrivenApp, type Files } from "../support/driven_app.ts";

const counter = (version: number, top = "") => `
import { holder, service } from "@flyhot/runtime";
export const counter = holder("counter", {
  version: ${version},
  state: () => ({ count: 0 }),
  migrate: { 2: { up: ({ count }) => ({ count: count + 100 }), down: ({ count }) => ({ count: count - 50 }) } },
  actions: { increment: (state: { count: number }): number => ++state.count },
});
service("ticker", { start: () => ${version} });
${top}
`;

const V1: Files = {
  "app.ts": `
import { counter } from "./counter.ts";
export const increment = () => counter.increment();
`,
  "counter.ts": counter(1),
};

Deno.test("upgrade() evaluates a file of the image again, and migrates what it declares", async () => {
  await using app = await DrivenApp.start(V1);
  const same = await app.pack({ "notes.txt": "changes no module" });
  assertEquals(await app.call("increment"), 1);
  assertEquals(
    (await app.upgrade({ "counter.ts": counter(2) })).state,
    "applied",
  );
  assertEquals(await app.call("increment"), 102);
  const back = await app.upgradeTo(same);
  assert(back.state === "applied", JSON.stringify(back));
  assertEquals(await app.call("increment"), 53);
});

Deno.test("upgrade() evaluates a release again that was refused before, and one that was in before", async () => {
  await using app = await DrivenApp.start(V1);
  assertEquals(await app.call("increment"), 1);
  const release = await app.pack({
    "counter.ts": counter(
      2,
      `if (Deno.env.get("BROKEN")) throw new Error("not yet");`,
    ),
    "app.ts": V1["app.ts"] +
      `export const broken = (it) => it ? Deno.env.set("BROKEN", it) : Deno.env.delete("BROKEN");`,
  });
  const setBroken = await app.upgrade({
    "counter.ts": counter(1),
    "app.ts": V1["app.ts"] +
      `export const broken = (it) => it ? Deno.env.set("BROKEN", it) : Deno.env.delete("BROKEN");\n`,
  });
  assert(setBroken.state === "applied", JSON.stringify(setBroken));
  await app.call("broken", "yes");
  const refused = await app.upgradeTo(release);
  assert(refused.state === "failed", JSON.stringify(refused));
  await app.call("broken", "");
  const taken = await app.upgradeTo(release);
  assert(taken.state === "applied", JSON.stringify(taken));
  assertEquals(taken.holders, [
    { name: "counter", from: 1, to: 2, action: "migrated" },
  ]);
  assertEquals(await app.call("increment"), 102);
});
