import {
  assertEquals,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { LiveBoundaries } from "./live_boundaries.ts";
import { type LiveCall, ModuleLoading } from "./hooks/hooks.ts";
import { ModuleTable } from "./module_table.ts";

const ROOT = "file:///srv/app/";

/** Modules that a test loads by name: what `import()` in a thunk gives depends on whether an upgrade prepares. */
class Modules extends ModuleLoading {
  /** What the paths stand for now. */
  readonly now = new Map<string, unknown>();
  /** What they will stand for. */
  readonly next = new Map<string, unknown>();
  owner = "main.ts";
  sees = true;
  #call: (LiveCall & { readonly staged: boolean }) | null = null;

  constructor() {
    super();
    this.table = new ModuleTable(ROOT, `${ROOT}.flyhot/releases/`);
  }

  override get seesImports(): boolean {
    return this.sees;
  }

  override runLive<T>(
    thunk: () => T,
    staged: boolean,
  ): { result: T; call: LiveCall } {
    const before = this.#call;
    const call = { owner: "", targets: new Set<string>(), staged };
    this.#call = call;
    try {
      return { result: thunk(), call };
    } finally {
      this.#call = before;
    }
  }

  /** What `import()` does in a module of the app. */
  // deno-lint-ignore no-explicit-any -- a module is what the test says it is
  readonly import = (path: string): Promise<any> => {
    const call = this.#call;
    if (call) {
      call.owner = this.table!.current(this.table!.placeOf(this.owner));
      call.targets.add(this.table!.placeOf(path));
    }
    const source = call?.staged && this.next.has(path) ? this.next : this.now;
    const value = source.get(path);
    return value instanceof Error
      ? Promise.reject(value)
      : Promise.resolve(value);
  };
}

function setUp() {
  const modules = new Modules();
  return { modules, boundaries: new LiveBoundaries(modules) };
}

/** An object like the namespace of a module. */
function namespace<T extends object>(members: T): T {
  return Object.freeze(
    Object.assign(
      Object.create(null, {
        [Symbol.toStringTag]: { value: "Module" },
      }),
      members,
    ),
  );
}

// open()

Deno.test("LiveBoundaries.open() stands for what the thunk resolves to", async () => {
  const { modules, boundaries } = setUp();
  modules.now.set(
    "app.ts",
    namespace({ version: 1, handle: (request: string) => `1 ${request}` }),
  );
  const app = await boundaries.open(() => modules.import("app.ts"));
  assertEquals(app.version, 1);
  assertEquals(app.handle("GET"), "1 GET");
  assertEquals(Object.keys(app), ["version", "handle"]);
  assertEquals("handle" in app, true);
  assertEquals("nothing" in app, false);
  assertEquals({ ...app }.version, 1);
});

Deno.test("LiveBoundaries.open() refuses a thunk that imports nothing of the app before it waits", async () => {
  const { modules, boundaries } = setUp();
  modules.now.set("app.ts", namespace({}));
  const message =
    "Cannot open a live boundary: the thunk imported no module of the app before it first waited";
  await assertRejects(
    () => boundaries.open(() => Promise.resolve({})),
    TypeError,
    message,
  );
  await assertRejects(
    () =>
      boundaries.open(async () => {
        await Promise.resolve();
        return modules.import("app.ts");
      }),
    TypeError,
    message,
  );
});

Deno.test("LiveBoundaries.open() takes any thunk in a process that flyhot leaves alone", async () => {
  const { modules, boundaries } = setUp();
  modules.sees = false;
  const app = await boundaries.open(() => Promise.resolve({ version: 1 }));
  assertEquals(app.version, 1);
});

Deno.test("LiveBoundaries.open() refuses what cannot be stood for", async () => {
  const { modules, boundaries } = setUp();
  const cases: [unknown, string][] = [
    [undefined, "undefined"],
    [null, "null"],
    [1, "number"],
    ["a", "string"],
    [Symbol(), "symbol"],
  ];
  for (const [value, kind] of cases) {
    modules.now.set("app.ts", value);
    await assertRejects(
      () => boundaries.open(() => modules.import("app.ts")),
      TypeError,
      `Cannot open a live boundary: the thunk resolved to ${kind}; write live(() => import("./app.ts"))`,
    );
  }
});

Deno.test("LiveBoundaries.open() hands on what the module throws, before it waits and after", async () => {
  const { modules, boundaries } = setUp();
  const broken = new RangeError("broken module");
  modules.now.set("app.ts", broken);
  assertStrictEquals(
    await assertRejects(() => boundaries.open(() => modules.import("app.ts"))),
    broken,
  );
  await assertRejects(
    () =>
      boundaries.open(() => {
        throw broken;
      }),
    RangeError,
  );
});

// The stand-in

Deno.test("a stand-in keeps methods with the object they belong to", async () => {
  class Counter {
    #count = 0;
    step = 1;
    increment() {
      return this.#count += this.step;
    }
    get count() {
      return this.#count;
    }
  }
  const { modules, boundaries } = setUp();
  const real = new Counter();
  modules.now.set("app.ts", { default: real });
  const counter: Counter = await boundaries.open(() =>
    modules.import("app.ts").then((module: { default: Counter }) =>
      module.default
    )
  );
  assertEquals(counter.increment(), 1);
  const { increment } = counter;
  assertEquals(increment(), 2);
  counter.step = 10;
  assertEquals([real.step, counter.increment(), counter.count], [10, 12, 12]);
  assertEquals(counter instanceof Counter, true);
  assertEquals(JSON.stringify(counter), '{"step":10}');
});

Deno.test("a stand-in of a function can be called, of a class also constructed and extended", async () => {
  const { modules, boundaries } = setUp();
  modules.now.set("f.ts", function (this: unknown, a: number, b: number) {
    return [this, a + b];
  });
  const f = await boundaries.open(() => modules.import("f.ts"));
  assertEquals(f.call("me", 1, 2), ["me", 3]);
  assertEquals(typeof f, "function");

  class Room {
    static limit = 5;
    readonly target: unknown;
    constructor(readonly title: string) {
      this.target = new.target;
    }
  }
  modules.now.set("room.ts", Room);
  const Live: typeof Room = await boundaries.open(() =>
    modules.import("room.ts")
  );
  const room = new Live("lobby");
  assertEquals(room.title, "lobby");
  assertEquals(room instanceof Room, true);
  assertEquals(room instanceof Live, true);
  assertStrictEquals(room.target, Room);
  assertEquals(Live.limit, 5);
  class Hall extends Live {
    big = true;
  }
  const hall = new Hall("hall");
  assertEquals([hall.title, hall.big], ["hall", true]);
  assertEquals([hall instanceof Hall, hall instanceof Room], [true, true]);
  assertThrows(() => Live.call(null, "x"), TypeError);
});

Deno.test("a stand-in shows the members of its value and no others", async () => {
  const { modules, boundaries } = setUp();
  for (
    const value of [
      namespace({ a: 1 }),
      Object.freeze({ a: 1 }),
      Object.assign(() => 1, { a: 1 }),
      class {
        static a = 1;
      },
      [1, 2],
    ]
  ) {
    modules.now.set("app.ts", value);
    const stand = await boundaries.open(() => modules.import("app.ts"));
    assertEquals(Reflect.ownKeys(stand), Reflect.ownKeys(value));
    for (const key of Reflect.ownKeys(value)) {
      const own = Reflect.getOwnPropertyDescriptor(value, key)!;
      const seen = Reflect.getOwnPropertyDescriptor(stand, key)!;
      assertEquals({ ...seen, configurable: true }, {
        ...own,
        configurable: true,
      });
    }
    assertStrictEquals(
      Object.getPrototypeOf(stand),
      Object.getPrototypeOf(value),
    );
  }
});

Deno.test("a stand-in writes through to its value, or not at all", async () => {
  const { modules, boundaries } = setUp();
  const value: Record<string, number> = { a: 1 };
  modules.now.set("app.ts", value);
  const stand = await boundaries.open(() => modules.import("app.ts"));
  stand.a = 2;
  stand.b = 3;
  assertEquals(value, { a: 2, b: 3 });
  delete stand.b;
  Object.defineProperty(stand, "c", { value: 4, configurable: true });
  assertEquals(Object.keys(value), ["a"]);
  assertEquals(value.c, 4);

  modules.now.set("module.ts", namespace({ a: 1 }));
  const module = await boundaries.open(() => modules.import("module.ts"));
  assertThrows(() => module.a = 2, TypeError);
  assertThrows(() => delete module.a, TypeError);
  assertThrows(
    () => Object.defineProperty(module, "b", { value: 2 }),
    TypeError,
  );
  assertThrows(() => Object.freeze(module), TypeError);
  assertEquals(Object.keys(module), ["a"]);
});

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
