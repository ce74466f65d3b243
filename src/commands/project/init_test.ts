import { assert, assertEquals } from "@std/assert";
import { runMain } from "../../../tests/cli/run_main.ts";
import { VERSION } from "../../version.ts";
import { appHost, FILES, init, SERVER } from "./init_fixture_test.ts";

Deno.test("flyhot init --yes writes everything, and a second time nothing", async () => {
  const { code, out, err, host, read } = await init(
    { files: FILES },
    "--yes",
    "--boot-shell",
  );
  assertEquals([code, err], [0, ""]);
  assertEquals(
    out,
    `main.ts serves with Deno.serve.

Written:
  main.ts → app.ts
  main.ts (in place of what moved)
  deno.json
  .dockerignore (new)
  .gitignore

Then:
  fly storage create   # a bucket for releases, once
  fly deploy           # once, cold: the image that has flyhot in it
  flyhot doctor        # is everything there?
  flyhot hot           # from then on
`,
  );
  assert((await read("main.ts"))!.includes("await reapply();\n"));
  assertEquals(
    await read("app.ts"),
    `import { greet } from "./greet.ts";

export const handle: Deno.ServeHandler<Deno.NetAddr> = () => new Response(greet());
`,
  );
  assertEquals(JSON.parse((await read("deno.json"))!), {
    tasks: { start: "deno run -A main.ts" },
    imports: { "@flyhot/runtime": `jsr:@flyhot/runtime@^${VERSION}` },
    flyhot: { entry: "main.ts" },
  });
  assertEquals(await read(".dockerignore"), ".flyhot\n");
  assertEquals(await read(".gitignore"), "node_modules\n.flyhot\n");

  const again = await runMain(["init", "--yes", "--boot-shell"], host);
  assertEquals(again.code, 0);
  assert(
    again.out.endsWith(
      `main.ts serves with Deno.serve.

It is hot already: nothing to add.

2 of 3 modules of main.ts can be replaced while the app runs; not these:
  main.ts: is the main module, which runs only once
`,
    ),
    again.out,
  );
});

for (
  const [what, options, ...args] of [
    ["--non-interactive", { typed: ["y", "y", "y"] }, "--non-interactive"],
    ["nobody to ask", {}],
  ] as const
) {
  Deno.test(`flyhot init with ${what} shows the differences and writes nothing`, async () => {
    const { code, out, err, read } = await init(
      {
        files: FILES,
        ...options,
      },
      "--boot-shell",
      ...args,
    );
    assertEquals([code, err], [0, ""]);
    assert(out.includes("Would write (with --yes it does):\n"), out);
    assert(
      out.includes(`main.ts → app.ts
    import { greet } from "./greet.ts";
  
  - Deno.serve({ port: 8080 }, () => new Response(greet()));
  + export const handle: Deno.ServeHandler<Deno.NetAddr> = () => new Response(greet());
main.ts (in place of what moved)
  + // The boot shell`),
      out,
    );
    assertEquals(await read("main.ts"), SERVER);
    assertEquals(await read("app.ts"), null);
    assertEquals(await read("deno.json"), FILES["deno.json"]);
  });
}

Deno.test("flyhot init asks for each change, shows it before, and writes what was agreed to", async () => {
  const { code, out, err, read } = await init({
    files: FILES,
    typed: ["n", "y", "", "yes"],
  }, "--boot-shell");
  assertEquals(code, 0);
  assertEquals(
    err.split("\n").filter((it) => it.startsWith("? ")).length,
    4,
    err,
  );
  const question =
    "? Write app.ts and main.ts (the code of main.ts behind a live boundary)? [y/N] ";
  assert(err.indexOf("main.ts → app.ts\n") < err.indexOf(question), err);
  assert(
    err.includes(
      '+   "imports": {\n+     "@flyhot/runtime"',
    ),
    err,
  );
  assertEquals(await read("main.ts"), SERVER);
  assert((await read("deno.json"))!.includes("@flyhot/runtime"));
  assertEquals(await read(".dockerignore"), null);
  assertEquals(await read(".gitignore"), "node_modules\n.flyhot\n");
  assert(
    out.includes(`Written:
  deno.json
  .gitignore

Not written:
  main.ts → app.ts
  main.ts (in place of what moved)
  .dockerignore (new)
`),
    out,
  );
});

