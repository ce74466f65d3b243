import { assertEquals } from "@std/assert";
import { checkSources } from "./effects.ts";

/** What checkSources() says of one module: `line what`. */
function effects(path: string, source: string): string[] {
  return checkSources(new Map([[path, source]])).map(({ from, to }) =>
    `${from.slice(path.length + 1)} ${to}`
  );
}

Deno.test("checkSources() keeps Deno to the host and the computer of the sandbox", () => {
  const source = "a;\nconst x: Deno.FileInfo = await Deno.stat(p);";
  assertEquals(effects("src/release/pack/pack.ts", source), [
    "2 Deno",
    "2 Deno",
  ]);
  assertEquals(effects("src/main.ts", "globalThis.Deno;"), ["1 Deno"]);
  assertEquals(effects("src/sandbox/machine.ts", "Deno.kill(1);"), ["1 Deno"]);
  for (
    const path of [
      "src/host_deno.ts",
      "src/sandbox/computer/disk.ts",
      "src/release/pack/pack_test.ts",
      "runtime/mod.ts",
      "cli.ts",
    ]
  ) {
    assertEquals(effects(path, source), [], path);
  }
});

Deno.test("checkSources() lets only cli.ts end the process", () => {
  const source = "Deno.exit(1);\nDeno.exitCode = 2;\nprocess.exit();";
  const all = ["1 Deno.exit", "2 Deno.exit", "3 Deno.exit"];
  assertEquals(effects("cli.ts", source), []);
  // A program of its own, as its users start it.
  assertEquals(effects("runtime/serve.ts", source), []);
  for (
    const path of [
      "mod.ts",
      "src/sandbox/computer/a.ts",
      "runtime/mod.ts",
      "runtime/preload.ts",
    ]
  ) {
    assertEquals(effects(path, source), all, path);
  }
});

Deno.test("checkSources() lets only ui and the host print", () => {
  const source =
    "console.log(1);\nDeno.stdout.write(b);\nDeno.stderr.write(b);";
  const all = ["1 console", "2 console", "3 console"];
  assertEquals(effects("src/sandbox/computer/a.ts", source), all);
  assertEquals(effects("src/host_deno.ts", source), []);
  assertEquals(effects("src/ui/live.ts", "console.log(1)"), []);
  assertEquals(effects("src/fly/a.ts", "host.stdout.write(b);"), []);
  assertEquals(effects("runtime/log.ts", "console.log(1)"), []);
});

Deno.test("checkSources() reads neither comments nor strings", () => {
  const source = [
    "/** Like Deno.exit().",
    " * ```ts",
    " * console.log(Deno.args);",
    " * ```",
    " */",
    "const program = 'Deno.exit(1)' + `console.log(${x})`; // Deno",
  ].join("\n");
  assertEquals(effects("src/fly/exec.ts", source), []);
});
