import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { Sim } from "../../../tests/sim/sim.ts";
import { SimHost } from "../../../tests/sim/sim_host.ts";
import { FlyhotError } from "../../errors.ts";
import { configDigests, readConfigFiles } from "./config_files.ts";

function hostWith(files: Readonly<Record<string, string>>): SimHost {
  const host = new SimHost(new Sim({ seed: 1 }));
  host.files.put("/app", files);
  return host;
}

async function digestOfDenoJson(text: string): Promise<string> {
  const host = hostWith({ "deno.json": text });
  const config = await configDigests(
    "/app",
    new Map([["deno.json", "x".repeat(64)]]),
    host,
  );
  return config["deno.json"]!;
}

Deno.test("readConfigFiles() knows which files are read at start", async () => {
  const { isConfig, denoJson, packages, flyToml, dockerfile } =
    await readConfigFiles(
      "/app",
      hostWith({
        "deno.jsonc":
          `{ "version": "1.0.0", /* why */ "importMap": "./map.json", "workspace": ["./lib/"], }`,
        "package.json":
          `{ "dependencies": { "a": "1" }, "devDependencies": { "@b/c": "2" } }`,
        "fly.toml": "app = 'x'",
      }),
    );
  const config = [
    "deno.json",
    "deno.jsonc",
    "deno.lock",
    "package.json",
    "fly.toml",
    "Dockerfile",
    "map.json",
    "lib/deno.json",
    "lib/package.json",
  ];
  assertEquals(config.filter((path) => !isConfig(path)), []);
  assertEquals(
    ["static/package.json", "main.ts", "x/deno.json"].filter(isConfig),
    [],
  );
  assertEquals(denoJson.version, "1.0.0");
  assertEquals([...packages], ["a", "@b/c"]);
  assertEquals([flyToml, dockerfile], ["app = 'x'", null]);
});

Deno.test("readConfigFiles() is content with an app that has none of them", async () => {
  const { denoJson, packages } = await readConfigFiles("/app", hostWith({}));
  assertEquals([denoJson, packages.size], [{}, 0]);
});

Deno.test("readConfigFiles() refuses what is not a JSON object, and names the file", async () => {
  for (
    const [name, text] of [["deno.json", "{"], ["deno.jsonc", "[]"], [
      "package.json",
      "1",
    ]] as const
  ) {
    const error = await assertRejects(
      () => readConfigFiles("/app", hostWith({ [name]: text })),
      FlyhotError,
      `Cannot read ${name}: `,
    );
    assertEquals(error.code, "usage");
  }
});

Deno.test("configDigests() minds of deno.json only what Deno reads at start", async () => {
  const base = await digestOfDenoJson(
    `{ "version": "1", "imports": { "a": "./a.ts", "b": "./b.ts" } }`,
  );
  assertEquals(
    await digestOfDenoJson(
      `{"imports":{"b":"./b.ts","a":"./a.ts"},"version":"2","tasks":{},"fmt":{}}`,
    ),
    base,
  );
  assertNotEquals(
    await digestOfDenoJson(`{ "imports": { "a": "./c.ts", "b": "./b.ts" } }`),
    base,
  );
  assertNotEquals(
    await digestOfDenoJson(
      `{ "imports": { "a": "./a.ts", "b": "./b.ts" }, "unstable": ["kv"] }`,
    ),
    base,
  );
  assertEquals(
    await digestOfDenoJson(
      `{ /* why */ "imports": { "a": "./a.ts", "b": "./b.ts", }, }`,
    ),
    base,
  );
});

Deno.test("configDigests() takes other files by their content, and deno.lock not at all", async () => {
  const digests = new Map([
    ["Dockerfile", "1".repeat(64)],
    ["deno.lock", "2".repeat(64)],
    ["fly.toml", "3".repeat(64)],
  ]);
  assertEquals(await configDigests("/app", digests, hostWith({})), {
    "Dockerfile": "1".repeat(64),
    "fly.toml": "3".repeat(64),
  });
});
