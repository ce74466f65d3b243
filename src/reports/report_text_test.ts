import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type PlanReport, withRefusals } from "@flyhot/runtime/plan";
import type { Refusal } from "@flyhot/runtime/protocol";
import type { MachineReport, RolloutReport } from "../rollout/report.ts";
import { exitCodeOf, planText, reportText } from "./report_text.ts";

const PLAN: PlanReport = {
  hot: true,
  reload: ["app.ts", "counter.ts"],
  mapped: ["admin.ts"],
  assets: ["static/app.css"],
  removed: ["old.ts"],
  unchanged: [],
  because: {},
  retained_bytes: 0,
  cold: [],
  refusals: [],
};

const REFUSAL: Refusal = {
  rule: "state",
  path: "rooms.ts",
  line: 12,
  column: 7,
  subject: "rooms",
  why: "has no name",
  remedy: "add a name",
  consent: "handle:rooms.ts#rooms",
};

const MACHINE: MachineReport = {
  id: "6e82954f711e87",
  region: "iad",
  standing: "applied",
  reloaded: ["app.ts", "counter.ts", "view.ts"],
  modules: 14,
  holders: [
    { name: "counter", from: 1, to: 2, action: "migrated" },
    { name: "sessions", from: 1, to: 1, action: "kept" },
    { name: "rooms", from: null, to: 1, action: "added" },
    { name: "legacy", from: 1, to: null, action: "removed" },
  ],
  suspend_ms: 14,
  total_ms: 310,
  fingerprint: "0123456789ab",
  failure: null,
};

const REPORT: RolloutReport = {
  app: "my-app",
  outcome: "committed",
  summary: "1.2.3 runs on 2 machines",
  upgrade_id: "01K9",
  version: "1.2.3",
  source_image_ref: "local:3f9a",
  image_ref: "registry.fly.io/my-app:deployment-01",
  sha256: "a".repeat(64),
  size: 48_213,
  plan: PLAN,
  machines: [
    MACHINE,
    { ...MACHINE, id: "28715e9a4e01d8", region: "sjc", suspend_ms: 9 },
  ],
  total_ms: 2000,
};

Deno.test("reportText() names modules, holders with versions, and suspension on each machine", () => {
  assertEquals(
    reportText(REPORT),
    `my-app: 1.2.3 runs on 2 machines

Reloaded 3 of 14 modules: app.ts, counter.ts, view.ts
Not loaded so far, new when first wanted: admin.ts
Assets: static/app.css
Removed: old.ts
Holders: counter v1 → v2 (state migrated), sessions v1 (state kept), rooms v1 (new), legacy (removed)

✓ 6e82954f711e87  iad  applied  suspended 14 ms  total 310 ms
✓ 28715e9a4e01d8  sjc  applied  suspended 9 ms   total 310 ms`,
  );
});

Deno.test("reportText() tells process groups with different modules apart, and shortens long lists", () => {
  const many = Array.from({ length: 15 }, (_, i) => `m${i}.ts`);
  const text = reportText({
    ...REPORT,
    plan: null,
    machines: [
      { ...MACHINE, holders: [] },
      { ...MACHINE, id: "w", reloaded: many, modules: 20, holders: [] },
    ],
  });
  assertEquals(text.split("\n").slice(2, 4), [
    "Reloaded 3 of 14 modules on 1 machine: app.ts, counter.ts, view.ts",
    "Reloaded 15 of 20 modules on 1 machine: m0.ts, m1.ts, m2.ts, m3.ts, m4.ts, m5.ts, m6.ts, m7.ts, m8.ts, m9.ts, m10.ts, m11.ts and 3 more",
  ]);
});

