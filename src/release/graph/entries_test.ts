import { assertEquals } from "@std/assert";
import { type EntrySources, findEntries, scriptsOf } from "./entries.ts";

function find(sources: Partial<EntrySources>, ...files: string[]) {
  return findEntries({
    root: "/work/app",
    denoJson: null,
    flyToml: null,
    dockerfile: null,
    has: (path) => files.includes(path),
    ...sources,
  });
}

Deno.test("findEntries() takes the first source that names files of the app", () => {
  const sources = {
    denoJson: {
      flyhot: { entry: ["a.ts"] },
      tasks: { start: "deno run d.ts" },
    },
    flyToml: `[processes]\n  app = "deno run -A b.ts"`,
    dockerfile: `FROM deno\nCMD ["run", "-A", "c.ts"]`,
  };
  const all = ["a.ts", "b.ts", "c.ts", "d.ts", "main.ts"];
  const found = all.map((_, gone) => find(sources, ...all.slice(gone)));
  assertEquals(found, [
    { entries: ["a.ts"], origin: `deno.json "flyhot".entry` },
    { entries: ["b.ts"], origin: "fly.toml [processes]" },
    { entries: ["c.ts"], origin: "Dockerfile" },
    { entries: ["d.ts"], origin: "deno.json tasks.start" },
    { entries: ["main.ts"], origin: "main.ts" },
  ]);
  assertEquals(find(sources), null);
  assertEquals(find({}), null);
});

Deno.test("findEntries() takes a task that develops, and what deno.json exports, where nothing else is named", () => {
  const denoJson = {
    exports: { ".": "./lib.ts", "./x": "./x.ts" },
    tasks: {
      build: "deno run -A build.ts",
      dev: { command: "deno run -A --watch src/server.ts" },
    },
  };
  const all = ["build.ts", "lib.ts", "src/server.ts", "x.ts"];
  assertEquals(find({ denoJson }, ...all), {
    entries: ["src/server.ts"],
    origin: "deno.json tasks.dev",
  });
  assertEquals(find({ denoJson }, "build.ts", "lib.ts", "x.ts"), {
    entries: ["lib.ts"],
    origin: "deno.json exports",
  });
  assertEquals(find({ denoJson }, "main.ts", ...all)?.entries, ["main.ts"]);
});

Deno.test("T14: findEntries() takes scripts and main of package.json, and usual names, where nothing else is named", () => {
  const packageJson = {
    main: "lib.js",
    scripts: { start: "deno run -A server.ts", dev: "deno run a.ts" },
  };
  assertEquals(find({ packageJson }, "server.ts", "lib.js", "index.ts"), {
    entries: ["server.ts"],
    origin: "package.json scripts.start",
  });
  // A task of the same name comes first, as deno task has it.
  assertEquals(
    find(
      { packageJson, denoJson: { tasks: { start: "deno run b.ts" } } },
      "server.ts",
      "b.ts",
    ),
    { entries: ["b.ts"], origin: "deno.json tasks.start" },
  );
  assertEquals(
    find(
      { packageJson, dockerfile: `FROM deno\nCMD ["deno", "task", "start"]` },
      "server.ts",
    ),
    { entries: ["server.ts"], origin: "Dockerfile" },
  );
  assertEquals(find({ packageJson }, "lib.js", "index.ts"), {
    entries: ["lib.js"],
    origin: "package.json main",
  });
  const usual = (...files: string[]) => find({}, ...files)?.entries;
  assertEquals(usual("x.ts", "index.ts", "main.tsx.bak"), ["index.ts"]);
  assertEquals(usual("x.ts", "src/main.ts", "server.js"), ["server.js"]);
  assertEquals(usual("x.ts", "src/server.ts", "src/index.ts"), [
    "src/server.ts",
  ]);
  assertEquals(usual("x.ts", "lib/main.ts"), undefined);
});

