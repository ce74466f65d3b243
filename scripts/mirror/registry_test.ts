import { assertEquals, assertStringIncludes } from "@std/assert";
import type { PackageSnapshot, RegistryPackage } from "./package.ts";
import { registryHandler, serveRegistry } from "./registry.ts";

const ORIGIN = "http://registry.test";

function snapshot(version: string, text: string): PackageSnapshot {
  const files = new Map([["mod.ts", new TextEncoder().encode(text)]]);
  return { version, exports: { ".": "./mod.ts" }, files };
}

/** A package whose content the test changes while it is served. */
function changing(name: string, first: PackageSnapshot) {
  const item = { name, now: first, snapshot: () => Promise.resolve(item.now) };
  return item satisfies RegistryPackage;
}

function handler(...args: Parameters<typeof registryHandler>) {
  const handle = registryHandler(...args);
  return (path: string, init?: RequestInit) =>
    handle(new Request(ORIGIN + path, init));
}

Deno.test("registryHandler() serves metadata, manifest and files", async () => {
  const get = handler([changing("@a/b", snapshot("1.2.3", "export {};"))]);
  assertEquals(await (await get("/@a/b/meta.json")).json(), {
    scope: "a",
    name: "b",
    latest: "1.2.3",
    versions: { "1.2.3": {} },
  });
  assertEquals(await (await get("/@a/b/1.2.3_meta.json")).json(), {
    manifest: {
      "/mod.ts": {
        size: 10,
        checksum:
          "sha256-2e29cd9a98755c46896f7a2d56524db2d6d96b248e36db46de14c30bf47c8d05",
      },
    },
    exports: { ".": "./mod.ts" },
  });
  const file = await get("/@a/b/1.2.3/mod.ts");
  assertEquals(file.headers.get("content-type"), "application/typescript");
  assertEquals(await file.text(), "export {};");
});

Deno.test("registryHandler() reads metadata each time but keeps files to their manifest", async () => {
  const item = changing("@a/b", snapshot("1.0.0", "old"));
  const get = handler([item]);
  await (await get("/@a/b/1.0.0_meta.json")).json();
  item.now = snapshot("1.0.0", "new");
  assertEquals(await (await get("/@a/b/1.0.0/mod.ts")).text(), "old");
  await (await get("/@a/b/1.0.0_meta.json")).json();
  assertEquals(await (await get("/@a/b/1.0.0/mod.ts")).text(), "new");
  item.now = snapshot("1.1.0", "newer");
  assertEquals((await (await get("/@a/b/meta.json")).json()).latest, "1.1.0");
});

Deno.test("registryHandler() says what is not there", async () => {
  const get = handler([changing("@a/b", snapshot("1.0.0", "x"))]);
  const cases = {
    "/@a/b/2.0.0_meta.json": "@a/b is here at version 1.0.0 only",
    "/@a/b/1.0.0/none.ts": "no file 1.0.0/none.ts in @a/b@1.0.0",
    "/@a/b/2.0.0/mod.ts": "no file 2.0.0/mod.ts",
    "/@a/other/meta.json": "no package /@a/other/meta.json",
    "/": "no package /",
  };
  for (const [path, why] of Object.entries(cases)) {
    const response = await get(path);
    assertEquals(response.status, 404, path);
    assertStringIncludes(await response.text(), why);
  }
  const publish = await get("/api/scopes/a", { method: "POST" });
  assertEquals(publish.status, 405);
  assertStringIncludes(await publish.text(), "publish without it");
});

Deno.test("registryHandler() hands everything else to its fallback", async () => {
  const asked: string[] = [];
  const get = handler(
    [changing("@a/b", snapshot("1.0.0", "x"))],
    (path) => {
      asked.push(path);
      return Promise.resolve(new Response("theirs"));
    },
  );
  assertEquals(await (await get("/@c/d/1.0.0/x.ts")).text(), "theirs");
  assertEquals(await (await get("/@a/b/1.0.0/mod.ts")).text(), "x");
  assertEquals(asked, ["/@c/d/1.0.0/x.ts"]);
});

Deno.test("serveRegistry() serves under its own prefix only, and reports failures", async () => {
  await using registry = serveRegistry((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/bad") return Promise.reject(new Error("deno.json gone"));
    return Promise.resolve(new Response(pathname));
  });
  assertEquals(await (await fetch(`${registry.url}@a/b`)).text(), "/@a/b");
  const bare = await fetch(`http://127.0.0.1:${registry.port}/@a/b`);
  assertEquals(bare.status, 404);
  await bare.body?.cancel();
  const failed = await fetch(`${registry.url}bad`);
  assertEquals(failed.status, 500);
  assertStringIncludes(await failed.text(), "deno.json gone");
});
