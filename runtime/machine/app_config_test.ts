import { assertEquals, assertThrows } from "@std/assert";
import { parseAppConfig, readAppConfig } from "./app_config.ts";
import { ProtocolError } from "../protocol/json/parse.ts";
import { resolveSettings } from "./settings.ts";

Deno.test("parseAppConfig() picks what concerns a machine, and leaves the rest to the command", () => {
  const text = `{
    // where releases go
    "flyhot": {
      "bucket": "b", "endpoint": "https://s3.example", "region": "auto", "suspendTimeout": 3, "canary": 2,
      "credentials": { "accessKeyId": "KEY", "secretAccessKey": "SECRET" },
    },
  }`;
  assertEquals(parseAppConfig(text), {
    bucket: "b",
    endpoint: "https://s3.example",
    region: "auto",
    suspendTimeoutMs: 3000,
    credentials: { accessKeyId: "KEY", secretAccessKey: "SECRET" },
  });
  assertEquals(parseAppConfig("{}"), {});
});

Deno.test("parseAppConfig() names a value of the wrong type", () => {
  assertThrows(
    () => parseAppConfig('{ "flyhot": { "bucket": 5 } }'),
    ProtocolError,
    "deno.json: flyhot.bucket",
  );
  assertThrows(() => parseAppConfig("{"), SyntaxError);
});

Deno.test("readAppConfig() is empty where there is no deno.json", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assertEquals(await readAppConfig(folder), {});
    await Deno.writeTextFile(
      `${folder}/deno.jsonc`,
      '{ "flyhot": { "region": "eu" } }',
    );
    assertEquals(await readAppConfig(folder), { region: "eu" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("resolveSettings() takes options first, then deno.json, then the environment", () => {
  const variables: Record<string, string> = {
    BUCKET_NAME: "from-environment",
    AWS_REGION: "from-environment",
    AWS_ENDPOINT_URL_S3: "https://environment.example",
    KEY: "key",
    SECRET: "secret",
  };
  const { bucket, suspendTimeoutMs } = resolveSettings(
    { region: "from-options" },
    (name) => variables[name],
    {
      bucket: "from-deno-json",
      region: "from-deno-json",
      suspendTimeoutMs: 1234,
      credentials: { accessKeyId: "KEY", secretAccessKey: "SECRET" },
    },
  );
  assertEquals(bucket, {
    bucket: "from-deno-json",
    region: "from-options",
    endpoint: "https://environment.example",
    credentials: { accessKeyId: "key", secretAccessKey: "secret" },
  });
  assertEquals(suspendTimeoutMs, 1234);
});
