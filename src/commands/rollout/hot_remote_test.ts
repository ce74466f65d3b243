import { assert, assertEquals } from "@std/assert";
import {
  type FakeHost,
  fakeHost,
  type FakeHostOptions,
} from "../../../tests/cli/fake_host.ts";
import { runMain } from "../../../tests/cli/run_main.ts";
import { FlyhotError } from "../../errors.ts";
import type { RolloutReport } from "../../rollout/report.ts";
import { endLine } from "../../orchestrator/events_file.ts";

const APP_MACHINE = {
  id: "a",
  state: "started",
  region: "iad",
  config: {
    image: "registry.fly.io/my-app:deployment-01",
    metadata: { fly_platform_version: "v2", fly_process_group: "app" },
  },
};

const REPORT: RolloutReport = {
  app: "my-app",
  outcome: "committed",
  summary: "1.2.3 runs on 1 machine",
  upgrade_id: "01K9",
  version: "1.2.3",
  source_image_ref: "registry.fly.io/my-app:flyhot-1",
  image_ref: "registry.fly.io/my-app:deployment-01",
  sha256: null,
  size: null,
  plan: null,
  machines: [],
  total_ms: 1,
};

const EVENTS = `${JSON.stringify({ type: "step", name: "Publish release" })}\n${
  JSON.stringify({ type: "done", name: "Publish release", ms: 5 })
}\n`;

interface World {
  readonly host: FakeHost;
  /** What the temporary machine was created from. */
  readonly created: Record<string, unknown>[];
  /** Calls to the Machines API after the creation. */
  readonly calls: string[];
}

