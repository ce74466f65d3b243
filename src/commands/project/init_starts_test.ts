import { assert, assertEquals } from "@std/assert";
import { VERSION } from "../../version.ts";
import {
  type Files,
  FLY,
  init,
  PRELOAD,
  PREPARE,
} from "./init_preload_fixture_test.ts";

const SERVE = `jsr:@flyhot/runtime@${VERSION}/serve`;

/** An app as it is before, and the lines that flyhot init writes into its files. */
interface Start {
  readonly what: string;
  readonly files: Files;
  readonly entries: readonly string[];
  /** New lines by file. */
  readonly added: Readonly<Record<string, readonly string[]>>;
  readonly steps?: readonly RegExp[];
  readonly notes?: readonly RegExp[];
}

const APP = "Deno.serve(() => new Response());\n";
const IMAGE = "FROM denoland/deno:2.9.6\nWORKDIR /app\nCOPY . .\n";
const cached = (main: string, specifier = PRELOAD) => [
  `RUN deno cache --no-lock ${specifier}`,
  `RUN deno run -A --no-lock ${PREPARE} ${main}`,
];
const TASK = /^the task \w+ stays as it is/;

const STARTS: readonly Start[] = [
  {
    what: "an ENTRYPOINT with the command, and a CMD with the main module",
    files: {
      "main.ts": APP,
      "Dockerfile":
        `${IMAGE}ENTRYPOINT ["/bin/deno", "run", "-A"]\nCMD ["main.ts", "-v"]\n`,
    },
    entries: ["main.ts"],
    added: {
      "Dockerfile": [
        ...cached("main.ts"),
        `CMD ["--preload", "${PRELOAD}", "main.ts", "-v"]`,
      ],
    },
  },
  {
    what: "an ENTRYPOINT with all of it, and a CMD that the app is given",
    files: {
      "main.ts": APP,
      "Dockerfile":
        `${IMAGE}CMD ["--port", "80"]\nENTRYPOINT ["deno", "run", "-A", "main.ts"]\n`,
    },
    entries: ["main.ts"],
    added: {
      "Dockerfile": [
        ...cached("main.ts"),
        `ENTRYPOINT ["deno", "run", "-A", "--preload", "${PRELOAD}", "main.ts"]`,
      ],
    },
  },
  {
    what: "deno serve over an ENTRYPOINT and a CMD",
    files: {
      "main.ts": "export default { fetch: () => new Response() };\n",
      "Dockerfile":
        `${IMAGE}ENTRYPOINT ["deno", "serve", "-A", "--port=80"]\nCMD ["main.ts"]\n`,
    },
    entries: ["main.ts"],
    added: {
      "Dockerfile": [
        ...cached("main.ts", SERVE),
        `ENTRYPOINT ["deno", "run", "-A", "${SERVE}"]`,
        `CMD ["main.ts", "--port=80"]`,
      ],
    },
  },
  {
    what: "the entry point of the base image, written out",
    files: {
      "main.ts": APP,
      "Dockerfile":
        `${IMAGE}ENTRYPOINT ["/tini", "--", "docker-entrypoint.sh"]\nCMD ["run", "-A", "main.ts"]\n`,
    },
    entries: ["main.ts"],
    added: {
      "Dockerfile": [
        ...cached("main.ts"),
        `CMD ["run", "-A", "--preload", "${PRELOAD}", "main.ts"]`,
      ],
    },
  },
  {
    what: "deno without a subcommand",
    files: {
      "main.ts": APP,
      "Dockerfile":
        `${IMAGE}CMD ["deno", "--config", "deno.json", "main.ts"]\n`,
    },
    entries: ["main.ts"],
    added: {
      "Dockerfile": [
        ...cached("main.ts"),
        `CMD ["deno", "run", "--config", "deno.json", "--preload", "${PRELOAD}", "main.ts"]`,
      ],
    },
    notes: [/does not allow all/],
  },
  {
    what: "a task that watches files, and a script that does",
    files: {
      "src/main.ts": APP,
      "work.ts": "setInterval(() => {}, 9);\n",
      "work.sh": "deno run --watch -A work.ts --watch\n",
      "deno.json": '{ "tasks": { "start": "deno -A --watch src/main.ts" } }',
      "fly.toml":
        `${FLY}[processes]\nweb = "deno task start"\nwork = "sh work.sh"\n`,
      "Dockerfile": IMAGE,
    },
    entries: ["src/main.ts", "work.ts"],
    added: {
      "fly.toml": [
        `web = "deno run -A --preload ${PRELOAD} src/main.ts"`,
      ],
      "work.sh": [`deno run -A --preload ${PRELOAD} work.ts --watch`],
      "Dockerfile": cached("src/main.ts"),
    },
    notes: [TASK, /^--watch goes from .* web starts/, /^--watch goes from/],
  },
  {
    what: "a script for a shell, after a migration",
    files: {
      "app/main.ts": APP,
      "migrate.ts": "export {};\n",
      "start.sh":
        '#!/bin/sh\nset -e\n# deno run old.ts\ndeno run -A migrate.ts\nexec deno run -A \\\n  app/main.ts "$@"\n',
      "Dockerfile": `${IMAGE}RUN chmod +x start.sh\nCMD ["./start.sh"]\n`,
    },
    entries: ["app/main.ts"],
    added: {
      "start.sh": [`  --preload ${PRELOAD} app/main.ts "$@"`],
      "Dockerfile": cached("app/main.ts"),
    },
  },
  {
    what: "a script that is copied elsewhere, and another program in it",
    files: {
      "src/main.ts": APP,
      "run":
        '#!/usr/bin/env bash\nif [ ! -f /data/db ]; then\n  litestream restore /data/db\nfi\nexec litestream replicate -exec "deno run -A src/main.ts"\n',
      "Dockerfile":
        `${IMAGE}COPY run /usr/local/bin/run\nENTRYPOINT ["/usr/local/bin/run"]\n`,
    },
    entries: ["src/main.ts"],
    added: {
      "run": [
        `exec litestream replicate -exec "deno run -A --preload ${PRELOAD} src/main.ts"`,
      ],
      "Dockerfile": cached("src/main.ts"),
    },
  },
  {
    what: "a script that serves, and one of several main modules",
    files: {
      "web.ts": "export default { fetch: () => new Response() };\n",
      "work.ts": "setInterval(() => {}, 9);\n",
      "start.sh":
        'if [ "$1" = work ]; then exec deno run -A work.ts; fi\nexec deno serve -A --port "$PORT" web.ts\n',
      "Dockerfile": `${IMAGE}CMD ["sh", "start.sh"]\n`,
    },
    entries: ["web.ts", "work.ts"],
    added: {
      "start.sh": [
        `if [ "$1" = work ]; then exec deno run -A --preload ${PRELOAD} work.ts; fi`,
        `exec deno run -A ${SERVE} web.ts --port "$PORT"`,
      ],
      "Dockerfile": [
        `RUN deno cache --no-lock ${SERVE}`,
        `RUN deno cache --no-lock ${PRELOAD}`,
      ],
    },
  },
  {
    what: "a shell within a list",
    files: {
      "main.ts": APP,
      "migrate.ts": "export {};\n",
      "Dockerfile":
        `${IMAGE}CMD ["sh", "-c", "deno run -A migrate.ts && deno run -A main.ts --name \\"x y\\""]\n`,
    },
    entries: ["main.ts"],
    added: {
      "Dockerfile": [
        ...cached("main.ts"),
        `CMD ["sh", "-c", "deno run -A migrate.ts && deno run -A --preload ${PRELOAD} main.ts --name \\"x y\\""]`,
      ],
    },
  },
  {
    what: "a task of more than one command",
    files: {
      "main.ts": APP,
      "migrate.ts": "export {};\n",
      "deno.json":
        '{ "tasks": { "start": "deno run -A migrate.ts && deno run -A main.ts" } }',
      "Dockerfile": `${IMAGE}CMD ["task", "start"]\n`,
    },
    entries: ["main.ts"],
    added: {
      "Dockerfile": [
        ...cached("main.ts"),
        `CMD deno run -A migrate.ts && deno run -A --preload ${PRELOAD} main.ts`,
      ],
    },
    notes: [TASK],
  },
  {
    what: "node in a script of package.json, which is Deno there",
    files: {
      "index.js":
        "import http from 'node:http';\nhttp.createServer().listen(80);\n",
      "package.json":
        '{ "type": "module", "scripts": { "start": "NODE_ENV=production node index.js" } }',
      "deno.json": '{ "nodeModulesDir": "auto" }',
      "Dockerfile": `${IMAGE}CMD ["deno", "task", "start"]\n`,
    },
    entries: ["index.js"],
    added: {
      "Dockerfile": [
        ...cached("index.js"),
        `CMD ["env", "NODE_ENV=production", "deno", "run", "-A", "--preload", "${PRELOAD}", "index.js"]`,
      ],
    },
    notes: [TASK],
  },
  {
    what: "npm start where the script is a command of Deno",
    files: {
      "index.js": APP,
      "package.json": '{ "scripts": { "start": "deno run -A index.js" } }',
      "deno.json": '{ "nodeModulesDir": "auto" }',
      "Dockerfile": `${IMAGE}RUN apt-get install -y nodejs\nCMD npm start\n`,
    },
    entries: ["index.js"],
    added: {
      "Dockerfile": [
        ...cached("index.js"),
        `CMD ["deno", "run", "-A", "--preload", "${PRELOAD}", "index.js"]`,
      ],
    },
    notes: [TASK],
  },
  {
    what: "node where the image has it, which is left to a person",
    files: {
      "index.js": APP,
      "package.json": '{ "scripts": { "start": "node index.js" } }',
      "deno.json": '{ "nodeModulesDir": "auto" }',
      "Dockerfile":
        `${IMAGE}RUN apt-get install -y nodejs\nCMD ["deno", "task", "start"]\n`,
    },
    entries: ["index.js"],
    added: {},
    steps: [/^Start the app by Deno: .* which another program starts/],
  },
  {
    what: "a compiled program, which is left to a person",
    files: {
      "main.ts": APP,
      "Dockerfile":
        `FROM denoland/deno:2.9.6 AS build\nCOPY . .\nRUN deno compile -A -o app main.ts\nFROM debian:12\nCOPY --from=build /app /app\nCMD ["/app"]\n`,
    },
    entries: ["main.ts"],
    added: {},
    steps: [/deno compile made cannot be replaced\).* CMD \["deno", "run"/],
  },
  {
    what: "a member of a workspace, by its task, in its folder",
    files: {
      "deno.json": '{ "workspace": ["./apps/api", "./lib"] }',
      "apps/api/deno.json":
        '{ "name": "@a/api", "exports": "./main.ts", "tasks": { "start": "deno run -A main.ts" } }',
      "apps/api/main.ts": APP,
      "lib/deno.json": '{ "name": "@a/lib", "exports": "./main.ts" }',
      "lib/main.ts": APP,
      "Dockerfile":
        `${IMAGE}WORKDIR /app/apps/api\nCMD ["deno", "task", "start"]\n`,
    },
    entries: ["apps/api/main.ts"],
    added: {
      "Dockerfile": [
        ...cached("main.ts"),
        `CMD ["deno", "run", "-A", "--preload", "${PRELOAD}", "main.ts"]`,
      ],
    },
    notes: [TASK],
  },
  {
    what: "another Dockerfile, as fly.toml names it, with a user",
    files: {
      "main.ts": APP,
      "fly.toml": `${FLY}[build]\ndockerfile = "./deploy/Dockerfile.prod"\n`,
      "deploy/Dockerfile.prod":
        `${IMAGE}USER deno\nCMD ["deno", "run", "-A", "main.ts"]\n`,
    },
    entries: ["main.ts"],
    added: {
      "deploy/Dockerfile.prod": [
        "COPY --chown=deno:deno . .",
        "RUN chown deno:deno /app",
        ...cached("main.ts"),
        `CMD ["deno", "run", "-A", "--preload", "${PRELOAD}", "main.ts"]`,
      ],
    },
    notes: [/^the app runs as deno \(deploy\/Dockerfile\.prod:4\), .* folder/],
  },
  {
    what: "an old Deno, copied from an image that is named by an ARG",
    files: {
      "main.ts": APP,
      "Dockerfile":
        `ARG V=1.46.3\nFROM denoland/deno:bin-$V AS deno\nFROM debian:12\nCOPY --from=deno /deno /usr/bin/deno\nCMD ["deno", "run", "-A", "main.ts"]\n`,
    },
    entries: ["main.ts"],
    added: {
      "Dockerfile": [
        ...cached("main.ts"),
        `CMD ["deno", "run", "-A", "--preload", "${PRELOAD}", "main.ts"]`,
      ],
    },
    steps: [/^Use Deno 2\.9 or later in the Dockerfile: it says 1\.46\.3\.$/],
  },
  {
    what: "process groups: a task, a script, and arguments of the ENTRYPOINT",
    files: {
      "web.ts": APP,
      "work.ts": "setInterval(() => {}, 9);\n",
      "work.sh": "exec deno run -A work.ts\n",
      "deno.json": '{ "tasks": { "web": "A=1 deno run -A web.ts" } }',
      "fly.toml":
        `${FLY}[processes]\nweb = "deno task web"\nwork = "sh work.sh"\n`,
      "Dockerfile": IMAGE,
    },
    entries: ["web.ts", "work.ts"],
    added: {
      "work.sh": [`exec deno run -A --preload ${PRELOAD} work.ts`],
      "fly.toml": [
        `web = "env A=1 deno run -A --preload ${PRELOAD} web.ts"`,
      ],
      "Dockerfile": cached("web.ts"),
    },
    notes: [TASK],
  },
];

for (const { what, files, entries, added, steps = [], notes = [] } of STARTS) {
  Deno.test(`T14: flyhot init puts the runtime into ${what}`, async () => {
    const before: Files = { "fly.toml": FLY, ...files };
    const { report, read } = await init(before);
    assertEquals(report.entries, entries);
    const found: [string, readonly string[]][] = [];
    for (const [path, text] of Object.entries(before)) {
      if (path === "deno.json") continue;
      const lines = (await read(path) ?? "").split("\n").filter((line) =>
        !text.split("\n").includes(line)
      );
      if (lines.length > 0) found.push([path, lines]);
    }
    assertEquals(Object.fromEntries(found), added);
    for (
      const [said, wanted] of [[report.steps, steps], [report.notes, notes]]
    ) {
      assertEquals(said.length, wanted.length, JSON.stringify(said));
      wanted.forEach((it: RegExp, at: number) =>
        assert(it.test(said[at]), said[at])
      );
    }
  });
}
