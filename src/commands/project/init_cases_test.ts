import { assert, assertEquals } from "@std/assert";
import { FILES, init, SERVER } from "./init_fixture_test.ts";

interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly steps: readonly RegExp[];
  readonly notes?: readonly RegExp[];
  readonly written: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name:
      "leaves code to a person that cannot be moved safely, and says why and how",
    files: { ...FILES, "main.ts": `setInterval(f, 1);\n${SERVER}` },
    steps: [
      /^Move the code of main\.ts to app\.ts and export .* not done for you: it calls setInterval\(\) when it is loaded, .*service\(\) first\.$/,
      /^Make main\.ts the boot shell, which hands requests on to app\.ts:\n {4}\/\/ The boot shell[^]* {4}\);$/,
    ],
    written: ["deno.json", ".dockerignore", ".gitignore"],
  },
  {
    name: "does not move what another module imports",
    files: {
      ...FILES,
      "main_test.ts": 'import { x } from "./main.ts";\nx();\n',
    },
    steps: [
      /not done for you: main_test\.ts imports it\.$/,
      /^Make main\.ts the boot shell/,
    ],
    written: ["deno.json", ".dockerignore", ".gitignore"],
  },
  {
    name: "warns of state in variables and of sockets",
    files: {
      ...FILES,
      "main.ts":
        "let count = 0;\nDeno.serve((r) => (count++, Deno.upgradeWebSocket(r).response));\n",
    },
    steps: [],
    notes: [
      /^the handlers of open sockets keep/,
    ],
    written: ["app.ts", "main.ts", "deno.json", ".dockerignore", ".gitignore"],
  },
  {
    name: "chooses another name where app.ts is taken, beside the main module",
    files: {
      ...FILES,
      "Dockerfile":
        'FROM denoland/deno:2.9.6\nCMD ["run", "-A", "src/main.ts"]\n',
      "src/main.ts": SERVER,
      "src/greet.ts": FILES["greet.ts"],
      "src/app.ts": "export {};\n",
    },
    steps: [],
    written: [
      "src/server.ts",
      "src/main.ts",
      "deno.json",
      ".dockerignore",
      ".gitignore",
    ],
  },
  {
    name: "moves a default export that the image serves",
    files: {
      ...FILES,
      "main.ts": "export default { fetch: () => new Response() };\n",
      "Dockerfile":
        'FROM denoland/deno:2.9.6\nCMD ["serve", "-A", "./main.ts"]\n',
    },
    steps: [],
    written: ["app.ts", "main.ts", "deno.json", ".dockerignore", ".gitignore"],
  },
  {
    name: "moves an Oak application of JSR",
    files: {
      ...FILES,
      "main.ts":
        'import { Application } from "@oak/oak";\nconst app = new Application();\nawait app.listen({ port: 80 });\n',
    },
    steps: [],
    written: ["app.ts", "main.ts", "deno.json", ".dockerignore", ".gitignore"],
  },
  {
    name: "does not move an Oak application of npm",
    files: {
      ...FILES,
      "main.ts":
        'import { Application } from "npm:@oakserver/oak@14";\nconst app = new Application();\nawait app.listen({ port: 80 });\n',
    },
    steps: [
      /not done for you: the Oak of npm answers in the way of Node\.js: use jsr:@oak\/oak\.$/,
      /^Make main\.ts the boot shell/,
    ],
    written: ["deno.json", ".dockerignore", ".gitignore"],
  },
  {
    name: "only explains what Fresh needs",
    files: {
      ...FILES,
      "main.ts":
        'import { App } from "fresh";\nexport const app = new App();\n',
    },
    steps: [
      /^Fresh builds the app into _fresh/,
      /^Take _fresh into the release/,
    ],
    written: ["deno.json", ".dockerignore", ".gitignore"],
  },
  {
    name: "asks for a live boundary where only reapply() is called",
    files: {
      ...FILES,
      "main.ts":
        'import { reapply } from "@flyhot/runtime";\nawait reapply();\n',
    },
    steps: [/^Import the app in main\.ts through live\(/],
    written: ["deno.json", ".dockerignore", ".gitignore"],
  },
  {
    name: "handles every process group, each with a module of its own",
    files: {
      ...FILES,
      "fly.toml":
        'app = "a"\n[processes]\nweb = "run -A main.ts"\nworker = "run -A worker.ts"\n',
      "worker.ts": "for (;;) await work();\n",
    },
    steps: [
      /^Move the code of worker\.ts to server\.ts .*: it does not call Deno\.serve\(\); it never ends being loaded \(an endless loop that awaits\)/,
      /^Make worker\.ts the boot shell/,
    ],
    written: ["app.ts", "main.ts", "deno.json", ".dockerignore", ".gitignore"],
  },
  {
    name: "asks for an import where an import map decides",
    files: {
      ...FILES,
      "deno.json": '{ "importMap": "./map.json", "flyhot": {} }',
      "map.json": "{}",
      "deno.lock": "{}",
    },
    steps: [/^Add to "imports" in \.\/map\.json: "@flyhot\/runtime": "jsr:/],
    written: ["app.ts", "main.ts", ".dockerignore", ".gitignore"],
  },
  {
    name: "writes into a deno.json of any shape, and tells of the lock file",
    files: {
      ...FILES,
      "deno.json": '{\n  "a": 1\n  ,\n}\n',
      "deno.lock": "{}",
    },
    steps: [],
    notes: [/^deno\.lock learns of the runtime with: deno install$/],
    written: ["app.ts", "main.ts", "deno.json", ".dockerignore", ".gitignore"],
  },
  {
    name: "asks for a newer Deno and for an app on Fly",
    files: {
      "main.ts": SERVER,
      "greet.ts": FILES["greet.ts"],
      "Dockerfile": "FROM denoland/deno:alpine-2.4.1 AS base\n",
    },
    steps: [
      /^Use Deno 2\.9 or later in the Dockerfile: it says 2\.4\.1\.$/,
      /^Make the app known to Fly: fly launch --no-deploy$/,
    ],
    written: ["app.ts", "main.ts", "deno.json", ".dockerignore"],
  },
];

for (const { name, files, steps, notes = [], written } of CASES) {
  Deno.test(`flyhot init ${name}`, async () => {
    const { code, out, read } = await init(
      { files },
      "--json",
      "--yes",
      "--boot-shell",
    );
    assertEquals(code, 0);
    const report = JSON.parse(out);
    for (
      const [found, expected] of [
        [report.steps, steps],
        [report.notes, notes],
      ]
    ) {
      assertEquals(found.length, expected.length, JSON.stringify(found));
      for (const [index, pattern] of expected.entries()) {
        assert(pattern.test(found[index]), found[index]);
      }
    }
    const edits: { path: string; content: string }[] = report.changes
      .flatMap((it: { files: unknown[] }) => it.files);
    assertEquals(edits.map(({ path }) => path), written);
    for (const { path, content } of edits) {
      assertEquals(await read(path), content);
    }
  });
}
