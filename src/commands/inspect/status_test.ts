import { assert, assertEquals } from "@std/assert";
import { fakeHost } from "../../../tests/cli/fake_host.ts";
import { runMain } from "../../../tests/cli/run_main.ts";
import { status } from "../../status/read.ts";
import {
  ALL_WELL,
  answer,
  BUCKET,
  FILES,
  IMAGE,
  POINTER,
  TOKEN,
  UPGRADE,
} from "./status_fixture_test.ts";

Deno.test("flyhot status shows every app machine, compared with the pointer", async () => {
  const { code, out, err } = await runMain(["status"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    fetch: answer,
  });
  assertEquals(code, 7);
  assertEquals(
    out,
    `==> Deployment Status

Machine: a (iad) [started]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Hot Upgrade: v0.1.1 (from deployment-01K95ABC123)
  Fingerprint: 0123456789ab
  Status: ✓ Up to date

Machine: b (iad) [started]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Hot Upgrade: None
  Fingerprint: 0123456789ab
  Status: ✗ Behind: v0.1.1 is current

Machine: c (iad) [started]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Status: ? Unknown: Cannot ask machine c what it runs: no flyhot runtime answers there, nobody listens at /tmp/x

Machine: d (iad) [stopped]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Status: - Stopped: applies at next start

If b stays so: fly machine restart b
If c stays so: fly logs --machine c
`,
  );
  assertEquals(err, "… Ask machines  4\n✓ Ask machines  0 ms\n");
});

Deno.test("flyhot status works with a Fly token alone, and says in JSON what was compared", async () => {
  const { code, out } = await runMain(["status", "--json"], {
    files: FILES,
    env: TOKEN,
    fetch: answer,
  });
  assertEquals(code, 7);
  const report = JSON.parse(out);
  assertEquals(
    [report.app, report.compared_with, report.pointer_revision],
    ["my-app", "each other", null],
  );
  assertEquals(
    report.machines.map((it: Record<string, unknown>) => [it.id, it.verdict]),
    [
      ["a", "up_to_date"],
      ["b", "behind"],
      ["c", "unknown"],
      ["d", "applies_at_next_start"],
    ],
  );
  assertEquals(report.machines[0].hot_upgrade.version, "0.1.1");
});

Deno.test("flyhot status warns and goes on when the bucket cannot be read", async () => {
  const { code, out, err } = await runMain(["status", "--json"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    fetch: (request) =>
      request.url.startsWith("https://s3.example/")
        ? new Response("<Error><Code>AccessDenied</Code></Error>", {
          status: 403,
        })
        : answer(request),
  });
  assertEquals(code, 7);
  assertEquals(JSON.parse(out).compared_with, "each other");
  assert(
    err.includes(
      "! Comparing the machines with each other only. Cannot read https://s3.example/releases/releases/my-app-current.json: the server answered 403 AccessDenied",
    ),
    err,
  );
});

Deno.test("flyhot status exits with 0 where every machine runs what it should or rests", async () => {
  const { code, out } = await runMain(["status"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    fetch: ALL_WELL,
  });
  assertEquals(code, 0, out);
});

Deno.test("flyhot status says what a machine has said of the release that it does not run, and what mends that", async () => {
  const said = (state: string, message: string, phase = "load") => ({
    protocol: 1,
    upgrade_id: UPGRADE.id,
    machine_id: "b",
    region: "iad",
    image_ref: IMAGE,
    state,
    version: "0.1.1",
    started_at: "2026-01-15T10:30:00Z",
    ended_at: state === "pending" ? null : "2026-01-15T10:30:01Z",
    fingerprint: "0123456789ab",
    reloaded: [],
    modules: 0,
    holders: [],
    suspend_ms: null,
    total_ms: 1,
    at_boot: true,
    failure: { phase, message, end: "abort", transient: state === "pending" },
  });
  for (
    const [word, status, remedy] of [
      [
        said(
          "failed",
          "Cannot run 0.1.1: it is ended on this machine until the next rollout",
        ),
        "✗ Behind: v0.1.1 failed there in load: Cannot run 0.1.1: it is ended on this machine until the next rollout",
        "flyhot rollback",
      ],
      [
        said("rolled_back", "the page is empty", "probation"),
        "✗ Behind: v0.1.1 failed there in probation: the page is empty",
        "flyhot rollback",
      ],
      [
        said("pending", "Cannot download it: no answer", "fetch"),
        "✗ Behind: v0.1.1 is current, and tried again there: Cannot download it: no answer",
        "fly logs --machine b",
      ],
      // Words that nobody can read, or that are none, change nothing.
      [
        { ...said("failed", "x"), state: "odd" },
        "✗ Behind: v0.1.1 is current",
        "fly machine restart b",
      ],
      [null, "✗ Behind: v0.1.1 is current", "fly machine restart b"],
    ] as const
  ) {
    const { code, out } = await runMain(["status"], {
      files: FILES,
      env: { ...TOKEN, ...BUCKET },
      fetch: (request) =>
        word && request.url.endsWith("-results/01K9/b.json")
          ? Response.json(word, { headers: { etag: '"9"' } })
          : answer(request),
    });
    assertEquals(code, 7);
    assert(out.includes(`Status: ${status}\n`), out);
    assert(out.includes(`If b stays so: ${remedy}\n`), out);
  }
});

Deno.test("flyhot status says that an entry of the pointer cannot be read, where it is set aside, and what mends that", async () => {
  const spoiled = { ...POINTER, generations: { [IMAGE]: 7 } };
  const { code, out, err } = await runMain(["status"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    fetch: (request) =>
      request.url.endsWith("-current.json")
        ? Response.json(spoiled, { headers: { etag: '"1"' } })
        : answer(request),
  });
  assertEquals(code, 7);
  for (const id of ["a", "b"]) {
    assert(out.includes(`If ${id} stays so: flyhot rollback\n`), out);
  }
  assert(
    out.includes(
      "Status: ? Unknown: the pointer's entry of its image cannot be read\n",
    ),
    out,
  );
  assert(err.includes("the entry is set aside"), err);
});

Deno.test("flyhot status says of a machine that answers nobody that it serves nobody, and exits with 7", async () => {
  const { code, out } = await runMain(["status"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    fetch: (request) =>
      request.url.endsWith("/exec")
        ? Response.json({ exit_code: 73, stderr: "it did not answer" })
        : ALL_WELL(request),
  });
  assertEquals(code, 7);
  assert(
    out.includes(
      "Status: ✗ Serves nobody: restart it with: fly machine restart a",
    ),
    out,
  );
});

Deno.test("status() answers the library as the command answers people", async () => {
  const host = fakeHost({ env: { ...TOKEN, ...BUCKET }, fetch: answer });
  const report = await status({ app: "my-app" }, { host });
  assertEquals(
    report.machines.map(({ verdict }) => verdict),
    ["up_to_date", "behind", "unknown", "applies_at_next_start"],
  );
  assertEquals([host.out(), host.err()], ["", ""]);
});
