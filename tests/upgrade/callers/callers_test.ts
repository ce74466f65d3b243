import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LoadedApp, SERVING_SHELL } from "../../support/served_app.ts";

const app = (body: string, more = "") => `
${more}
export const port = () => (globalThis as { port?: number }).port;
export const handle = async (request: Request): Promise<Response> => {
  const { pathname } = new URL(request.url);
  ${body}
};
`;

const PORT = "(globalThis as { port?: number }).port";

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!await isSo()) {
    assert(performance.now() < deadline, "it does not come");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

for (const serve of ["deno", "node"]) {
  Deno.test(`no caller from outside meets a release while its health check runs, or after it failed (${serve})`, async () => {
    await using loaded = await LoadedApp.start({
      "settings.ts": SERVING_SHELL(
        `health: async () => { await new Promise((r) => setTimeout(r, 400)); return false; }`,
        serve,
      ),
      "app.ts": app(`return new Response("v1");`),
    });
    await loaded.fresh();
    const result = await loaded.app.upgrade({
      "app.ts": app(`return new Response("broken", { status: 500 });`),
    });
    assert(result.state === "failed", JSON.stringify(result));
    assertEquals(result.phase, "health");
    assertEquals([...loaded.answers.keys()], ["200 v1"]);
    assert(loaded.answers.get("200 v1")! > 20, "the clients asked meanwhile");
  });

  for (
    const [name, ask] of [
      ["localhost", `fetch("http://localhost:" + ${PORT} + "/healthz")`],
      ["127.0.0.1", `fetch("http://127.0.0.1:" + ${PORT} + "/healthz")`],
      ["0.0.0.0", `fetch(new URL("http://0.0.0.0:" + ${PORT} + "/healthz"))`],
      [
        "a redirect",
        `fetch(new Request("http://127.0.0.1:" + ${PORT} + "/redirect"))`,
      ],
      [
        "node:http",
        `new Promise((resolve, reject) => http.get("http://127.0.0.1:" + ${PORT} + "/healthz", (r) => { r.resume(); resolve({ ok: r.statusCode === 200 }); }).on("error", reject))`,
      ],
    ] as const
  ) {
    Deno.test(`a check that asks the process's own server by ${name} tests the new code (${serve})`, async () => {
      const more = (ok: boolean) => `
import { health } from "@flyhot/runtime";
import http from "node:http";
void http;
health(async () => {
  const { ok } = await (${ask}) as { ok: boolean };
  return ok;
});
export const good = ${ok};
`;
      const body = (version: string) => `
  if (pathname === "/redirect") return Response.redirect("http://127.0.0.1:" + ${PORT} + "/healthz");
  if (pathname === "/healthz") return new Response(request.headers.get("x-flyhot-pass"), { status: good ? 200 : 500 });
  return new Response("${version}");`;
      await using loaded = await LoadedApp.start({
        "settings.ts": SERVING_SHELL("", serve),
        "app.ts": app(body("v1"), more(true)),
      });
      await loaded.fresh();
      const bad = await loaded.app.upgrade({
        "app.ts": app(body("v2"), more(false)),
      });
      assert(bad.state === "failed", JSON.stringify(bad));
      assertEquals(bad.phase, "health");
      assertStringIncludes(bad.message, "in app.ts");
      assertEquals([...loaded.answers.keys()], ["200 v1"]);
      assertEquals(await loaded.ask("/healthz"), "200 ");
      const good = await loaded.app.upgrade({
        "app.ts": app(body("v3"), more(true)),
      });
      assertEquals(good.state, "applied", JSON.stringify(good));
      assertEquals(await loaded.ask("/"), "200 v3");
      assertEquals(await loaded.ask("/healthz"), "200 ");
    });
  }

  Deno.test(`a request begun before the swap ends in the code it began in, and then no longer than drainMs (${serve})`, async () => {
    const body = (version: string) => `
  const it = globalThis as { boundary?: { say(): string }; begun?: number; isSwapped?: boolean };
  const say = () => it.boundary!.say();
  const until = async (isSo: () => boolean) => {
    it.begun = (it.begun ?? 0) + 1;
    while (!isSo()) await new Promise((r) => setTimeout(r, 5));
  };
  if (pathname === "/begun") return new Response(String(it.begun ?? 0));
  if (pathname === "/swapped" && "${version}" === "v2") it.isSwapped = true;
  if (pathname === "/slow") {
    const { step } = await import("./steps.ts");
    const first = say();
    await until(() => it.isSwapped === true);
    return new Response(first + " " + say() + " " + step());
  }
  if (pathname === "/endless") {
    const first = say();
    await until(() => say() !== first);
    return new Response(first + " " + say());
  }
  return new Response("${version}");`;
    const drainMs = 3000;
    await using loaded = await LoadedApp.start({
      "settings.ts": SERVING_SHELL(
        `drainMs: ${drainMs}, probationMs: ${drainMs + 500}`,
        serve,
      ) +
        `
const boundary = await live(() => import("./said.ts"));
Object.assign(globalThis, { boundary });
`,
      "app.ts": app(body("v1")),
      "said.ts": `export const say = () => "one";`,
      "steps.ts": `export const step = () => 1;`,
    });
    const slow = loaded.ask("/slow");
    const endless = loaded.ask("/endless");
    await until(async () => await loaded.ask("/begun") === "200 2");
    const began = performance.now();
    const upgrading = loaded.app.upgrade({
      "app.ts": app(body("v2")),
      "said.ts": `export const say = () => "two";`,
      "steps.ts": `export const step = () => 2;`,
    });
    await until(async () => await loaded.ask("/swapped") === "200 v2");
    assertEquals(await slow, "200 one one 1");
    assertEquals(await endless, "200 one two");
    assert(performance.now() - began >= drainMs, "it had its time");
    const result = await upgrading;
    assert(result.state === "applied", JSON.stringify(result));
    assertEquals(result.undrained, 1);
    assertEquals(await loaded.ask("/slow"), "200 two two 2");
  });
}

Deno.test("a stranger that sends the pass header is a stranger, and the app never sees the header", async () => {
  await using loaded = await LoadedApp.start({
    "settings.ts": SERVING_SHELL(
      "health: () => new Promise((resolve) => setTimeout(resolve, 300))",
    ),
    "app.ts": app(
      `return new Response("v1 " + request.headers.get("x-flyhot-pass"));`,
    ),
  });
  const upgrading = loaded.app.upgrade({
    "app.ts": app(
      `return new Response("v2 " + request.headers.get("x-flyhot-pass"));`,
    ),
  });
  const seen = new Set<string>();
  let over = false;
  upgrading.then(() => over = true);
  while (!over) {
    const response = await fetch(loaded.url, {
      headers: { "x-flyhot-pass": crypto.randomUUID() },
    });
    seen.add(await response.text());
  }
  assertEquals((await upgrading).state, "applied");
  assertEquals([...seen].filter((text) => !text.endsWith("null")), []);
  assert(seen.has("v1 null"));
});

Deno.test("a check that hangs loses its pass with its deadline, and its late call changes nothing", async () => {
  const counter = `
import { holder, health } from "@flyhot/runtime";
export const counter = holder("counter", { state: () => ({ n: 0 }), actions: { inc: (s) => ++s.n } });
`;
  await using loaded = await LoadedApp.start({
    "settings.ts": SERVING_SHELL("healthTimeoutMs: 200"),
    "counter.ts": counter,
    "app.ts": app(
      `return new Response("v1");`,
      `import { counter } from "./counter.ts"; export const read = () => counter.state.n;`,
    ),
  });
  const hangs = await loaded.app.upgrade({
    "counter.ts": counter + `
health(async () => {
  await new Promise((r) => setTimeout(r, 500));
  await counter.inc();
});`,
  });
  assert(hangs.state === "failed", JSON.stringify(hangs));
  assertStringIncludes(hangs.message, "200 ms");
  await new Promise((resolve) => setTimeout(resolve, 600));
  assertEquals(await loaded.app.call("read"), 0);
});
