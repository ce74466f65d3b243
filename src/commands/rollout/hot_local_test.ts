import { assertEquals, assertStringIncludes } from "@std/assert";
import { fakeHost } from "../../../tests/cli/fake_host.ts";
import { runMain } from "../../../tests/cli/run_main.ts";

Deno.test("T18: hot --local of a compiled flyhot without deno asks neither Fly nor the bucket", async () => {
  const compiled = {
    ...fakeHost({
      files: { "fly.toml": 'app = "my-app"\n', "main.ts": "" },
      env: {
        FLY_API_TOKEN: "FlyV1 x",
        BUCKET_NAME: "releases",
        AWS_ENDPOINT_URL_S3: "https://s3.example",
        AWS_ACCESS_KEY_ID: "x",
        AWS_SECRET_ACCESS_KEY: "x",
      },
      run: () => null,
    }),
    execPath: "/usr/local/bin/flyhot",
  };
  // Any request would be one that nobody expected, the one for the lock as well.
  const { code, err } = await runMain(["hot", "--local"], compiled);
  assertEquals(code, 4);
  assertStringIncludes(err, "Cannot pack /app: there is no deno on PATH");
});