/** Fly, with a temporary machine that has written these lines. */
function world(
  lines: string,
  options: FakeHostOptions = {},
  onLook: (host: FakeHost) => void = () => {},
): World {
  const created: Record<string, unknown>[] = [];
  const calls: string[] = [];
  const written = new TextEncoder().encode(lines);
  const host = fakeHost({
    files: {
      "fly.toml":
        'app = "my-app"\nprimary_region = "iad"\n[env]\nAWS_BUCKET = "staging"\n',
      "deno.json":
        '{ "flyhot": { "orchestrateCommand": ["deno", "run", "cli.ts"] } }',
    },
    env: { FLY_API_TOKEN: "FlyV1 fm2_a" },
    run(_program, args) {
      if (args[0] === "version") return {};
      if (args[1] === "whoami") return { stdout: "you@example.com\n" };
      return { stderr: "Building\nimage: registry.fly.io/my-app:flyhot-1\n" };
    },
    async fetch(request) {
      const path = new URL(request.url).pathname
        .replace("/v1/apps/my-app/machines", "");
      if (created.length > 0) calls.push(`${request.method} ${path}`);
      if (path === "" && request.method === "GET") {
        return Response.json([APP_MACHINE]);
      }
      if (path === "" && request.method === "POST") {
        created.push(await request.json());
        return Response.json({ id: "tmp", state: "created", region: "iad" });
      }
      if (path === "/tmp") {
        return Response.json({ id: "tmp", state: "started" });
      }
      if (path === "/tmp/wait") return Response.json({ ok: true });
      if (path !== "/tmp/exec") return undefined;
      const script: string = (await request.json()).command[2];
      if (script.includes(".ack")) return Response.json({});
      onLook(host);
      const offset = Number(/seek\((\d+)/.exec(script)![1]);
      return Response.json({ stdout: written.subarray(offset).toBase64() });
    },
    ...options,
  });
  return { host, created, calls };
}

Deno.test("flyhot hot builds, starts a temporary machine, follows it and gives its answer", async () => {
  const { host, created, calls } = world(
    EVENTS + endLine(0, { report: REPORT }),
  );
  const { code, out, err } = await runMain(
    ["hot", "--build-arg", "A=1", "--no-canary", "--force"],
    host,
  );
  assertEquals(code, 0);
  assertEquals(out, "my-app: 1.2.3 runs on 1 machine\n");
  assert(err.includes("| fly: Building\n"), err);
  assert(err.includes("✓ Publish release  5 ms\n"), err);
  assert(
    /^fly deploy --build-only --push --app my-app --config fly.toml --image-label flyhot-[0-9a-z]{26} --build-arg A=1$/
      .test(host.ran.at(-1)!),
    host.ran.at(-1),
  );
  const [machine] = created as [Record<string, Record<string, unknown>>];
  assertEquals(machine.region as unknown, "iad");
  const { image, init, metadata, env } = machine.config!;
  assertEquals(image, "registry.fly.io/my-app:flyhot-1");
  assertEquals(init, { exec: ["deno", "run", "cli.ts"] });
  assertEquals(Object.keys(metadata as object), [
    "flyhot_role",
    "flyhot_launch_id",
  ]);
  const { AWS_BUCKET, FLYHOT_ROLE, FLYHOT_ORCHESTRATE } = env as Record<
    string,
    string
  >;
  assertEquals([AWS_BUCKET, FLYHOT_ROLE], ["staging", "orchestrator"]);
  const task = JSON.parse(FLYHOT_ORCHESTRATE!);
  assertEquals(
    [task.bucket, task.deployedBy, task.canary, task.force],
    ["staging", "you@example.com", 0, true],
  );
  assertEquals(calls, [
    "GET /tmp",
    "POST /tmp/exec",
    "POST /tmp/exec",
    "GET /tmp/wait",
  ]);
});

Deno.test("flyhot hot ends with the exit code and the one JSON value of the temporary machine", async () => {
  for (
    const [outcome, code] of [
      ["rolled_back", 7],
      ["cold", 8],
      ["nothing_to_do", 0],
    ] as const
  ) {
    const report = { ...REPORT, outcome };
    const { host } = world(endLine(code, { report }));
    const ran = await runMain(["hot", "--json"], host);
    assertEquals(ran.code, code);
    assertEquals(JSON.parse(ran.out), report);
  }
});

Deno.test("flyhot hot passes an error of the temporary machine on, with its kind and hint", async () => {
  const error = new FlyhotError("conflict", "Cannot lock my-app", {
    hint: "wait",
  });
  const { host } = world(endLine(5, { error }));
  const { code, out, err } = await runMain(["hot"], host);
  assertEquals([code, out], [5, ""]);
  assert(err.endsWith("error: Cannot lock my-app\nhint: wait\n"), err);
});

Deno.test("flyhot hot --skip-build --image builds nothing", async () => {
  const { host, created } = world(endLine(0, { report: REPORT }));
  const { code } = await runMain(
    ["hot", "--skip-build", "--image", "registry.fly.io/my-app:ci-1"],
    host,
  );
  assertEquals(code, 0);
  assertEquals(host.ran, ["fly version", "fly auth whoami"]);
  const config = created[0]!.config as Record<string, unknown>;
  assertEquals(config.image, "registry.fly.io/my-app:ci-1");
});

Deno.test("flyhot hot starts no machine when the build fails, and shows why", async () => {
  const { host, created } = world("", {
    run: (_program, args) =>
      args[0] === "deploy"
        ? { code: 1, stderr: "RUN deno cache main.ts\nError: build failed\n" }
        : { stdout: "you@example.com" },
  });
  const { code, err } = await runMain(["hot"], host);
  assertEquals(code, 1);
  assertEquals(created, []);
  assert(err.includes("| fly: RUN deno cache main.ts\n"), err);
  assert(
    err.includes(
      "error: Cannot build the image: fly deploy --build-only ended with 1 (Error: build failed)\n",
    ),
    err,
  );
});

Deno.test("flyhot hot leaves the temporary machine running on Ctrl-C and says how to look", async () => {
  const { host, calls } = world(
    EVENTS,
    {},
    (host) => host.interrupt(),
  );
  const { code, out, err } = await runMain(["hot"], host);
  assertEquals([code, out], [7, ""]);
  assert(
    err.includes(
      "error: Cannot follow the upgrade any further: interrupted, but the temporary machine tmp goes on with it\nhint: see how it ends with: flyhot status --app my-app,",
    ),
    err,
  );
  assertEquals(calls.filter((it) => it.startsWith("DELETE")), []);
});
