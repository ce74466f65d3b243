import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type SliceOptions,
  Slices,
  sortInSlices,
  stepsInSlices,
} from "./in_slices.ts";

/** Counts how often a timer gets its turn. */
function turns(): Disposable & { count: number } {
  const counter = { count: 0, [Symbol.dispose]: () => clearInterval(timer) };
  const timer = setInterval(() => counter.count++, 1);
  return counter;
}

/** Does something with each item, in steps. */
function inSlices<T>(
  items: Iterable<T>,
  act: (item: T) => void,
  options: SliceOptions = {},
): Promise<void> {
  return stepsInSlices(
    function* () {
      for (const item of items) {
        act(item);
        yield;
      }
    }(),
    options,
  );
}

/** Work that takes a while. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

Deno.test("stepsInSlices() takes every step in order, and lets a timer in between", async () => {
  using timer = turns();
  const seen: number[] = [];
  await inSlices(Array(50).keys(), (item) => {
    work(1);
    seen.push(item);
  }, { sliceMs: 5 });
  assertEquals(seen, [...Array(50).keys()]);
  // 50 ms in slices of 5: ten at the best; a busy computer makes them more, never fewer than a few.
  assert(timer.count >= 3, `the timer ran ${timer.count} times`);
});

Deno.test("stepsInSlices() does short work in one turn", async () => {
  using timer = turns();
  let sum = 0;
  await inSlices([1, 2, 3], (item) => {
    sum += item;
  }, { sliceMs: 1_000 });
  assertEquals(sum, 6);
  assertEquals(timer.count, 0);
});

Deno.test("stepsInSlices() passes on what an item throws, and takes no more", async () => {
  const seen: number[] = [];
  await assertRejects(
    () =>
      inSlices([1, 2, 3], (item) => {
        seen.push(item);
        if (item === 2) throw new Error("two");
      }),
    Error,
    "two",
  );
  assertEquals(seen, [1, 2]);
});

Deno.test("Slices.over is true once the slice has passed, and false after the next began", async () => {
  const slices = new Slices({ sliceMs: 5 });
  assertEquals(slices.over, false);
  work(6);
  assertEquals(slices.over, true);
  await slices.next();
  assertEquals(slices.over, false);
});

Deno.test("sortInSlices() sorts as sort() does, of any length", async () => {
  for (const length of [0, 1, 2, 999, 1000, 1001, 2500, 4096, 7001]) {
    const texts = Array.from(
      { length },
      (_, at) => `${at * 7919 % 1009}/é${at % 13}.ts`,
    );
    const before = [...texts];
    assertEquals(await sortInSlices(texts, { sliceMs: 0 }), texts.toSorted());
    assertEquals(texts, before);
  }
});
