import { assertEquals } from "@std/assert";
import { foldersAbove, rootAbove } from "./app_root.ts";

const among = (files: Readonly<Record<string, string>>) => (path: string) =>
  files[path] ?? null;

Deno.test("rootAbove() finds the nearest folder whose deno.json says flyhot, else the nearest with any", () => {
  const flyhot = '{ "flyhot": { "entry": "src/bin/main.ts" } }';
  const cases: [files: Record<string, string>, root: string][] = [
    [{ "/app/deno.json": "{}" }, "/app"],
    [{ "/app/src/deno.jsonc": "{}", "/app/deno.json": "{}" }, "/app/src"],
    [{ "/app/src/bin/deno.json": "{", "/app/deno.json": "{}" }, "/app/src/bin"],
    [{ "/deno.json": "{}" }, "/"],
    [
      { "/other/deno.json": flyhot, "/app/package.json": flyhot },
      "/app/src/bin",
    ],
    // A member of a workspace whose repository is the app.
    [{ "/app/src/deno.json": "{}", "/app/deno.json": flyhot }, "/app"],
    [{ "/app/src/deno.json": "{", "/app/deno.jsonc": flyhot }, "/app"],
    // A member that is an app of its own.
    [{ "/app/src/deno.json": flyhot, "/app/deno.json": flyhot }, "/app/src"],
    [
      { "/app/src/deno.json": "{}", "/app/deno.json": '{ "flyhot": null }' },
      "/app/src",
    ],
  ];
  for (const [files, root] of cases) {
    assertEquals(
      rootAbove("/app/src/bin/main.ts", among(files)),
      root,
      JSON.stringify(files),
    );
  }
});

Deno.test("foldersAbove() follows what deno.json says of the root, and nothing but ..", () => {
  const of = (text: string | null) =>
    foldersAbove(
      "/repo/apps/web",
      (path) => path === "/repo/apps/web/deno.json" ? text : null,
    );
  const said = (root: unknown) => of(JSON.stringify({ flyhot: { root } }));
  const own = { root: "/repo/apps/web", appFolder: "" };
  assertEquals(said(".."), { root: "/repo/apps", appFolder: "web" });
  assertEquals(said("../.."), { root: "/repo", appFolder: "apps/web" });
  for (const root of [".", "", "/", "../x", "src", 5, null]) {
    assertEquals(said(root), own, String(root));
  }
  assertEquals(of(null), own);
  assertEquals(of("{"), own);
});
