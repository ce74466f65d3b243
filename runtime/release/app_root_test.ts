import { assertEquals } from "@std/assert";
import { rootAbove } from "./app_root.ts";

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
