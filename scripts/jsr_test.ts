import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { DELIMITER, dirname, fromFileUrl, join } from "@std/path";
import { parseInvocation } from "./jsr.ts";
import { withDeno } from "./programs/run_deno.ts";

const SCRIPT = join(dirname(fromFileUrl(import.meta.url)), "jsr.ts");

/** The script as on a machine of its own: these tests run inside of it. */
function wrapper(args: readonly string[], env: Record<string, string> = {}) {
  const { JSR_URL: _outer, ...own } = Deno.env.toObject();
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "-A", SCRIPT, ...args],
    clearEnv: true,
    env: { ...own, FLYHOT_JSR_UPSTREAM: "npm", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function run(
  args: readonly string[],
  env?: Record<string, string>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await wrapper(args, env).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

Deno.test("parseInvocation() finds the command behind the script's own flags", () => {
  const test = { plain: false, command: ["test", "-A"] };
  assertEquals(parseInvocation(["test", "-A"]), test);
  assertEquals(parseInvocation(["--", "test", "-A"]), test);
  assertEquals(parseInvocation(["--plain", "--", "test", "-A"]), {
    ...test,
    plain: true,
  });
  assertEquals(parseInvocation(["run", "--plain", "--"])?.plain, false);
  for (
    const args of [[], ["--plain"], ["--"], ["--help"], ["--what", "test"]]
  ) {
    assertEquals(parseInvocation(args), undefined, args.join(" "));
  }
});

Deno.test("withDeno() puts deno's folder first", () => {
  const deno = join("x", "bin", "deno");
  assertEquals(withDeno("y", deno), join("x", "bin") + DELIMITER + "y");
  assertEquals(withDeno(undefined, deno), join("x", "bin"));
});

Deno.test("jsr.ts passes the exit code on", async () => {
  for (const code of [0, 1, 8]) {
    assertEquals((await run(["eval", `Deno.exit(${code})`])).code, code);
  }
});

Deno.test("jsr.ts serves @flyhot and @std while the command runs, and no longer", async () => {
  const program = `
    const url = Deno.env.get("JSR_URL");
    for (const name of ["@flyhot/runtime", "@flyhot/cli", "@std/assert"]) {
      const response = await fetch(url + name + "/meta.json");
      console.error(name, (await response.json()).latest);
    }
    console.log(url);
  `;
  const { code, stdout, stderr } = await run(["eval", program]);
  assertEquals(code, 0, stderr);
  for (const name of ["@flyhot/runtime", "@flyhot/cli", "@std/assert"]) {
    assertMatch(stderr, new RegExp(`${name} \\d+\\.\\d+\\.\\d+`));
  }
  await assertRejects(() => fetch(stdout.trim()), TypeError);
});

Deno.test("jsr.ts lets grandchildren find deno and the registry", async () => {
  const program = `
    const { stdout } = await new Deno.Command("deno", {
      args: ["eval", "console.log(Deno.env.get('JSR_URL'), Deno.execPath())"],
    }).output();
    console.log(new TextDecoder().decode(stdout).trim());
  `;
  // A search path without deno, as where npx has started it.
  const { stdout } = await run(["eval", program], { PATH: "/nowhere" });
  assertMatch(stdout, /^http:\/\/127\.0\.0\.1:\d+\/\w+\/ /);
  assertStringIncludes(stdout, Deno.execPath());
});

Deno.test("jsr.ts keeps out of the way of a registry that is set", async () => {
  const url = "http://127.0.0.1:1/own/";
  const args = ["eval", "console.log(Deno.env.get('JSR_URL'))"];
  const { stdout, stderr } = await run(args, { JSR_URL: url });
  assertEquals(stdout, `${url}\n`);
  assertEquals(stderr, "");
});

Deno.test("jsr.ts --plain serves nothing where JSR can be had", async () => {
  const args = ["eval", "console.log(Deno.env.get('JSR_URL'))"];
  const jsr = { FLYHOT_JSR_UPSTREAM: "jsr" };
  assertEquals((await run(["--plain", ...args], jsr)).stdout, "undefined\n");
  assertMatch((await run(args, jsr)).stdout, /^http:/);
  assertMatch((await run(["--plain", ...args])).stdout, /^http:/);
});

Deno.test("jsr.ts hands signals on and waits for the command to end", async () => {
  const program = `
    Deno.addSignalListener("SIGTERM", () => {
      console.log("ending");
      Deno.exit(42);
    });
    console.log("ready");
    setInterval(() => {}, 1000);
  `;
  await using child = wrapper(["eval", program]).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await lines.read()).value, "ready\n");
  child.kill("SIGTERM");
  assertEquals((await lines.read()).value, "ending\n");
  await lines.cancel();
  await child.stderr.cancel();
  const { code, signal } = await child.status;
  assertEquals([code, signal], [42, null]);
});

Deno.test("jsr.ts explains itself", async () => {
  const help = await run(["--help"]);
  assertEquals(help.code, 0);
  assertStringIncludes(help.stdout, "Usage: deno run -A scripts/jsr.ts");
  const none = await run([]);
  assertEquals([none.code, none.stdout], [2, ""]);
  assertStringIncludes(none.stderr, "Usage:");
  const wrong = await run(["eval", ""], { FLYHOT_JSR_UPSTREAM: "yes" });
  assertEquals(wrong.code, 1);
  assert(
    wrong.stderr.startsWith("jsr: Cannot choose where packages come from"),
  );
});
