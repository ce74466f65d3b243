import { assertEquals } from "@std/assert";
import { sectionOf } from "./changelog.ts";

const LOG = `# Changelog

## 0.2.0 (unreleased)

## 0.1.0 (2026-08-01)

- This.

### Detail

- That.

## 0.0.1
- First.
`;

Deno.test("sectionOf() finds heading mark and text of one version", () => {
  assertEquals(sectionOf(LOG, "0.2.0"), { mark: "unreleased", text: "" });
  assertEquals(sectionOf(LOG, "0.1.0"), {
    mark: "2026-08-01",
    text: "- This.\n\n### Detail\n\n- That.",
  });
  assertEquals(sectionOf(LOG, "0.0.1"), { mark: "", text: "- First." });
  assertEquals(sectionOf("## 1.0.0", "1.0.0"), { mark: "", text: "" });
});

Deno.test("sectionOf() finds nothing where only a longer version stands", () => {
  assertEquals(sectionOf("## 0.1.01\n", "0.1.0"), null);
  assertEquals(sectionOf("", "0.1.0"), null);
});
