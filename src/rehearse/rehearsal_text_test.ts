import { assertEquals } from "@std/assert";
import type { RehearsalReport } from "@flyhot/runtime/testing";
import {
  answerLines,
  exitCodeOf,
  rehearsalJson,
  rehearsalText,
} from "./rehearsal_text.ts";

const VERSIONS = { from: "v1", to: "the working tree" };
const REPORT: RehearsalReport = {
  outcome: "same",
  differences: [],
  reasons: [],
  notes: [],
  askedMeanwhile: 12,
  retainedBytes: 1500,
  text: "",
  upgrade: {
    state: "applied",
    version: "2.0.0",
    reloaded: ["a.ts", "main.ts"],
    modules: 6,
    holders: [],
    suspendMs: null,
    undrained: 0,
    totalMs: 41,
    failure: null,
    log: [],
  },
};
const text = (report: Partial<RehearsalReport>) =>
  rehearsalText({ ...REPORT, ...report }, VERSIONS);

Deno.test("rehearsalText() says what the upgrade cost where the answers are the same", () => {
  assertEquals(
    text({}),
    `v1 → the working tree: the upgraded process answers as a fresh one does

Reloaded 2 of 6 modules: a.ts, main.ts
41 ms, 12 requests meanwhile, 1.5 kB stay in memory`,
  );
  assertEquals(
    text({
      upgrade: { ...REPORT.upgrade, state: "nothing_to_do", reloaded: [] },
      askedMeanwhile: 1,
      retainedBytes: 0,
    }).split("\n")[2],
    "Nothing to do: no file that runs differs",
  );
});

Deno.test("rehearsalText() shows differences line by line, JSON spread out", () => {
  assertEquals(
    text({
      outcome: "different",
      notes: ["POST /rooms was refused"],
      differences: [
        {
          number: 3,
          request: "GET /count",
          what: "body",
          upgraded: '{"at":<ms>,"n":1,"ids":[<ulid>]}',
          fresh: '{"at":<ms>,"n":5,"ids":[<ulid>]}',
        },
        {
          number: 4,
          request: "GET /",
          what: "header x-a",
          upgraded: null,
          fresh: "1",
        },
        {
          number: 5,
          request: "GET / while it was upgraded",
          what: "answer",
          upgraded: "connection\nreset",
          fresh: null,
        },
        {
          number: 6,
          request: "GET /blank",
          what: "body",
          upgraded: "a\n",
          fresh: "a",
        },
      ],
    }),
    `v1 → the working tree: the upgraded process answers otherwise than a fresh one, 4 differences

Reloaded 2 of 6 modules: a.ts, main.ts
41 ms, 12 requests meanwhile, 1.5 kB stay in memory

- a fresh process, + the upgraded one

GET /count (request 3): body
    {
      "at": "<ms>",
  -   "n": 5,
  +   "n": 1,
      "ids": [
        "<ulid>"
      ]

GET / (request 4): header x-a
  - 1

GET / while it was upgraded (request 5): answer failed
  + connection reset

GET /blank (request 6): body
  - "a"
  + "a\\n"

Note: POST /rooms was refused`,
  );
});

Deno.test("rehearsalText() does not flood", () => {
  const differences = Array.from({ length: 25 }, (_, at) => ({
    number: at + 1,
    request: "GET /",
    what: "status",
    upgraded: "500",
    fresh: "200",
  }));
  const said = text({ outcome: "different", differences });
  assertEquals(said.match(/GET \//g)?.length, 20);
  assertEquals(said.endsWith("and 5 more differences"), true);
});

Deno.test("rehearsalText() gives the reasons of a refusal or a failure", () => {
  const failure = {
    phase: "plan" as const,
    message: "cold",
    end: "abort" as const,
    transient: false,
  };
  const upgrade = { ...REPORT.upgrade, state: "failed" as const, failure };
  assertEquals(
    text({
      outcome: "cold",
      upgrade,
      reasons: ["a.ts:1 x: y; run fly deploy", "b.ts:2 z"],
    }),
    `v1 → the working tree: needs a cold deploy

  a.ts:1 x: y
  b.ts:2 z

Bring this to the machines with: fly deploy`,
  );
  assertEquals(
    text({ outcome: "failed", upgrade, reasons: ["it throws"] }),
    "v1 → the working tree: the upgrade failed\n\n  it throws",
  );
});

Deno.test("exitCodeOf() tells the outcomes apart", () => {
  const codes = (["same", "different", "failed", "cold"] as const)
    .map((outcome) => exitCodeOf({ outcome }));
  assertEquals(codes, [0, 7, 7, 8]);
});

Deno.test("rehearsalJson() says the same to programs", () => {
  const { upgrade, ...rest } = rehearsalJson(REPORT, VERSIONS);
  assertEquals(rest, {
    ...VERSIONS,
    outcome: "same",
    differences: [],
    reasons: [],
    notes: [],
    asked_meanwhile: 12,
    retained_bytes: 1500,
  });
  assertEquals(upgrade.total_ms, 41);
});

Deno.test("answerLines() are the lines of a report that show answers, and nothing that is said of them", () => {
  const report: RehearsalReport = {
    ...REPORT,
    outcome: "different",
    differences: [{
      number: 1,
      request: "GET /",
      what: "body",
      upgraded: "one two",
      fresh: "one three",
    }, {
      number: 0,
      request: "GET /x",
      what: "answer",
      upgraded: "no such route",
      fresh: null,
    }],
  };
  assertEquals(answerLines(report), [
    "  - one three",
    "  + one two",
    "  + no such route",
  ]);
  const said = text(report).split("\n");
  assertEquals(answerLines(report).filter((it) => !said.includes(it)), []);
});
