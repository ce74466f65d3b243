import { assertEquals } from "@std/assert";
import {
  clip,
  fold,
  formatBytes,
  formatCount,
  formatDuration,
  formatTable,
  oneLine,
  wrap,
} from "./format.ts";

Deno.test("formatBytes() writes three digits at most, and the next unit before four", () => {
  for (
    const [bytes, text] of [
      [0, "0 B"],
      [999, "999 B"],
      [1000, "1.0 kB"],
      [48_213, "48.2 kB"],
      [99_960, "100 kB"],
      [999_600, "1.0 MB"],
      [5_000_000_000, "5.0 GB"],
    ] as const
  ) {
    assertEquals(formatBytes(bytes), text);
  }
});

Deno.test("formatDuration() writes milliseconds, seconds, minutes", () => {
  for (
    const [ms, text] of [
      [0, "0 ms"],
      [14.4, "14 ms"],
      [999.6, "1.0 s"],
      [1234, "1.2 s"],
      [59_940, "59.9 s"],
      [59_951, "1 min"],
      [125_000, "2 min 5 s"],
    ] as const
  ) {
    assertEquals(formatDuration(ms), text);
  }
});

Deno.test("formatCount() knows one and many", () => {
  assertEquals(formatCount(1, "module"), "1 module");
  assertEquals(formatCount(0, "module"), "0 modules");
});

Deno.test("formatTable() aligns columns and leaves no blanks at line ends", () => {
  assertEquals(
    formatTable([["a", "iad", "x"], ["longer", "é", ""], ["b"]]),
    ["a       iad  x", "longer  é", "b"],
  );
  assertEquals(formatTable([["a", "", "c"], ["b", "", ""]]), ["a  c", "b"]);
  assertEquals(formatTable([]), []);
});

Deno.test("clip() cuts only what is too long, between characters", () => {
  assertEquals(clip("12345", 5), "12345");
  assertEquals(clip("123456", 5), "1234…");
  assertEquals(clip("👍👍👍", 2), "👍…");
});

Deno.test("oneLine() leaves nothing that could move a cursor", () => {
  assertEquals(oneLine("a\nb\r\n\x1b[2J\x1b[1;31mc\x1b[0m\x1bX\t"), "a b c X");
  assertEquals(oneLine("ä ✓"), "ä ✓");
});

Deno.test("wrap() breaks at blanks and keeps long words whole", () => {
  assertEquals(wrap("one two  three", 7), ["one two", "three"]);
  assertEquals(wrap("unbreakable x", 5), ["unbreakable", "x"]);
  assertEquals(wrap("", 5), []);
});

Deno.test("fold() breaks long lines at blanks, below where their last column begins", () => {
  assertEquals(fold("short\n\n  as it is", 10), "short\n\n  as it is");
  assertEquals(
    fold("  app.ts:1 n: holds state, which would be lost", 24),
    "  app.ts:1 n: holds\n    state, which would\n    be lost",
  );
  assertEquals(
    fold("✓ token   a macaroon, from FLY_API_TOKEN", 24),
    "✓ token   a macaroon,\n          from\n          FLY_API_TOKEN",
  );
  // A column that begins too far to the right leaves too little room.
  assertEquals(
    fold("one two three four  five six", 22),
    "one two three four\n  five six",
  );
  // A long word goes on further to the left where it fits there, else stays.
  assertEquals(
    fold("one two    registry.example/abc", 22),
    "one two\n  registry.example/abc",
  );
  assertEquals(
    fold("an unbreakable-word here", 8),
    "an unbreakable-word\n  here",
  );
  const red = "\x1b[31mred\x1b[39m";
  assertEquals(fold(`${red} ${red} ${red}`, 11), `${red} ${red} ${red}`);
  assertEquals(fold(`${red} ${red}`, 5), `${red}\n  ${red}`);
});
