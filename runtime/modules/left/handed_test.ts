import { assertEquals } from "@std/assert";
import { collectGarbage } from "../../process/left/collect_garbage.ts";
import { Generations, type Work } from "../generations.ts";
import { HandedFunctions } from "./handed.ts";
import { MovedFunctions } from "./moved_functions.ts";
import { type Hand, HAND_KEY } from "./watch.ts";

const URL = "file:///a.ts";

/** What requests hand on. */
function handing() {
  const generations = new Generations();
  const all = new HandedFunctions(
    generations,
    new MovedFunctions(generations),
  );
  const shared = globalThis as { [HAND_KEY]?: Hand };
  const before = shared[HAND_KEY];
  all.install();
  const hand = shared[HAND_KEY]!;
  return {
    generations,
    all,
    hand: (value: unknown, ...beside: unknown[]) => hand(URL, value, beside),
    /** What turned out to be held, once all garbage is collected. */
    async held() {
      await new Promise((resolve) => setTimeout(resolve));
      await all.settle(collectGarbage);
      return [...all.held()];
    },
    [Symbol.dispose]() {
      if (before) shared[HAND_KEY] = before;
      else delete shared[HAND_KEY];
    },
  };
}

Deno.test("HandedFunctions tell what somebody holds from what nobody does", async () => {
  using app = handing();
  const holder = new WeakMap<object, unknown>();
  const key = {};
  app.generations.startWork(() => {
    const value = { deep: [() => 1] };
    holder.set(key, value);
    app.hand(value, key, 3, null);
    for (let at = 0; at < 5000; at++) app.hand(() => at, key);
  });
  assertEquals([...app.all.unsure()].length > 0, true);
  const held = await app.held();
  assertEquals(held.map((it) => it.handed()), [1]);
  assertEquals(held[0]!.to, [[key]]);
  assertEquals(held[0]!.url, URL);
  assertEquals([...app.all.unsure()], []);
  held[0]!.forget();
  assertEquals([...app.all.held()], []);
  assertEquals(holder.has(key), true);
});

Deno.test("HandedFunctions wait for work that goes on, and leave evaluations alone", async () => {
  using app = handing();
  const made = [() => 1, () => 2, () => 3] as const;
  let work: Work | null = null;
  const { promise, resolve } = Promise.withResolvers<void>();
  const going = app.generations.startWork((it) => {
    work = it;
    app.hand(made[0]);
    return promise;
  });
  app.generations.as({ ...work!, place: "a.ts" }, () => app.hand(made[1]));
  app.hand(made[2]);
  assertEquals((await app.held()).map((it) => [it.handed, it.begunIn]), [
    [made[2], null],
  ]);
  resolve();
  await going;
  // It was handed on by work that was not over when garbage was collected.
  assertEquals([...app.all.held()].length, 1);
  assertEquals((await app.held()).map((it) => it.handed), [made[0], made[2]]);
});

Deno.test("HandedFunctions know none to be held where garbage cannot be collected", async () => {
  using app = handing();
  const made = () => 1;
  app.hand(made);
  await app.all.settle(() => Promise.resolve(false));
  assertEquals([...app.all.held()], []);
  assertEquals([...app.all.unsure()].map((it) => it.handed), [made]);
});
