import { assertEquals, assertThrows } from "@std/assert";
import {
  DEFAULT_ENDPOINT,
  type Environment,
  inertReason,
  type ReapplyOptions,
  resolveSettings,
} from "./settings.ts";

const FLY = {
  FLY_IMAGE_REF: "registry.fly.io/my-app:deployment-01A",
  FLY_APP_NAME: "my-app",
  FLY_MACHINE_ID: "6e82954f711e87",
  FLY_REGION: "fra",
};
const KEYS = {
  BUCKET_NAME: "my-bucket",
  AWS_ACCESS_KEY_ID: "key",
  AWS_SECRET_ACCESS_KEY: "secret",
};

function environment(variables: Record<string, string>): Environment {
  return (name) => variables[name] || undefined;
}

function resolve(options: ReapplyOptions, variables: Record<string, string>) {
  return resolveSettings(options, environment(variables));
}

Deno.test("inertReason() lets an app machine act", () => {
  for (
    const variables of [
      FLY,
      { ...FLY, FLY_PROCESS_GROUP: "app" },
      { ...FLY, FLY_PROCESS_GROUP: "worker" },
      { ...FLY, FLYHOT_ROLE: "app" },
      { ...FLY, RELEASE_COMMAND: "", FLY_SSH: "" },
      { FLY_IMAGE_REF: "x" },
    ]
  ) assertEquals(inertReason(environment(variables)), null);
});

Deno.test("inertReason() leaves every other process alone, and says why", () => {
  const cases: [Record<string, string>, string][] = [
    [{}, "not on Fly: FLY_IMAGE_REF is not set"],
    [{ ...FLY, FLY_IMAGE_REF: "" }, "not on Fly: FLY_IMAGE_REF is not set"],
    [
      { ...FLY, FLYHOT_ROLE: "orchestrator" },
      "this machine orchestrates an upgrade",
    ],
    [{ ...FLY, RELEASE_COMMAND: "1" }, "this machine runs a release command"],
    [{ ...FLY, FLY_TEST_COMMAND: "1" }, "this machine runs a test command"],
    [{ ...FLY, FLY_SSH: "1" }, "this process runs in an SSH session"],
  ];
  for (
    const group of [
      "fly_app_release_command",
      "fly_app_console",
      "fly_app_test_machine_command",
    ]
  ) {
    cases.push([
      { ...FLY, FLY_PROCESS_GROUP: group },
      `this machine belongs to the reserved group ${group}`,
    ]);
  }
  for (const [variables, reason] of cases) {
    assertEquals(inertReason(environment(variables)), reason);
  }
});

Deno.test("resolveSettings() takes everything from the environment", () => {
  const { health, ...settings } = resolve({}, {
    ...FLY,
    ...KEYS,
    AWS_ENDPOINT_URL_S3: "https://s3.example.com",
    AWS_REGION: "eu-west-1",
    AWS_SESSION_TOKEN: "token",
    FLYHOT_SOCKET: "/run/flyhot.sock",
    FLYHOT_POLL_MS: "250",
  });
  assertEquals(health, null);
  assertEquals({ ...settings, ...TIMEOUTS }, {
    app: "my-app",
    imageRef: FLY.FLY_IMAGE_REF,
    machineId: FLY.FLY_MACHINE_ID,
    region: "fra",
    bucket: {
      endpoint: "https://s3.example.com",
      bucket: "my-bucket",
      region: "eu-west-1",
      credentials: {
        accessKeyId: "key",
        secretAccessKey: "secret",
        sessionToken: "token",
      },
    },
    temporaryFolder: "/tmp/flyhot-my-app",
    socketPath: "/run/flyhot.sock",
    pollIntervalMs: 250,
    probationMs: 5000,
    livedMs: 60_000,
    drainMs: 2000,
    callbackTimeoutMs: 10_000,
    retainedBudgetBytes: 128 * 1024 * 1024,
    ...TIMEOUTS,
  });
});

const TIMEOUTS = {
  fetchTimeoutMs: 120_000,
  prepareTimeoutMs: 30_000,
  suspendTimeoutMs: 10_000,
  migrateTimeoutMs: 10_000,
  healthTimeoutMs: 10_000,
};

Deno.test("resolveSettings() has the defaults that its options document", () => {
  const settings = resolve({}, {});
  assertEquals(settings.app, "app");
  assertEquals(settings.imageRef, "");
  assertEquals(settings.machineId, "local");
  assertEquals(settings.region, "local");
  assertEquals(settings.socketPath, null);
  assertEquals(settings.temporaryFolder, "/tmp/flyhot-app");
  assertEquals(settings.pollIntervalMs, 5000);
  assertEquals({ ...settings, ...TIMEOUTS }, settings);
  assertEquals(
    resolve({}, { ...FLY, TMPDIR: "/var/tmp/" }).temporaryFolder,
    "/var/tmp/flyhot-my-app",
  );
  const { bucket } = resolve({}, KEYS);
  assertEquals(bucket, {
    endpoint: DEFAULT_ENDPOINT,
    bucket: "my-bucket",
    region: "auto",
    credentials: { accessKeyId: "key", secretAccessKey: "secret" },
  });
});

