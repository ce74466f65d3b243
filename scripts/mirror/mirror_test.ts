import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import type { DenoCache } from "./deno_cache.ts";
import { neededVersions, startMirror } from "./mod.ts";

const ROOT = dirname(dirname(dirname(fromFileUrl(import.meta.url))));

/** A machine of its own: nothing downloaded, nobody's configuration. */
async function freshMachine(files: Readonly<Record<string, string>>) {
  const root = await Deno.makeTempDir();
  const folder = (name: string) => join(root, name);
  for (const name of ["home", "deno"]) await Deno.mkdir(folder(name));
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(folder(path)), { recursive: true });
    await Deno.writeTextFile(folder(path), text);
  }
  const cache: DenoCache = {
    modules: folder("deno/remote"),
    generated: folder("deno/gen"),
  };

  async function deno(url: string, cwd: string, ...args: string[]) {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: folder(cwd),
      env: {
        JSR_URL: url,
        HOME: folder("home"),
        DENO_DIR: folder("deno"),
        NO_COLOR: "1",
      },
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: decode(stdout), stderr: decode(stderr) };
  }
  return {
    root,
    cache,
    folder,
    deno,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** A workspace like ours: a root package, a member, and all of @std. */
async function workspace(): Promise<Record<string, string>> {
  const imports: Record<string, string> = {};
  for (const [name, version] of await neededVersions(ROOT)) {
    imports[name] = `jsr:${name}@${version}`;
  }
  return {
    "tree/deno.json": JSON.stringify({
      name: "@x/app",
      version: "0.2.0",
      license: "MIT",
      exports: "./mod.ts",
      workspace: ["./lib"],
      imports,
      lock: false,
      nodeModulesDir: "none",
    }),
    "tree/mod.ts": `
/** Says hello. @module */
import { greet } from "@x/lib/greet";
import { stringify } from "@std/toml";
import { join } from "@std/path/posix";

/** Writes a greeting as TOML. @param name Whom to greet. @returns TOML. */
export function hello(name: string): string {
  return stringify({ [join("a", "b")]: greet(name) });
}
`,
    "tree/mod_test.ts": `
import { assertEquals } from "@std/assert";
import { TarStream, UntarStream } from "@std/tar";
import { parseArgs } from "@std/cli/parse-args";
import { bold } from "@std/fmt/colors";
import { TextLineStream } from "@std/streams/text-line-stream";
import { hello } from "./mod.ts";

Deno.test("hello", async () => {
  assertEquals(hello("you"), '"a/b" = "hello you"\\n');
  const entries = ReadableStream.from([{ type: "directory" as const, path: "d" }])
    .pipeThrough(new TarStream()).pipeThrough(new UntarStream());
  assertEquals((await Array.fromAsync(entries)).map(({ path }) => path), ["d"]);
  assertEquals(parseArgs(["--a"], { boolean: ["a"] }).a, true);
  const lines = ReadableStream.from([bold("x")]).pipeThrough(new TextLineStream());
  assertEquals(await Array.fromAsync(lines), [bold("x")]);
});
`,
    "tree/lib/deno.json": JSON.stringify({
      name: "@x/lib",
      version: "0.1.0",
      license: "MIT",
      exports: { "./greet": "./greet.ts" },
    }),
    "tree/lib/greet.ts": `
/** Greets. @module */

/** Makes a greeting. @param name Whom to greet. @returns The greeting. */
export function greet(name: string): string {
  return "hello " + name;
}
`,
  };
}

Deno.test("startMirror() serves a whole workspace where there is npm but no JSR", async () => {
  await using machine = await freshMachine(await workspace());
  const { cache, folder, deno } = machine;
  const root = folder("tree");
  {
    await using mirror = await startMirror({ root, upstream: "npm", cache });
    for (
      const args of [
        ["check", "."],
        ["test"],
        ["lint"],
        ["doc", "--lint", "mod.ts", "lib/greet.ts"],
        ["publish", "--dry-run", "--allow-dirty"],
      ]
    ) {
      const { code, stderr } = await deno(mirror.url, "tree", ...args);
      assertEquals(code, 0, `deno ${args.join(" ")}\n${stderr}`);
    }
    assertEquals(await downloads(cache.modules), [mirror.port]);
  }
  assertEquals(await downloads(cache.modules), []);
});

Deno.test("startMirror() serves the working tree to apps outside of it", async () => {
  await using machine = await freshMachine({
    ...await workspace(),
    "app/main.ts": `
import { greet } from "jsr:@x/lib/greet";
import { hello } from "jsr:@x/app@0.2.0";
console.log(greet("app") + ", " + hello("app").trim());
`,
  });
  const { cache, folder, deno } = machine;
  const root = folder("tree");
  await using mirror = await startMirror({ root, upstream: "npm", cache });
  const first = await deno(mirror.url, "app", "run", "--check", "main.ts");
  assertEquals(first.stdout, 'hello app, "a/b" = "hello app"\n', first.stderr);

  const greet = join(root, "lib/greet.ts");
  const text = await Deno.readTextFile(greet);
  await Deno.writeTextFile(greet, text.replace("hello", "goodbye"));
  const args = ["run", "--reload", "main.ts"];
  const second = await deno(mirror.url, "app", ...args);
  assertEquals(second.stdout, 'goodbye app, "a/b" = "goodbye app"\n');
});

Deno.test("startMirror() takes other packages from JSR where it can", async () => {
  const files = await packageOf("export const real: string = 'from jsr';\n");
  await using machine = await freshMachine({
    ...await workspace(),
    "app/main.ts": `
import { greet } from "jsr:@x/lib@0.1/greet";
import { real } from "jsr:@other/real@1.0.0";
console.log(greet(real));
`,
  });
  const { cache, folder, deno } = machine;
  await using jsr = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      const file = files.get(new URL(request.url).pathname);
      return new Response(file ?? "none", { status: file ? 200 : 404 });
    },
  );
  await using mirror = await startMirror({
    root: folder("tree"),
    upstream: "jsr",
    cache,
    upstreamUrl: `http://127.0.0.1:${jsr.addr.port}/`,
  });
  const { stdout, stderr } = await deno(mirror.url, "app", "run", "main.ts");
  assertEquals(stdout, "hello from jsr\n", stderr);
});

