import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { asWork, callable, originalOf } from "./calls_as_work.ts";
import { Gate } from "../generation_gate.ts";
import { Generations } from "../generations.ts";

const later = () => new Promise((resolve) => setTimeout(resolve, 1));

/** Everything that an upgrade replaces: a word that is another one after it. */
function setUp() {
  const all = new Generations();
  const gate = new Gate(all, "one");
  let attempt = 0;
  return {
    all,
    gate,
    upgrade: (word: string) => {
      const trial = all.swap(++attempt);
      gate.put(trial.generation, word);
      trial.commit();
      return trial.generation;
    },
  };
}

Deno.test("a call from outside of all work ends in the code it began in, and the next one meets the new (P71)", async () => {
  const { all, gate, upgrade } = setUp();
  const read = callable(all, async () => {
    const first = gate.value;
    await later();
    return first + gate.value;
  });
  const running = read();
  const generation = upgrade("two");
  assertEquals(all.undrained(generation), 1);
  assertEquals(await running, "oneone");
  assertEquals(all.undrained(generation), 0);
  assertEquals(await read(), "twotwo");
});

Deno.test("a call that is part of some work stays part of it", async () => {
  const { all, gate, upgrade } = setUp();
  const read = callable(all, () => gate.value);
  const work = all.startWork(async () => {
    await later();
    return read();
  });
  const pass = { ended: false };
  const trial = all.swap(9);
  gate.put(trial.generation, "trial");
  assertEquals(all.inCheck(pass, read), "trial");
  assertEquals(read(), "one");
  trial.undo();
  upgrade("two");
  assertEquals(await work, "one");
});

Deno.test("what ended work or an evaluation has left behind calls as work too, and stays whose it was", async () => {
  const { all, gate, upgrade } = setUp();
  const read = callable(all, async () => {
    const { place, attempt } = all.work!;
    const first = gate.value;
    await later();
    return [place, attempt, first + gate.value];
  });
  let left: Promise<unknown> | undefined;
  all.startWork(() => void (left = later().then(read)));
  const evaluated = all.inEvaluation((name) => {
    name("a.ts");
    return read();
  });
  upgrade("two");
  const ofAttempt = all.inAttempt(1, read, "b.ts");
  const generation = upgrade("three");
  assertEquals(await left, [null, null, "threethree"]);
  assertEquals(await evaluated, ["a.ts", null, "oneone"]);
  assertEquals(await ofAttempt, ["b.ts", 1, "twotwo"]);
  assertEquals(all.undrained(generation), 0, "nobody waits for what is owned");
});

Deno.test("what code begins while it is being loaded meets its own from the moment it is in", async () => {
  const { all, gate } = setUp();
  const go = Promise.withResolvers<void>();
  const main = all.inAttempt(
    1,
    () => asWork(all, () => go.promise.then(() => gate.value)),
  );
  const trial = all.swap(1);
  gate.put(trial.generation, "two");
  trial.commit();
  go.resolve();
  assertEquals(await main, "two");
});

Deno.test("a generator that is called ends in the code it began in, however long it is suspended (P71)", async () => {
  const { all, gate, upgrade } = setUp();
  const words = callable(all, function* () {
    for (let n = 0; n < 3; n++) yield gate.value;
  });
  const slow = callable(all, async function* () {
    for (let n = 0; n < 3; n++) {
      yield gate.value;
      await later();
    }
  });
  const [sync, async] = [words(), slow()];
  const seen = [sync.next().value, (await async.next()).value];
  const generation = upgrade("two");
  assertEquals([...seen, ...sync], ["one", "one", "one", "one"]);
  assertEquals(await Array.fromAsync(async), ["one", "one"]);
  assertEquals([...words()], ["two", "two", "two"]);
  assertEquals(all.undrained(generation), 0);

  const given = words();
  assertEquals(given.next().value, "two");
  upgrade("three");
  assertEquals(given.return(undefined as never).done, true);
  const broken = words();
  broken.next();
  assertThrows(() => broken.throw(new RangeError("enough")), RangeError);
});

Deno.test("callable() gives the same function each time, leaves classes alone, and hides nothing", () => {
  const { all } = setUp();
  const original = function named(this: unknown, a: number, b: number) {
    return [this, a + b];
  };
  const made = callable(all, original);
  assertStrictEquals(callable(all, original), made);
  assertStrictEquals(callable(all, made), made);
  assertStrictEquals(originalOf(made), original);
  assertEquals([made.name, made.length, made.call("me", 1, 2)], ["named", 2, [
    "me",
    3,
  ]]);
  class Room {}
  assertStrictEquals(callable(all, Room), Room);
  assertStrictEquals(callable(all, Map), Map);
  assertStrictEquals(callable(all, 5), 5);
  assertStrictEquals(originalOf(Room), Room);
});
