import { eachInTurn } from "./each_in_turn.ts";
import { HELD_PROGRAMS } from "./held_programs.ts";
import { RunningPrograms } from "./program.ts";

Deno.test("all small programs whose modules that stay hold old code are refused for it", async () => {
  await using hot = await RunningPrograms.start(HELD_PROGRAMS);
  await hot.ask(1);
  await eachInTurn(hot, HELD_PROGRAMS);
});