Deno.test("reportText() says after a failure which machine failed in what, and what to do", () => {
  const text = reportText({
    ...REPORT,
    outcome: "rolled_back",
    summary: "1.2.3 is rolled back: machine m1 failed",
    plan: null,
    machines: [
      {
        ...MACHINE,
        standing: "failed",
        reloaded: [],
        holders: [],
        suspend_ms: null,
        total_ms: null,
        failure: {
          phase: "load",
          message: "Cannot import app.ts:\nSyntaxError",
          end: "fail",
          transient: false,
        },
      },
      {
        ...MACHINE,
        id: "silent1",
        standing: "silent",
        reloaded: [],
        holders: [],
        suspend_ms: null,
        total_ms: null,
      },
    ],
  });
  assertEquals(
    text,
    `my-app: 1.2.3 is rolled back: machine m1 failed

✗ 6e82954f711e87  iad  failed
✗ silent1         iad  no answer

6e82954f711e87 failed in load: Cannot import app.ts: SyntaxError
  its process may be half upgraded: fly machine restart 6e82954f711e87

Fix the cause and run flyhot hot again; what the machines run now: flyhot status`,
  );
});

Deno.test("reportText() names for a cold change each file, reason and import chain, and ends with what to do", () => {
  const text = reportText({
    ...REPORT,
    outcome: "cold",
    summary: "needs a cold deploy: db.ts",
    machines: [],
    plan: {
      ...PLAN,
      hot: false,
      unchanged: [],
      because: {},
      retained_bytes: 0,
      cold: [
        {
          path: "db.ts",
          reason: "it is part of the boot modules",
          chain: ["db.ts", "boot.ts", "main.ts"],
        },
        { path: "deno.json", reason: "imports changed", chain: [] },
      ],
      refusals: [
        {
          rule: "boot",
          path: "db.ts",
          line: 0,
          column: 0,
          subject: "",
          why: "it is part of the boot modules",
          remedy: "",
          chain: ["db.ts", "boot.ts", "main.ts"],
        },
        REFUSAL,
      ],
    },
  });
  assertEquals(
    text,
    `my-app needs a cold deploy

2 files cannot go hot:
  db.ts: it is part of the boot modules
    db.ts ← boot.ts ← main.ts
  rooms.ts:12 rooms: has no name; add a name, or consent to it: "consent": ["handle:rooms.ts#rooms"]

Bring this to the machines with: fly deploy`,
  );
});

Deno.test("reportText() names with file and line what only machines could refuse, and says who did", () => {
  const failed: MachineReport = {
    ...MACHINE,
    standing: "failed",
    holders: [],
    reloaded: [],
    suspend_ms: null,
    total_ms: null,
    failure: {
      phase: "load",
      message: "Cannot keep rooms",
      end: "abort",
      transient: false,
      refusals: [REFUSAL],
    },
  };
  const refused: RolloutReport = {
    ...REPORT,
    outcome: "cold",
    summary: "1.2.3 is refused: machine m1 failed",
    plan: withRefusals(PLAN, [REFUSAL, REFUSAL]),
    machines: [failed],
  };
  assertEquals(exitCodeOf(refused), 8);
  assertEquals(
    reportText(refused),
    `my-app needs a cold deploy

1 file cannot go hot:
  rooms.ts:12 rooms: has no name; add a name, or consent to it: "consent": ["handle:rooms.ts#rooms"]

Bring this to the machines with: fly deploy

1.2.3 is refused: machine m1 failed

✗ 6e82954f711e87  iad  failed`,
  );
  const both = reportText({
    ...refused,
    outcome: "rolled_back",
    plan: PLAN,
    machines: [failed, { ...failed, id: "m2", standing: "silent" }],
  });
  assertStringIncludes(both, "\n  rooms.ts:12 rooms: has no name;");
});

Deno.test("reportText() tells notes, and what was consented to in vain, of every end", () => {
  const plan = {
    ...PLAN,
    notes: ["fly.toml has changed: takes effect at the next cold deploy"],
    warnings: ['consent "worker:x.ts" matches nothing'],
  };
  const outcomes = ["committed", "nothing_to_do", "dry_run", "cold"] as const;
  for (const outcome of outcomes) {
    const text = reportText({ ...REPORT, outcome, plan });
    for (
      const line of [
        'Warning: consent "worker:x.ts" matches nothing',
        "Note: fly.toml has changed: takes effect at the next cold deploy",
      ]
    ) assert(text.split("\n").includes(line), `${outcome}: ${text}`);
  }
});