Deno.test("resolveSettings() puts options before the environment", () => {
  const health = () => true;
  const settings = resolve({
    app: "other",
    bucket: "b",
    endpoint: "http://127.0.0.1:1",
    region: "r",
    credentials: { accessKeyId: "k", secretAccessKey: "s" },
    pollIntervalMs: 1,
    fetchTimeoutMs: 2,
    prepareTimeoutMs: 3,
    suspendTimeoutMs: 4,
    migrateTimeoutMs: 5,
    healthTimeoutMs: 6,
    probationMs: 7,
    retainedBudgetBytes: 8,
    health,
  }, {
    ...FLY,
    ...KEYS,
    AWS_BUCKET: "c",
    AWS_ENDPOINT_URL_S3: "https://s3.example.com",
    AWS_REGION: "eu-west-1",
    AWS_SESSION_TOKEN: "token",
    FLYHOT_POLL_MS: "250",
  });
  assertEquals(settings.app, "other");
  assertEquals(settings.temporaryFolder, "/tmp/flyhot-other");
  assertEquals(settings.bucket, {
    endpoint: "http://127.0.0.1:1",
    bucket: "b",
    region: "r",
    // A session token belongs to its own keys and to no others.
    credentials: { accessKeyId: "k", secretAccessKey: "s" },
  });
  assertEquals([
    settings.pollIntervalMs,
    settings.fetchTimeoutMs,
    settings.prepareTimeoutMs,
    settings.suspendTimeoutMs,
    settings.migrateTimeoutMs,
    settings.healthTimeoutMs,
    settings.probationMs,
    settings.retainedBudgetBytes,
  ], [1, 2, 3, 4, 5, 6, 7, 8]);
  assertEquals(settings.health, health);
});

Deno.test("resolveSettings() prefers BUCKET_NAME to AWS_BUCKET", () => {
  const name = (variables: Record<string, string>) => {
    const { bucket } = resolve({}, { ...KEYS, BUCKET_NAME: "", ...variables });
    return typeof bucket === "string" ? bucket : bucket.bucket;
  };
  assertEquals(name({ BUCKET_NAME: "a", AWS_BUCKET: "b" }), "a");
  assertEquals(name({ AWS_BUCKET: "b" }), "b");
});

Deno.test("resolveSettings() says what is missing of the bucket, and never a key", () => {
  const missing = (options: ReapplyOptions, variables: typeof KEYS) =>
    resolve(options, variables).bucket;
  assertEquals(
    missing({}, { ...KEYS, BUCKET_NAME: "" }),
    "no bucket is named; set BUCKET_NAME (fly storage create does), or flyhot.bucket in deno.json",
  );
  const keys =
    "no keys for the bucket; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  assertEquals(missing({}, { ...KEYS, AWS_ACCESS_KEY_ID: "" }), keys);
  assertEquals(missing({}, { ...KEYS, AWS_SECRET_ACCESS_KEY: "" }), keys);
  assertEquals(
    missing({ credentials: { accessKeyId: "", secretAccessKey: "s" } }, {
      ...KEYS,
      AWS_ACCESS_KEY_ID: "",
    }),
    keys,
  );
});

const DURATIONS = [
  "pollIntervalMs",
  "fetchTimeoutMs",
  "prepareTimeoutMs",
  "suspendTimeoutMs",
  "migrateTimeoutMs",
  "healthTimeoutMs",
] as const;

Deno.test("resolveSettings() refuses durations that are none", () => {
  for (const name of DURATIONS) {
    for (const value of [0, -1, NaN, Infinity, -Infinity]) {
      assertThrows(
        () => resolve({ [name]: value }, FLY),
        TypeError,
        `Cannot use ${name}: it is ${value}; give milliseconds above 0`,
      );
    }
  }
  for (const name of ["probationMs", "retainedBudgetBytes"] as const) {
    for (const value of [-1, NaN, Infinity]) {
      assertThrows(
        () => resolve({ [name]: value }, FLY),
        TypeError,
        `Cannot use ${name}: it is ${value}; give 0 or more`,
      );
    }
    assertEquals(resolve({ [name]: 0 }, FLY)[name], 0);
  }
  for (const text of ["soon", "5s", "-1", "0"]) {
    assertThrows(
      () => resolve({}, { ...FLY, FLYHOT_POLL_MS: text }),
      TypeError,
      "Cannot use pollIntervalMs",
    );
  }
});

Deno.test("resolveSettings() refuses durations that a timer would cut to one millisecond", () => {
  for (const name of DURATIONS) {
    assertEquals(resolve({ [name]: 2 ** 31 - 1 }, FLY)[name], 2 ** 31 - 1);
    for (const value of [2 ** 31, Number.MAX_SAFE_INTEGER]) {
      assertThrows(
        () => resolve({ [name]: value }, FLY),
        TypeError,
        `Cannot use ${name}: it is ${value}; give milliseconds above 0, at most 2147483647`,
      );
    }
  }
});
