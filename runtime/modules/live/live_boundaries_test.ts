import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { namespace, setUp } from "./live_boundaries_fixture_test.ts";

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
