import { assertEquals } from "@std/assert";
import {
  acceptPointer,
  OTHER_LINEAGE_MS,
  type OtherPointer,
} from "./accept_pointer.ts";

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

Deno.test("acceptPointer() warns once of a pointer made again, and takes it after a minute", () => {
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

Deno.test("acceptPointer() waits again where another one takes the place of the other", () => {
  const other = { lineage: "b", since: 0 };
  assertEquals(acceptPointer(at(5, "a"), at(1, "c"), other, 59_000), {
    act: "wait",
    other: { lineage: "c", since: 59_000 },
    isNew: true,
  });
});

/** What becomes of pointers that are read one after another. */
function reader() {
  let known: ReturnType<typeof at> | null = null;
  let other: OtherPointer | null = null;
  return (read: ReturnType<typeof at>, now: number) => {
    const decision = acceptPointer(known, read, other, now);
    if (decision.act === "wait") other = decision.other;
    if (decision.act === "accept") [known, other] = [read, null];
    return decision.act;
  };
}

Deno.test("acceptPointer() never takes an older one of a lineage, however long it is read", () => {
  const read = reader();
  read(at(5, "A"), 0);
  for (const now of [1, OTHER_LINEAGE_MS, OTHER_LINEAGE_MS * 1000]) {
    assertEquals(read(at(4, "A"), now), "ignore");
  }
  assertEquals(read(at(6, "A"), 9), "accept");
});

Deno.test("acceptPointer() holds the old lineage for another one, once it has taken the new one", () => {
  const read = reader();
  read(at(50, "A"), 0);
  assertEquals(read(at(1, "B"), 1000), "wait");
  assertEquals(read(at(1, "B"), 1000 + OTHER_LINEAGE_MS), "accept");
  assertEquals(read(at(2, "B"), 1e6), "accept");
  assertEquals(read(at(51, "A"), 1e6), "wait");
});

Deno.test("acceptPointer() begins the minute again for one that comes and goes, or changes its name", () => {
  const read = reader();
  read(at(5, "A"), 0);
  read(at(9, "B"), 0);
  read(at(5, "A"), 30_000);
  assertEquals(read(at(9, "B"), 70_000), "wait");
  assertEquals(read(at(9, "C"), 100_000), "wait");
  assertEquals(read(at(9, "B"), 140_000), "wait");
});

Deno.test("acceptPointer() takes a lineage that was lost and given again, as long as the revision grows", () => {
  const read = reader();
  read(at(5), 0);
  assertEquals(read(at(4), 0), "ignore");
  assertEquals(read(at(6, "A"), 0), "accept");
  assertEquals(read(at(7), 0), "accept");
  assertEquals(read(at(8, "B"), 0), "accept");
  assertEquals(read(at(7, "B"), 0), "ignore");
});
