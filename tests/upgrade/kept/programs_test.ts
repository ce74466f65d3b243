import { assertEquals, assertStringIncludes } from "@std/assert";
import { canBeHad } from "../../support/packages.ts";
import { ASKED_PROGRAMS } from "./asked_programs.ts";
import { HELD_PROGRAMS } from "./held_programs.ts";
import { LEFT_PROGRAMS } from "./left_programs.ts";
import { eachInTurn } from "./each_in_turn.ts";
import { type Programs, RunningPrograms } from "./program.ts";
import { PROGRAMS_OF_CODE } from "./programs_of_code.ts";
import { PROGRAMS_OF_STATE } from "./programs_of_state.ts";
import { REFUSED_INSTANCES } from "./refused_instances.ts";
import { REFUSED_PROGRAMS } from "./refused_programs.ts";
import { REFUSED_VALUES } from "./refused_values.ts";
import { REFUSED_WORKERS } from "./refused_workers.ts";
import { SERVING_PROGRAMS } from "./serving_programs.ts";

const REFUSED: Programs = {
  ...REFUSED_PROGRAMS,
  ...REFUSED_VALUES,
  ...REFUSED_WORKERS,
};

const HONO = "npm:hono@4.13.19";
const ignore = !(await canBeHad([HONO, `${HONO}/jsx/jsx-runtime`]));

function answersOf(programs: Programs): Record<string, string> {
  return Object.fromEntries(
    Object.entries(programs).map(([name, { answer = "" }]) => [name, answer]),
  );
}

Deno.test({
  name: "small programs answer as fresh ones when they are upgraded",
  ignore,
  async fn() {
    await using hot = await RunningPrograms.start(PROGRAMS_OF_CODE);
    await using fresh = await RunningPrograms.start(PROGRAMS_OF_CODE, "after");
    await hot.ask(2);
    const report = await hot.upgrade(Object.keys(PROGRAMS_OF_CODE));
    assertEquals(report.state, "applied", JSON.stringify(report));
    const answers = await hot.ask(1);
    assertEquals(answers, answersOf(PROGRAMS_OF_CODE));
    assertEquals(answers, await fresh.ask(1));
  },
});

Deno.test({
  name: "small programs have their state when they are upgraded",
  ignore,
  async fn() {
    await using hot = await RunningPrograms.start(PROGRAMS_OF_STATE);
    await hot.ask(2);
    const report = await hot.upgrade(Object.keys(PROGRAMS_OF_STATE));
    assertEquals(report.state, "applied", JSON.stringify(report));
    assertEquals(await hot.ask(1), answersOf(PROGRAMS_OF_STATE));
  },
});

Deno.test("small programs that are asked all the while lose no answer and tell none twice", async () => {
  await using hot = await RunningPrograms.start(ASKED_PROGRAMS);
  const answers = await hot.askWhile(async () => {
    const report = await hot.upgrade(Object.keys(ASKED_PROGRAMS));
    assertEquals(report.state, "applied", JSON.stringify(report));
  });
  for (const [name, { answer }] of Object.entries(ASKED_PROGRAMS)) {
    const told = answers[name]!.map((it) => it.split(" "));
    const numbers = told.map(([, number]) => Number(number));
    assertEquals(
      numbers.toSorted((a, b) => a - b),
      numbers.map((_, at) => at + 1),
      name,
    );
    const versions = [...new Set(told.map(([version]) => version))];
    assertEquals(versions.length, 2, `${name}: ${versions}`);
    assertEquals(told.at(-1)![0], answer, name);
  }
});

Deno.test({
  name: "small programs that cannot go hot are refused by name, all at once",
  ignore,
  async fn() {
    await using hot = await RunningPrograms.start(REFUSED);
    const before = await hot.ask(1);
    const report = await hot.upgrade(Object.keys(REFUSED));
    assertEquals(report.state, "failed");
    const refusals = report.failure!.message.split("; ").join(";\n");
    for (const [name, { refused = "" }] of Object.entries(REFUSED)) {
      const why = refused.replaceAll("NAME", name).split("; ").join(";\n");
      const line = report.failure!.message.includes(`${name}/`);
      assertEquals(line, true, `${name} is not refused:\n${refusals}`);
      assertStringIncludes(refusals, why, name);
    }
    const unchanged = Object.entries(await hot.ask(1)).filter(([name, it]) =>
      it.split(" ")[0] !== before[name]!.split(" ")[0]
    );
    assertEquals(unchanged, []);
  },
});

Deno.test("small programs whose kept instances cannot follow their classes are refused, each by name", async () => {
  await using hot = await RunningPrograms.start(REFUSED_INSTANCES);
  await hot.ask(2);
  await eachInTurn(hot, REFUSED_INSTANCES);
});

Deno.test("small programs whose kept values serve by themselves go on serving, by the new methods", async () => {
  await using hot = await RunningPrograms.start(SERVING_PROGRAMS);
  await hot.ask(2);
  const { go = [], refused = [] } = Object.groupBy(
    Object.entries(SERVING_PROGRAMS),
    ([, it]) => it.refused === undefined ? "go" : "refused",
  );
  const report = await hot.upgrade(go.map(([name]) => name));
  assertEquals(report.state, "applied", JSON.stringify(report));
  const answers = await hot.ask(1);
  for (const [name, { answer }] of go) assertEquals(answers[name], answer);
  await eachInTurn(hot, Object.fromEntries(refused));
});

Deno.test("small programs whose modules that stay hold old code are refused for it", async () => {
  // All of them are a long test.
  const some = Object.fromEntries(
    Object.entries(HELD_PROGRAMS).filter((_, at) => at % 3 === 0),
  );
  await using hot = await RunningPrograms.start(some);
  await hot.ask(1);
  await eachInTurn(hot, some);
});

Deno.test("small programs whose requests leave timers, loops and listeners of old code behind are refused for it", async () => {
  await using hot = await RunningPrograms.start(LEFT_PROGRAMS);
  await hot.ask(1);
  const { left = [], follow = [], held = [] } = Object.groupBy(
    Object.entries(LEFT_PROGRAMS),
    ([, { refused }]) =>
      refused === undefined
        ? "follow"
        : refused.startsWith("Cannot replace")
        ? "left"
        : "held",
  );
  const leaving = left.map(([name]) => name);
  const report = await hot.upgrade(leaving);
  assertEquals(report.state, "failed", JSON.stringify(report));
  const told = report.failure!.refusals!.map(({ path, line, why }) =>
    `Cannot replace ${path}${line > 0 ? `:${line}` : ""}: it ${why}`
  ).join("\n");
  for (const [name, { refused }] of left) {
    assertStringIncludes(told, refused!.replaceAll("NAME", name));
  }
  await hot.upgrade(leaving, "before");
  const applied = await hot.upgrade(follow.map(([name]) => name));
  assertEquals(applied.state, "applied", JSON.stringify(applied));
  const answers = await hot.ask(1);
  for (const [name, { answer }] of follow) assertEquals(answers[name], answer);
  await eachInTurn(hot, Object.fromEntries(held));
});
