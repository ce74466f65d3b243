import { assert, assertEquals, assertRejects } from "@std/assert";
import { withApp } from "../../../tests/support/temp_app.ts";
import { denoHost } from "../../host_deno.ts";
import { type PackOptions, packRelease } from "../pack/pack.ts";

/** What a release of an app in a repository holds. */
async function packed(
  files: Readonly<Record<string, string>>,
  folder = "",
  options: Partial<PackOptions> = {},
  prepare: (root: string) => Promise<void> = async () => {},
) {
  return await withApp(files, async (repository) => {
    await prepare(repository);
    using host = denoHost();
    const release = await packRelease(
      { root: `${repository}/${folder}`, app: "shop", ...options },
      host,
    );
    await release.dispose();
    const { manifest, notes } = release;
    return { manifest, notes, paths: Object.keys(manifest.files) };
  });
}

Deno.test("T9: an app that imports from beside its folder is packed from the folder that holds both", async () => {
  const { manifest, notes, paths } = await packed({
    "server/deno.json": `{ "version": "1.0.0" }`,
    "server/main.ts": `import { x } from "../shared/x.ts"; console.log(x);`,
    "server/fly.toml": `app = "shop"`,
    "server/page.html": "<p>",
    "shared/x.ts": `export * from "./deep/y.ts"; export const x = 1;`,
    "shared/deep/y.ts": "export const y = 1;",
    "shared/words.json": "{}",
    "shared/x_test.ts": "",
    "client/app.ts": "document;",
    "README.md": "",
  }, "server");
  assertEquals(paths, [
    "server/deno.json",
    "server/fly.toml",
    "server/main.ts",
    "server/page.html",
    "shared/deep/y.ts",
    "shared/words.json",
    "shared/x.ts",
  ]);
  assertEquals(manifest.entries, ["server/main.ts"]);
  assertEquals(manifest.appFolder, "server");
  assertEquals(manifest.modules["server/main.ts"]?.static, ["shared/x.ts"]);
  assertEquals(Object.keys(manifest.analysis ?? {}).sort(), [
    "server/main.ts",
    "shared/deep/y.ts",
    "shared/x.ts",
  ]);
  assertEquals(Object.keys(manifest.config).sort(), [
    "server/deno.json",
    "server/fly.toml",
  ]);
  assertEquals(notes.filter((it) => it.includes(`"root": ".."`)).length, 1);
});

Deno.test("T9: a workspace above the app comes with its configuration, its lock file and the members reached", async () => {
  const { manifest, paths } = await packed({
    "deno.json": `{ "workspace": ["apps/web", "packages/*"] }`,
    "deno.lock":
      `{ "version": "5", "specifiers": { "npm:zod@4": "4.0.6" }, "npm": { "zod@4.0.6": {} } }`,
    "apps/web/deno.json":
      `{ "name": "@me/web", "flyhot": { "root": "../.." } }`,
    "apps/web/main.ts": `import "@me/ui";`,
    "apps/other/main.ts": "",
    "packages/ui/deno.json": `{ "name": "@me/ui", "exports": "./mod.ts" }`,
    "packages/ui/mod.ts": `import "npm:zod@4"; import "../../top.ts";`,
    "packages/unused/deno.json": `{ "name": "@me/unused" }`,
    "packages/unused/mod.ts": "",
    "top.ts": "",
  }, "apps/web");
  assertEquals(paths, [
    "apps/web/deno.json",
    "apps/web/main.ts",
    "deno.json",
    "deno.lock",
    "packages/ui/deno.json",
    "packages/ui/mod.ts",
    "top.ts",
  ]);
  assertEquals(manifest.packages?.["npm:zod@4"]?.exact, "npm:zod@4.0.6");
  assertEquals(manifest.modules["apps/web/main.ts"]?.specifiers, {
    "@me/ui": "packages/ui/mod.ts",
  });
});

Deno.test("T8: aliases and members of a package.json pack, named one by one or by a pattern", async () => {
  for (
    const workspaces of [`["lib"]`, `["./l*"]`, `{ "packages": ["lib/"] }`]
  ) {
    const { manifest, paths } = await packed({
      "package.json":
        `{ "imports": { "#one": "./src/x.ts" }, "workspaces": ${workspaces}, "dependencies": { "zod": "^4" } }`,
      "lib/package.json":
        `{ "name": "@me/lib", "exports": { ".": "./mod.js" } }`,
      "lib/mod.js": "export const lib = 1;",
      "src/x.ts": `import "zod"; export const x = 1;`,
      "main.ts": `import "#one"; import "@me/lib";`,
    });
    assert(paths.includes("lib/mod.js"), workspaces);
    assertEquals(manifest.modules["main.ts"]?.specifiers, {
      "#one": "src/x.ts",
      "@me/lib": "lib/mod.js",
    });
    assertEquals(manifest.modules["src/x.ts"]?.external, ["npm:zod@^4"]);
    assert(Object.hasOwn(manifest.config, "lib/package.json"), workspaces);
  }
});

