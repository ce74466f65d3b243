/** Simulated worlds, checked at their end.
 * @module
 */
import { assertEquals } from "@std/assert";
import { SimWorld, type WorldOptions } from "../sim_world.ts";

/**
 * Makes a world, lends it, ends it, and checks what must hold in every one of them.
 *
 * @param options what it begins with
 * @param use what to do in it
 * @returns what came of it
 */
export async function inWorld<T>(
  options: WorldOptions,
  use: (world: SimWorld) => Promise<T>,
): Promise<T> {
  const world = new SimWorld(options);
  try {
    return await use(world);
  } finally {
    world.end();
    assertEquals(world.bucket.broken, [], `seed ${options.seed}`);
    assertNoInterleaving(world);
  }
}

/** The digest of the release that each machine runs. */
export function runs(world: SimWorld): (string | null)[] {
  return world.machines.map(({ sha256 }) => sha256);
}

/** The keys of all objects in the bucket. */
export async function keys(world: SimWorld): Promise<string[]> {
  const all = await Array.fromAsync(world.bucket.list(""));
  return all.map(({ key }) => key);
}

/** An upgrade that was replaced never comes back: no two deployers ever worked at once. */
function assertNoInterleaving(world: SimWorld): void {
  const ids = world.bucket.pointers.map((pointer) =>
    Object.values(pointer.generations)[0]?.hot_upgrade?.id
  ).filter((id) => id !== undefined);
  const runs = ids.filter((id, index) => id !== ids[index - 1]);
  assertEquals(new Set(runs).size, runs.length, `seed ${world.sim.seed}`);
}
