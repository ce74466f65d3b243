import { assertEquals } from "@std/assert";
import { ignoreReleases } from "./ignore_edit.ts";

Deno.test("ignoreReleases() adds one line, and only where none is there", () => {
  assertEquals(ignoreReleases(null), ".flyhot\n");
  assertEquals(ignoreReleases(""), ".flyhot\n");
  assertEquals(ignoreReleases(".git\n"), ".git\n.flyhot\n");
  assertEquals(ignoreReleases(".git"), ".git\n.flyhot\n");
  assertEquals(ignoreReleases(".git\r\n"), ".git\r\n.flyhot\r\n");
  assertEquals(ignoreReleases("# .flyhot\n"), "# .flyhot\n.flyhot\n");
  for (
    const line of [
      ".flyhot",
      "/.flyhot",
      ".flyhot/",
      "**/.flyhot",
      ".flyhot/**",
      " .flyhot ",
    ]
  ) {
    assertEquals(ignoreReleases(`a\n${line}\nb\n`), `a\n${line}\nb\n`);
  }
});
