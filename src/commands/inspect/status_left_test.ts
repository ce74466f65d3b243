import { assert, assertEquals } from "@std/assert";
import { runMain } from "../../../tests/cli/run_main.ts";
import { BUCKET, FILES, leftHalfWay, TOKEN } from "./status_fixture_test.ts";

const LOCK = {
  protocol: 1,
  state: "held",
  owner: "01K9",
  holder: "ann",
  purpose: "deploy 0.1.1",
  acquired_at: "2026-01-15T10:00:00Z",
  renewed_at: "2026-01-15T10:00:00Z",
  expires_at: "2026-01-15T10:05:00Z",
};

Deno.test("flyhot status names a probation that nobody watches any more, and what settles it", async () => {
  for (const lock of [LOCK, { ...LOCK, state: "released" }, null]) {
    const { code, out } = await runMain(["status"], {
      files: FILES,
      env: { ...TOKEN, ...BUCKET },
      fetch: leftHalfWay(lock),
    });
    assertEquals(code, 7, out);
    assert(
      out.includes(
        "✗ v0.1.1 was left on probation by you on a (upgrade 01K9): settle it with: flyhot rollback",
      ),
      out,
    );
  }
  const watched = await runMain(["status"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    fetch: leftHalfWay({ ...LOCK, expires_at: "2026-01-15T10:40:00Z" }),
  });
  assertEquals(watched.code, 0, watched.out);
});

Deno.test("flyhot doctor names a probation that nobody watches any more, and fails", async () => {
  const { code, out } = await runMain(["doctor", "--json"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    run: (_program: string, args: readonly string[]) => ({
      stdout: args[0] === "version" ? "fly v0.3.200\n" : "ann@example.com\n",
    }),
    fetch: leftHalfWay(LOCK),
  });
  const report = JSON.parse(out);
  const found = report.checks.find((it: Record<string, unknown>) =>
    it.check === "probation"
  );
  assertEquals([found?.verdict, found?.remedy], [
    "fail",
    "settle it with: flyhot rollback",
  ]);
  assert(code !== 0);
});
