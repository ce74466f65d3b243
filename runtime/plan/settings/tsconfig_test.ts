import { assertEquals } from "@std/assert";
import { startKeys } from "./config_keys.ts";
import { tsconfigText } from "./tsconfig.ts";

async function keys(
  files: Readonly<Record<string, unknown>>,
  path = "tsconfig.json",
) {
  const text = await tsconfigText(path, (path) => {
    const said = Object.hasOwn(files, path) ? files[path] : null;
    return Promise.resolve(
      typeof said === "string" || said === null ? said : JSON.stringify(said),
    );
  });
  return text === null ? null : { ...startKeys(path, text) };
}

Deno.test("tsconfigText() says what is extended, the nearer over the farther, and nothing of types", async () => {
  const files = {
    "tsconfig.json": {
      extends: ["./base", "./more.json"],
      compilerOptions: { jsxFactory: "own", strict: true },
    },
    "base.json": `{ // far
      "compilerOptions": { "jsx": "react", "jsxFactory": "base", "lib": [] } }`,
    "more.json": { compilerOptions: { experimentalDecorators: true } },
  };
  assertEquals(await keys(files), {
    jsx: `{"jsx":"react","jsxFactory":"own"}`,
    compilerOptions: `{"experimentalDecorators":true}`,
  });
  assertEquals(await keys({}), null);
  assertEquals(await keys({ "tsconfig.json": "{" }), {});
  assertEquals(await keys({ "tsconfig.json": { include: ["x"] } }), {});
});

Deno.test("tsconfigText() reads members from their folder, and ends on circles, packages and what is outside", async () => {
  const jsx = { compilerOptions: { jsx: "react" } };
  for (
    const [extended, found] of [
      ["../base.json", true],
      ["../../base.json", false],
      ["@tsconfig/deno/tsconfig.json", false],
      ["./tsconfig.json", false],
    ] as const
  ) {
    assertEquals(
      await keys(
        { "base.json": jsx, "a/tsconfig.json": { extends: extended } },
        "a/tsconfig.json",
      ),
      found ? { jsx: `{"jsx":"react"}` } : {},
    );
  }
  const scoped = { extends: "./base.json", files: ["a.ts"], references: [] };
  assertEquals(await keys({ "base.json": jsx, "tsconfig.json": scoped }), {
    jsx: `{"jsx":"react"}`,
    files: `{"files":["a.ts"],"references":[]}`,
  });
});