Deno.test("flyhot init --json answers with the plan and writes nothing without --yes", async () => {
  const given = { files: FILES, typed: ["y"] };
  const planned = await init(given, "--json", "--boot-shell");
  assertEquals(planned.err, "");
  const report = JSON.parse(planned.out);
  assertEquals(
    [report.framework, report.entries, report.steps, report.notes],
    ["deno", ["main.ts"], [], []],
  );
  assertEquals(
    report.changes.map((
      it: { written: boolean; files: { path: string }[] },
    ) => [
      it.written,
      it.files.map(({ path }) => path),
    ]),
    [
      [false, ["app.ts", "main.ts"]],
      [false, ["deno.json"]],
      [false, [".dockerignore"]],
      [false, [".gitignore"]],
    ],
  );
  assertEquals(report.changes[0].files[0].from, "main.ts");
  assertEquals(report.changes[0].files[1].exists, true);
  assertEquals(await planned.read("app.ts"), null);
  const { out, read } = await init(
    given,
    "--json",
    "--yes",
    "--boot-shell",
  );
  assert(
    JSON.parse(out).changes.every((it: { written: boolean }) => it.written),
  );
  assert(await read("app.ts") !== null);
});

Deno.test("flyhot init makes a first app where there is none", async () => {
  const { out, read } = await init(
    { files: { "fly.toml": "" } },
    "--yes",
    "--boot-shell",
  );
  assert(out.startsWith("There is no main module yet.\n"), out);
  assert(
    (await read("main.ts"))!.includes("(request) => app.handle(request),"),
  );
  assert((await read("app.ts"))!.includes('holder("visits"'));
  assertEquals(
    JSON.parse((await read("deno.json"))!).flyhot,
    { entry: "main.ts" },
  );
  assertEquals(await read(".gitignore"), null);
});

for (
  const [source, call] of [
    ["export function handle() {}", "app.handle(request)"],
    ["export const fetch = 1;", "app.fetch(request)"],
    ["export default { fetch() {} };", "app.default.fetch(request)"],
  ] as const
) {
  Deno.test(`flyhot init writes a boot shell for an app.ts with ${source}`, async () => {
    const { read } = await init(
      { files: { "app.ts": source } },
      "--yes",
      "--boot-shell",
    );
    assert((await read("main.ts"))!.includes(`(request) => ${call},`));
    assertEquals(await read("app.ts"), source);
  });
}

Deno.test("flyhot init --yes makes the folder, and without it refuses one that is not there", async () => {
  const made = await init({}, "--yes", "new-app");
  assertEquals(made.code, 0);
  assert(await made.read("new-app/main.ts") !== null);
  for (
    const [folder, message, hint] of [
      [
        "gone",
        "Cannot look at gone: there is no such folder",
        "with --yes it is made",
      ],
      ["main.ts", "Cannot look at main.ts: it is not a folder", null],
    ] as const
  ) {
    const { code, out } = await init({ files: FILES }, folder, "--json");
    assertEquals(code, 2);
    const { error } = JSON.parse(out);
    assertEquals([error.message, error.hint], [message, hint]);
  }
});

Deno.test("flyhot init refuses to write over a file that changed while it was asking", async () => {
  const host = appHost({ files: FILES, typed: [] });
  Object.assign(host, {
    stdin: {
      async readLine() {
        await host.files.write("main.ts", "// somebody else\n");
        return "y";
      },
    },
  });
  const { code, err } = await runMain(["init", "--boot-shell"], host);
  assertEquals(code, 5);
  assert(
    err.endsWith(
      "error: Cannot write main.ts: it changed since it was read\nhint: run flyhot init again\n",
    ),
    err,
  );
  assertEquals(await host.files.readText("main.ts"), "// somebody else\n");
  assertEquals(await host.files.readText("app.ts"), null);
});

Deno.test("flyhot init ends on Ctrl-C with nothing written", async () => {
  const host = appHost({ files: FILES, typed: [] });
  Object.assign(host, {
    stdin: {
      readLine(signal: AbortSignal) {
        host.interrupt();
        return Promise.reject(signal.reason);
      },
    },
  });
  const { code, err } = await runMain(["init", "--boot-shell"], host);
  assertEquals(code, 1);
  assert(err.endsWith("error: Cannot finish: interrupted\n"), err);
  assertEquals(await host.files.readText("app.ts"), null);
});

Deno.test("flyhot init breaks what it says in narrow terminals, and no line of a difference", async () => {
  const long = `export const limits = new Map<string, number>([${
    '["a", 1], '.repeat(12)
  }]);\n`;
  const files = {
    ...FILES,
    "greet.ts": long + FILES["greet.ts"],
    "Dockerfile": FILES.Dockerfile +
      `# ${"a comment that is long ".repeat(5)}\nEXPOSE 8080\n`,
  };
  const host = appHost({ files });
  Object.assign(host.stdout, { isTerminal: true });
  const { code, out } = await runMain(["init", "--dry-run"], host);
  assertEquals(code, 0);
  const broken = out.split("\n").filter((it) => it.length > 80);
  assert(broken.length > 0, out);
  assertEquals(broken.filter((it) => !/^ {2}[-+ ] /.test(it)), []);
});
