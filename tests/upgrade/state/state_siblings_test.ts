import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DrivenApp } from "../../support/driven_app.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks all the time until it is disposed. */
function load(app: DrivenApp) {
  let isOver = false;
  const it = {
    answered: 0,
    async [Symbol.asyncDispose]() {
      isOver = true;
      await running;
    },
  };
  const running = (async () => {
    while (!isOver) {
      await app.call("inc");
      it.answered++;
      await pause(2);
    }
  })();
  return it;
}

const COMMON = `
import { family, holder } from "@flyhot/runtime";
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const counter = holder("counter", {
  state: () => ({ count: 0 }),
  actions: { inc: (state) => ++state.count },
});
export const inc = () => counter.inc();
// Waits until the next version has been loaded, and is about to suspend what it changes.
const suspended = async () => {
  while (Deno.env.get("LOADED") !== "yes") await pause(5);
  await pause(60);
};
`;

/** Says that it has been loaded; all that follows is suspended, migrated and swapped. */
const LOADED = `Deno.env.set("LOADED", "yes");\n`;

const ended = (ends: unknown) =>
  (ends as { status: string; value?: unknown; reason?: string }[]).map((
    { status, value, reason },
  ) => status === "fulfilled" ? value : `failed: ${reason}`);

Deno.test("an action in flight reaches members born while families are suspended, and all are migrated (P50)", async () => {
  const code = (version: number) =>
    `${version > 1 ? LOADED : ""}${COMMON}
const rooms = family("rooms", {
  version: ${version},
  state: (key): any => ({ key, n: 0${
      version > 1 ? ", from: 'born new'" : ""
    } }),
  migrate: { 2: (old: any) => ({ ...old, from: "migrated" }) } as any,
  actions: {
    add: (state: any, by: number): any => { state.n += by; return state.n; },
    // Of the same family, over two generations of members.
    chain: async (state: any, depth: number): Promise<any> => {
      await suspended();
      state.n++;
      return depth === 0 ? state.n : await rooms.get(state.key + "x").chain(depth - 1);
    },
  },
});
const door = holder("door", {
  state: (): any => ({ opened: 0 }),
  actions: {
    // Of another family, several at a time, one of them twice.
    open: async (state: any, names: string[]): Promise<any> => {
      await suspended();
      state.opened++;
      return await Promise.all(names.map((name) => rooms.get(name).add(1)));
    },

  },
});
const hall = holder("hall", {
  state: (): any => ({}),
  actions: { enter: (_state: any, name: string): any => rooms.get(name).add(7) },
});
const porch = holder("porch", {
  state: (): any => ({}),
  actions: { pass: async (_state: any): Promise<any> => { await suspended(); return await hall.enter("far"); } },
});
export const all = async () => (await Promise.allSettled([
  rooms.get("a").chain(2), door.open(["p", "q", "p"]), porch.pass(),
])).map((it) => it.status === "rejected" ? { ...it, reason: String(it.reason) } : it);
export const states = () => Object.fromEntries(rooms.keys().sort().map((key) => [key, { ...(rooms.get(key).state as any) }]));
export const again = () => rooms.get("p").add(10);
`;
  await using app = await DrivenApp.start({ "app.ts": code(1) });
  await using asking = load(app);
  const inFlight = app.call("all");
  const result = await app.upgrade({ "app.ts": code(2) });
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(ended(await inFlight), [1, [1, 1, 2], 7]);
  const was = (key: string, n: number) => ({ key, n, from: "migrated" });
  assertEquals(await app.call("states"), {
    a: was("a", 1),
    ax: was("ax", 1),
    axx: was("axx", 1),
    far: was("far", 7),
    p: was("p", 2),
    q: was("q", 1),
  });
  assertEquals(await app.call("again"), 12);
  assert(asking.answered > 0);
});

