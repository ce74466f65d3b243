import { assertEquals } from "@std/assert";
import {
  type PointerVerdict,
  PointerWatch,
  STRANGER_MS,
} from "./pointer_watch.ts";

const taken: PointerVerdict = { act: "take", warning: null };
const ignored: PointerVerdict = { act: "ignore" };

Deno.test("a smaller revision of the same lineage is ignored always", () => {
  const watch = new PointerWatch();
  assertEquals(watch.judge({ lineage: "A", revision: 5 }, 0), taken);
  for (const now of [1, STRANGER_MS, STRANGER_MS * 1000]) {
    assertEquals(watch.judge({ lineage: "A", revision: 4 }, now), ignored);
  }
  assertEquals(watch.judge({ lineage: "A", revision: 5 }, 9), taken);
  assertEquals(watch.judge({ lineage: "A", revision: 6 }, 9), taken);
});

Deno.test("another lineage is taken once it has been read for a minute, with a warning", () => {
  const watch = new PointerWatch();
  watch.judge({ lineage: "A", revision: 50 }, 0);
  const other = { lineage: "B", revision: 1 };
  assertEquals(watch.judge(other, 1000), ignored);
  assertEquals(watch.judge(other, 1000 + STRANGER_MS - 1), ignored);
  const verdict = watch.judge(other, 1000 + STRANGER_MS);
  assertEquals(verdict.act, "take");
  assertEquals(
    verdict.act === "take" && verdict.warning,
    "the pointer was made again: revision 1 of B is taken, where revision 50 of A was known",
  );
  assertEquals(watch.judge({ lineage: "B", revision: 2 }, 1e6), taken);
  // The old one is a stranger now.
  assertEquals(watch.judge({ lineage: "A", revision: 51 }, 1e6), ignored);
});

Deno.test("a stranger that comes and goes, or changes its name, begins its minute anew", () => {
  const watch = new PointerWatch();
  watch.judge({ lineage: "A", revision: 5 }, 0);
  watch.judge({ lineage: "B", revision: 9 }, 0);
  watch.judge({ lineage: "A", revision: 5 }, 30_000);
  assertEquals(watch.judge({ lineage: "B", revision: 9 }, 70_000), ignored);
  assertEquals(watch.judge({ lineage: "C", revision: 9 }, 100_000), ignored);
  assertEquals(watch.judge({ lineage: "B", revision: 9 }, 140_000), ignored);
});

Deno.test("a pointer without a lineage is judged by its revision, and one that gets it is taken silently", () => {
  const watch = new PointerWatch();
  assertEquals(watch.judge({ revision: 5 }, 0), taken);
  assertEquals(watch.judge({ revision: 4 }, 0), ignored);
  assertEquals(watch.judge({ lineage: "A", revision: 6 }, 0), taken);
  // Written once more by a tool that does not know lineages.
  assertEquals(watch.judge({ revision: 7 }, 0), taken);
  assertEquals(watch.judge({ lineage: "B", revision: 8 }, 0), taken);
  assertEquals(watch.judge({ lineage: "B", revision: 7 }, 0), ignored);
});
