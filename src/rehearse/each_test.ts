import { assertEquals, assertRejects } from "@std/assert";
import type { RehearsalReport } from "@flyhot/runtime/testing";
import { FlyhotError } from "../errors.ts";
import { type CommitRow, commitRow, eachText, exitCodeOfAll } from "./each.ts";

const COMMIT = {
  id: "0123456789abcdef",
  name: "012345678",
  parent: "1",
  subject: "Say hello",
  untouched: false,
};
const ROW: CommitRow = {
  commit: COMMIT.id,
  subject: COMMIT.subject,
  outcome: "same",
  reason: "",
  differences: 0,
  ms: 41,
  retained_bytes: 1500,
};
const FAILURE = {
  phase: "plan" as const,
  message: "no",
  end: "abort" as const,
  transient: false,
};
const report = (
  changed: Partial<RehearsalReport>,
  failure: typeof FAILURE | null = null,
): RehearsalReport => ({
  outcome: "same",
  differences: [],
  reasons: [],
  notes: [],
  askedMeanwhile: 1,
  retainedBytes: 1500,
  text: "",
  upgrade: {
    state: failure ? "failed" : "applied",
    version: "1",
    reloaded: [],
    modules: 1,
    holders: [],
    suspendMs: null,
    undrained: 0,
    totalMs: 40.6,
    failure,
    log: [],
  },
  ...changed,
});

Deno.test("commitRow() tells what became of a commit", async () => {
  const row = (it: RehearsalReport) =>
    commitRow(COMMIT, () => Promise.resolve(it));
  assertEquals(await row(report({})), ROW);
  assertEquals(
    await row(report({
      outcome: "different",
      differences: [{
        number: 1,
        request: "GET /",
        what: "body",
        upgraded: "1",
        fresh: "2",
      }],
    })),
    { ...ROW, outcome: "different", reason: "GET /: body", differences: 1 },
  );
  assertEquals(
    await row(report({ outcome: "cold", reasons: ["a", "b"] }, FAILURE)),
    { ...ROW, outcome: "cold", reason: "a; b", ms: null, retained_bytes: null },
  );
});

Deno.test("commitRow() goes on where a commit cannot be rehearsed, and not where there is a mistake in flyhot", async () => {
  const empty = { ...ROW, ms: null, retained_bytes: null };
  assertEquals(
    await commitRow({ ...COMMIT, untouched: true }, () => {
      throw new Error("not to be run");
    }),
    { ...empty, outcome: "untouched" },
  );
  assertEquals(
    await commitRow(COMMIT, () => {
      throw new FlyhotError("usage", "it does not start");
    }),
    { ...empty, outcome: "error", reason: "it does not start" },
  );
  await assertRejects(
    () =>
      commitRow(COMMIT, () => {
        throw new TypeError("x");
      }),
    TypeError,
  );
});

Deno.test("eachText() makes a table", () => {
  assertEquals(
    eachText([
      ROW,
      {
        ...ROW,
        outcome: "different",
        differences: 2,
        reason: "GET /: body",
        ms: 7,
      },
      {
        ...ROW,
        outcome: "cold",
        reason: "a.ts:1 x: y\nz",
        ms: null,
        retained_bytes: null,
      },
      { ...ROW, outcome: "untouched", ms: null, retained_bytes: null },
      {
        ...ROW,
        outcome: "error",
        subject: "A subject that is longer than forty characters are",
        ms: null,
        retained_bytes: null,
      },
    ]),
    `commit     way    answers        ms  kB   subject                                   why
012345678  hot    same           41  1.5  Say hello
012345678  hot    different (2)  7   1.5  Say hello                                 GET /: body
012345678  cold                           Say hello                                 a.ts:1 x: y z
012345678  -      untouched               Say hello
012345678  error                          A subject that is longer than forty cha…

5 commits: 2 hot, 1 cold, 1 untouched, 1 error`,
  );
  assertEquals(eachText([]), "There is no commit in this range.");
});

Deno.test("exitCodeOfAll() says the worst", () => {
  const code = (...outcomes: CommitRow["outcome"][]) =>
    exitCodeOfAll(outcomes.map((outcome) => ({ ...ROW, outcome })));
  assertEquals(code(), 0);
  assertEquals(code("same", "untouched"), 0);
  assertEquals(code("same", "cold"), 8);
  assertEquals(code("cold", "error"), 1);
  assertEquals(code("cold", "error", "different"), 7);
  assertEquals(code("failed"), 7);
});