Deno.test("T8, T9: a workspace above the app that only a package.json tells of comes with the members reached", async () => {
  for (
    const workspaces of [
      `["apps/*", "packages/*"]`,
      `["apps/web", "./packages/lib", "packages/deep/er"]`,
      `["**"]`,
    ]
  ) {
    const { manifest, paths } = await packed({
      "package.json":
        `{ "name": "all", "workspaces": ${workspaces}, "dependencies": { "zod": "^4" } }`,
      "packages/lib/package.json":
        `{ "name": "@me/lib", "type": "module", "exports": { ".": "./mod.js", "./sub/*": "./src/*.js" }, "dependencies": { "hono": "^4" } }`,
      "packages/lib/mod.js":
        `import "hono"; import "zod"; import "./inner.js"; export const lib = 1;`,
      "packages/lib/inner.js": "export {};",
      "packages/lib/src/y.js": "export const y = 1;",
      "packages/other/package.json": `{ "name": "@me/other" }`,
      "packages/other/index.js": "export {};",
      "apps/web/package.json":
        `{ "name": "web", "type": "module", "dependencies": { "@me/lib": "workspace:*" } }`,
      "apps/web/main.ts":
        `import { lib } from "@me/lib"; import { y } from "@me/lib/sub/y"; console.log(lib, y);`,
    }, "apps/web");
    assertEquals(paths, [
      "apps/web/main.ts",
      "apps/web/package.json",
      "package.json",
      "packages/lib/inner.js",
      "packages/lib/mod.js",
      "packages/lib/package.json",
      "packages/lib/src/y.js",
    ], workspaces);
    assertEquals(manifest.modules["apps/web/main.ts"]?.specifiers, {
      "@me/lib": "packages/lib/mod.js",
      "@me/lib/sub/y": "packages/lib/src/y.js",
    });
    assertEquals(manifest.modules["packages/lib/mod.js"]?.external, [
      "npm:hono@^4",
      "npm:zod@^4",
    ]);
    assert(Object.hasOwn(manifest.config, "packages/lib/package.json"));
  }
  // A package.json above that names other members is somebody else's.
  const alone = await packed({
    "package.json": `{ "workspaces": ["packages/*"] }`,
    "apps/web/package.json": `{ "name": "web" }`,
    "apps/web/main.ts": "export {};",
  }, "apps/web");
  assertEquals(alone.paths, ["main.ts", "package.json"]);
});

Deno.test("T10: what a module imports is packed whatever it is called, and what is left out is said once", async () => {
  const { notes, paths } = await packed({
    "main.ts":
      `import "./.env.ts"; import "./x_test.ts"; import text from "./words.db" with { type: "text" }; console.log(text);`,
    ".env.ts": "export {};",
    "x_test.ts": "export {};",
    "words.db": "words",
    ".env": "SECRET=1",
    "app.db": "",
    "y_test.ts": "",
    "LICENSE": "",
    "NOTES.md": "",
  });
  assertEquals(paths, [
    ".env.ts",
    "NOTES.md",
    "main.ts",
    "words.db",
    "x_test.ts",
  ]);
  assertEquals(notes, [
    `left out, because they look like secrets or databases: .env, app.db ("include" takes them in)`,
    `left out, because only those who work on the app need them: LICENSE, y_test.ts ("include" takes them in)`,
  ]);
});

Deno.test("a generated module that git ignores is packed where the app imports it", async () => {
  const { paths } = await packed(
    {
      ".gitignore": "/generated/\n/notes.txt\n",
      "generated/routes.ts": `export const routes = [];`,
      "generated/unused.ts": "",
      "notes.txt": "",
      "main.ts": `import "./generated/routes.ts";`,
    },
    "",
    { gitIgnored: true },
    async (root) => {
      const { success } = await new Deno.Command("git", {
        args: ["init", "--quiet"],
        cwd: root,
      }).output();
      assert(success);
    },
  );
  assertEquals(paths, ["generated/routes.ts", "main.ts"]);
});

