import { assertEquals } from "@std/assert";
import { ignoreFolders } from "./ignore_edit.ts";

const ignored = (text: string | null, ...folders: string[]) =>
  ignoreFolders(text, folders);

Deno.test("ignoreFolders() adds a line for each, and only where none is there", () => {
  assertEquals(ignored(null, ".flyhot"), ".flyhot\n");
  assertEquals(ignored("", ".flyhot", ".git"), ".flyhot\n.git\n");
  assertEquals(ignored(".git\n", ".flyhot", ".git"), ".git\n.flyhot\n");
  assertEquals(ignored(".git", ".flyhot"), ".git\n.flyhot\n");
  assertEquals(ignored(".git\r\n", ".flyhot"), ".git\r\n.flyhot\r\n");
  assertEquals(ignored("# .flyhot\n", ".flyhot"), "# .flyhot\n.flyhot\n");
  // Others of whose names they are a part say nothing of them.
  assertEquals(ignored(".github\n", ".git"), ".github\n.git\n");
  assertEquals(ignored("!.flyhot\n", ".flyhot"), "!.flyhot\n.flyhot\n");
  for (
    const line of [
      ".flyhot",
      "/.flyhot",
      ".flyhot/",
      "**/.flyhot",
      ".flyhot/**",
      ".flyhot/*",
      " .flyhot ",
    ]
  ) {
    assertEquals(ignored(`a\n${line}\nb\n`, ".flyhot"), `a\n${line}\nb\n`);
  }
});
