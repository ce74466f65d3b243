import { assertEquals } from "@std/assert";
import { Gate } from "../../modules/generation_gate.ts";
import { generations } from "../../modules/generations.ts";
import { noteGeneration } from "./action_generation.ts";
import { HolderCell } from "./holder_cell.ts";

const definition = (
  actions: Readonly<Record<string, () => unknown>>,
) => ({
  name: "room",
  renamedFrom: null,
  version: 1,
  migrate: {},
  actions,
  copy: null,
  module: "room.ts",
  initial: () => ({}),
});

Deno.test("an action that waited for an upgrade meets the code it came with, and its caller the one it began in", async () => {
  const word = new Gate(generations, "old");
  const read = async () => {
    const first = word.value;
    await new Promise((done) => setTimeout(done, 1));
    return first + word.value;
  };
  const cell = new HolderCell(definition({ read }), {});
  cell.close();
  const answer = generations.startWork(async () => {
    const own = word.value;
    const asked = await cell.call("read", []);
    return [own, asked, word.value];
  });

  const trial = generations.swap(1);
  word.put(trial.generation, "new");
  const actions = { read: () => read() };
  noteGeneration(actions, trial.generation);
  cell.definition = definition(actions);
  trial.commit();
  cell.open();
  assertEquals(await answer, ["old", "newnew", "old"]);
  assertEquals(await cell.call("read", []), "newnew");
  generations.drain(trial.generation, 0);
  assertEquals(
    await generations.startWork(() => cell.call("read", [])),
    "newnew",
  );
});