Deno.test("startMirror() says which package nobody has", async () => {
  await using machine = await freshMachine({
    ...await workspace(),
    "app/main.ts": `import "jsr:@none/such@1";`,
  });
  const { cache, folder, deno } = machine;
  const root = folder("tree");
  await using mirror = await startMirror({ root, upstream: "npm", cache });
  const { code, stderr } = await deno(mirror.url, "app", "run", "main.ts");
  assert(code !== 0);
  assertStringIncludes(stderr, "@none/such");
});

/** The ports of the loopback hosts from which a cache holds anything. */
async function downloads(modules: string): Promise<number[]> {
  const ports: number[] = [];
  for await (const { name } of Deno.readDir(join(modules, "http"))) {
    ports.push(Number(/^127\.0\.0\.1_PORT(\d+)$/.exec(name)?.[1]));
  }
  return ports;
}

/** The files of a registry with one package of one module. */
async function packageOf(text: string): Promise<Map<string, string>> {
  const bytes = new TextEncoder().encode(text);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  const checksum = `sha256-${new Uint8Array(digest).toHex()}`;
  const metadata = {
    scope: "other",
    name: "real",
    latest: "1.0.0",
    versions: { "1.0.0": {} },
  };
  const version = {
    manifest: { "/mod.ts": { size: bytes.length, checksum } },
    exports: { ".": "./mod.ts" },
  };
  return new Map([
    ["/@other/real/meta.json", JSON.stringify(metadata)],
    ["/@other/real/1.0.0_meta.json", JSON.stringify(version)],
    ["/@other/real/1.0.0/mod.ts", text],
  ]);
}
