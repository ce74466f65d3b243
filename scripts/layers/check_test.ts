import { assertEquals } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { formatViolation, readEdges } from "./check.ts";

const ROOT = join(Deno.cwd(), "root");
const url = (path: string) => toFileUrl(join(ROOT, path)).href;

Deno.test("readEdges() keeps the imports between files of the folder", () => {
  const modules = [
    {
      specifier: url("src/a.ts"),
      dependencies: [
        { code: { specifier: url("src/b.ts") } },
        { type: { specifier: url("runtime/protocol/mod.ts") } },
        { code: { specifier: url("deno.json") } },
        { code: { specifier: "npm:aws4fetch@1.0.20" } },
        { code: { specifier: "https://jsr.io/@std/toml/1.0.11/mod.ts" } },
        { code: { specifier: url("../elsewhere.ts") } },
        { code: {} },
      ],
    },
    { specifier: url("src/b.ts") },
    {
      specifier: "https://jsr.io/@std/toml/1.0.11/mod.ts",
      dependencies: [{ code: { specifier: "https://jsr.io/x.ts" } }],
    },
  ];
  assertEquals(readEdges(modules, ROOT), [
    { from: "src/a.ts", to: "src/b.ts" },
    { from: "src/a.ts", to: "runtime/protocol/mod.ts" },
    { from: "src/a.ts", to: "deno.json" },
  ]);
});

Deno.test("formatViolation() writes both ends and the rule", () => {
  assertEquals(
    formatViolation({ from: "src/a.ts", to: "src/b.ts", why: "not so" }),
    "src/a.ts -> src/b.ts: not so",
  );
});
