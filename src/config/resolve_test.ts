import {
  assertEquals,
  assertFalse,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { FlyhotError } from "../errors.ts";
import type { FlyToml } from "./files/fly_toml.ts";
import {
  type ConfigSources,
  requireApp,
  requireBucket,
  requireCredentials,
  resolveConfig,
  type ResolvedConfig,
} from "./resolve.ts";

const FLY_TOML: FlyToml = {
  path: "fly.toml",
  app: "toml-app",
  primaryRegion: "iad",
  env: {
    BUCKET_NAME: "toml-bucket",
    AWS_ENDPOINT_URL_S3: "https://toml.example",
    AWS_REGION: "toml-region",
    BOTH: "toml",
  },
  buildImage: null,
};
const JSON_CONFIG = {
  bucket: "json-bucket",
  endpoint: "https://json.example",
  region: "json-region",
  maxConcurrency: 7,
  canary: 2,
  timeout: 1.5,
  suspendTimeout: 1,
  env: { BOTH: "json" },
};
const ENV: Readonly<Record<string, string>> = {
  FLY_APP_NAME: "env-app",
  BUCKET_NAME: "env-bucket",
  AWS_ENDPOINT_URL_S3: "https://env.example",
  AWS_REGION: "env-region",
  AWS_ACCESS_KEY_ID: "tid_1",
  AWS_SECRET_ACCESS_KEY: "tsec_1",
};

function resolve(sources: Partial<ConfigSources> = {}): ResolvedConfig {
  return resolveConfig({
    cli: {},
    denoJson: null,
    flyToml: null,
    env: () => undefined,
    ...sources,
  });
}

const env = (name: string) => ENV[name];
const denoJson = { path: "deno.json", config: JSON_CONFIG };

Deno.test("resolveConfig() takes the command line first and remembers the flag", () => {
  const config = resolve({
    cli: {
      app: "cli-app",
      bucket: "cli-bucket",
      endpoint: "https://cli.example",
      maxConcurrency: 3,
      canary: 0,
      timeout: 30,
      lockTimeout: 60,
    },
    denoJson,
    flyToml: FLY_TOML,
    env,
  });
  assertEquals(config.app, { value: "cli-app", from: "--app" });
  assertEquals(config.bucket, { value: "cli-bucket", from: "--bucket" });
  assertEquals(config.endpoint.from, "--endpoint");
  assertEquals(config.maxConcurrency, { value: 3, from: "--max-concurrency" });
  assertEquals(config.canary, { value: 0, from: "--no-canary" });
  assertEquals(config.timeoutMs, { value: 30_000, from: "--timeout" });
  assertEquals(config.lockTtlMs, { value: 60_000, from: "--lock-timeout" });
});

Deno.test("resolveConfig() takes deno.json before fly.toml, fly.toml before the environment", () => {
  const all = resolve({ denoJson, flyToml: FLY_TOML, env });
  assertEquals(all.bucket, {
    value: "json-bucket",
    from: "deno.json flyhot.bucket",
  });
  assertEquals(all.endpoint.from, "deno.json flyhot.endpoint");
  assertEquals(all.region.from, "deno.json flyhot.region");
  assertEquals(all.app, { value: "toml-app", from: "fly.toml app" });
  assertEquals(all.timeoutMs.value, 1500);
  assertEquals(all.suspendTimeoutMs.value, 1000);
  assertEquals(all.env.BOTH, { value: "json", from: "deno.json flyhot.env" });

  const noJson = resolve({ flyToml: FLY_TOML, env });
  assertEquals(noJson.bucket, {
    value: "toml-bucket",
    from: "fly.toml [env] BUCKET_NAME",
  });
  assertEquals(noJson.endpoint.from, "fly.toml [env] AWS_ENDPOINT_URL_S3");
  assertEquals(noJson.region.from, "fly.toml [env] AWS_REGION");

  const onlyEnv = resolve({ env });
  assertEquals(onlyEnv.bucket, {
    value: "env-bucket",
    from: "environment BUCKET_NAME",
  });
  assertEquals(onlyEnv.app.from, "environment FLY_APP_NAME");
});

Deno.test("resolveConfig() falls back to the documented defaults", () => {
  const config = resolve();
  assertEquals(config.endpoint, {
    value: "https://fly.storage.tigris.dev",
    from: "default",
  });
  assertEquals(config.region.value, "auto");
  assertEquals(config.machinesApi.value, "https://api.machines.dev");
  assertEquals(config.maxConcurrency.value, 20);
  assertEquals(config.canary.value, 1);
  assertEquals(config.timeoutMs.value, 120_000);
  assertEquals(config.lockTtlMs.value, 300_000);
  assertEquals(config.bucket, { value: null, from: "default" });
});

Deno.test("resolveConfig() knows AWS_BUCKET as the other name of BUCKET_NAME", () => {
  const config = resolve({
    flyToml: { ...FLY_TOML, env: { AWS_BUCKET: "staging" } },
    env,
  });
  assertEquals(config.bucket, {
    value: "staging",
    from: "fly.toml [env] AWS_BUCKET",
  });
});

Deno.test("resolveConfig() refuses a suspend timeout that outlasts the timeout", () => {
  const error = assertThrows(
    () =>
      resolve({
        cli: { timeout: 1 },
        denoJson: { path: "deno.json", config: { suspendTimeout: 2 } },
      }),
    FlyhotError,
  );
  assertEquals(error.code, "usage");
  assertEquals(
    error.message,
    "Cannot use a suspend timeout of 2 s (deno.json flyhot.suspendTimeout) with a timeout of 1 s (--timeout): a machine that still waits would be taken for silent",
  );
});

Deno.test("requireApp() says what is missing, with and without a fly.toml", () => {
  const without = assertThrows(() => requireApp(resolve()), FlyhotError);
  assertEquals(without.code, "usage");
  assertEquals(
    without.message,
    "Cannot tell which app is meant: there is no fly.toml here, and neither --app nor FLY_APP_NAME names it",
  );
  const nameless = assertThrows(
    () => requireApp(resolve({ flyToml: { ...FLY_TOML, app: null } })),
    FlyhotError,
  );
  assertEquals(
    nameless.message,
    "Cannot tell which app is meant: fly.toml has no app, and neither --app nor FLY_APP_NAME names it",
  );
  assertEquals(requireApp(resolve({ env })), "env-app");
});

Deno.test("requireBucket() refuses a configuration without a bucket", () => {
  const error = assertThrows(() => requireBucket(resolve()), FlyhotError);
  assertEquals(error.code, "usage");
  assertEquals(
    error.message,
    "Cannot tell which bucket is meant: none of --bucket, flyhot.bucket in deno.json, [env] in fly.toml, BUCKET_NAME and AWS_BUCKET names it",
  );
});

Deno.test("requireCredentials() names the variables that are not set, also renamed ones", () => {
  const none = assertThrows(() => requireCredentials(resolve()), FlyhotError);
  assertEquals(none.code, "auth");
  assertEquals(
    none.message,
    "Cannot sign requests to the bucket: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
  );
  const renamed = assertThrows(
    () =>
      requireCredentials(resolve({
        env,
        denoJson: {
          path: "deno.json",
          config: { credentials: { secretAccessKey: "MY_SECRET" } },
        },
      })),
    FlyhotError,
  );
  assertEquals(
    renamed.message,
    "Cannot sign requests to the bucket: MY_SECRET is not set",
  );
});

Deno.test("resolveConfig() shows no secret, however it is printed", () => {
  const config = resolve({ env });
  assertEquals(requireCredentials(config).secretAccessKey.reveal(), "tsec_1");
  for (const shown of [JSON.stringify(config), Deno.inspect(config)]) {
    assertFalse(shown.includes("tsec_1"));
    assertFalse(shown.includes("tid_1"));
  }
});

Deno.test("requireCredentials() names the variable that no header may carry, and never its value", () => {
  for (
    const name of [
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_SESSION_TOKEN",
    ]
  ) {
    for (
      const bad of [
        "se-cr\net",
        "se-cret\n",
        "\rse-cret",
        "se-cr et",
        "se-cr\0et",
        "se-crét",
      ]
    ) {
      const env: Record<string, string> = {
        AWS_ACCESS_KEY_ID: "k",
        AWS_SECRET_ACCESS_KEY: "s",
        [name]: bad,
      };
      const config = resolveConfig({
        cli: {},
        denoJson: null,
        flyToml: null,
        env: (name) => env[name],
      });
      const error = assertThrows(() => requireCredentials(config), FlyhotError);
      assertEquals(error.code, "auth");
      assertStringIncludes(error.message, `Cannot use ${name}: `);
      assertEquals(/se-cr/.test(`${error.message}${error.hint}`), false);
    }
  }
});

Deno.test("resolveConfig() takes the probation from the command line, then deno.json, and else leaves it to the machines", () => {
  const probationMs = (cli: number | undefined, json: number | undefined) =>
    resolveConfig({
      cli: cli === undefined ? {} : { probation: cli },
      denoJson: {
        path: "deno.json",
        config: json === undefined ? {} : { probation: json },
      },
      flyToml: null,
      env: () => undefined,
    }).probationMs;
  assertEquals(probationMs(30, 10), { value: 30_000, from: "--probation" });
  assertEquals(probationMs(undefined, 10), {
    value: 10_000,
    from: "deno.json flyhot.probation",
  });
  assertEquals(probationMs(undefined, undefined), {
    value: null,
    from: "default",
  });
});
