import { assert, assertEquals, assertFalse } from "@std/assert";
import { resolveConfig } from "../config/resolve.ts";
import { shownValues, valuesText } from "./config_text.ts";

const CONFIG = resolveConfig({
  cli: { bucket: "b", timeout: 30 },
  denoJson: null,
  flyToml: {
    path: "fly.toml",
    app: "my-app",
    primaryRegion: null,
    env: { PORT: "8080", API_TOKEN: "t0ken", SIGNING_KEY: "k3y", MONKEY: "1" },
    buildImage: null,
  },
  env: (name) => name === "AWS_SECRET_ACCESS_KEY" ? "tsec_1" : undefined,
});

Deno.test("shownValues() lists every value with its origin and shows no secret", () => {
  const shown = shownValues(CONFIG);
  assertEquals(shown.bucket, { value: "b", from: "--bucket" });
  assertEquals(shown.app, { value: "my-app", from: "fly.toml app" });
  assertEquals(shown.secretAccessKey, {
    value: "[redacted]",
    from: "environment AWS_SECRET_ACCESS_KEY",
  });
  assertEquals(shown["env.PORT"], { value: "8080", from: "fly.toml [env]" });
  assertEquals(shown["env.API_TOKEN"]!.value, "[redacted]");
  assertEquals(shown["env.SIGNING_KEY"]!.value, "[redacted]");
  assertEquals(shown["env.MONKEY"]!.value, "1");
});

Deno.test("valuesText() writes one line for each value", () => {
  const text = valuesText(shownValues(CONFIG));
  const lines = text.split("\n");
  assertEquals(lines.length, Object.keys(shownValues(CONFIG)).length);
  const line = (name: string) =>
    lines.find((it) => it.startsWith(`${name} `))!.split(/ {2,}/);
  assertEquals(line("bucket"), ["bucket", "b", "(--bucket)"]);
  assertEquals(line("timeoutMs"), ["timeoutMs", "30 s", "(--timeout)"]);
  assertEquals(line("entries"), ["entries", "-", "(default)"]);
  assert(line("orchestrateCommand")[1]!.startsWith("deno run -A "));
  assertFalse(/tsec_1|t0ken|k3y/.test(text));
});

Deno.test("shownValues() shows no user name, password or query of any URL", () => {
  const shown = JSON.stringify(shownValues(resolveConfig({
    cli: {},
    denoJson: null,
    flyToml: {
      path: "fly.toml",
      app: "my-app",
      primaryRegion: null,
      env: { SOME_URL: "postgres://u:hidden@h/db?password=hidden" },
      buildImage: null,
    },
    env: (name) =>
      ({
        AWS_ENDPOINT_URL_S3: "http://KEY:hidden@host",
        FLY_FLAPS_BASE_URL: "http://KEY:hidden@flaps",
      })[name],
  })));
  assertEquals(/hidden|KEY:/.exec(shown), null);
  assert(shown.includes('"http://[redacted]@host"'), shown);
  assert(shown.includes('"postgres://[redacted]@h/db"'), shown);
});
