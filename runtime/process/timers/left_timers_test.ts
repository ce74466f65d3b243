import { assertEquals } from "@std/assert";
import { natives } from "../../base/platform/natives.ts";
import { Generations, type Work } from "../../modules/generations.ts";
import { LeftTimers } from "./left_timers.ts";

const DRAIN_MS = 2000;

/** Timers of which each is named by what it runs. */
function timers() {
  const generations = new Generations();
  const left = new LeftTimers(() => ["a.ts"]);
  return {
    generations,
    set(
      callback: () => unknown,
      ms: number,
      options: { readonly repeats?: boolean; readonly work?: Work | null } = {},
    ) {
      const { repeats = false, work = generations.work } = options;
      const native = repeats ? natives.setInterval : natives.setTimeout;
      const timer = left.set((run) => native(run, ms), callback, {
        callback,
        repeats,
        ms,
        work,
      });
      return {
        timer,
        [Symbol.dispose]() {
          left.cleared(timer);
          natives.clearTimeout(timer);
        },
      };
    },
    cleared: (timer: unknown) => left.cleared(timer),
    names: () => [...left.left(DRAIN_MS)].map((it) => it.callback.name).sort(),
    end: () => {
      for (const it of left.left(DRAIN_MS)) left.end(it);
    },
  };
}

Deno.test("left(): intervals, and what comes later than the drain, of work that is over", () => {
  const { generations, set, names } = timers();
  const begun = generations.startWork(() => [
    set(function again() {}, 60_000, { repeats: true }),
    set(function later() {}, 60_000),
    set(function soon() {}, 1_000),
  ]);
  assertEquals(names(), ["again", "later"]);
  for (const it of begun) it[Symbol.dispose]();
  assertEquals(names(), []);
});

Deno.test("left(): nothing of work that goes on", async () => {
  const { generations, set, names } = timers();
  const end = Promise.withResolvers<void>();
  const work = generations.startWork(async () => {
    using _timer = set(function later() {}, 60_000);
    await end.promise;
  });
  assertEquals(names(), []);
  end.resolve();
  await work;
});

Deno.test("left(): loops and chains, however short their turns are", async () => {
  const { generations, set, names } = timers();
  const work = generations.startWork(() => generations.work!);
  using _loop = generations.as(work, () => set(function turn() {}, 1_000));
  assertEquals(names(), ["turn"]);
  const chained = Promise.withResolvers<ReturnType<typeof set>>();
  generations.startWork(() =>
    set(() => chained.resolve(set(function link() {}, 1_000)), 1)
  );
  using _link = await chained.promise;
  assertEquals(names(), ["link", "turn"]);
});

Deno.test("cleared(): by the timer or by its number", () => {
  const { set, cleared, names } = timers();
  using one = set(function one() {}, 60_000);
  using two = set(function two() {}, 60_000);
  assertEquals(names(), ["one", "two"]);
  cleared(Number(one.timer));
  assertEquals(names(), ["two"]);
  cleared(two.timer);
  assertEquals(names(), []);
});
