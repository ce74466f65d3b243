import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type DenoCache, forgetHost, readCached } from "./deno_cache.ts";
import { chooseUpstream, passThrough } from "./upstream.ts";

const META = JSON.stringify({ scope: "std", name: "toml", versions: {} });

/** A JSR stand-in on loopback that counts what it is asked. */
function fakeJsr(files: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    const text = files[pathname];
    return text === undefined
      ? new Response("not found", { status: 404 })
      : new Response(text, { headers: { "content-type": "text/x-fake" } });
  });
  return {
    asked,
    url: `http://127.0.0.1:${server.addr.port}/`,
    stop: () => server.shutdown(),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function tempCache() {
  const root = await Deno.makeTempDir();
  const cache: DenoCache = {
    modules: join(root, "remote"),
    generated: join(root, "gen"),
  };
  return {
    root,
    cache,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** Lets deno itself download a URL, so that its own cache format is read. */
async function download(url: string, denoDir: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", "--no-config", "--allow-import", url],
    env: { DENO_DIR: denoDir },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
}

Deno.test("readCached() finds what deno has downloaded, byte for byte", async () => {
  const text = "export const a = 1;\n// denoCacheMetadata= no, not this\n";
  await using jsr = fakeJsr({ "/@std/toml/1.0.11/mod.ts": text });
  await using temp = await tempCache();
  const url = `${jsr.url}@std/toml/1.0.11/mod.ts`;
  assertEquals(await readCached(temp.cache, url), undefined);
  await download(url, temp.root);
  const bytes = await readCached(temp.cache, url);
  assertEquals(new TextDecoder().decode(bytes), text);
  assertEquals(await readCached(temp.cache, `${url}?other`), undefined);
});

Deno.test("forgetHost() removes one host's downloads and no others", async () => {
  const files = { "/mod.ts": "export {};" };
  await using one = fakeJsr(files);
  await using other = fakeJsr(files);
  await using temp = await tempCache();
  await download(`${one.url}mod.ts`, temp.root);
  await download(`${other.url}mod.ts`, temp.root);
  await forgetHost(temp.cache, one.url);
  await forgetHost(temp.cache, one.url); // a second time is not an error
  assertEquals(await readCached(temp.cache, `${one.url}mod.ts`), undefined);
  assert(await readCached(temp.cache, `${other.url}mod.ts`));
});

Deno.test("chooseUpstream() is jsr where JSR answers like JSR", async () => {
  const versions = new Map([["@std/toml", "1.0.11"]]);
  await using temp = await tempCache();
  await using jsr = fakeJsr({ "/@std/toml/meta.json": META });
  const choice = { versions, cache: temp.cache };
  assertEquals(await chooseUpstream({ ...choice, url: jsr.url }), "jsr");

  await using portal = fakeJsr({ "/@std/toml/meta.json": "<html>Log in" });
  assertEquals(await chooseUpstream({ ...choice, url: portal.url }), "npm");
  await using missing = fakeJsr({});
  assertEquals(await chooseUpstream({ ...choice, url: missing.url }), "npm");
  await jsr.stop();
  assertEquals(await chooseUpstream({ ...choice, url: jsr.url }), "npm");
});

Deno.test("chooseUpstream() is npm where JSR does not answer in time", async () => {
  await using temp = await tempCache();
  // Accepts connections and never says a word.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const upstream = await chooseUpstream({
    versions: new Map([["@std/toml", "1.0.11"]]),
    cache: temp.cache,
    url: `http://127.0.0.1:${listener.addr.port}/`,
    timeoutMs: 20,
  });
  assertEquals(upstream, "npm");
});

Deno.test("chooseUpstream() asks nobody where all packages are cached", async () => {
  await using jsr = fakeJsr({ "/@std/toml/1.0.11_meta.json": "{}" });
  await using temp = await tempCache();
  const choice = {
    versions: new Map([["@std/toml", "1.0.11"]]),
    cache: temp.cache,
    url: jsr.url,
  };
  assertEquals(await chooseUpstream(choice), "npm");
  await download(`${jsr.url}@std/toml/1.0.11_meta.json`, temp.root);
  await jsr.stop();
  assertEquals(await chooseUpstream(choice), "jsr");
});

Deno.test("passThrough() hands on what JSR says, bad news included", async () => {
  await using jsr = fakeJsr({ "/@a/b/1.0.0/mod.ts": "export {};" });
  await using temp = await tempCache();
  const get = passThrough(temp.cache, jsr.url);
  const found = await get("/@a/b/1.0.0/mod.ts");
  assertEquals(found.status, 200);
  assertEquals(found.headers.get("content-type"), "text/x-fake");
  assertEquals(await found.text(), "export {};");
  const missing = await get("/@a/none/meta.json");
  assertEquals(missing.status, 404);
  assertEquals(await missing.text(), "not found");
});

Deno.test("passThrough() takes what cannot change from deno's cache", async () => {
  await using jsr = fakeJsr({
    "/@a/b/1.0.0/mod.ts": "export {};",
    "/@a/b/meta.json": "{}",
  });
  await using temp = await tempCache();
  await download(`${jsr.url}@a/b/1.0.0/mod.ts`, temp.root);
  await download(`${jsr.url}@a/b/meta.json`, temp.root);
  jsr.asked.length = 0;
  const get = passThrough(temp.cache, jsr.url);
  assertEquals(await (await get("/@a/b/1.0.0/mod.ts")).text(), "export {};");
  assertEquals(await (await get("/@a/b/meta.json")).text(), "{}");
  assertEquals(jsr.asked, ["/@a/b/meta.json"]);

  await jsr.stop();
  assertEquals(await (await get("/@a/b/meta.json")).text(), "{}");
  const failed = await get("/@a/b/1.0.0/other.ts");
  assertEquals(failed.status, 502);
  assertStringIncludes(
    await failed.text(),
    `Cannot get ${jsr.url}@a/b/1.0.0/other.ts: `,
  );
});

Deno.test("passThrough() asks its registry and nobody else", async () => {
  await using jsr = fakeJsr({});
  await using other = fakeJsr({});
  await using temp = await tempCache();
  const get = passThrough(temp.cache, jsr.url);
  await (await get(`/${other.url}`)).body?.cancel();
  assertEquals(other.asked, []);
});
