import { assertEquals } from "@std/assert";
import { canBeHad } from "../../support/packages.ts";
import { FIXED_CASES } from "../differential/fixed/cases.ts";
import { runFixedCase } from "../differential/fixed/fixed.ts";
import { inTurns } from "../differential/run_seeds.ts";
import { ASKED_PROGRAMS } from "./asked_programs.ts";
import { type Programs, RunningPrograms } from "./program.ts";
import { PROGRAMS_OF_CODE } from "./programs_of_code.ts";
import { PROGRAMS_OF_STATE } from "./programs_of_state.ts";

const HONO = "npm:hono@4.13.19";
const ignore = !(await canBeHad([HONO, `${HONO}/jsx/jsx-runtime`]));
const ALL: Programs = {
  ...PROGRAMS_OF_CODE,
  ...PROGRAMS_OF_STATE,
  ...ASKED_PROGRAMS,
};

Deno.test({
  name: "small programs that ask for rebinding answer as they do without it",
  ignore,
  async fn() {
    await using hot = await RunningPrograms.start(ALL, "before", true);
    await hot.ask(2);
    const report = await hot.upgrade(Object.keys(ALL));
    assertEquals(report.state, "applied", JSON.stringify(report));
    const stated = { ...PROGRAMS_OF_CODE, ...PROGRAMS_OF_STATE };
    const answers = await hot.ask(1);
    for (const [name, { answer = "" }] of Object.entries(stated)) {
      assertEquals(answers[name], answer, name);
    }
  },
});

Deno.test("fixed programs that ask for rebinding answer as fresh processes do, or refuse it with the place", async () => {
  const problems: string[] = [];
  await inTurns(Object.entries(FIXED_CASES), 4, async ([name, fixed]) => {
    const { problem } = await runFixedCase(fixed, true);
    if ((problem === "") === (fixed.open === undefined)) return;
    problems.push(`${name} (${fixed.why}): ${problem || "holds now"}`);
  });
  assertEquals(problems, []);
});
