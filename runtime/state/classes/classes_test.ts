import { assert, assertEquals, assertThrows } from "@std/assert";
import { type AnyClass, ClassRegistry } from "./class_registry.ts";
import { classShape, type FieldShape } from "./class_shape.ts";
import { ClassSwap, type FollowedPair, type Side } from "./classes.ts";
import { judgeClass } from "./class_verdict.ts";

function pair(
  current: unknown,
  next: unknown,
  earlier: unknown[] = [],
): FollowedPair {
  const [old, newer] = [current as AnyClass, next as AnyClass];
  const fill: readonly FieldShape[] =
    judgeClass("", classShape(old)!, classShape(newer)!).fill;
  return {
    name: old.name,
    place: "a.ts",
    current: old,
    next: newer,
    earlier: earlier as AnyClass[],
    fill,
  };
}

// deno-lint-ignore no-explicit-any -- one object is of two classes in turn
type Any = any;

/** A function, so that the checker draws no conclusions. */
function is(value: unknown, of: unknown): boolean {
  return value instanceof (of as ObjectConstructor);
}

function versions() {
  const one = {
    A: class A {
      n = 0;
      inc() {
        return this.n += 1;
      }
      gone() {
        return "gone";
      }
      toString() {
        return "one";
      }
      get twice() {
        return this.n * 2;
      }
    },
  };
  const oneB = class B extends one.A {
    override inc() {
      return super.inc() + 1000;
    }
  };
  const two = {
    A: class A {
      n = 0;
      history: number[] = [];
      inc() {
        this.history.push(this.n);
        return this.n += 100;
      }
      added() {
        return "added";
      }
      get twice() {
        return this.n * 20;
      }
    },
  };
  const twoB = class B extends two.A {
    override inc() {
      return super.inc() + 5000;
    }
  };
  return { one: { ...one, B: oneB }, two: { ...two, B: twoB } };
}

Deno.test("ClassSwap lets instances follow wherever they are (P23, P67)", () => {
  const { one, two } = versions();
  const a: Any = new one.A();
  const hidden = new WeakMap([[{}, new one.A()]]);
  const closure = ((held: Any) => () => held.inc())(new one.A());
  const frozen: Any = Object.freeze(new one.A());
  a.inc();
  void hidden;
  const swap = new ClassSwap([pair(one.A, two.A)]);
  swap.enter(null);
  assertEquals([a.inc(), a.twice, a.added(), `${a}`], [
    101,
    2020,
    "added",
    "[object Object]",
  ]);
  assertEquals([a.gone, a.history, frozen.history], [undefined, [1], []]);
  assertEquals(
    Object.keys(a),
    ["n", "history"],
    "a field, once it was touched",
  );
  assertEquals(frozen.history === frozen.history, true);
  assertEquals(closure(), 100);
  assertEquals(a.constructor, two.A);
  const fresh: Any = new two.A();
  assert(is(a, two.A) && is(a, one.A) && is(fresh, one.A));
  assert(!(is({}, one.A)) && !(is({}, two.A)));
  assertEquals(is(new a.constructor(), one.A), true);
});

Deno.test("ClassSwap puts everything back, and lets instances made meanwhile follow the old class", () => {
  const { one, two } = versions();
  const before = JSON.stringify([
    Object.getOwnPropertyNames(one.A),
    Object.getOwnPropertyNames(one.A.prototype),
    Object.getOwnPropertyNames(one.B.prototype),
  ]);
  const a: Any = new one.A();
  const b: Any = new one.B();
  const swap = new ClassSwap([pair(one.A, two.A), pair(one.B, two.B)]);
  swap.enter(null);
  a.inc();
  assertEquals(b.inc(), 5100);
  const meanwhile: Any = new two.B();
  assertEquals(meanwhile.inc(), 5100);
  swap.undo();
  assertEquals([a.inc(), `${a}`, a.gone(), Object.keys(a)], [
    101,
    "one",
    "gone",
    ["n"],
  ]);
  assertEquals(b.inc(), 1101);
  assertEquals([meanwhile.inc(), `${meanwhile}`, meanwhile.gone()], [
    1101,
    "one",
    "gone",
  ]);
  assert(is(meanwhile, one.B) && is(meanwhile, one.A));
  assert(is(a, one.A) && is(a, two.A) && !(is(a, one.B)));
  assertEquals(Object.getPrototypeOf(a), one.A.prototype);
  assertEquals(
    JSON.stringify([
      Object.getOwnPropertyNames(one.A),
      Object.getOwnPropertyNames(one.A.prototype),
      Object.getOwnPropertyNames(one.B.prototype),
    ]),
    before,
  );
});

