import { assertEquals, assertFalse, assertThrows } from "@std/assert";
import { resolveConfig } from "../config/resolve.ts";
import { FlyhotError } from "../errors.ts";
import { orchestratorSpec } from "./launch.ts";
import { type OrchestratorTask, parseTask, taskOf } from "./task.ts";
import { loadTaskConfig } from "./task_config.ts";

const SECRETS: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: "tid_secret",
  AWS_SECRET_ACCESS_KEY: "tsec_secret",
  FLY_API_TOKEN: "fm2_secret",
  BUCKET_NAME: "laptop-bucket",
  AWS_REGION: "laptop-region",
};

const CONFIG = resolveConfig({
  cli: { maxConcurrency: 3, canary: 0, timeout: 30 },
  denoJson: {
    path: "deno.json",
    config: {
      entry: ["main.ts"],
      exclude: ["tests/**"],
      env: { EXTRA: "1" },
      credentials: { accessKeyId: "MY_KEY" },
    },
  },
  flyToml: {
    path: "fly.toml",
    app: "my-app",
    primaryRegion: "fra",
    env: { AWS_ENDPOINT_URL_S3: "https://s3.example", FLY_BAD: "x" },
    buildImage: null,
  },
  env: (name) => SECRETS[name],
});

const TASK = taskOf(CONFIG, {
  app: "my-app",
  sourceImageRef: "registry.fly.io/my-app:flyhot-1",
  deployedBy: "you@example.com",
  force: true,
  sign: false,
  consent: ["holder:docs"],
});

Deno.test("taskOf() hands over what files and flags decide, and leaves the rest to the machine's environment", () => {
  assertEquals(TASK, {
    task: 1,
    app: "my-app",
    sourceImageRef: "registry.fly.io/my-app:flyhot-1",
    deployedBy: "you@example.com",
    bucket: null,
    endpoint: "https://s3.example",
    region: null,
    credentials: {
      accessKeyId: "MY_KEY",
      secretAccessKey: "AWS_SECRET_ACCESS_KEY",
      sessionToken: "AWS_SESSION_TOKEN",
    },
    entries: ["main.ts"],
    include: null,
    exclude: ["tests/**"],
    canary: 0,
    maxConcurrency: 3,
    timeoutMs: 30_000,
    lockTtlMs: 300_000,
    force: true,
    sign: false,
    probationMs: null,
    consent: ["holder:docs"],
  });
});

Deno.test("parseTask() reads what taskOf() made", () => {
  assertEquals(parseTask(JSON.stringify(TASK)), TASK);
});

Deno.test("parseTask() reads the task of a command that knows neither probation nor consent", () => {
  const { probationMs: _, consent: __, ...older } = TASK;
  const { probationMs, consent } = parseTask(JSON.stringify(older));
  assertEquals([probationMs, consent], [null, []]);
});

Deno.test("parseTask() refuses what is missing or of another version", () => {
  const refusal = (text: string | undefined) => {
    const error = assertThrows(() => parseTask(text), FlyhotError);
    assertEquals(error.code, "usage");
    return error.message;
  };
  assertEquals(
    refusal(undefined),
    "Cannot orchestrate: FLYHOT_ORCHESTRATE is not set",
  );
  assertEquals(refusal("{"), "Cannot read FLYHOT_ORCHESTRATE: it is not JSON");
  assertEquals(
    refusal('{"task":2}'),
    "Cannot read FLYHOT_ORCHESTRATE: its version is not 1",
  );
  const broken: Record<string, unknown> = { ...TASK, canary: "1" };
  assertEquals(
    refusal(JSON.stringify(broken)),
    "Cannot read FLYHOT_ORCHESTRATE: canary is not a number",
  );
  assertEquals(
    refusal(JSON.stringify({ ...TASK, credentials: {} })),
    "Cannot read FLYHOT_ORCHESTRATE: credentials.accessKeyId is not text",
  );
});

Deno.test("loadTaskConfig() takes the task first, then the machine's own environment", () => {
  const env: Readonly<Record<string, string>> = {
    BUCKET_NAME: "app-bucket",
    AWS_ENDPOINT_URL_S3: "https://other.example",
    MY_KEY: "k",
    AWS_SECRET_ACCESS_KEY: "s",
  };
  const task: OrchestratorTask = parseTask(JSON.stringify(TASK));
  const config = loadTaskConfig(task, (name) => env[name]);
  assertEquals(config.bucket.value, "app-bucket");
  assertEquals(config.endpoint.value, "https://s3.example");
  assertEquals(config.accessKeyId.value?.reveal(), "k");
  assertEquals(config.entries.value, ["main.ts"]);
  assertEquals(config.exclude.value, ["tests/**"]);
  assertEquals(config.canary.value, 0);
  assertEquals(config.timeoutMs.value, 30_000);
});

Deno.test("orchestratorSpec() describes a machine that goes away by itself, marked, in the primary region, without secrets", () => {
  const spec = orchestratorSpec(CONFIG, TASK, "01K9");
  assertEquals(spec.region, "fra");
  const { env, init, ...config } = spec.config;
  assertEquals(config, {
    image: "registry.fly.io/my-app:flyhot-1",
    metadata: { flyhot_role: "orchestrator", flyhot_launch_id: "01K9" },
    guest: { cpu_kind: "shared", cpus: 1, memory_mb: 1024 },
    auto_destroy: true,
    restart: { policy: "no" },
    dns: { skip_registration: true },
  });
  assertEquals(init.exec.slice(0, 3), ["deno", "run", "-A"]);
  assertEquals(init.exec.at(-1), "orchestrate");
  assertEquals(env, {
    AWS_ENDPOINT_URL_S3: "https://s3.example",
    EXTRA: "1",
    FLYHOT_ROLE: "orchestrator",
    FLYHOT_ORCHESTRATE: JSON.stringify(TASK),
  });
  assertFalse(JSON.stringify(spec).includes("_secret"));
});