Deno.test("rings of three, members of one family, and actions that meet while suspended are found and named (P52)", async () => {
  const code = (version: number) =>
    `${version > 1 ? LOADED : ""}${COMMON}
const next = { a: "b", b: "c", c: "a" } as const;
const ring: Record<string, any> = {};
for (const name of ["a", "b", "c"] as const) {
  ring[name] = holder(name, {
    state: (): any => ({ n: 0 }),
    actions: {
      go: async (state: any): Promise<any> => { await pause(20); return await ring[next[name]].touch(); },
      touch: (state: any): any => ++state.n,
    },
  });
}
const pals = family("pals", {
  state: (): any => ({ n: 0 }),
  actions: {
    go: async (_: any, other: string, late: boolean): Promise<any> => {
      if (late) await suspended(); else await pause(20);
      return await pals.get(other).touch();
    },
    touch: (state: any): any => ++state.n,
  },
});
const settled = async (calls: Promise<unknown>[]) => (await Promise.allSettled(calls))
  .map((it) => it.status === "rejected" ? { ...it, reason: String(it.reason) } : it);
export const three = () => settled(["a", "b", "c"].map((name) => ring[name].go()));
export const two = () => settled([pals.get("x").go("y", false), pals.get("y").go("x", false)]);
export const late = () => settled([pals.get("p").go("q", true), pals.get("q").go("p", true)]);
export const well = () => settled([pals.get("x").go("z", false), ring.a.go(), pals.get("p").touch()]);
export const version = () => ${version};
`;
  await using app = await DrivenApp.start({ "app.ts": code(1) });
  await using asking = load(app);
  for (const [how, names] of [["three", "abc"], ["two", "xy"]] as const) {
    const ends = ended(await app.call(how)).map(String);
    const failed = ends.filter((end) => end.startsWith("failed"));
    // One that fails frees the others of its ring; of two that wait for each other none can go on.
    assert(failed.length >= (how === "two" ? 2 : 1), JSON.stringify(ends));
    for (const end of failed) {
      assertStringIncludes(end, "HolderCallError");
      for (const name of names) {
        assertStringIncludes(end, how === "two" ? `pals[${name}]` : name);
      }
    }
  }
  const meeting = app.call("late");
  const result = await app.upgrade({ "app.ts": code(2) });
  assertEquals(result.state, "applied", JSON.stringify(result));
  const ends = ended(await meeting).map(String);
  for (const end of ends) assertStringIncludes(end, "HolderCallError");
  assertEquals(await app.call("version"), 2);
  assertEquals(
    ended(await app.call("well")).every((end) => typeof end === "number"),
    true,
    "nothing is stuck",
  );
  assert(asking.answered > 0);
});

Deno.test("evictions that hang, throw nothing, make their member again or end late do not hold up an upgrade or the app (P53)", async () => {
  const code = (version: number) =>
    `${COMMON}
const made = (name: string, evicted: (state: any, key: string) => any) => family(name, {
  state: (): any => ({ n: 0 }),
  idleMs: 30,
  evicted,
  actions: { touch: (state: any): any => ++state.n },
});
const families: Record<string, any> = {
  hangs: made("hangs", () => new Promise(() => {})),
  nothing: made("nothing", () => { throw undefined; }),
  sealed: made("sealed", () => { throw Object.freeze({ toString: () => { throw new Error("no text"); } }); }),
  later: made("later", () => new Promise((_, reject) => setTimeout(() => reject(new Error("late eviction")), 50))),
  again: made("again", (_, key) => { if (key === "once") { families.again.get("twice").touch(); throw new Error("made another"); } }),
};
export const touch = () => Promise.all(Object.values(families).map((it: any) => it.get("once").touch()));
export const left = () => Object.values(families).reduce((sum, it: any) => sum + it.size, 0);
export const version = () => ${version};
`;
  await using app = await DrivenApp.start({ "app.ts": code(1) });
  await using asking = load(app);
  for (const version of [1, 2]) {
    assertEquals(await app.call("version"), version);
    const before = app.log.split("late eviction").length;
    assertEquals(
      await app.call("touch"),
      [1, 1, 1, 1, 1],
      "members made again are fresh",
    );
    if (version === 1) {
      // In the middle of it all.
      const { state } = await app.upgrade({ "app.ts": code(2) });
      assertEquals(state, "applied");
    }
    while (await app.call("left") !== 0) await pause(10);
    while (app.log.split("late eviction").length === before) await pause(10);
  }
  for (const name of ["nothing", "sealed", "later", "again"]) {
    assertStringIncludes(app.log, `evicting ${name}[once] failed`);
  }
  assert(asking.answered > 0);
});

