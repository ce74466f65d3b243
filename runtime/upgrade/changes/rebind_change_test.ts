import { assert, assertEquals, assertThrows } from "@std/assert";
import { SettableModules } from "../../modules/rebind/settable_modules.ts";
import type { SetExport } from "../../modules/rebind/settable.ts";
import { RebindChange } from "./rebind_change.ts";

// deno-lint-ignore no-explicit-any -- whatever a module exports
type Values = Record<string, any>;

/** Instances of one module, each with variables of its own. */
class Instances {
  readonly settable = new SettableModules();
  readonly variables = new Map<string, Values>();
  isNew = false;
  /** What answers requests. */
  readonly handlers: SetExport[] = [];
  onSet = () => {};

  constructor() {
    this.settable.isOn = true;
  }

  load(attempt: number, values: Values, query = ""): Values {
    const mark = query === "" ? "?" : "&";
    const url = `file:///app/m.ts${query}${
      attempt === 0 ? "" : `${mark}flyhot=${attempt}`
    }`;
    this.settable.loaded(url, Object.keys(values));
    this.variables.set(url, values);
    this.settable.take(url, (name, isSet, value) => {
      this.onSet();
      if (isSet) values[name] = value;
      return values[name];
    });
    return values;
  }

  /** Begins to serve. */
  serve(handler: unknown): () => unknown {
    this.handlers.push((_name, isSet = false, value) =>
      isSet ? handler = value : handler
    );
    return () => handler;
  }

  change(attempt: number, names: readonly string[] = []): RebindChange {
    const change = new RebindChange(
      {
        modules: {
          keeping: { settable: this.settable },
          table: { pathOf: () => "m.ts" },
        } as never,
        servers: { handlers: () => this.handlers.values() as never },
      },
      attempt,
      ["m.ts"],
      names.length > 0 ? { "m.ts": { by: ["a.ts"], names } } : {},
    );
    change.prepare();
    return change;
  }
}

const words = (word: string) => ({
  f: function f(this: unknown, ...args: unknown[]) {
    return [word, this, ...args].join(" ");
  },
  C: class C {
    static #kind = word;
    static count = 0;
    static kind() {
      return this.#kind;
    }
    say() {
      return word;
    }
  },
});

Deno.test("RebindChange: until it is settled each caller meets its own code, then the real values", () => {
  const app = new Instances();
  const first = app.load(0, words("one"));
  const second = app.load(1, words("two"));
  const { C: Old } = first;
  const change = app.change(1, ["f", "C"]);
  const undo = change.swap(() => app.isNew);
  const seen = () => [
    first.f.call("this", 1),
    new first.C().say(),
    first.C.kind(),
    first.C.name,
    first.f.name,
    new first.C() instanceof first.C,
  ];
  assertEquals(seen(), ["one this 1", "one", "one", "C", "f", true]);
  app.isNew = true;
  assertEquals(seen(), ["two this 1", "two", "two", "C", "f", true]);
  first.C.count++;
  assertEquals([Old.count, second.C.count], [0, 1]);
  assert(Object.getPrototypeOf(new first.C()) === second.C.prototype);
  change.settle();
  assert(first.f === second.f && first.C === second.C);
  // There is no way back by it any more.
  undo();
  assert(first.f === second.f);
});

Deno.test("RebindChange: an undo gives back what was there", () => {
  const app = new Instances();
  const first = app.load(0, words("one"));
  const before = { ...first };
  app.load(1, words("two"));
  const undo = app.change(1).swap(() => app.isNew);
  assert(first.f !== before.f);
  undo();
  assertEquals(first, before);
  assert(first.f === before.f && first.C === before.C);
});

Deno.test("RebindChange: an undo gives a variable back that has two names", () => {
  const app = new Instances();
  const twoNames = (value: () => string): Values => ({
    get f() {
      return value;
    },
    set f(next) {
      value = next;
    },
    get g() {
      return value;
    },
    set g(next) {
      value = next;
    },
  });
  const old = () => "one";
  const first = app.load(0, twoNames(old));
  app.load(1, twoNames(() => "two"));
  app.change(1).swap(() => app.isNew)();
  assert(first.f === old && first.g === old);
});

Deno.test("RebindChange: what a query makes another module of keeps its own", () => {
  const app = new Instances();
  const [plain, other] = [
    app.load(0, words("one")),
    app.load(0, words("un"), "?x"),
  ];
  const [newPlain, newOther] = [
    app.load(1, words("two")),
    app.load(1, words("deux"), "?x"),
  ];
  app.isNew = true;
  const change = app.change(1);
  const undo = change.swap(() => app.isNew);
  const said = () =>
    [plain, other, newPlain, newOther].map(({ C }) => new C().say());
  assertEquals(said(), ["two", "deux", "two", "deux"]);
  undo();
  assertEquals(said(), ["one", "un", "two", "deux"]);
});

