import { assertEquals, assertFalse, assertThrows } from "@std/assert";
import { FlyhotError } from "../../errors.ts";
import { type DenoJsonConfig, parseDenoJson } from "./deno_json.ts";

const FULL: DenoJsonConfig = {
  bucket: "my-releases",
  endpoint: "https://fly.storage.tigris.dev",
  region: "auto",
  maxConcurrency: 10,
  canary: 0,
  timeout: 90,
  suspendTimeout: 2.5,
  include: ["static/**"],
  exclude: ["tests/**"],
  entry: ["main.ts", "worker.ts"],
  env: { CUSTOM_VAR: "value" },
  orchestrateCommand: ["deno", "run", "-A", "cli.ts", "orchestrate"],
  credentials: { accessKeyId: "MY_KEY", secretAccessKey: "MY_SECRET" },
};

function refusal(flyhot: unknown): FlyhotError {
  const error = assertThrows(
    () => parseDenoJson(JSON.stringify({ flyhot }), "deno.json"),
    FlyhotError,
  );
  assertEquals(error.code, "usage");
  return error;
}

Deno.test("parseDenoJson() reads every key", () => {
  assertEquals(
    parseDenoJson(JSON.stringify({ name: "x", flyhot: FULL }), "deno.json"),
    FULL,
  );
});

Deno.test("parseDenoJson() reads one entry as a list, comments, and nothing at all", () => {
  assertEquals(
    parseDenoJson(
      '{ "flyhot": { "entry": "main.ts", /* x */ } }',
      "deno.jsonc",
    ),
    { entry: ["main.ts"] },
  );
  assertEquals(parseDenoJson("{}", "deno.json"), {});
});

Deno.test("parseDenoJson() refuses an unknown key and suggests the nearest", () => {
  const error = refusal({ maxConcurency: 3 });
  assertEquals(
    error.message,
    "Cannot read deno.json: flyhot.maxConcurency: no such key",
  );
  assertEquals(error.hint, 'did you mean "maxConcurrency"?');
  assertEquals(
    refusal({ credentials: { token: "X" } }).hint,
    "the keys are accessKeyId, secretAccessKey, sessionToken",
  );
  assertEquals(
    refusal({ constructor: 1 }).message,
    "Cannot read deno.json: flyhot.constructor: no such key",
  );
});

Deno.test("parseDenoJson() refuses values of the wrong type, naming file and key", () => {
  for (
    const [flyhot, message] of [
      [[], "Cannot read deno.json: flyhot: expected an object, found []"],
      [
        { bucket: 3 },
        "Cannot read deno.json: flyhot.bucket: expected text, found 3",
      ],
      [
        { bucket: "" },
        'Cannot read deno.json: flyhot.bucket: expected text, found ""',
      ],
      [
        { endpoint: "tigris" },
        'Cannot read deno.json: flyhot.endpoint: expected an http or https URL, found "tigris"',
      ],
      [
        { maxConcurrency: 0 },
        "Cannot read deno.json: flyhot.maxConcurrency: expected a whole number of at least 1, found 0",
      ],
      [
        { canary: "1" },
        'Cannot read deno.json: flyhot.canary: expected a whole number of at least 0, found "1"',
      ],
      [
        { timeout: -1 },
        "Cannot read deno.json: flyhot.timeout: expected seconds, more than 0, found -1",
      ],
      [
        { include: "a" },
        'Cannot read deno.json: flyhot.include: expected a list of texts, found "a"',
      ],
      [
        { include: ["a", 1] },
        "Cannot read deno.json: flyhot.include[1]: expected text, found 1",
      ],
      [
        { env: { A: 1 } },
        "Cannot read deno.json: flyhot.env.A: expected text, found 1",
      ],
      [
        { orchestrateCommand: [] },
        "Cannot read deno.json: flyhot.orchestrateCommand: expected at least one word, found []",
      ],
    ] as const
  ) {
    assertEquals(refusal(flyhot).message, message);
  }
});

Deno.test("parseDenoJson() never repeats a credential that was put in the place of a name", () => {
  const error = refusal({ credentials: { secretAccessKey: "tSecret/123" } });
  assertEquals(
    error.message,
    "Cannot read deno.json: flyhot.credentials.secretAccessKey: expected the name of an environment variable in capitals",
  );
  assertFalse(`${error.message}${error.hint}`.includes("tSecret"));
});

Deno.test("parseDenoJson() refuses a file that is not a JSON object", () => {
  for (const content of ["{", "[]", "3"]) {
    const error = assertThrows(
      () => parseDenoJson(content, "app/deno.json"),
      FlyhotError,
      "Cannot read app/deno.json: ",
    );
    assertEquals(error.code, "usage");
  }
});
