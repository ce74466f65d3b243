import { assertEquals } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Generations, type Work } from "../generations.ts";
import { Keeping } from "../keep/keeping.ts";
import { LeftWaits } from "./left_waits.ts";
import { type BeginWait, type Wait, WAIT_KEY } from "./watch.ts";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Waits of a request that is over. */
function afterARequest(keeping = new Keeping()) {
  const generations = new Generations();
  const waits = new LeftWaits(generations, keeping);
  const shared = globalThis as { [WAIT_KEY]?: BeginWait };
  const before = shared[WAIT_KEY];
  waits.install();
  const begin = shared[WAIT_KEY]!;
  let work: Work | null = null;
  generations.startWork((it) => {
    work = it;
  });
  return {
    waits,
    begin: (at = 0): Wait =>
      generations.as(work, () => begin("file:///a.ts", at)),
    get count(): number {
      return [...waits.left()].length;
    },
    [Symbol.dispose]() {
      if (before) shared[WAIT_KEY] = before;
      else delete shared[WAIT_KEY];
    },
  };
}

Deno.test("LeftWaits know what waits, until it is over", async () => {
  using app = afterARequest();
  const loop = app.begin();
  const { promise, resolve } = Promise.withResolvers<void>();
  assertEquals(app.begin().promise(promise), promise);
  let called = 0;
  const given = app.begin().given((by: number) => called += by);
  const later = app.begin().later((by: number) => called += by);
  assertEquals(app.count, 4);
  assertEquals(app.begin().promise(3), 3);
  assertEquals(app.begin().given("no function"), "no function");
  loop.end();
  resolve();
  await promise;
  assertEquals([given(1), later(2), given.length], [1, 3, 1]);
  assertEquals(app.count, 0);
});

Deno.test("LeftWaits forget what nobody can end any more", async () => {
  using app = afterARequest();
  let held: { wait: Wait; promise: Promise<void> } | null = {
    wait: app.begin(),
    promise: app.begin().promise(new Promise<void>(() => {})),
  };
  app.begin();
  app.begin().given(() => {});
  // References that were made in a turn hold what they refer to until its end.
  await new Promise((resolve) => setTimeout(resolve));
  collect();
  assertEquals(app.count, 2);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(held.wait === null, false);
  held = null;
  collect();
  assertEquals(app.count, 0);
});

Deno.test("LeftWaits tell a generator that somebody holds from one that was begun when all garbage was about to be collected", async () => {
  const keeping = new Keeping();
  await keeping.startWatching();
  keeping.wrap(
    "export function* words() { while (true) yield 1; }",
    "file:///a.ts",
  );
  using app = afterARequest(keeping);
  const maybe = () => [...app.waits.left()].map((it) => it.mayBeGarbage);
  const held: Wait[] = [app.begin()];
  app.waits.begin();
  const settling = app.waits.settling();
  held.push(app.begin());
  assertEquals(settling.isUnsure(), true);
  settling.settle();
  assertEquals(maybe(), [false, true]);
  assertEquals(settling.isUnsure(), false);
  // Another upgrade: whoever held it may have let it go.
  app.waits.begin();
  assertEquals(maybe(), [true, true]);
  assertEquals(held.length, 2);
});