Deno.test("findEntries() finds the main module of every process group", () => {
  const flyToml = `
app = "my-app"
[processes]
  web = "task start"
  work = ["deno", "run", "-A", "./src/work.ts"]
  cron = "/usr/bin/supercronic /app/crontab"
  self = ""
[[vm]]
  size = "shared-cpu-1x"
`;
  const denoJson = {
    tasks: { start: { command: "deno serve --port 8080 web.ts" } },
  };
  assertEquals(
    find({ flyToml, denoJson }, "web.ts", "src/work.ts")?.entries,
    ["src/work.ts", "web.ts"],
  );
  assertEquals(find({ flyToml: "[processes" }, "main.ts")?.origin, "main.ts");
});

Deno.test("findEntries() reads the last stage of a Dockerfile", () => {
  const dockerfile = (text: string) =>
    find({ dockerfile: text }, "main.ts", "other.ts", "server.ts")?.entries;
  assertEquals(
    dockerfile(
      'FROM a\nCMD deno run other.ts\nFROM b\nWORKDIR /srv\n# CMD x.ts\nENTRYPOINT ["deno", \\\n  "run"]\nCMD ["-A", "/srv/server.ts"]\n',
    ),
    ["server.ts"],
  );
  assertEquals(
    dockerfile(
      `FROM a\ncmd sh -c "deno cache other.ts && exec deno run -A ./server.ts"`,
    ),
    ["server.ts"],
  );
  assertEquals(dockerfile("FROM a\nCMD other.ts\nFROM b\n"), ["main.ts"]);
  assertEquals(dockerfile("FROM a\nCMD deno run /work/app/server.ts"), [
    "server.ts",
  ]);
  assertEquals(dockerfile("FROM a\nCMD deno run /app/server.ts"), [
    "server.ts",
  ]);
});

Deno.test("scriptsOf() finds the script after each deno, through tasks and past flags", () => {
  const cases: [command: string, scripts: string[]][] = [
    ["deno run -A main.ts --config x.ts", ["main.ts"]],
    ["deno run --preload setup.ts main.ts", ["main.ts"]],
    ["deno run --import-map=x.json main.mjs", ["main.mjs"]],
    ["deno serve app.tsx", ["app.tsx"]],
    // What has ended by then is not a main module.
    ["deno a.ts && deno b.ts; deno c.js", ["c.js"]],
    ["deno a.ts & exec deno b.ts", ["a.ts", "b.ts"]],
    ["deno a.ts || deno b.ts", ["a.ts", "b.ts"]],
    ["if x; then exec deno a.ts; fi; exec deno b.ts", ["a.ts", "b.ts"]],
    ["# deno a.ts\ndeno b.ts \\\n --c c.ts > x.log 2>&1", ["b.ts"]],
    ["sh -c 'deno run a.ts; deno run b.ts'", ["b.ts"]],
    ["concurrently 'deno run a.ts' \"deno run b.ts\"", ["a.ts", "b.ts"]],
    ["run -A main.ts", ["main.ts"]],
    ["deno run -A -r main.ts", ["main.ts"]],
    ["deno run -A --env-file main.ts", ["main.ts"]],
    ["node -r ./first.js server.js", ["server.js"]],
    ["nginx -g daemon", []],
    ["deno run jsr:@std/http/file-server", []],
    ["deno task serve", ["web.ts"]],
    ["deno task loop", ["web.ts"]],
    ["deno task gone", []],
    ["deno task --quiet serve", ["web.ts"]],
    ["deno task --cwd src -q serve", ["web.ts"]],
    ["PORT=1 deno -q task --config x.json chain a.ts", ["web.ts"]],
    ["", []],
  ];
  const tasks: Record<string, string> = {
    serve: "deno run web.ts",
    loop: "deno task loop && deno task serve",
    chain: "exec deno task --quiet serve",
  };
  for (const [command, scripts] of cases) {
    assertEquals(
      scriptsOf(command, (name) => tasks[name] ?? ""),
      scripts,
      command,
    );
  }
});
