import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { StateCopy } from "./copy.ts";
import { copyState, Named } from "./copy_fixture_test.ts";

Deno.test("copyState follows a list of 200,000 links without a deep stack", () => {
  let list: { next: unknown } = { next: null };
  for (let i = 0; i < 200_000; i++) list = { next: list };
  let length = 0;
  let copy: unknown = copyState("c", list);
  for (; copy; copy = (copy as typeof list).next) length++;
  assertEquals(length, 200_001);
});

Deno.test("StateCopy pauses inside of one large object and goes on", () => {
  for (
    const large of [
      Array.from({ length: 5000 }, (_, at) => ({ at })),
      new Map(Array.from({ length: 5000 }, (_, at) => [at, { at }])),
      new Set(Array.from({ length: 5000 }, (_, at) => `${at}`)),
      Object.fromEntries(
        Array.from({ length: 5000 }, (_, at) => [`k${at}`, at]),
      ),
    ]
  ) {
    const copy = new StateCopy("c", large);
    let slices = 1;
    while (!copy.run(0)) slices++;
    assert(slices > 5, `${slices}`);
    assertEquals(copy.value, large);
  }
});

/** Small numbers from a seed, the same ones each time. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor(state / 65536) % below;
  };
}

function grow(
  pick: (below: number) => number,
  made: object[],
  depth: number,
): unknown {
  const child = () => depth > 4 ? pick(9) : grow(pick, made, depth + 1);
  const keep = <T extends object>(value: T) => (made.push(value), value);
  switch (pick(12)) {
    case 0:
      return made.length > 0 ? made[pick(made.length)] : null;
    case 1: {
      const list = keep([] as unknown[]);
      for (let n = pick(4); n > 0; n--) list[pick(6)] = child();
      return pick(3) === 0 ? Object.freeze(list) : list;
    }
    case 2: {
      const map = keep(new Map<unknown, unknown>());
      for (let n = pick(4); n > 0; n--) map.set(child(), child());
      return map;
    }
    case 3: {
      const set = keep(new Set<unknown>());
      for (let n = pick(4); n > 0; n--) set.add(child());
      return set;
    }
    case 4:
      return keep(new Date(pick(1000)));
    case 5: {
      const point = keep(new Named(pick(5)));
      Object.assign(point, { extra: child() });
      return point;
    }
    case 6:
      return keep(new Uint8Array([pick(9), pick(9)]));
    case 7:
      return keep(new RangeError(`e${pick(9)}`, { cause: child() }));
    case 8:
      return ["text", pick(100), BigInt(pick(9)), undefined, null][pick(5)];
    default: {
      const object = keep({} as Record<string | symbol, unknown>);
      for (let n = pick(5); n > 0; n--) object[`k${pick(8)}`] = child();
      if (pick(5) === 0) Object.defineProperty(object, "h", { value: child() });
      return pick(6) === 0 ? Object.seal(object) : object;
    }
  }
}

/** Whether two graphs have the same shape, and no object in common. */
function assertSameShape(
  a: unknown,
  b: unknown,
  seen: Map<object, object>,
): void {
  if (typeof a !== "object" || a === null) return assert(Object.is(a, b));
  assert(typeof b === "object" && b !== null && a !== b);
  if (seen.has(a)) return assertStrictEquals(seen.get(a), b);
  seen.set(a, b);
  assertStrictEquals(Object.getPrototypeOf(a), Object.getPrototypeOf(b));
  assertEquals(Object.isFrozen(a), Object.isFrozen(b));
  assertEquals(Object.isSealed(a), Object.isSealed(b));
  assertEquals(Reflect.ownKeys(a), Reflect.ownKeys(b));
  for (const key of Reflect.ownKeys(a)) {
    assertSameShape(Reflect.get(a, key), Reflect.get(b, key), seen);
  }
  if (a instanceof Map || a instanceof Set) {
    const [left, right] = [[...a], [...b as typeof a]];
    assertEquals(left.length, right.length);
    left.flat(1).forEach((value, at) =>
      assertSameShape(value, right.flat(1)[at], seen)
    );
  }
  if (a instanceof Date) assertEquals(a.getTime(), (b as Date).getTime());
}

Deno.test("copyState keeps the shape of 2,000 random graphs, in slices or not", () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const state = { root: grow(seeded(seed), [], 0) };
    try {
      assertSameShape(state, copyState("c", state), new Map());
      const sliced = new StateCopy("c", state);
      while (!sliced.run(0));
      assertSameShape(state, sliced.value, new Map());
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause });
    }
  }
});
