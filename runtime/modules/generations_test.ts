import { assertEquals } from "@std/assert";
import { Gate } from "./generation_gate.ts";
import { Generations } from "./generations.ts";

const later = () => new Promise((resolve) => setTimeout(resolve, 1));

Deno.test("Generations lets only the check and the attempt itself meet code on trial", () => {
  const all = new Generations();
  const gate = new Gate(all, "old");
  const trial = all.swap(1);
  gate.put(trial.generation, "new");
  const pass = { ended: false };
  const seen = () => gate.value;
  assertEquals(seen(), "old");
  assertEquals(all.startWork(seen), "old");
  assertEquals(all.inCheck(pass, seen), "new");
  assertEquals(all.inAttempt(1, seen), "new");
  assertEquals(all.inAttempt(2, seen), "old");
  assertEquals(all.inCheck(pass, () => all.meets), trial.generation);
  assertEquals(all.meets, 0);
  assertEquals(all.inCheck(pass, () => all.outside(seen)), "old");
  assertEquals(
    all.inCheck(pass, () => {
      pass.ended = true;
      return seen();
    }),
    "old",
  );
  trial.commit();
  assertEquals([seen(), all.inAttempt(2, seen)], ["new", "new"]);
});

Deno.test("Generations leaves work begun before a swap its code until it ends", async () => {
  const all = new Generations();
  const gate = new Gate(all, "old");
  const go = Promise.withResolvers<void>();
  const seen: string[] = [];
  let leftBehind = Promise.resolve();
  const work = all.startWork(async () => {
    seen.push(gate.value);
    leftBehind = later().then(later).then(later).then(() => {
      seen.push(`left behind: ${gate.value}`);
    });
    await go.promise;
    seen.push(gate.value);
  });
  const trial = all.swap(1);
  const undo = gate.put(trial.generation, "new");
  trial.commit();
  assertEquals(all.undrained(trial.generation), 1);
  assertEquals(all.startWork(() => gate.value), "new");
  go.resolve();
  await work;
  await leftBehind;
  assertEquals(seen, ["old", "old", "left behind: new"]);
  assertEquals(all.undrained(trial.generation), 0);
  undo();
  assertEquals(gate.value, "old");
});

Deno.test("Generations gives old work the new code once its time to end is over", async () => {
  const all = new Generations();
  const gate = new Gate(all, "old");
  const seen: string[] = [];
  const drained = Promise.withResolvers<void>();
  const work = all.startWork(async () => {
    seen.push(gate.value);
    await drained.promise;
    seen.push(gate.value);
  });
  const trial = all.swap(1);
  gate.put(trial.generation, "new");
  trial.commit();
  all.drain(trial.generation, 0);
  drained.resolve();
  await work;
  assertEquals(seen, ["old", "new"]);
});

Deno.test("Generations: an undone trial leaves nothing, and the next one is another generation", () => {
  const all = new Generations();
  const gate = new Gate(all, 0);
  for (const attempt of [1, 2, 3]) {
    const trial = all.swap(attempt);
    const undo = gate.put(trial.generation, attempt);
    assertEquals(all.inAttempt(attempt, () => gate.value), attempt);
    trial.undo();
    undo();
    assertEquals(all.inAttempt(attempt, () => gate.value), 0);
    assertEquals(all.attemptOf(trial.generation), attempt);
  }
  assertEquals([gate.value, all.serving], [0, 0]);
});

Deno.test("Generations: work over several swaps stays where it began, each with its own", () => {
  const all = new Generations();
  const gate = new Gate(all, 0);
  const works: (() => number)[] = [];
  const forever = new Promise(() => {});
  const begin = () =>
    all.startWork(() => {
      const own = all.work;
      works.push(() => all.as(own, () => gate.value));
      return null;
    }, { ends: forever });
  begin();
  for (const attempt of [1, 2]) {
    const trial = all.swap(attempt);
    gate.put(trial.generation, attempt);
    trial.commit();
    begin();
  }
  assertEquals(works.map((read) => read()), [0, 1, 2]);
  assertEquals(all.undrained(all.serving), 2);
});