Deno.test("RebindChange: upgrades that overlap settle in any order, and each can be undone", () => {
  for (const later of ["settled", "undone"] as const) {
    for (const isDue of [false, true]) {
      const app = new Instances();
      const zero = app.load(0, words("zero"));
      const one = app.load(1, words("one"));
      const first = app.change(1);
      first.swap(() => true);
      const two = app.load(2, words("two"));
      const second = app.change(2);
      const undo = second.swap(() => app.isNew);
      const say = () =>
        [(0, zero.f)(), new zero.C().say(), (0, one.f)()].map((it) =>
          String(it).trim()
        );
      assertEquals(say(), ["one", "one", "one"]);
      if (isDue) first.settle();
      assertEquals(say(), ["one", "one", "one"]);
      if (later === "undone") {
        undo();
        assertEquals(say(), ["one", "one", "one"]);
        first.settle();
        assert(zero.f === one.f && zero.C === one.C);
      } else {
        app.isNew = true;
        second.settle();
        first.settle();
        assert(zero.f === two.f && one.f === two.f && zero.C === two.C);
      }
    }
  }
});

Deno.test("RebindChange: upgrades that come before any of them is settled lead all that came before to the same", () => {
  for (const order of ["oldest first", "newest first"] as const) {
    const app = new Instances();
    const all = [app.load(0, words("0"))];
    const isIn: boolean[] = [];
    const changes = Array.from({ length: 5 }, (_, at) => {
      all.push(app.load(at + 1, words(String(at + 1))));
      const change = app.change(at + 1);
      isIn.push(true);
      return { change, undo: change.swap(() => isIn[at]!) };
    });
    const said = () => [...new Set(all.map(({ f }) => String(f()).trim()))];
    assertEquals(said(), ["5"]);
    // All but the newest, which has its own, hold one and the same.
    assertEquals(new Set(all.slice(0, -1).map(({ f }) => f)).size, 1);
    isIn[4] = false;
    assertEquals([said()[0], all.slice(0, -1).map(({ C }) => C.kind())], [
      "4",
      ["4", "4", "4", "4", "4"],
    ]);
    changes.pop()!.undo();
    all.pop();
    assertEquals(said(), ["4"]);
    const settling = order === "oldest first" ? changes : changes.reverse();
    for (const { change } of settling) {
      change.settle();
      assertEquals(said(), ["4"]);
    }
    const newest = all.at(-1)!;
    assert(all.every(({ f, C }) => f === newest.f && C === newest.C));
  }
});

Deno.test("RebindChange: servers of modules that stay answer by what takes the place of their handlers", () => {
  const app = new Instances();
  const [zero, one] = [app.load(0, words("0")), app.load(1, words("1"))];
  const other = () => "other";
  const served = app.serve(zero.f), beside = app.serve(other);
  const say = () => (served() as () => string)().trim();
  const before = zero.f;
  const undo = app.change(1).swap(() => app.isNew);
  assertEquals(say(), "0");
  app.isNew = true;
  assertEquals(say(), "1");
  undo();
  assert(served() === before);
  const first = app.change(1);
  first.swap(() => app.isNew);
  // What has begun may go on while the next one comes.
  const two = app.load(2, words("2"));
  const second = app.change(2);
  app.isNew = false;
  const undoSecond = second.swap(() => app.isNew);
  assertEquals(say(), "0");
  undoSecond();
  first.settle();
  assert(served() === one.f);
  const third = app.change(2);
  third.swap(() => true);
  third.settle();
  assert(served() === two.f && beside() === other);
});

Deno.test("RebindChange: a server that answers by one of two names is told which, or the upgrade ends", () => {
  const app = new Instances();
  const { f } = words("one");
  app.load(0, { f, g: f });
  app.serve(f);
  const both = words("two").f;
  app.load(1, { f: both, g: both });
  app.change(1).swap(() => true)();
  app.load(2, { f: both, g: words("three").f });
  assertThrows(() => app.change(2), Error, "is exported by another name");
});

Deno.test("RebindChange: what the plan has found in the text and the module does not have ends the upgrade", () => {
  const app = new Instances();
  app.load(0, words("one"));
  app.load(1, { f: words("two").C, C: 1 });
  assertThrows(
    () => app.change(1, ["f"]),
    Error,
    "Cannot let a.ts call the new f of m.ts",
  );
});

