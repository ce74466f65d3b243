import { assertEquals } from "@std/assert";
import { foldersAbove, rootAbove } from "./app_root.ts";

const among = (...files: string[]) => (path: string) => files.includes(path);

Deno.test("rootAbove() finds the nearest folder with a deno.json or deno.jsonc", () => {
  for (
    const [files, root] of [
      [["/app/deno.json"], "/app"],
      [["/app/src/deno.jsonc", "/app/deno.json"], "/app/src"],
      [["/app/src/bin/deno.json", "/app/deno.json"], "/app/src/bin"],
      [["/deno.json"], "/"],
      [["/other/deno.json", "/app/package.json"], "/app/src/bin"],
    ] as const
  ) {
    assertEquals(rootAbove("/app/src/bin/main.ts", among(...files)), root);
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