Deno.test("packing takes as long as there is to pack: four times the modules, not much more than four times as long", async () => {
  const files = (count: number) => ({
    "main.ts": `import "./m/x${count - 1}.ts";`,
    ...Object.fromEntries(
      Array.from({ length: count }, (_, at) => [
        `m/x${at}.ts`,
        `${at > 0 ? `import "./x${at - 1}.ts";\n` : ""}${
          `export const f = (x: number) => x > 3 ? x : { x };\n`
            .replace("f", `f${at}`).repeat(1)
        }${"// a comment that stands here\n".repeat(20)}`,
      ]),
    ),
  });
  const time = async (count: number) => {
    const began = performance.now();
    const { paths } = await packed(files(count));
    assertEquals(paths.length, count + 1);
    return performance.now() - began;
  };
  await time(20);
  let small = await time(100);
  let large = await time(400);
  // What takes long each time is the packing; a stall of the computer is not.
  for (let again = 0; again < 4 && large >= 8 * small; again++) {
    small = Math.max(small, await time(100));
    large = Math.min(large, await time(400));
  }
  assert(large < 8 * small, `${large} against ${small}`);
});

const LINKED = {
  "outside/x.ts": `export { y as x } from "./y.ts";`,
  "outside/y.ts": "export const y = 1;",
  "apps/server/deno.json": "{}",
  "apps/server/y.ts": "export const y = 2;",
  "apps/server/real/x.ts": `export { y as x } from "./y.ts";`,
  "apps/server/real/y.ts": "export const y = 3;",
  "apps/server/real/words.txt": "not a module",
};

Deno.test("T9: a module behind a link is packed at the path that Deno calls it by, wherever the link leads", async () => {
  for (
    const [link, to, specifier, modules, note] of [
      ["linked.ts", "real/x.ts", "./linked.ts", ["linked.ts", "y.ts"], ""],
      [
        "linked",
        "real",
        "./linked/x.ts",
        ["linked/x.ts", "linked/y.ts"],
        "linked is a link",
      ],
      [
        "linked.ts",
        "../../outside/x.ts",
        "./linked.ts",
        ["linked.ts", "y.ts"],
        "",
      ],
      ["linked", "../../outside", "./linked/x.ts", [
        "linked/x.ts",
        "linked/y.ts",
      ], "linked is a link"],
      [
        "deep",
        "linked_too",
        "./deep/x.ts",
        ["deep/x.ts", "deep/y.ts"],
        "deep is a link",
      ],
    ] as const
  ) {
    const { manifest, paths, notes } = await packed(
      {
        ...LINKED,
        "apps/server/main.ts":
          `import { x } from "${specifier}"; console.log(x);`,
      },
      "apps/server",
      {},
      async (root) => {
        await Deno.symlink("real", `${root}/apps/server/linked_too`);
        await Deno.symlink(to, `${root}/apps/server/${link}`);
      },
    );
    assertEquals(Object.keys(manifest.modules), ["main.ts", ...modules].sort());
    // What nothing imports stays where it is.
    assertEquals(paths.filter((path) => path.startsWith("linked/w")), []);
    assertEquals(manifest.files[modules[0]]?.kind, "module");
    assert(manifest.analysis?.[modules[0]]?.exports?.x);
    assertEquals(
      notes.some((it) => it.startsWith(note || `${link} is`)),
      note !== "",
      notes.join(),
    );
  }
});

Deno.test("a main module that is a link is packed, and one behind a link that is ignored is refused by name", async () => {
  const { manifest } = await packed(
    { "src/start.ts": `import "./x.ts";`, "x.ts": "export {};" },
    "",
    { entries: ["main.ts"] },
    (root) => Deno.symlink("src/start.ts", `${root}/main.ts`),
  );
  assertEquals(Object.keys(manifest.modules), ["main.ts", "x.ts"]);
  const error = await assertRejects(
    () =>
      packed(
        {
          ...LINKED,
          "apps/server/.dockerignore": "linked\n",
          "apps/server/main.ts": `import "./linked/x.ts";`,
        },
        "apps/server",
        {},
        (root) => Deno.symlink("real", `${root}/apps/server/linked`),
      ),
    Error,
  );
  assert(
    error.message.startsWith(
      "Cannot pack main.ts: it imports linked/x.ts, which is left out",
    ),
    error.message,
  );
});
