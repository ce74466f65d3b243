import { assertEquals } from "@std/assert";
import { unicodeWidth } from "./unicode_width.ts";

Deno.test("unicodeWidth() counts the columns of a terminal", () => {
  const cases: Record<string, number> = {
    "": 0,
    "hello world": 11,
    "│ ✓ done": 8,
    "naïve": 5,
    "nai\u0308ve": 5, // the two dots are a character of their own
    "天地玄黃": 8,
    "ｆｕｌｌ": 8,
    "한국": 4,
    "🦕": 2,
    "🇩🇪": 2,
    "⚠": 1, // emoji only when a selector says so
    "zero\u200bwidth": 9,
    "\x1b\n\t": 0,
  };
  for (const [text, width] of Object.entries(cases)) {
    assertEquals(unicodeWidth(text), width, JSON.stringify(text));
  }
});
