import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { MachineLease } from "./leases.ts";
import { PlatformError } from "../machines_api/platform_error.ts";

const NOW = 1_700_000_000_000;
const MINE = { ttl: 13, description: "deploy", nonce: null };

Deno.test("MachineLease keeps others out until it ends", () => {
  const lease = new MachineLease("6e82954f711e87", "me@tokens.fly.io");
  lease.refuseOthers(null, NOW);
  const { nonce, expires_at } = lease.acquire(MINE, NOW);
  assertEquals(expires_at, 1_700_000_013);
  for (const other of [null, "other"]) {
    const error = assertThrows(
      () => lease.refuseOthers(other, NOW + 12_999),
      PlatformError,
      "machine ID 6e82954f711e87 lease currently held by me@tokens.fly.io, expires at 2023-11-14T22:13:33Z",
    );
    assertEquals(error.status, 409);
  }
  lease.refuseOthers(nonce, NOW);
  lease.refuseOthers(null, NOW + 13_000);
  assertNotEquals(lease.acquire(MINE, NOW + 13_000).nonce, nonce);
});

Deno.test("MachineLease.acquire() renews one's own lease and refuses another's", () => {
  const lease = new MachineLease("m", "me");
  const { nonce } = lease.acquire(MINE, NOW);
  assertThrows(() => lease.acquire(MINE, NOW), PlatformError, "currently held");
  const renewed = lease.acquire(
    { ttl: 20, description: "", nonce },
    NOW + 5_000,
  );
  assertEquals(
    [renewed.nonce, renewed.expires_at, renewed.description],
    [nonce, 1_700_000_025, "deploy"],
  );
});

Deno.test("MachineLease.release() frees the machine, when its holder asks", () => {
  const lease = new MachineLease("m", "me");
  const none = assertThrows(
    () => lease.release(null, NOW),
    PlatformError,
    "lease not found",
  );
  assertEquals(none.status, 404);
  const { nonce } = lease.acquire(MINE, NOW);
  assertThrows(() => lease.release("other", NOW), PlatformError, "held by");
  lease.release(nonce, NOW);
  assertEquals(lease.current(NOW), null);
});