Deno.test("ClassSwap keeps subclasses, and an override that goes gives way to what it overrode", () => {
  class Base {
    name() {
      return "base";
    }
  }
  const one = class extends Base {
    override name() {
      return "one";
    }
    static of() {
      return new this();
    }
  };
  const two = class extends Base {};
  class Sub extends one {}
  const [it, sub] = [new one(), new Sub()];
  new ClassSwap([pair(one, two)]).enter(null);
  assertEquals([it.name(), sub.name()], ["base", "base"]);
  assert(is(sub, Sub) && is(sub, two) && is(it, Base));
  assert(!(is(it, Sub)) && !(is(new two(), Sub)));
  Object.defineProperty(Base.prototype, "name", { value: () => "later" });
  assertEquals(it.name(), "later");
});

Deno.test("ClassSwap stays flat over many upgrades, undone ones between them", () => {
  const registry = new ClassRegistry();
  const make = (version: number): AnyClass =>
    new Function(
      "version",
      `return class Game { fields${version} = []; version() { return version; } }`,
    )(version) as AnyClass;
  registry.register("a.ts", "Game", make(0));
  const made: Any[] = [];
  const construct = (of: AnyClass) => made.push(Reflect.construct(of, []));
  construct(registry.of("a.ts").get("Game")!.current);
  for (let version = 1; version <= 10; version++) {
    const staged = new ClassRegistry();
    staged.register("a.ts", "Game", make(version));
    const changes = registry.pairWith(staged, ["a.ts"]);
    const [found] = changes.pairs;
    const swap = new ClassSwap([{
      ...found!,
      fill: judgeClass(
        "Game",
        classShape(found!.current)!,
        classShape(found!.next)!,
      ).fill,
    }]);
    const undo = registry.adopt(staged, changes, ["a.ts"]);
    swap.enter(null);
    construct(found!.next);
    if (version % 3 === 0) {
      swap.undo();
      undo();
    }
    const now = version % 3 === 0 ? version - 1 : version;
    assertEquals(made.map((it) => it.version()), made.map(() => now));
    const { current } = registry.of("a.ts").get("Game")!;
    for (const it of made) {
      assert(is(it, current));
    }
  }
  const depths = made.map((it) => {
    let depth = 0;
    for (let at = it; at; at = Object.getPrototypeOf(at)) depth++;
    return depth;
  });
  assert(Math.max(...depths) <= 4, `${depths}`);
  assertEquals(made[0]!.fields1, []);
  assertEquals(made[0]!.fields10, []);
});

Deno.test("ClassSwap shows each caller its own side until it is settled", () => {
  const { one, two } = versions();
  let side: Side = "old";
  const a: Any = new one.A();
  const b: Any = new one.B();
  const swap = new ClassSwap([pair(one.A, two.A), pair(one.B, two.B)]);
  swap.enter(() => side);
  assertEquals([a.inc(), b.inc(), a.gone(), a.added, a.twice, `${a}`], [
    1,
    1001,
    "gone",
    undefined,
    2,
    "one",
  ]);
  assertEquals([a.constructor === one.A, "history" in { ...a }], [true, false]);
  side = "new";
  assertEquals([
    a.inc(),
    b.inc(),
    a.gone,
    a.added(),
    b.added(),
    a.constructor === two.A,
  ], [101, 5101, undefined, "added", "added", true]);
  assert(
    is(a, two.A) && is(b, two.A) && is(b, two.B) &&
      !(is(a, two.B)),
  );
  a.inc = () => "own";
  assertEquals(a.inc(), "own");
  delete a.inc;
  side = "old";
  assertEquals(a.inc(), 102);
  swap.settle();
  assertEquals([a.inc(), b.inc()], [202, 5201]);
  swap.undo();
  assertEquals([a.inc(), b.inc(), `${b}`], [203, 1202, "one"]);
});