Deno.test("planText() shows a hot plan, and an empty one", () => {
  assertEquals(
    planText(PLAN),
    `This can go hot.
Reload 2 modules: app.ts, counter.ts
Not loaded so far, new when first wanted: admin.ts
Assets: static/app.css
Removed: old.ts`,
  );
  assertEquals(
    planText({
      hot: true,
      reload: [],
      mapped: [],
      assets: [],
      removed: [],
      unchanged: [],
      because: {},
      retained_bytes: 0,
      cold: [],
      refusals: [],
    }),
    "Nothing would change.",
  );
});

Deno.test("exitCodeOf() tells the truth for every outcome", () => {
  const code = (outcome: RolloutReport["outcome"], hot = true) =>
    exitCodeOf({ ...REPORT, outcome, plan: { ...PLAN, hot } });
  assertEquals(code("committed"), 0);
  assertEquals(code("nothing_to_do"), 0);
  assertEquals(code("rolled_back"), 7);
  assertEquals(code("cold", false), 8);
  assertEquals(code("dry_run"), 0);
  assertEquals(code("dry_run", false), 8);
});

Deno.test("planText() says what becomes of each holder, and of state outside of holders", () => {
  const text = planText({
    ...PLAN,
    holders: { visits: "kept", rooms: "declared again", old: "removed" },
    kept: ["app.ts#games"],
    reaches: {
      "app.ts#games": [
        { name: "Game", path: "game.ts", follows: true },
        { name: "User", path: "users/user.ts", follows: false },
      ],
    },
    startsAnew: ["counter.ts#cache"],
  });
  for (
    const line of [
      "Holders: visits stays, rooms stays, declared again, old removed",
      "Stays by its name: app.ts#games",
      "  app.ts#games holds Game of game.ts, which follows its class; User of users/user.ts",
      "Starts new with its module: counter.ts#cache",
    ]
  ) assertEquals(text.split("\n").includes(line), true, text);
});

Deno.test("reportText() of a plan tells which modules can be replaced, each reason once", () => {
  const refusal = {
    rule: "state" as const,
    path: "main.ts",
    line: 7,
    column: 1,
    subject: "table",
    why: "holds state",
    remedy: "name it",
  };
  const text = reportText({
    ...REPORT,
    outcome: "dry_run",
    surfaces: [{
      main: "main.ts",
      total: 4,
      modules: [
        { path: "a.ts", refusal },
        { path: "b.ts", refusal: null },
        {
          path: "c.ts",
          refusal: { ...refusal, line: 0, path: "c.ts", subject: "" },
        },
        { path: "main.ts", refusal },
      ],
    }],
  });
  assertEquals(
    text.includes(
      `1 of 4 modules of main.ts can be replaced while the app runs; not these:
  main.ts:7 table: holds state; name it (which takes a.ts along)
  c.ts: holds state; name it
`,
    ),
    true,
    text,
  );
});

Deno.test("T16: reportText() of a plan by which nothing changes says so once, and of no machine that it would upgrade", () => {
  const text = reportText({
    ...REPORT,
    outcome: "dry_run",
    summary: "nothing would change",
    plan: {
      ...PLAN,
      reload: [],
      mapped: [],
      assets: [],
      removed: [],
      notes: ["Dockerfile takes effect at the next cold deploy"],
    },
  });
  assertEquals(
    text,
    `${REPORT.app}: nothing would change\n\nNote: Dockerfile takes effect at the next cold deploy`,
  );
});

Deno.test("planText() says who is evaluated for what it holds, and who stays and calls the new code", () => {
  const text = planText({
    ...PLAN,
    reload: ["barrel.ts", "m.ts", "routes.ts"],
    because: { "routes.ts": ["m.ts", "routes.ts"] },
    rebound: { "m.ts": ["handlers.ts", "main.ts"] },
    captures: {
      "routes.ts": { of: "m.ts", name: "f", why: "passes it on", line: 12 },
      "barrel.ts": { of: "m.ts", name: "", why: "passes it on", line: 0 },
    },
  });
  assertStringIncludes(text, "  routes.ts:12 passes it on: f of m.ts\n");
  assertStringIncludes(text, "  barrel.ts passes it on: m.ts\n");
  assertStringIncludes(
    text,
    "Call the new m.ts and stay as they are: handlers.ts, main.ts",
  );
});
