import { assert } from "@std/assert";
import { suspendRooms } from "./suspend_rooms.ts";

const MANY = 50_000;
const FEW = MANY / 100;

/** The shortest of some runs, in milliseconds: what is slow in between is not the program. */
async function shortest(...args: Parameters<typeof suspendRooms>) {
  let best = Infinity;
  for (let run = 0; run < 3; run++) {
    best = Math.min(best, (await suspendRooms(...args)).suspendedMs);
  }
  return best;
}

/** How long it takes where every member is touched; measured once for both. */
let all: Promise<number> | undefined;
const allTouched = () => all ??= shortest(MANY, 2, MANY);

Deno.test("state that is kept is suspended no longer for 100 times as many members", async () => {
  const all = await allTouched();
  const few = await shortest(FEW, 1, FEW / 100);
  const many = await shortest(MANY, 1, MANY / 100);
  // Some slack for the clock and the scheduler, as a part of what looking at every member takes.
  assert(
    many < 3 * few + all / 50,
    `${MANY}: ${many} ms, ${FEW}: ${few} ms, all migrated: ${all} ms`,
  );
});

Deno.test("state that is migrated ahead is suspended for what was touched meanwhile, not for all of it", async () => {
  const all = await allTouched();
  const touched = await shortest(MANY, 2, MANY / 100);
  assert(
    touched < all / 5,
    `1 % touched: ${touched} ms, all touched: ${all} ms`,
  );
});
