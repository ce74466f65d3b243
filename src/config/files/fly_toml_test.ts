import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fakeFiles } from "../../../tests/cli/fake_host.ts";
import { FlyhotError } from "../../errors.ts";
import { findFlyToml, parseFlyToml } from "./fly_toml.ts";

function refusal(text: string, path = "fly.toml"): FlyhotError {
  const error = assertThrows(() => parseFlyToml(text, path), FlyhotError);
  assertEquals(error.code, "usage");
  return error;
}

Deno.test("parseFlyToml() reads app, region, image and env, all env values as text", () => {
  assertEquals(
    parseFlyToml(
      `app = "my-app" # the name
primary_region = 'iad'
[env]
PORT = 8080
DEBUG = true
URL = "https://x/#[a]"
lower = "yes"
[build]
image = "registry.fly.io/my-app:main"
`,
      "fly.toml",
    ),
    {
      path: "fly.toml",
      app: "my-app",
      primaryRegion: "iad",
      env: { PORT: "8080", DEBUG: "true", URL: "https://x/#[a]", lower: "yes" },
      buildImage: "registry.fly.io/my-app:main",
    },
  );
});

Deno.test("parseFlyToml() merges an env that is an array of tables", () => {
  const { env } = parseFlyToml(
    '[[env]]\nA = 1\n[[env]]\nB = "2"\n',
    "fly.toml",
  );
  assertEquals(env, { A: "1", B: "2" });
});

Deno.test("parseFlyToml() reads fly.json and an empty file", () => {
  assertEquals(
    parseFlyToml('{"app":"a","env":{"N":1}}', "fly.json").env,
    { N: "1" },
  );
  assertEquals(parseFlyToml("", "fly.toml").app, null);
});

Deno.test("parseFlyToml() names file and line of what is malformed", () => {
  const error = refusal('app = "x"\n\n[env\nA = 1\n', "deploy/fly.toml");
  assertEquals(
    error.message,
    'Cannot read deploy/fly.toml:3: Not closed by "]" after started with "["',
  );
  assertEquals(error.hint, "check it with: fly config validate");
  assertEquals(
    refusal("{", "fly.json").message.startsWith("Cannot read fly.json: "),
    true,
  );
});

Deno.test("parseFlyToml() refuses YAML and values of the wrong type", () => {
  assertEquals(
    refusal("app: x", "fly.yaml").message,
    "Cannot read fly.yaml: flyhot reads fly.toml and fly.json, not YAML",
  );
  assertEquals(
    refusal("app = 3").message,
    "Cannot read fly.toml: app: expected text, found 3",
  );
  assertEquals(
    refusal("env = 3").message,
    "Cannot read fly.toml: env is not a table",
  );
  assertEquals(
    refusal("[env]\nA = [1]").message,
    "Cannot read fly.toml: env.A: expected text, a number or a boolean, found [1]",
  );
});

Deno.test("findFlyToml() prefers fly.toml, then fly.json, and refuses a lone fly.yaml", async () => {
  const files = fakeFiles({
    "both/fly.toml": 'app = "toml"',
    "both/fly.json": '{"app":"json"}',
    "json/fly.json": '{"app":"json"}',
    "yaml/fly.yaml": "app: yaml",
    "none/main.ts": "",
  });
  assertEquals((await findFlyToml({ files }, "both"))?.app, "toml");
  assertEquals((await findFlyToml({ files }, "both/fly.json"))?.app, "json");
  assertEquals((await findFlyToml({ files }, "json"))?.app, "json");
  assertEquals(await findFlyToml({ files }), null);
  for (
    const [named, message] of [
      [
        "yaml",
        "Cannot read yaml/fly.yaml: flyhot reads fly.toml and fly.json, not YAML",
      ],
      ["none", "Cannot find fly.toml in none: the folder has none"],
      ["gone.toml", "Cannot read gone.toml: there is no such file"],
    ] as const
  ) {
    const error = await assertRejects(
      () => findFlyToml({ files }, named),
      FlyhotError,
    );
    assertEquals([error.code, error.message], ["usage", message]);
  }
});

Deno.test("parseFlyToml() says of nesting without end that it is that", () => {
  for (
    const text of ["a = " + "[".repeat(50_000), "a = " + "{a=".repeat(50_000)]
  ) {
    const error = assertThrows(
      () => parseFlyToml(text, "fly.toml"),
      FlyhotError,
    );
    assertEquals(
      error.message,
      "Cannot read fly.toml:1: values are nested too deeply",
    );
  }
});
