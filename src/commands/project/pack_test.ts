import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { realHost } from "../../../tests/cli/real_host.ts";
import { runMain } from "../../../tests/cli/run_main.ts";
import { withApp } from "../../../tests/support/temp_app.ts";
import { main } from "../../main.ts";
import { sha256Of } from "@flyhot/runtime/protocol";

const APP = {
  "deno.json": '{ "version": "1.2.3" }',
  "fly.toml": 'app = "shop"\n',
  "main.ts": 'await import("./app.ts");\n',
  "app.ts": "export const name = 1;\n",
  "static/app.css": "p { color: red }\n",
};

async function flyhot(folder: string, ...args: string[]) {
  using host = realHost(folder);
  const code = await main(args, host);
  return { code, out: host.out(), err: host.err() };
}

Deno.test("flyhot pack lists what is in a release and writes nothing without --output", async () => {
  await withApp(APP, async (folder) => {
    const { code, out, err } = await flyhot(folder, "pack", folder);
    assertEquals(code, 0, err);
    const lines = out.split("\n");
    assert(
      /^shop 1\.2\.3: 5 files, 2 modules, [\d.]+ \w+ packed$/.test(
        lines[0]!,
      ),
    );
    assertEquals(lines.slice(2, 7), [
      "  app.ts          module  23 B",
      "  deno.json       config  22 B",
      "  fly.toml        config  13 B",
      "  main.ts         module  26 B",
      "  static/app.css  asset   17 B",
    ]);
    assert(/^SHA-256 [0-9a-f]{64}$/.test(lines[8]!), out);
    assertEquals(
      (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name)
        .sort(),
      ["app.ts", "deno.json", "fly.toml", "main.ts", "static"],
    );
  });
});

Deno.test("flyhot pack --output writes the release, and never packs it with the next one", async () => {
  await withApp(APP, async (folder) => {
    const pack = async () => {
      const { code, out, err } = await flyhot(
        folder,
        "pack",
        "--json",
        "--app",
        "other",
        "-o",
        "out [1].tar.gz",
      );
      assertEquals(code, 0, err);
      return JSON.parse(out);
    };
    const report = await pack();
    const bytes = await Deno.readFile(join(folder, "out [1].tar.gz"));
    assertEquals(report.sha256, await sha256Of(bytes));
    assertEquals(report.size, bytes.length);
    assertEquals(report.app, "other");
    assertEquals(report.version, "1.2.3");
    assertEquals(report.entries, ["main.ts"]);
    assertEquals(report.modules, ["app.ts", "main.ts"]);
    assertEquals(report.output, "out [1].tar.gz");
    assertEquals(
      report.files.map((it: { path: string; kind: string; size: number }) => [
        it.path,
        it.kind,
        it.size,
      ]),
      [
        ["app.ts", "module", 23],
        ["deno.json", "config", 22],
        ["fly.toml", "config", 13],
        ["main.ts", "module", 26],
        ["static/app.css", "asset", 17],
      ],
    );
    assertEquals((await pack()).sha256, report.sha256);
  });
});

Deno.test("flyhot pack follows the flyhot key of the folder's deno.json, and git where it is asked to", async () => {
  const files = {
    ...APP,
    "deno.json": JSON.stringify({
      flyhot: { entry: ["app.ts"], exclude: ["static", "main.ts"] },
    }),
    ".gitignore": "notes.txt\n",
    "notes.txt": "mine",
  };
  await withApp(files, async (folder) => {
    const git = await new Deno.Command("git", {
      args: ["init", "--quiet"],
      cwd: folder,
    }).output();
    assert(git.success);
    const paths = async (...flags: string[]) => {
      const { out } = await flyhot(folder, "pack", "--json", ...flags);
      const { entries, files } = JSON.parse(out);
      return [entries, files.map((it: { path: string }) => it.path)];
    };
    const kept = ["app.ts", "deno.json", "fly.toml"];
    assertEquals(await paths(), [["app.ts"], kept]);
    assertEquals(await paths("--include-ignored"), [["app.ts"], [
      ...kept,
      "notes.txt",
    ]]);
  });
});

Deno.test("flyhot pack refuses a folder that is not there, an app without a name, and a path it cannot write to", async () => {
  const missing = await runMain(["pack", "no-such-folder"]);
  assertEquals(missing.code, 2);
  assert(
    missing.err.endsWith(
      "error: Cannot pack no-such-folder: there is no such folder\nhint: name the app's folder: flyhot pack <folder>\n",
    ),
    missing.err,
  );
  await withApp({ "main.ts": "" }, async (folder) => {
    const nameless = await flyhot(folder, "pack");
    assertEquals(nameless.code, 2);
    assert(nameless.err.includes("error: Cannot tell which app is meant"));
    const refused = await flyhot(
      folder,
      "pack",
      "--app=shop",
      "--json",
      "--output=main.ts/x",
    );
    assertEquals(refused.code, 2);
    const { error } = JSON.parse(refused.out);
    assert(error.message.startsWith("Cannot write main.ts/x: "), error.message);
    assertEquals(
      error.hint,
      "name a file in a folder that may be written with --output",
    );
  });
});