Deno.test("ClassSwap gives found instances their fields, and takes them away when it is undone", () => {
  class One {
    n = 1;
    tell = () => "old";
  }
  class Two {
    n = 1;
    list: unknown[] = [];
    tell = () => `new ${(this as Any).n}`;
  }
  const it: Any = new One();
  const swap = new ClassSwap([pair(One, Two)]);
  const { tell } = it;
  swap.fill(it);
  swap.enter(null);
  assertEquals([JSON.stringify(it), it.tell()], ['{"n":1,"list":[]}', "new 1"]);
  swap.undo();
  assertEquals([Object.keys(it), it.tell === tell], [["n", "tell"], true]);
});

Deno.test("ClassSwap refuses a frozen prototype before anything happens", () => {
  class One {}
  class Two {}
  Object.freeze(One.prototype);
  assertThrows(
    () => new ClassSwap([pair(One, Two)]),
    TypeError,
    "Cannot let instances of One follow its new version: its prototype is frozen; do not freeze it",
  );
});

Deno.test("ClassSwap costs the same for one instance and for many", () => {
  const costs: string[] = [];
  // What is slow each time is the swap; a stall of the computer is not.
  while (costs.length < 5) {
    const { one, two } = versions();
    const many = Array.from({ length: 100_000 }, () => new one.A());
    const swap = new ClassSwap([pair(one.A, two.A)]);
    const walk = performance.now();
    for (const it of many) Object.getPrototypeOf(it);
    const walked = performance.now() - walk;
    const from = performance.now();
    swap.enter(null);
    const took = performance.now() - from;
    assertEquals((many[99_999] as Any).inc(), 100);
    if (took < Math.max(walked, 1)) return;
    costs.push(`${took} ms, to look at each took ${walked} ms`);
  }
  assert(false, costs.join("; "));
});

Deno.test("ClassSwap lets upgrades overlap: each caller meets the code of its generation, whichever is settled first", () => {
  const [One, Two, Failed, Three] = [1, 2, 3, 3].map((n) =>
    class A {
      say() {
        return n;
      }
    }
  ) as [Any, Any, Any, Any];
  let meets = 0;
  const side = (generation: number) => (): Side =>
    meets >= generation ? "new" : "old";
  const old = new One();
  const says = () =>
    [0, 1, 2].map((generation) => {
      meets = generation;
      return [old.say(), is(old, [One, Two, Three][generation])];
    });
  const met = (...said: number[]) => said.map((n) => [n, true]);

  const first = new ClassSwap([pair(One, Two)]);
  first.enter(side(1));
  assertEquals(says(), [[1, true], [2, true], [2, false]]);
  const undone = new ClassSwap([pair(Two, Failed, [One])]);
  undone.enter(side(2));
  assertEquals(says().map(([said]) => said), [1, 2, 3]);
  undone.undo();
  assertEquals(says().map(([said]) => said), [1, 2, 2]);

  const second = new ClassSwap([pair(Two, Three, [Failed, One])]);
  second.enter(side(2));
  first.settle();
  assertEquals(says(), met(1, 2, 3), "the later one decides");
  second.settle();
  assertEquals(says(), met(3, 3, 3));
  second.undo();
  assertEquals(says().map(([said]) => said), [2, 2, 2], "now it is settled");
});

Deno.test("ClassSwap takes back what it gave, by a found instance or a hidden one, and gives it again where that fails", () => {
  const Old = class A {
    n = 0;
  };
  const New = class A {
    n = 0;
    tone = 3;
  };
  const [found, hidden] = [new Old(), new Old()] as Any[];
  const swap = new ClassSwap([pair(Old, New)]);
  swap.fill(found);
  swap.enter(() => "new");
  swap.settle();
  swap.finish();
  assertEquals([found.tone, hidden.tone++, hidden.tone], [3, 3, 4]);
  const undo = swap.takeBack();
  assertEquals([found.tone, "tone" in hidden, "tone" in new Old()], [
    undefined,
    false,
    false,
  ]);
  undo();
  assertEquals([found.tone, hidden.tone, (new Old() as Any).tone], [3, 4, 3]);
  swap.forget();
  swap.takeBack();
  assertEquals([found.tone, hidden.tone], [3, 4]);
});
