import { assert, assertEquals } from "@std/assert";
import { DrivenApp, type Files } from "../../support/driven_app.ts";

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

Deno.test("upgrade() goes back and forth between the same two releases", async () => {
  await using app = await DrivenApp.start(V1);
  const one = await app.pack({ "notes.txt": "changes no module" });
  const two = await app.pack({ "counter.ts": counter(2) });
  const counts: unknown[] = [await app.call("increment")];
  for (const release of [two, one, two, one]) {
    const result = await app.upgradeTo(release);
    assert(result.state === "applied", JSON.stringify(result));
    counts.push(await app.call("increment"));
  }
  assertEquals(counts, [1, 102, 53, 154, 105]);
});

Deno.test("upgrade() brings in a release that it had to refuse before", async () => {
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
