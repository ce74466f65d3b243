import {
  assertEquals,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { namespace, setUp } from "./live_boundaries_fixture_test.ts";

// refresh()

Deno.test("LiveBoundaries.refresh() changes nothing before the swap, and everything in it", async () => {
  const { modules, boundaries } = setUp();
  for (const path of ["a.ts", "b.ts"]) {
    modules.now.set(path, namespace({ version: `${path} 1` }));
    modules.next.set(path, namespace({ version: `${path} 2` }));
  }
  const a = await boundaries.open(() => modules.import("a.ts"));
  const b = await boundaries.open(() => modules.import("b.ts"));
  const versions = () => [a.version, b.version];
  const { swap } = await boundaries.refresh(new Set(["a.ts", "b.ts"]));
  assertEquals(versions(), ["a.ts 1", "b.ts 1"]);
  const undo = swap(0);
  assertEquals(versions(), ["a.ts 2", "b.ts 2"]);
  undo();
  assertEquals(versions(), ["a.ts 1", "b.ts 1"]);
});

Deno.test("LiveBoundaries.refresh() runs only the thunks that lead to reloaded modules", async () => {
  const { modules, boundaries } = setUp();
  const runs: string[] = [];
  const open = (path: string) => {
    modules.now.set(path, namespace({ path }));
    return boundaries.open(() => {
      runs.push(path);
      return modules.import(path);
    });
  };
  const stands = await Promise.all([open("a.ts"), open("b.ts")]);
  runs.length = 0;
  (await boundaries.refresh(new Set(["b.ts", "c.ts"]))).swap(0);
  assertEquals(runs, ["b.ts"]);
  (await boundaries.refresh(new Set())).swap(0);
  assertEquals(runs, ["b.ts"]);
  assertEquals(stands.map(({ path }) => path), ["a.ts", "b.ts"]);
});

Deno.test("LiveBoundaries.refresh() refuses a module that breaks, when all thunks are done, and changes nothing", async () => {
  const { modules, boundaries } = setUp();
  const broken = new RangeError("broken module");
  modules.now.set("good.ts", namespace({ version: 1 }));
  modules.now.set("bad.ts", namespace({ version: 1 }));
  const bad = await boundaries.open(() => modules.import("bad.ts"));
  let finished = false;
  const good = await boundaries.open(() =>
    modules.import("good.ts").then(async (module: { version: number }) => {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      finished = module.version === 2;
      return module;
    })
  );
  modules.next.set("bad.ts", broken);
  modules.next.set("good.ts", namespace({ version: 2 }));
  assertStrictEquals(
    await assertRejects(() =>
      boundaries.refresh(new Set(["good.ts", "bad.ts"]))
    ),
    broken,
  );
  assertEquals([finished, good.version, bad.version], [true, 1, 1]);
});

Deno.test("LiveBoundaries.refresh() refuses new code that leaves out what a thunk picks", async () => {
  const { modules, boundaries } = setUp();
  modules.now.set("app.ts", namespace({ handler: () => 1 }));
  modules.next.set("app.ts", namespace({ renamed: () => 2 }));
  const handler = await boundaries.open(() =>
    modules.import("app.ts").then((module: { handler: () => number }) =>
      module.handler
    )
  );
  await assertRejects(
    () => boundaries.refresh(new Set(["app.ts"])),
    TypeError,
    "Cannot refresh a live boundary of main.ts: its thunk resolved to undefined",
  );
  assertEquals(handler(), 1);
});

Deno.test("LiveBoundaries.refresh() lets a thunk fail whose own module is replaced, now or before", async () => {
  const { modules, boundaries } = setUp();
  const table = modules.table!;
  modules.owner = "hot.ts";
  modules.now.set("app.ts", namespace({ handler: () => 1 }));
  modules.next.set("app.ts", namespace({ renamed: () => 2 }));
  const handler = await boundaries.open(() =>
    modules.import("app.ts").then((module: { handler: () => number }) =>
      module.handler
    )
  );
  // The release that renames the member also changes the module that picks it.
  (await boundaries.refresh(new Set(["app.ts", "hot.ts"]))).swap(0);
  assertEquals(handler(), 1, "whoever still holds it keeps what it has");

  table.commit(
    table.stage(table.releaseFolder("a".repeat(64)), ["hot.ts"]),
  );
  (await boundaries.refresh(new Set(["app.ts"]))).swap(0);
  assertEquals(handler(), 1);
});

Deno.test("LiveBoundaries.refresh() follows a thunk that decides again what it imports", async () => {
  const { modules, boundaries } = setUp();
  let chosen = "a.ts";
  modules.now.set("a.ts", namespace({ version: "a1" }));
  modules.now.set("b.ts", namespace({ version: "b1" }));
  const stand = await boundaries.open(() => modules.import(chosen));
  chosen = "b.ts";
  modules.next.set("a.ts", namespace({ version: "a2" }));
  const undo = (await boundaries.refresh(new Set(["a.ts"]))).swap(0);
  assertEquals(stand.version, "b1");

  modules.next.set("b.ts", namespace({ version: "b2" }));
  (await boundaries.refresh(new Set(["b.ts"]))).swap(0);
  assertEquals(stand.version, "b2", "it leads to b.ts now");
  undo();
  assertEquals(stand.version, "a1");
});

Deno.test("LiveBoundaries.refresh() takes a value of another kind where it can", async () => {
  const { modules, boundaries } = setUp();
  const first = { list: [1] };
  const second = { list: [2], more: true };
  modules.now.set("app.ts", first);
  const stand = await boundaries.open(() => modules.import("app.ts"));
  modules.next.set("app.ts", second);
  (await boundaries.refresh(new Set(["app.ts"]))).swap(0);
  assertNotStrictEquals(stand, second);
  assertEquals(Object.keys(stand), ["list", "more"]);
});

Deno.test("a stand-in reaches the newest function and class after the swap", async () => {
  const { modules, boundaries } = setUp();
  modules.now.set("f.ts", () => 1);
  modules.next.set("f.ts", () => 2);
  modules.now.set("c.ts", class Old {});
  modules.next.set("c.ts", class New {});
  const f = await boundaries.open(() => modules.import("f.ts"));
  const C = await boundaries.open(() => modules.import("c.ts"));
  assertEquals([f(), new C().constructor.name], [1, "Old"]);
  (await boundaries.refresh(new Set(["f.ts", "c.ts"]))).swap(0);
  assertEquals([f(), new C().constructor.name], [2, "New"]);
});

Deno.test("LiveBoundaries.refresh() lets a thunk find its module loaded, and does not wait for one that never ends", async () => {
  const { modules, boundaries } = setUp();
  const asked: string[] = [];
  const staged = new Map<string, Promise<unknown>>();
  modules.importStaged = (path) => {
    asked.push(`staged ${path}`);
    return staged.get(path) ?? Promise.resolve();
  };
  const open = (path: string) => {
    modules.now.set(path, namespace({ path }));
    return boundaries.open(() => {
      asked.push(`thunk ${path}`);
      return modules.import(path);
    });
  };
  const stands = await Promise.all([open("ends.ts"), open("goes_on.ts")]);
  asked.length = 0;
  staged.set("goes_on.ts", new Promise(() => {}));
  await boundaries.refresh(new Set(["ends.ts", "goes_on.ts"]));
  assertEquals(asked, [
    "staged ends.ts",
    "staged goes_on.ts",
    "thunk ends.ts",
    "thunk goes_on.ts",
  ]);
  assertEquals(stands.map(({ path }) => path), ["ends.ts", "goes_on.ts"]);
});
