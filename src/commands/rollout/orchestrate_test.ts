import { assert, assertEquals } from "@std/assert";
import { fakeHost } from "../../../tests/cli/fake_host.ts";
import { runMain } from "../../../tests/cli/run_main.ts";
import { resolveConfig } from "../../config/resolve.ts";
import { parseEventLine } from "../../orchestrator/events_file.ts";
import { taskOf } from "../../orchestrator/task.ts";

const EVENTS = "/tmp/flyhot-events.jsonl";
const TASK = JSON.stringify(taskOf(
  resolveConfig({
    cli: { bucket: "releases" },
    denoJson: null,
    flyToml: null,
    env: () => undefined,
  }),
  {
    app: "my-app",
    sourceImageRef: "registry.fly.io/my-app:flyhot-1",
    deployedBy: "you@example.com",
    force: false,
    sign: false,
    consent: [],
  },
));

async function endIn(
  host: ReturnType<typeof fakeHost>,
): Promise<ReturnType<typeof parseEventLine>> {
  const text = await host.files.readText(EVENTS) ?? "";
  return parseEventLine(text.trimEnd().split("\n").at(-1)!);
}

Deno.test("flyhot orchestrate tells its error in the event file, waits for whoever follows, and ends with its code", async () => {
  const host = fakeHost({
    env: { FLYHOT_ORCHESTRATE: TASK, FLY_API_TOKEN: "x" },
    files: { [EVENTS]: "left over\n" },
  });
  const { code, out, err } = await runMain(["orchestrate"], host);
  assertEquals([code, out], [3, ""]);
  assert(err.includes("error: Cannot sign requests to the bucket: "), err);
  assertEquals(await endIn(host), {
    kind: "end",
    end: {
      exitCode: 3,
      report: null,
      error: {
        code: "auth",
        message:
          "Cannot sign requests to the bucket: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
        hint:
          "set the credentials that fly storage create printed; the names of the variables can be changed under flyhot.credentials in deno.json",
      },
    },
  });
  assertEquals(host.slept(), 20_000);
});

Deno.test("flyhot orchestrate leaves as soon as its end was read", async () => {
  const host = fakeHost({ env: { FLYHOT_ORCHESTRATE: "{}" } });
  const { sleep } = host;
  Object.assign(host, {
    async sleep(ms: number, signal?: AbortSignal) {
      await sleep(ms, signal);
      if (host.slept() >= 1000) await host.files.write(`${EVENTS}.ack`, "");
    },
  });
  const { code } = await runMain(["orchestrate"], host);
  assertEquals(code, 2);
  assertEquals(host.slept(), 1000);
});

Deno.test("flyhot orchestrate uses the token of the machine's secrets and never asks for a login", async () => {
  const host = fakeHost({
    env: {
      FLYHOT_ORCHESTRATE: TASK,
      AWS_ACCESS_KEY_ID: "k",
      AWS_SECRET_ACCESS_KEY: "s",
    },
  });
  const { code, err } = await runMain(["orchestrate"], host);
  assertEquals(code, 3);
  assert(
    err.includes(
      "error: Cannot talk to the Machines API: FLY_API_TOKEN is not set",
    ),
    err,
  );
  assertEquals(host.ran, []);
});

Deno.test("flyhot orchestrate keeps its exit code when the event file cannot be written", async () => {
  const host = fakeHost({ env: { FLYHOT_ORCHESTRATE: TASK } });
  Object.assign(host.files, {
    append: () => Promise.reject(new Error("disk full")),
  });
  const { code, err } = await runMain(["orchestrate"], host);
  assertEquals(code, 3);
  assert(err.includes(`! Cannot write ${EVENTS}: disk full\n`), err);
});
