import { assertEquals } from "@std/assert";
import { PackageTargets } from "./package_targets.ts";

const TARGETS = new PackageTargets([
  {
    folder: "",
    json: {
      imports: {
        "#one": "./src/x.ts",
        "#dir/*": "./src/*",
        "#dir/deep/*.ts": "./deep/*.ts",
        "#by": { "browser": "./b.ts", "deno": "./d.ts", "default": "./e.ts" },
        "#dep": "zod/mini",
        "#loop": "#loop",
      },
      dependencies: { zod: "^4.0.5", lib: "workspace:*", old: "npm:zod@^3" },
      devDependencies: { "@std/path": "jsr:^1.1", linked: "file:../x" },
      peerDependencies: { peer: "1 || 2" },
    },
  },
  {
    folder: "packages/lib/",
    json: {
      name: "lib",
      imports: { "#one": "./own.ts" },
      exports: {
        ".": { types: "./x.d.ts", import: "./mod.ts" },
        "./sub/*": "./src/*.ts",
        "./no": null,
      },
      dependencies: { zod: "^3.0.0" },
    },
  },
  { folder: "packages/plain/", json: { name: "@me/plain", main: "./a.js" } },
  { folder: "packages/one/", json: { name: "one", exports: "./one.ts" } },
]);

Deno.test("package.json leads aliases, dependencies and members where Deno would", () => {
  const of = (specifier: string, from = "main.ts") => {
    const target = TARGETS.resolve(specifier, from);
    if (target === null || typeof target === "string") return target;
    return "path" in target ? target.path : target.url;
  };
  const cases: [specifier: string, from: string, to: string | null][] = [
    ["#one", "main.ts", "src/x.ts"],
    ["#one", "packages/lib/deep/a.ts", "packages/lib/own.ts"],
    ["#dir/a/b.ts", "main.ts", "src/a/b.ts"],
    ["#dir/deep/b.ts", "main.ts", "deep/b.ts"],
    ["#by", "main.ts", "d.ts"],
    ["#dep", "main.ts", "npm:zod@^4.0.5/mini"],
    ["#loop", "main.ts", null],
    ["#none", "main.ts", null],
    ["zod", "main.ts", "npm:zod@^4.0.5"],
    ["zod", "packages/lib/mod.ts", "npm:zod@^3.0.0"],
    ["old/x", "main.ts", "npm:zod@^3/x"],
    ["@std/path/posix", "main.ts", "jsr:@std/path@^1.1/posix"],
    ["peer", "main.ts", "npm:peer@1 || 2"],
    ["linked", "main.ts", "linked"],
    ["lib", "main.ts", "packages/lib/mod.ts"],
    ["lib/sub/a", "main.ts", "packages/lib/src/a.ts"],
    ["lib/no", "main.ts", null],
    ["lib/none", "main.ts", null],
    ["@me/plain", "main.ts", "packages/plain/a.js"],
    ["@me/plain/b.js", "main.ts", "packages/plain/b.js"],
    ["one", "packages/lib/a.ts", "packages/one/one.ts"],
    ["one/x", "main.ts", null],
    ["unknown", "main.ts", null],
  ];
  for (const [specifier, from, to] of cases) {
    assertEquals(of(specifier, from), to, `${specifier} from ${from}`);
  }
  assertEquals(new PackageTargets().resolve("zod", "main.ts"), null);
});
