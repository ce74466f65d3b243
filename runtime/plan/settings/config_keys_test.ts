import { assertEquals, assertNotEquals } from "@std/assert";
import { startKeys } from "./config_keys.ts";

Deno.test("startKeys() keeps of a deno.json what Deno reads at start, whatever its order and layout", () => {
  const keys = startKeys(
    "deno.json",
    `{ // comment
      "imports": { "b": "./b.ts", "a": "./a.ts" }, "tasks": { "dev": "x" }, "fmt": {}, "lint": {}, "test": {},
      "compilerOptions": { "strict": true, "lib": ["dom"], "jsx": "react", "types": [] }, "unstable": ["kv"], "version": "1" }`,
  );
  assertEquals({ ...keys }, {
    imports: `{"a":"./a.ts","b":"./b.ts"}`,
    jsx: `{"jsx":"react"}`,
    unstable: `["kv"]`,
    aliases: `[{"scope":"","table":{"a":"./a.ts","b":"./b.ts"}}]`,
  });
  // A package that is added moves no alias of the app.
  assertEquals(
    startKeys(
      "deno.json",
      `{"imports":{"a":"./a.ts","b":"./b.ts","hono":"npm:hono"}}`,
    ).aliases,
    keys.aliases,
  );
  assertEquals(
    {
      ...startKeys("server/deno.jsonc", `{"compilerOptions":{"strict":false}}`),
    },
    {},
  );
});

Deno.test("startKeys() keeps of a package.json what decides on modules, not versions, scripts and development", () => {
  const text = (more: object) =>
    JSON.stringify({ dependencies: { a: "1" }, type: "module", ...more });
  assertEquals(
    startKeys("package.json", text({ version: "1", scripts: { a: "b" } })),
    startKeys(
      "package.json",
      text({ version: "2", devDependencies: { c: "1" } }),
    ),
  );
  assertNotEquals(
    startKeys("package.json", text({})),
    startKeys("package.json", text({ dependencies: { a: "2" } })),
  );
});

Deno.test("startKeys() takes anything else, and what is not JSON, as a whole", () => {
  for (
    const [path, text] of [
      ["import_map.json", `{"imports":{}}`],
      ["Dockerfile", "FROM x"],
      ["deno.json", "{"],
      ["package.json", "[1"],
      ["deno.json", "5"],
    ] as const
  ) assertEquals(startKeys(path, text), { "*": text }, path);
});
