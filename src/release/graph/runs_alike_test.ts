import { assert, assertEquals } from "@std/assert";
import { withApp } from "../../../tests/support/temp_app.ts";
import { denoHost } from "../../host_deno.ts";
import { packRelease } from "../pack/pack.ts";

interface Layout {
  readonly files: Readonly<Record<string, string>>;
  /** The app's folder under that of the repository. */
  readonly folder?: string;
  readonly git?: boolean;
}

const SHOWS = `import { x } from "./x.ts"; console.log(x);`;

/** Repositories whose apps reach what they reach in other ways than by plain imports. */
const LAYOUTS: Readonly<Record<string, Layout>> = {
  "an import map above the app": {
    folder: "app",
    files: {
      "app/deno.json": `{ "importMap": "../maps/map.json" }`,
      "app/main.ts": `import { x } from "$lib/x.ts"; console.log(x);`,
      "maps/map.json": `{ "imports": { "$lib/": "../lib/" } }`,
      "lib/x.ts": "export const x = 1;",
    },
  },
  "an import map that the workspace above names": {
    folder: "apps/web",
    files: {
      "deno.json": `{ "workspace": ["apps/web"], "importMap": "./map.json" }`,
      "map.json": `{ "imports": { "$lib/": "./lib/" } }`,
      "apps/web/deno.json": "{}",
      "apps/web/main.ts": `import { x } from "$lib/x.ts"; console.log(x);`,
      "lib/x.ts": "export const x = 1;",
    },
  },
  "a worker beside the app": {
    folder: "app",
    files: {
      "app/deno.json": "{}",
      "app/main.ts":
        `const w = new Worker(new URL("../workers/w.ts", import.meta.url), { type: "module" });
         w.onmessage = ({ data }) => { console.log(data); w.terminate(); };`,
      "workers/w.ts": `import { x } from "../words/x.ts"; postMessage(x);`,
      "words/x.ts": "export const x = 7;",
    },
  },
  "modules beside the app that only a run names": {
    folder: "app",
    files: {
      "app/deno.json": "{}",
      "app/main.ts":
        "const name = `x`; console.log((await import(`../plugins/${name}.ts`)).x);",
      "plugins/x.ts": `export { y as x } from "./deep/y.ts";`,
      "plugins/deep/y.ts": "export const y = 2;",
    },
  },
  "a file beside the app, under a root that is named": {
    folder: "app",
    files: {
      "app/deno.json": `{ "flyhot": { "root": ".." } }`,
      "app/main.ts":
        `console.log(Deno.readTextFileSync(new URL("../data/words.txt", import.meta.url)));`,
      "data/words.txt": "hello",
    },
  },
  "a file that git ignores, as it is built": {
    git: true,
    files: {
      ".gitignore": "dist/\n",
      "main.ts":
        `console.log(Deno.readTextFileSync(new URL("./dist/app.js", import.meta.url)));`,
      "dist/app.js": "built",
    },
  },
  "a package that imports itself": {
    files: {
      "package.json": `{ "name": "shop", "exports": { "./*": "./lib/*.ts" } }`,
      "main.ts": `import { x } from "shop/x"; console.log(x);`,
      "lib/x.ts": "export const x = 3;",
    },
  },
  "bytes beside the app that are not text": {
    folder: "app",
    files: {
      "app/deno.json": `{ "unstable": ["raw-imports"] }`,
      "app/main.ts":
        `import bytes from "../logo.bin" with { type: "bytes" }; console.log(bytes.length);`,
      "logo.bin": "\0\u{1f600}",
    },
  },
  "imports without endings": {
    files: {
      "deno.json": `{ "unstable": ["sloppy-imports"] }`,
      "main.ts": `import { x } from "./lib"; console.log(x);`,
      "lib/index.ts": `export { x } from "./x";`,
      "lib/x.ts": "export const x = 4;",
    },
  },
  "a link to a local package": {
    folder: "app",
    files: {
      "app/deno.json":
        `{ "links": ["../lib"], "imports": { "@me/lib": "jsr:@me/lib@1" } }`,
      "app/main.ts": `import { x } from "@me/lib"; console.log(x);`,
      "lib/deno.json":
        `{ "name": "@me/lib", "version": "1.0.0", "exports": "./mod.ts" }`,
      "lib/mod.ts": "export const x = 5;",
    },
  },
  "a module that tests own": {
    files: {
      "main.ts": SHOWS.replace("./x.ts", "./tests/x.ts"),
      "tests/x.ts": "export const x = 6;",
    },
  },
};

async function outputOf(folder: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", "main.ts"],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

for (
  const [name, { files, folder = "", git = false }] of Object.entries(LAYOUTS)
) {
  Deno.test(`T8, T9: what is packed runs as what it was packed from: ${name}`, async () => {
    await withApp(files, async (repository) => {
      if (git) {
        await new Deno.Command("git", { args: ["init", "-q"], cwd: repository })
          .output();
      }
      const app = `${repository}/${folder}`;
      using host = denoHost();
      const release = await packRelease(
        { root: app, app: "shop", gitIgnored: git },
        host,
      );
      await withApp({}, async (out) => {
        const { success } = await new Deno.Command("tar", {
          args: ["xzf", release.path, "-C", out],
        }).output();
        assert(success);
        assertEquals(
          await outputOf(`${out}/${release.manifest.appFolder ?? ""}`),
          await outputOf(app),
        );
      });
      await release.dispose();
    });
  });
}

async function notesOf(
  files: Readonly<Record<string, string>>,
  folder: string,
  git = false,
): Promise<readonly string[]> {
  return await withApp(files, async (repository) => {
    if (git) {
      await new Deno.Command("git", { args: ["init", "-q"], cwd: repository })
        .output();
    }
    using host = denoHost();
    const release = await packRelease(
      { root: `${repository}/${folder}`, app: "shop", gitIgnored: git },
      host,
    );
    await release.dispose();
    return release.notes;
  });
}

Deno.test("T9: what is named and left out is said: above the app, above its lock file, ignored by git", async () => {
  assertEquals(
    await notesOf({
      "app/main.ts":
        `new URL("../data/words.txt", import.meta.url); new URL("../gone.txt", import.meta.url);`,
      "data/words.txt": "hello",
    }, "app"),
    [
      `../data/words.txt is named by a module and not part of the release ("flyhot": { "root": ".." } in the app's deno.json takes it in, if the image holds it at the same place)`,
    ],
  );
  const workspace = {
    "deno.json": `{ "workspace": ["apps/web"] }`,
    "apps/web/deno.json": "{}",
    "apps/web/main.ts": `import "npm:zod@4";`,
  };
  assertEquals(await notesOf(workspace, "apps/web"), []);
  assertEquals(
    await notesOf(
      { ...workspace, "deno.lock": `{ "version": "5" }` },
      "apps/web",
    ),
    [
      `../../deno.lock of the workspace is not part of the release, so that nobody can tell which packages it chooses ("flyhot": { "root": "../.." } in the app's deno.json takes it in, if the image holds the workspace too)`,
    ],
  );
  const notes = await notesOf(
    {
      ".gitignore": "dist/\ncoverage/\nlogs/\n",
      "main.ts": `serve({ fsRoot: "dist" });`,
      "dist/app.js": "built",
      "logs/x.log": "",
    },
    "",
    true,
  );
  assertEquals(
    notes.filter((it) => it.includes("git ignores")),
    [`left out, because git ignores it: dist ("include" takes it in)`],
  );
});
