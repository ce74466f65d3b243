import { assertEquals } from "@std/assert";
import { ScriptQueue } from "./script_queue.ts";

const SCRIPTS = Array.from({ length: 7 }, (_, at) => ({
  path: `${at}.ts`,
  text: "",
  options: {},
}));

Deno.test("whoever takes from a queue is given what nobody else is given, in order", () => {
  const one = new ScriptQueue(SCRIPTS);
  const other = new ScriptQueue(SCRIPTS, one.taken);
  const taken = [one, other, other, one, other, one, one, other, one].map(
    (it) => it.take(),
  );
  assertEquals(taken, [0, 1, 2, 3, 4, 5, 6, null, null]);
});
