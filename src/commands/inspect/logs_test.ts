import { assert, assertEquals } from "@std/assert";
import {
  fakeHost,
  type FakeHostOptions,
} from "../../../tests/cli/fake_host.ts";
import { runMain } from "../../../tests/cli/run_main.ts";

const LINE = `2026-01-15T10:30:00Z app[m1] iad [info]${
  "long ".repeat(80)
}at file:///app/a.ts:1:2`;

function host(run: FakeHostOptions["run"]) {
  return fakeHost({
    files: { "fly.toml": 'app = "my-app"\n' },
    ...(run ? { run } : {}),
  });
}

Deno.test("flyhot logs shows what fly logs says of all machines or of one, uncut", async () => {
  const logging = () => host(() => ({ stdout: `${LINE}\n\n${LINE}\n` }));
  const fly = logging();
  const all = await runMain(["logs"], fly);
  assertEquals([all.code, all.out], [0, `${LINE}\n${LINE}\n`]);
  const json = logging();
  const one = await runMain(["logs", "m1", "-a", "other", "--json"], json);
  assertEquals(JSON.parse(one.out), { app: "other", lines: [LINE, LINE] });
  assertEquals([...fly.ran, ...json.ran], [
    "fly logs --no-tail --app my-app",
    "fly logs --no-tail --app other --machine m1",
  ]);
});

Deno.test("flyhot logs says why there is nothing to show", async () => {
  const refused = await runMain(
    ["logs", "m2"],
    host(() => ({ code: 1, stderr: "Error: no such machine\n" })),
  );
  assertEquals([refused.code, refused.out], [1, ""]);
  assert(
    refused.err.includes(
      "Cannot read the logs of machine m2 of my-app: fly logs ended with 1 (Error: no such machine)",
    ),
    refused.err,
  );
  const none = await runMain(["logs"], host(() => null));
  assertEquals(none.code, 4);
  assert(none.err.includes("neither fly nor flyctl is on PATH"), none.err);
});
