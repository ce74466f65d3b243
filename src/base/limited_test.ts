import { assert, assertEquals, assertRejects } from "@std/assert";
import { mapLimited } from "./limited.ts";

Deno.test("mapLimited() keeps the order and never does more than the limit at once", async () => {
  let going = 0;
  let most = 0;
  const results = await mapLimited([5, 1, 4, 2, 3, 0], 2, async (turns) => {
    most = Math.max(most, ++going);
    for (let i = 0; i < turns; i++) await Promise.resolve();
    going--;
    return turns * 10;
  });
  assertEquals(results, [50, 10, 40, 20, 30, 0]);
  assertEquals(most, 2);
});

Deno.test("mapLimited() rejects when one call does", async () => {
  const error = await assertRejects(
    () => mapLimited([1, 2], 1, () => Promise.reject(new Error("no"))),
    Error,
  );
  assert(error.message === "no");
});