Deno.test("listeners and sweepers of undone upgrades, of replaced and of removed modules are gone; those of modules that stay are not (P54)", async () => {
  const told = `
import { counter, rooms } from "./state.ts";
import { note } from "./stays.ts";
`;
  const files = (version: number, health = "true") => ({
    "app.ts": `
import { live, health } from "@flyhot/runtime";
import "./listens.ts";
import { counter, rooms } from "./state.ts";
import { brief } from "./brief.ts";
import { notes } from "./stays.ts";
${version === 1 ? `import "./extra.ts";` : ""}
health(() => ${health});
const inner = await live(() => import("./inner.ts"));
export const inc = () => 0;
export const tell = async () => {
  notes.length = 0;
  await counter.add();
  await rooms.get("a").add();
  inner.onDemand();
  await counter.add();
  return [...notes].sort();
};
export const evictions = async () => {
  notes.length = 0;
  await brief.get("it").add();
  while (brief.has("it")) await new Promise((done) => setTimeout(done, 10));
  return [...notes];
};
`,
    "stays.ts":
      `export const notes: string[] = [];\nexport const note = (text: string) => { notes.push(text); };\n`,
    "state.ts": `
import { family, holder } from "@flyhot/runtime";
import { note } from "./stays.ts";
export const counter = holder("counter", { state: () => ({ n: 0 }), actions: { add: (state) => ++state.n } });
export const rooms = family("rooms", { state: () => ({ n: 0 }), actions: { add: (state) => ++state.n } });
// Of a holder and a family that come in with this very module.
counter.subscribe(() => note("declaring ${version}"));
rooms.get("a").subscribe(() => note("its member ${version}"));
const never = counter.subscribe(() => note("ended"));
never();
`,
    "brief.ts": `
import { family } from "@flyhot/runtime";
import { note } from "./stays.ts";
export const brief = family("brief", {
  state: () => ({ n: 0 }),
  idleMs: 40,
  evicted: (_, key) => note("evicted ${version} " + key),
  actions: { add: (state) => ++state.n },
});
`,
    "listens.ts": `${told}
counter.subscribe(() => note("holder ${version}"));
rooms.get("a").subscribe(() => note("member ${version}"));
setTimeout(() => counter.subscribe(() => note("late ${version}")), 1);
`,
    "inner.ts": `${told}
export const onDemand = () => { const end = counter.subscribe(() => { note("on demand"); end(); }); };
`,
    ...version === 1
      ? {
        "extra.ts": `${told}
counter.subscribe(() => note("extra"));
`,
      }
      : version === 2
      ? { "extra.ts": null }
      : {},
  });
  await using app = await DrivenApp.start(files(1));
  await using asking = load(app);
  const expected = (version: number, ...more: string[]) =>
    [
      ...["declaring", "holder", "late"].flatMap((what) => [
        `${what} ${version}`,
        `${what} ${version}`,
      ]),
      ...["member", "its member"].map((what) => `${what} ${version}`),
      "on demand",
      ...more,
    ].sort();
  assertEquals(await app.call("tell"), expected(1, "extra", "extra"));
  for (const bad of [2, 3]) {
    const { state } = await app.upgrade(files(bad, "false"));
    assertEquals(state, "failed");
  }
  assertEquals(await app.call("tell"), expected(1, "extra", "extra"));
  assertEquals(await app.call("evictions"), ["evicted 1 it"]);
  for (const version of [4, 5]) {
    const result = await app.upgrade(files(version));
    assertEquals(result.state, "applied", JSON.stringify(result));
    await pause(20);
    assertEquals(await app.call("tell"), expected(version));
    assertEquals(await app.call("evictions"), [`evicted ${version} it`]);
  }
  assert(asking.answered > 0);
});
