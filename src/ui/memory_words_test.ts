import { assertEquals } from "@std/assert";
import { plannedMemoryWords, upgradesLeftWords } from "./memory_words.ts";

Deno.test("upgradesLeftWords() gives two digits, and says when it is time", () => {
  for (
    const [left, bytes, words] of [
      [409, 3e5, "at 300 kB an upgrade about 400 more fit, then restart it"],
      [
        40_999,
        900,
        "at 900 B an upgrade about 40,000 more fit, then restart it",
      ],
      [7, 1e6, "at 1.0 MB an upgrade about 7 more fit, then restart it"],
      [0, 1e6, "no more of them fit at 1.0 MB an upgrade: restart it soon"],
      [null, 1e6, ""],
      [3, null, ""],
    ] as const
  ) {
    assertEquals(upgradesLeftWords(left, bytes), words);
  }
});

Deno.test("plannedMemoryWords() counts in upgrades like the planned one", () => {
  const kept =
    "The replaced modules keep about 300 kB of memory on each machine";
  assertEquals(plannedMemoryWords(3e5, undefined), `${kept}.`);
  assertEquals(
    plannedMemoryWords(3e5, 409),
    `${kept}: about 400 such upgrades fit, then restart them.`,
  );
  assertEquals(
    plannedMemoryWords(3e5, 0),
    `${kept}, more than the budget leaves: restart them soon.`,
  );
});
