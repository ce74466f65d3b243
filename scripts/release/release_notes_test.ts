import { assertEquals, assertThrows } from "@std/assert";
import { notesOf } from "./release_notes.ts";

const CHANGELOG =
  "# Changelog\n\n## 1.2.0 (2026-08-01)\n\n- This.\n\n## 1.1.0\n\n- That.\n";

Deno.test("the notes of a release are the section of its version", () => {
  assertEquals(
    notesOf("v1.2.0", { version: "1.2.0", changelog: CHANGELOG }),
    "- This.",
  );
});

Deno.test("a tag that is not the version's, or of which nothing is said, is refused", () => {
  assertThrows(
    () => notesOf("v1.1.0", { version: "1.2.0", changelog: CHANGELOG }),
    Error,
    "Cannot release v1.1.0: deno.json says version 1.2.0, whose tag is v1.2.0",
  );
  assertThrows(
    () => notesOf("v1.3.0", { version: "1.3.0", changelog: CHANGELOG }),
    Error,
    'Cannot release v1.3.0: CHANGELOG.md says nothing about 1.3.0; add a section "## 1.3.0"',
  );
});
