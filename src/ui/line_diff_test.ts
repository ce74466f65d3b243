import { assertEquals } from "@std/assert";
import { diffLines, diffText } from "./line_diff.ts";

const diff = (before: string, after: string) =>
  diffLines(before, after).map(diffText);

Deno.test("diffLines() shows what changed, with three lines around it", () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const changed = lines.with(5, "CHANGED").toSpliced(15, 0, "added");
  assertEquals(diff(lines.join("\n"), changed.join("\n")), [
    "  line 2",
    "  line 3",
    "  line 4",
    "- line 5",
    "+ CHANGED",
    "  line 6",
    "  line 7",
    "  line 8",
    "…",
    "  line 12",
    "  line 13",
    "  line 14",
    "+ added",
    "  line 15",
    "  line 16",
    "  line 17",
  ]);
});

Deno.test("diffLines() shows new texts, removed ones, and nothing where nothing changed", () => {
  assertEquals(diff("", "a\nb\n"), ["+ a", "+ b"]);
  assertEquals(diff("a\r\n\r\nb\n", ""), ["- a", "-", "- b"]);
  assertEquals(diff("a\nb\n", "a\nb\n"), []);
  assertEquals(diff("a\nb\n", "a\nb"), []);
});

Deno.test("diffLines() turns the old text into the new one", () => {
  const words = ["a", "b", "c"];
  // Every pair of texts of up to four lines out of three words.
  const texts = [""];
  for (let length = 1; length <= 4; length++) {
    for (let number = 0; number < 3 ** length; number++) {
      texts.push(
        Array.from(
          { length },
          (_, place) => words[Math.floor(number / 3 ** place) % 3],
        ).join("\n"),
      );
    }
  }
  for (const before of texts) {
    for (const after of texts) {
      const lines = diffLines(before, after);
      if (lines.length === 0) {
        assertEquals(before, after);
        continue;
      }
      const side = (left: string) =>
        lines.filter(({ kind }) => kind === "same" || kind === left)
          .map(({ text }) => text).join("\n");
      assertEquals([side("removed"), side("added")], [before, after]);
    }
  }
});

Deno.test("diffLines() of texts too long to compare shows all of both", () => {
  const text = (word: string) =>
    Array.from({ length: 2100 }, (_, index) => `${word} ${index}`).join("\n");
  const lines = diffLines(text("old"), text("new"));
  assertEquals(lines.length, 4200);
});
