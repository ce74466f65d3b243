import { assertEquals } from "@std/assert";
import type { HotUpgrade, Pointer } from "@flyhot/runtime/protocol";
import { commitIn } from "./from_fleet.ts";

const upgrade = (
  commit: string | undefined,
  state: HotUpgrade["state"] = "committed",
): HotUpgrade => ({
  id: "1",
  version: "1.0.0",
  source_image_ref: "registry.fly.io/a:1",
  key: null,
  tarball_url: null,
  sha256: null,
  size: 0,
  deployed_at: "2026-01-15T10:30:00Z",
  deployed_by: "t",
  state,
  wave: "*",
  ...(commit === undefined ? {} : { commit }),
});

const pointer = (...upgrades: (HotUpgrade | null)[]): Pointer => ({
  protocol: 1,
  app: "a",
  revision: 1,
  set_at: "2026-01-15T10:30:00Z",
  image_ref: "registry.fly.io/a:1",
  hot_upgrade: null,
  generations: Object.fromEntries(upgrades.map((hot_upgrade, at) => [
    `registry.fly.io/a:${at}`,
    {
      image_ref: `registry.fly.io/a:${at}`,
      first_seen: `2026-01-15T10:3${at}:00Z`,
      hot_upgrade,
      history: [],
    },
  ])),
});

Deno.test("commitIn() takes the commit of the newest generation's committed upgrade", () => {
  assertEquals(commitIn(null), null);
  assertEquals(commitIn(pointer()), null);
  assertEquals(commitIn(pointer(upgrade("a"), upgrade("b"))), "b");
  // An image that was deployed cold since then does not say what is in it.
  assertEquals(commitIn(pointer(upgrade("a"), null)), null);
  assertEquals(commitIn(pointer(upgrade("a", "probation"))), null);
  assertEquals(commitIn(pointer(upgrade(undefined))), null);
});
