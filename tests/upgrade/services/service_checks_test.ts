import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LoadedApp } from "../../support/served_app.ts";
import { freePort } from "../../support/net/free_port.ts";

/** The server is on a port that fly.toml names. */
const shell = (port: number) => `
import { live } from "@flyhot/runtime";
const app: { handle(request: Request): Response } = await live(() => import("./app.ts"));
Deno.serve({ port: ${port}, hostname: "127.0.0.1", onListen() {} }, (request) => app.handle(request));
Object.assign(globalThis, { port: ${port} });
export const settings = {};
`;

const app = (version: string, status: number) => `
export const port = () => (globalThis as { port?: number }).port;
export const handle = (request: Request): Response =>
  new URL(request.url).pathname === "/healthz" ? new Response(null, { status: ${status} }) : new Response("${version}");
`;

Deno.test("the HTTP checks of fly.toml decide where nobody declares one, unless they failed before", async () => {
  const port = freePort();
  await using loaded = await LoadedApp.start({
    "settings.ts": shell(port),
    "fly.toml":
      `app = "driven"\n[http_service]\ninternal_port = ${port}\n[[http_service.checks]]\npath = "/healthz"\n`,
    "app.ts": app("v1", 200),
  });
  await loaded.fresh();
  const bad = await loaded.app.upgrade({ "app.ts": app("v2", 500) });
  assert(bad.state === "failed", JSON.stringify(bad));
  assertEquals(bad.phase, "health");
  assertStringIncludes(bad.message, "/healthz");
  assertEquals([...loaded.answers.keys()], ["200 v1"]);
  const good = await loaded.app.upgrade({ "app.ts": app("v3", 204) });
  assertEquals(good.state, "applied", JSON.stringify(good));
  assertEquals(await loaded.ask("/"), "200 v3");
});

Deno.test("a check of fly.toml that fails for the old code says nothing about the new", async () => {
  const port = freePort();
  await using loaded = await LoadedApp.start({
    "settings.ts": shell(port),
    "fly.toml":
      `app = "driven"\n[http_service]\ninternal_port = ${port}\n[[http_service.checks]]\npath = "/healthz"\n`,
    "app.ts": app("v1", 500),
  });
  const applied = await loaded.app.upgrade({ "app.ts": app("v2", 500) });
  assertEquals(applied.state, "applied", JSON.stringify(applied));
  assertEquals(await loaded.ask("/"), "200 v2");
});
