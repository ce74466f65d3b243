import { assert, assertEquals } from "@std/assert";
import { fakeHost } from "../../../tests/cli/fake_host.ts";
import { runMain } from "../../../tests/cli/run_main.ts";
import type { Check } from "../../doctor/check.ts";
import { doctor } from "../../doctor/doctor.ts";
import { examine, INSTALL, world } from "./doctor_fixture_test.ts";

Deno.test("flyhot doctor finds all well, and says of what", async () => {
  const { code, out, err } = await runMain(["doctor"], world());
  assertEquals(code, 0);
  assertEquals(
    out,
    `✓ flyctl              fly v0.3.200 linux/amd64
✓ login               you@example.com
✓ token               a macaroon, from environment FLY_API_TOKEN
✓ app                 my-app (fly.toml app): 2 machines, 1 started
✓ bucket              releases at https://s3.example (environment BUCKET_NAME): nothing released yet
✓ credentials         may read, write and remove, from environment AWS_ACCESS_KEY_ID
✓ conditional writes  create-only and compare-and-swap are honored
✓ clock               agrees with the bucket's to the second
✓ machine a           answers, runs its base image (0123456789ab); deno 2.9.6; 5.1 GB free for releases; has the bucket, its keys and a Fly token
✓ import              deno.json names @flyhot/runtime
✓ main module         main.ts calls reapply()

All is well.
`,
  );
  assertEquals(
    err.split("\n").filter((it) => it.startsWith("✓")).length,
    3,
    err,
  );
});

Deno.test("flyhot doctor answers with the checks as data", async () => {
  const { code, report, troubles } = await examine({});
  assertEquals([code, report.app, report.verdict, troubles], [
    0,
    "my-app",
    "pass",
    [],
  ]);
  assertEquals(
    report.checks.map((it: Check) => [it.check, it.machine]),
    [
      ["flyctl", null],
      ["login", null],
      ["token", null],
      ["app", null],
      ["bucket", null],
      ["credentials", null],
      ["conditional_writes", null],
      ["clock", null],
      ["runtime", "a"],
      ["deno", "a"],
      ["disk", "a"],
      ["environment", "a"],
      ["import", null],
      ["main_module", null],
    ],
  );
});

Deno.test("flyhot doctor shows troubles with their remedies, machine by machine", async () => {
  const { code, out } = await runMain(
    ["doctor"],
    world({
      fly: () => null,
      exec: (command) =>
        command.includes("--version") ? { exit_code: 127 } : undefined,
    }),
  );
  assertEquals(code, 1);
  const lines = out.split("\n");
  assertEquals(lines.slice(0, 2), [
    "! flyctl              neither fly nor flyctl is on PATH",
    `    → ${INSTALL}`,
  ]);
  const at = lines.findIndex((it) => it.startsWith("✗ machine a"));
  assertEquals(lines.slice(at, at + 2), [
    "✗ machine a           deno: deno --version ended with 127",
    "    → the machine's image needs deno on its PATH",
  ]);
  assert(lines[at - 1]!.startsWith("✓ machine a           answers"), out);
  assertEquals(lines.slice(-3), ["", "1 check failed, 1 warning.", ""]);
});

Deno.test("flyhot doctor refuses a fly.toml that cannot be read", async () => {
  const { code, err } = await runMain(["doctor"], {
    files: { "fly.toml": "app = my-app\n" },
  });
  assertEquals(code, 2);
  assert(err.includes("error: Cannot read fly.toml:1:"), err);
});

Deno.test("flyhot doctor says what is missing in an empty folder", async () => {
  const { code, troubles } = await examine({
    files: {},
    env: { BUCKET_NAME: undefined },
  });
  assertEquals([code, troubles.map(([check, verdict]) => [check, verdict])], [
    2,
    [["app", "fail"], ["bucket", "warn"]],
  ]);
});

Deno.test("doctor() answers the library as the command answers people", async () => {
  const host = fakeHost(world());
  const report = await doctor({ app: "my-app" }, { host });
  assertEquals([report.verdict, report.exit_code], ["pass", 0]);
  assertEquals([host.out(), host.err()], ["", ""]);
});

Deno.test("doctor() gives up when it is interrupted, and leaves nothing in the bucket", async () => {
  const options = world();
  const controller = new AbortController();
  const host = fakeHost({
    ...options,
    fetch(request) {
      if (request.method === "PUT") controller.abort(new Error("enough"));
      return options.fetch!(request);
    },
  });
  let thrown: unknown = null;
  await doctor({}, { host }, controller.signal).catch((it) => thrown = it);
  assertEquals(thrown, controller.signal.reason);
  assertEquals(await Array.fromAsync(options.bucket.list("")), []);
});
