import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { workspacePackages } from "./workspace.ts";

/** Makes a folder of files that is removed at the end of the test. */
async function tempTree(files: Readonly<Record<string, string | object>>) {
  const root = await Deno.makeTempDir();
  for (const [path, content] of Object.entries(files)) {
    await Deno.mkdir(join(root, path, ".."), { recursive: true });
    const text = typeof content === "string"
      ? content
      : JSON.stringify(content);
    await Deno.writeTextFile(join(root, path), text);
  }
  return {
    root,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

const WORKSPACE = {
  "deno.json": {
    name: "@x/app",
    version: "0.2.0",
    exports: { ".": "./cli.ts", "./mod": "./mod.ts" },
    workspace: ["./lib"],
    imports: { "@std/toml": "jsr:@std/toml@1.0.11", "local/": "./src/" },
  },
  "cli.ts": `import { a } from "@x/lib/part";\nimport "@std/toml/parse";\n`,
  "mod.ts": `import config from "./deno.json" with { type: "json" };\n`,
  "mod_test.ts": "",
  "src/page.html": "<p>",
  "src/tool.sh": "",
  "tests/big.ts": "",
  "scripts/x.ts": "",
  ".git/config.json": "",
  "lib/deno.json": {
    name: "@x/lib",
    version: "0.1.0",
    exports: "./mod.ts",
    imports: { "signer": "npm:signer@1.0.0" },
  },
  "lib/mod.ts": `import "signer";\nimport "@std/toml";\n`,
};

Deno.test("workspacePackages() serves each package without its neighbors and tests", async () => {
  await using tree = await tempTree(WORKSPACE);
  const packages = await workspacePackages(tree.root);
  assertEquals(packages.map(({ name }) => name), ["@x/app", "@x/lib"]);
  const [app, lib] = await Promise.all(packages.map((p) => p.snapshot()));
  assertEquals(app?.version, "0.2.0");
  assertEquals(app?.exports, { ".": "./cli.ts", "./mod": "./mod.ts" });
  assertEquals(
    [...app?.files.keys() ?? []].sort(),
    ["cli.ts", "deno.json", "mod.ts", "src/page.html"],
  );
  assertEquals(lib?.exports, { ".": "./mod.ts" });
  assertEquals([...lib?.files.keys() ?? []].sort(), ["deno.json", "mod.ts"]);
});

Deno.test("workspacePackages() rewrites bare specifiers by both import maps", async () => {
  await using tree = await tempTree(WORKSPACE);
  const [app, lib] = await Promise.all(
    (await workspacePackages(tree.root)).map((p) => p.snapshot()),
  );
  assertEquals(
    new TextDecoder().decode(app?.files.get("cli.ts")),
    `import { a } from "jsr:@x/lib@^0.1.0/part";
import "jsr:@std/toml@1.0.11/parse";
`,
  );
  assertEquals(
    new TextDecoder().decode(lib?.files.get("mod.ts")),
    `import "npm:signer@1.0.0";\nimport "jsr:@std/toml@1.0.11";\n`,
  );
  assertStringIncludes(
    new TextDecoder().decode(app?.files.get("mod.ts")),
    "./deno.json",
  );
});

Deno.test("workspacePackages() reads the files as they are now", async () => {
  await using tree = await tempTree(WORKSPACE);
  const [, lib] = await workspacePackages(tree.root);
  await lib?.snapshot();
  await Deno.writeTextFile(join(tree.root, "lib/mod.ts"), "changed");
  const { files } = await lib?.snapshot() ?? {};
  assertEquals(new TextDecoder().decode(files?.get("mod.ts")), "changed");
});

Deno.test("workspacePackages() names the file that is missing or incomplete", async () => {
  await using empty = await tempTree({});
  await assertRejects(
    () => workspacePackages(empty.root),
    Error,
    `Cannot read ${join(empty.root, "deno.json")}`,
  );
  await using bare = await tempTree({ "deno.json": { name: "@x/y" } });
  const [item] = await workspacePackages(bare.root);
  await assertRejects(
    async () => await item?.snapshot(),
    Error,
    "has no version; add it",
  );
});
