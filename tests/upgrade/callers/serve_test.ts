import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { canBeHad } from "../../support/packages.ts";
import { OrdinaryApp, runToEnd } from "../../support/ordinary_app.ts";
import { freePort } from "../../support/net/free_port.ts";

const ADDRESS = (port: number) => ["--port", `${port}`, "--host", "127.0.0.1"];

/** Default exports that answer with a word. */
const EXPORTS: Readonly<
  Record<string, { main: string; packages?: readonly string[] }>
> = {
  "an object": {
    main: `export default { fetch: () => new Response(word) };`,
  },
  "an object that waits and looks at what it is given": {
    main: `
await new Promise((resolve) => setTimeout(resolve, 20));
export default { async fetch(request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) {
  await request.text();
  return new Response(info.remoteAddr.transport === "tcp" ? word : "no address");
} } satisfies Deno.ServeDefaultExport;`,
  },
  "an instance of a class": {
    main: `
class App { readonly word = word; fetch() { return new Response(this.word); } }
const app = new App();
export default app;`,
  },
  "a Hono app": {
    packages: ["npm:hono@4.13.19"],
    main: `
import { Hono } from "npm:hono@4.13.19";
const app = new Hono();
app.get("/", (context) => context.text(word));
export default app;`,
  },
};

const word = (text: string) => `export const word = "${text}";`;

for (const [name, { main, packages = [] }] of Object.entries(EXPORTS)) {
  const ignore = packages.length > 0 && !await canBeHad(packages);
  Deno.test({
    name: `${name} as default export is served and upgraded under load${
      ignore ? " (skipped: not to be had)" : ""
    }`,
    ignore,
    async fn() {
      const port = freePort();
      const text = `import { word } from "./word.ts";\n${main}`;
      await using app = await OrdinaryApp.start({
        "main.ts": text,
        "word.ts": word("v1"),
        "deno.json": `{ "flyhot": { "startsAnew": ["main.ts#app"] } }`,
      }, { by: "serve", args: ADDRESS(port), listens: false });
      await app.app.logged(
        `deno serve: Listening on http://127.0.0.1:${port}/`,
      );
      const ask = async () =>
        await (await fetch(`http://127.0.0.1:${port}/`)).text();
      assertEquals(await ask(), "v1");
      assertEquals((await app.app.info()).startedBy, "serve");
      await using clients = new Clients(`http://127.0.0.1:${port}/`);
      for (let version = 2; version <= 6; version++) {
        const { state, failure } = await app.upgrade({
          "word.ts": word(`v${version}`),
          "main.ts": `${text}\n// ${version}`,
        });
        assertEquals(state, "applied", failure?.message);
        assertEquals(await ask(), `v${version}`);
      }
      assertEquals(await clients.end(), []);
      assert(clients.total > 50, `${clients.total} answers`);
      const from = app.log.length;
      await app.app.restart();
      await app.app.logged("deno serve: Listening", { from });
      assertEquals(await ask(), "v6");
    },
  });
}

Deno.test("a new main module without a default export is refused, and the old one serves on", async () => {
  const port = freePort();
  const main = (version: string, more = "") =>
    `export default { fetch: () => new Response("${version}") };${more}`;
  await using app = await OrdinaryApp.start({ "main.ts": main("v1") }, {
    by: "serve",
    args: ADDRESS(port),
    listens: false,
  });
  const { state, failure } = await app.upgrade({
    "main.ts": `export const fetch = () => new Response("v2");`,
  });
  assertEquals(state, "failed");
  assertStringIncludes(failure!.message, "it has no export default { fetch }");
  const ask = async () =>
    await (await fetch(`http://127.0.0.1:${port}/`)).text();
  assertEquals(await ask(), "v1");
  const three = await app.upgrade({ "main.ts": main("v3") });
  assertEquals(three.state, "applied", three.failure?.message);
  assertEquals(await ask(), "v3");
});

Deno.test("a release whose main module fails at a start gives way to the image", async () => {
  const port = freePort();
  const main = (version: string, first: string) =>
    `const all = globalThis as { served?: boolean };
${first}
export default { fetch: () => new Response("${version}") };`;
  await using app = await OrdinaryApp.start({
    "main.ts": main("v1", "all.served = true;"),
    // A start does not find what is left on the global object; that this may be so is said here.
    "deno.json": `{ "flyhot": { "consent": ["global:main.ts#served"] } }`,
  }, { by: "serve", args: ADDRESS(port), listens: false });
  const { state, failure } = await app.upgrade({
    "main.ts": main(
      "v2",
      `if (!all.served) throw new Error("at a start");`,
    ),
  });
  assertEquals(state, "applied", failure?.message);
  const from = app.log.length;
  await app.app.restart();
  await app.app.logged("at a start", { from });
  await app.app.logged("deno serve: Listening", { from });
  assertEquals(
    await (await fetch(`http://127.0.0.1:${port}/`)).text(),
    "v1",
  );
});

const PROGRAM = {
  "deno.json": "{}",
  "main.ts": `
import { other } from "./other.ts";
console.log(import.meta.main, Deno.mainModule === import.meta.url, JSON.stringify(Deno.args), other);
export default {
  fetch: () => new Response("x"),
  onListen({ hostname, port }: Deno.NetAddr) {
    console.log(hostname, port > 0);
    fetch("http://" + hostname + ":" + port).then((r) => r.text()).then((text) => { console.log(text); Deno.exit(); });
  },
};`,
  "other.ts": `export const other = import.meta.main;`,
};

for (
  const [where, env] of [
    ["outside of Fly", {}],
    ["without a bucket", { FLY_IMAGE_REF: "registry.fly.io/x:deployment-1" }],
  ] as const
) {
  Deno.test(`${where} a default export is served as by deno serve`, async () => {
    const { code, stdout, stderr } = await runToEnd(PROGRAM, {
      by: "serve",
      args: ["a", "--port", "0", "--host=127.0.0.1", "--b"],
      env,
    });
    assertEquals(code, 0, stderr);
    assertEquals(
      stdout,
      `true true ["a","--b"] false\n127.0.0.1 true\nx\n`,
    );
  });
}

Deno.test("what cannot be served is told in a sentence", async () => {
  const none = await runToEnd({
    "main.ts": `export const x = 1;`,
    "deno.json": "{}",
  }, {
    by: "serve",
  });
  assertEquals(none.code, 1);
  assertEquals(
    none.stderr,
    "error: Cannot serve the main module: it has no export default { fetch }\n",
  );
  const parallel = await runToEnd(PROGRAM, {
    by: "serve",
    args: ["--parallel"],
  });
  assertEquals(parallel.code, 2);
  assertStringIncludes(
    parallel.stderr,
    "error: --parallel starts several processes",
  );
  assertStringIncludes(
    parallel.stderr,
    "usage: deno run -A jsr:@flyhot/runtime/serve main.ts",
  );
});
