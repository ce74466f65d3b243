import { assert, assertEquals } from "@std/assert";
import { assertRefused, fixture } from "../fixture_test.ts";

Deno.test("machinesApi() changes metadata without a new version or a restart", async () => {
  await using at = await fixture();
  const id = await at.serving();
  const before = at.sandbox.machine(id);
  const path = `/machines/${id}/metadata`;
  assertEquals(
    (await at.api("POST", `${path}/flyhot_role`, { value: "x" })).status,
    204,
  );
  assertEquals((await at.api("GET", `/machines/${id}`)).body.config.metadata, {
    flyhot_role: "x",
  });
  assertRefused(
    await at.api("POST", `${path}/a`, { value: 1 }),
    400,
    "invalid_argument: value is not text",
  );
  const { instanceId, pid } = at.sandbox.machine(id);
  assertEquals([instanceId, pid], [before.instanceId, before.pid]);
});

Deno.test("machinesApi() lets only its holder change a leased machine", async () => {
  await using at = await fixture();
  const id = await at.serving();
  const path = `/machines/${id}/lease`;
  assertRefused(await at.api("GET", path), 404, "lease not found");
  const taken = await at.api("POST", path, { ttl: 60, description: "deploy" });
  const { nonce, expires_at } = taken.body.data;
  assertEquals([taken.status, taken.body.status], [201, "success"]);
  assert(expires_at > Date.now() / 1000);
  const held =
    `machine ID ${id} lease currently held by you@sandbox.invalid, expires at ${
      new Date(expires_at * 1000).toISOString().replace(".000", "")
    }`;
  assertRefused(await at.api("POST", path, { ttl: 60 }), 409, held);
  assertRefused(await at.api("POST", `/machines/${id}/stop`, {}), 409, held);
  assertRefused(
    await at.api("DELETE", `/machines/${id}?force=true`),
    409,
    held,
  );
  assertRefused(await at.api("DELETE", path), 409, held);
  const mine = { "fly-machine-lease-nonce": nonce };
  assertEquals((await at.api("GET", path)).body.data.description, "deploy");
  assertEquals((await at.api("POST", path, { ttl: 90 }, mine)).status, 201);
  assertEquals(
    (await at.api("POST", `/machines/${id}/suspend`, {}, mine)).status,
    200,
  );
  assertEquals((await at.api("DELETE", path, undefined, mine)).status, 200);
  assertEquals((await at.api("POST", `/machines/${id}/start`)).status, 200);
});
