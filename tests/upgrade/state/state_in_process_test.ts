import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DrivenApp } from "../../support/driven_app.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks all the time until it is disposed. */
function load(app: DrivenApp) {
  let ended = false;
  const it = {
    answered: 0,
    async [Symbol.asyncDispose]() {
      ended = true;
      await running;
    },
  };
  const running = (async () => {
    while (!ended) {
      await app.call("inc");
      it.answered++;
    }
  })();
  return it;
}

const COUNTER = `
import { holder } from "@flyhot/runtime";
const counter = holder("counter", {
  state: () => ({ count: 0 }),
  actions: { inc: (state, by = 1) => (state.count += by) },
});
export const inc = () => counter.inc();
`;

Deno.test("what hands a view to a clone is told of snapshot(), which every store takes (P28)", async () => {
  const code = (word: string) =>
    `${COUNTER}
import { family, snapshot } from "@flyhot/runtime";
const rooms = family("rooms", {
  state: (key) => ({ key, lines: [{ text: "hello", at: new Date(0) }], tags: new Map([["a", new Set([1])]]) }),
  actions: { say: (room, text: string, at = new Date(0)) => room.lines.push({ text, at }) },
});
const tried = async (act: () => unknown) => {
  try { return await act(), "taken"; } catch (error) { return String(error); }
};
export const say = (text: string) => rooms.get("a").say(text);
export const cloned = () => tried(() => structuredClone(rooms.get("a").state.lines));
export const posted = () => tried(() => {
  const { port1, port2 } = new MessageChannel();
  try { port1.postMessage(rooms.get("a").state); } finally { port1.close(); port2.close(); }
});
export const snapped = () => tried(() => structuredClone(snapshot(rooms.get("a"))));
export const stored = async () => {
  using store = await Deno.openKv?.(":memory:");
  if (!store) return "no store";
  await store.set(["a"], snapshot(rooms.get("a").state.lines));
  const read = await store.get<{ text: string }[]>(["a"]);
  return read.value!.map(({ text }) => text).join();
};
export const word = () => "${word}";
`;
  await using app = await DrivenApp.start({ "app.ts": code("one") });
  await using asking = load(app);
  await app.call("say", "there");
  for (const word of ["one", "two"]) {
    assertEquals(await app.call("word"), word);
    for (const way of ["cloned", "posted"]) {
      assertStringIncludes(await app.call(way) as string, "snapshot(");
    }
    assertEquals(await app.call("snapped"), "taken");
    const stored = await app.call("stored");
    assert(stored === "hello,there" || stored === "no store", `${stored}`);
    if (word === "two") break;
    const result = await app.upgrade({ "app.ts": code("two") });
    assertEquals(result.state, "applied", JSON.stringify(result));
  }
  assert(asking.answered > 0);
});

Deno.test("holders that call each other from running actions both fail, and the next upgrade goes in (P52)", async () => {
  const code = (word: string) =>
    `${COUNTER}
import { holder as declare } from "@flyhot/runtime";
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
interface Met { n: number }
const left = declare("left", {
  state: (): Met => ({ n: 0 }),
  actions: {
    cross: async (_: Met): Promise<number> => { await pause(20); return await right.touch(); },
    touch: (state: Met): number => ++state.n,
  },
});
const right = declare("right", {
  state: (): Met => ({ n: 0 }),
  actions: {
    cross: async (_: Met): Promise<number> => { await pause(20); return await left.touch(); },
    touch: (state: Met): number => ++state.n,
  },
});
export const both = async () => (await Promise.allSettled([left.cross(), right.cross()]))
  .map((it) => it.status === "rejected" ? String(it.reason) : it.status);
export const one = () => left.cross();
export const word = () => "${word}";
`;
  await using app = await DrivenApp.start({ "app.ts": code("one") });
  await using asking = load(app);
  const ends = await app.call("both") as string[];
  assertEquals(ends.length, 2);
  for (const end of ends) {
    assertStringIncludes(end, "HolderCallError");
    assertStringIncludes(end, "left");
    assertStringIncludes(end, "right");
  }
  const result = await app.upgrade({ "app.ts": code("two") });
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(await app.call("word"), "two");
  assertEquals(await app.call("one"), 1, "nothing is stuck");
  assert(asking.answered > 0);
});

for (
  const [how, evicted] of [
    ["throws", `() => { throw new Error("no eviction"); }`],
    ["rejects", `async () => { await 0; throw new Error("no eviction"); }`],
  ] as const
) {
  Deno.test(`an eviction that ${how} is logged, the member is gone, the app goes on (P53)`, async () => {
    const code = (word: string) =>
      `${COUNTER}
import { family } from "@flyhot/runtime";
const rooms = family("rooms", {
  state: () => ({ n: 0 }),
  idleMs: 30,
  evicted: ${evicted},
  actions: { touch: (state, by = 1) => (state.n += by) },
});
export const touch = () => rooms.get("a").touch();
export const keys = () => rooms.keys();
export const word = () => "${word}";
`;
    await using app = await DrivenApp.start({ "app.ts": code("one") });
    await using asking = load(app);
    for (const word of ["one", "two"]) {
      assertEquals(await app.call("word"), word);
      assertEquals(await app.call("touch"), 1, "a member made again is fresh");
      const before = app.log.split("no eviction").length;
      while (((await app.call("keys")) as string[]).length > 0) await pause(10);
      while (app.log.split("no eviction").length === before) await pause(10);
      assertStringIncludes(app.log, "evicting rooms[a] failed");
      if (word === "two") break;
      const { state } = await app.upgrade({ "app.ts": code("two") });
      assertEquals(state, "applied");
    }
    assert(asking.answered > 0);
  });
}
