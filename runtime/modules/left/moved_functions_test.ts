import { assertEquals } from "@std/assert";
import { Generations } from "../generations.ts";
import { ENTER_KEY, type LeadOn, type TakeFunctions } from "./enter.ts";
import { instanceUrl } from "../module_urls.ts";
import { MovedFunctions } from "./moved_functions.ts";

const PLACE = "file:///app/a.ts";
const url = (attempt: number) =>
  attempt === 0 ? PLACE : instanceUrl(PLACE, attempt);

type Shared = { [ENTER_KEY]?: TakeFunctions };

/** A module of which a request has handed a function on; each instance says which one it is. */
function handing() {
  const generations = new Generations();
  const moved = new MovedFunctions(generations);
  const shared = globalThis as Shared;
  const before = shared[ENTER_KEY];
  moved.install();
  const load = (attempt: number, kept?: () => number) => {
    const names = ["tell"];
    const own = url(attempt);
    const none = { exported: new Map(), lookedFor: new Set<string>() };
    moved.loaded(own, { names, ...none, imported: [] });
    let $kept_moved: LeadOn | undefined;
    const tell = (): number => {
      if ($kept_moved) {
        const to = $kept_moved("tell");
        if (to) return to() as number;
      }
      return attempt;
    };
    shared[ENTER_KEY]!(own, () => kept ?? tell, (it) => $kept_moved = it);
    return tell;
  };
  return {
    generations,
    moved,
    load,
    [Symbol.dispose]() {
      if (before) shared[ENTER_KEY] = before;
      else delete shared[ENTER_KEY];
    },
  };
}

Deno.test("MovedFunctions lead whoever calls a function that was handed on to the one that it is to meet", async () => {
  using app = handing();
  const { generations, moved } = app;
  const first = app.load(0);
  const other = app.load(9);
  moved.forget(9);
  assertEquals(moved.hand(first), { place: PLACE, name: "tell" });
  const { promise, resolve } = Promise.withResolvers<void>();
  const going = generations.startWork(async () => {
    await promise;
    return first();
  });
  const second = app.load(1);
  const trial = generations.swap(1);
  moved.swap(trial.generation, [url(1)]);
  // Until it is committed, only its check meets the new one.
  assertEquals([first(), second(), other()], [0, 0, 9]);
  assertEquals(generations.inCheck({ ended: false }, first), 1);
  trial.commit();
  assertEquals([first(), second()], [1, 1]);
  resolve();
  assertEquals(await going, 0);
});

Deno.test("MovedFunctions lead back where new code is taken out, and go on to what comes next", () => {
  using app = handing();
  const { generations, moved } = app;
  const all = [app.load(0)];
  moved.hand(all[0]!);
  for (let attempt = 1; attempt <= 8; attempt++) {
    const tell = app.load(attempt);
    const trial = generations.swap(attempt);
    const undo = moved.swap(trial.generation, [url(attempt)]);
    if (attempt % 2 === 0) {
      trial.commit();
      undo();
      moved.forget(attempt);
      assertEquals([all[0]!(), tell()], [attempt - 1, attempt - 1]);
      continue;
    }
    trial.commit();
    all.push(tell);
    moved.forgetOld((it) => it === url(attempt));
    for (const it of all) assertEquals(it(), attempt);
  }
});

Deno.test("MovedFunctions leave alone what nobody has handed on", () => {
  using app = handing();
  const { generations, moved } = app;
  const first = app.load(0);
  app.load(1);
  const trial = generations.swap(1);
  moved.swap(trial.generation, [url(1)]);
  trial.commit();
  assertEquals(first(), 0);
  assertEquals(moved.find(() => 1), null);
});

Deno.test("MovedFunctions let a function go on that what is kept brings into the new code", () => {
  using app = handing();
  const { generations, moved } = app;
  const first = app.load(0);
  moved.hand(first);
  for (const attempt of [1, 2]) {
    app.load(attempt, first);
    const trial = generations.swap(attempt);
    moved.swap(trial.generation, [url(attempt)]);
    trial.commit();
    assertEquals([first(), first()], [0, 0]);
  }
  const last = app.load(3);
  const trial = generations.swap(3);
  moved.swap(trial.generation, [url(3)]);
  trial.commit();
  assertEquals([first(), last(), first(), first()], [3, 3, 3, 3]);
});
