import { assert, assertEquals } from "@std/assert";
import { series } from "./reload.ts";

const MODULES = 40;
const UPGRADES = 6;

Deno.test("the upgrade of a leaf costs far less than that of all modules, and none keeps its declarations", async () => {
  const leaf = await series(MODULES, "leaf", 6 + UPGRADES);
  const all = await series(MODULES, "all", 2);
  assertEquals([leaf.reloaded, all.reloaded], [3, MODULES]);
  // What the process has computed: other load on the computer does not lengthen it as it does the time.
  assert(leaf.cpu < all.cpu / 2, `${leaf.cpu} ms, all: ${all.cpu} ms`);
  // What code before the last may still ask for was four or more each time, its declarations ten.
  assert(
    leaf.keptCollections < UPGRADES,
    `${leaf.keptCollections} maps, sets and controllers were kept`,
  );
});
