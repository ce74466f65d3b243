import { assertEquals } from "@std/assert";
import { acceptPointer, OTHER_LINEAGE_MS } from "./accept_pointer.ts";

const at = (revision: number, lineage?: string) =>
  lineage === undefined ? { revision } : { revision, lineage };

Deno.test("acceptPointer() takes the first, and of one lineage never an older one", () => {
  assertEquals(acceptPointer(null, at(1, "a"), null, 0), { act: "accept" });
  for (const lineage of ["a", undefined]) {
    for (
      const [known, read, act] of [
        [5, 4, "ignore"],
        [5, 5, "accept"],
        [5, 6, "accept"],
      ] as const
    ) {
      assertEquals(
        acceptPointer(at(known, lineage), at(read, lineage), null, 0).act,
        act,
      );
    }
  }
});

Deno.test("acceptPointer() takes over a lineage silently, and one that an older command lost", () => {
  assertEquals(acceptPointer(at(5), at(6, "a"), null, 0).act, "accept");
  assertEquals(acceptPointer(at(5), at(5, "a"), null, 0).act, "accept");
  assertEquals(acceptPointer(at(5, "a"), at(6), null, 0).act, "accept");
});

Deno.test("acceptPointer() warns once of a pointer made anew, and takes it after a minute", () => {
  for (const read of [at(1, "b"), at(9, "b"), at(1)]) {
    const lineage = read.lineage ?? null;
    const first = acceptPointer(at(5, "a"), read, null, 1000);
    assertEquals(first, {
      act: "wait",
      other: { lineage, since: 1000 },
      isNew: true,
    });
    const other = { lineage, since: 1000 };
    assertEquals(
      acceptPointer(at(5, "a"), read, other, 1000 + OTHER_LINEAGE_MS - 1),
      { act: "wait", other, isNew: false },
    );
    assertEquals(
      acceptPointer(at(5, "a"), read, other, 1000 + OTHER_LINEAGE_MS).act,
      "accept",
    );
  }
});

Deno.test("acceptPointer() waits anew where another one takes the place of the other", () => {
  const other = { lineage: "b", since: 0 };
  assertEquals(acceptPointer(at(5, "a"), at(1, "c"), other, 59_000), {
    act: "wait",
    other: { lineage: "c", since: 59_000 },
    isNew: true,
  });
});