Deno.test("RebindChange: two names of one function become two functions", () => {
  const app = new Instances();
  const { f } = words("one");
  const first = app.load(0, { f, g: f });
  const two = { f: words("two").f, g: words("three").f };
  app.load(1, two);
  const change = app.change(1);
  change.swap(() => true);
  const say = () => [first.f, first.g].map((it) => it.call("").trim());
  assertEquals(say(), ["two", "three"]);
  change.settle();
  assertEquals(say(), ["two", "three"]);
});

Deno.test("RebindChange: what is asked of an old variable is the same after many upgrades, and is not kept", () => {
  const app = new Instances();
  const asked: number[] = [];
  let calls = 0;
  app.load(0, words("0"));
  app.onSet = () => calls++;
  const UPGRADES = 60;
  for (let attempt = 1; attempt <= UPGRADES; attempt++) {
    const { f } = app.load(attempt, words(`${attempt}`));
    calls = 0;
    const change = app.change(attempt);
    change.swap(() => true);
    change.settle();
    asked.push(calls / attempt);
    assert(
      [...app.variables.values()].every((values) => values.f === f),
    );
  }
  // Of each of two variables: what it holds, the dispatcher, the new value; and once what is new.
  assert(asked.every((it) => it <= 8), asked.join());
  assert(asked.at(-1)! < 2 * 3 + 1, `${asked.at(-1)}`);
});

Deno.test("SettableModules: the names that every instance has, none where one cannot be reached or is loaded by two names", () => {
  const names = (
    ...all: [url: string, names: string[], isThere?: boolean][]
  ) => {
    const modules = new SettableModules();
    modules.isOn = true;
    for (const [url, names, isThere = true] of all) {
      modules.loaded(`file:///app/m.ts${url}`, names);
      if (isThere) modules.take(`file:///app/m.ts${url}`, () => {});
      // Whoever asks in between gets the same.
      void modules.byPath(() => "m.ts").get("m.ts")?.names;
    }
    return modules.byPath(() => "m.ts").get("m.ts")?.names;
  };
  assertEquals(names(), undefined);
  assertEquals(names(["", ["a", "b"]]), ["a", "b"]);
  assertEquals(names(["", ["a", "b"]], ["?flyhot=1", ["b", "c"]]), ["b"]);
  assertEquals(names(["", ["a"]], ["?flyhot=1", ["a"], false]), []);
  assertEquals(
    names(["", ["a"]], ["?flyhot=1", ["a"], false], ["?flyhot=2", ["a"]]),
    [],
  );
  assertEquals(names(["?part=1", ["a"]]), []);
  assertEquals(names(["", ["a"]], ["?part=1", ["a"]]), []);
  // Loaded once more, it can be reached when it is evaluated once more.
  assertEquals(names(["", ["a"]], ["", ["a", "b"], false]), []);
  assertEquals(names(["", ["a"]], ["", ["a", "b"]]), ["a", "b"]);
});

Deno.test("SettableModules: an attempt that does not come in leaves nothing, and instances are in their order", () => {
  const modules = new SettableModules();
  modules.isOn = true;
  const load = (url: string, ...names: string[]) => {
    modules.loaded(url, names);
    modules.take(url, () => {});
  };
  load("file:///app/m.ts", "a", "b");
  load("file:///app/m.ts?flyhot=1", "b");
  const of = () => modules.byPath(() => "m.ts").get("m.ts");
  assertEquals(of()?.names, ["b"]);
  modules.forget(1);
  assertEquals(of()?.names, ["a", "b"]);
  load("file:///app/m.ts?part=1&flyhot=2", "a");
  load("file:///app/m.ts?flyhot=2", "a");
  assertEquals(of()?.instances.map(({ url }) => url.slice(16)), [
    "",
    "?part=1&flyhot=2",
    "?flyhot=2",
  ]);
  modules.forget(2);
  assertEquals(of()?.names, ["a", "b"]);
  // Each place is asked for once, however many instances it has.
  for (let attempt = 3; attempt < 50; attempt++) {
    load(`file:///app/m.ts?flyhot=${attempt}`, "a");
  }
  modules.forget(50);
  let asked = 0;
  const pathOf = () => `m${asked++}.ts`;
  // The place with the query has nothing left.
  assertEquals(modules.byPath(pathOf).size, 1);
  load("file:///app/m.ts?flyhot=51", "a");
  assertEquals(modules.byPath(pathOf).get("m0.ts")?.instances.length, 49);
  assertEquals(asked, 1);
  load("file:///app/n.ts", "a");
  assertEquals([...modules.byPath(pathOf).keys()], ["m1.ts", "m2.ts"]);
});
