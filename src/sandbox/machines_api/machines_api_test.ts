import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { ask, assertRefused, fixture } from "../fixture_test.ts";
import type { MachineRecord } from "../machine/records/machine_types.ts";

Deno.test("machinesApi() answers 401, when the token is missing or wrong", async () => {
  await using at = await fixture();
  const url = `${at.sandbox.flapsUrl}/v1/apps/my-app/machines`;
  for (
    const headers of [
      {},
      { authorization: "Bearer fm2_wrong" },
      { authorization: at.sandbox.env.FLY_API_TOKEN!.slice(0, -1) },
    ]
  ) {
    const response = await fetch(url, { headers });
    assertEquals([response.status, await response.json()], [401, {
      error: "Authenticate: token validation error",
    }]);
  }
  const bearer = `Bearer ${at.sandbox.env.FLY_API_TOKEN!.slice(6)}`;
  const { status } = await at.api("GET", "/machines", undefined, {
    authorization: bearer,
  });
  assertEquals(status, 200);
});

Deno.test("machinesApi() answers 404, when there is no such app, machine or call", async () => {
  await using at = await fixture();
  const other = await fetch(`${at.sandbox.flapsUrl}/v1/apps/other/machines`, {
    headers: { authorization: at.sandbox.env.FLY_API_TOKEN! },
  });
  assertEquals([other.status, await other.json()], [404, {
    error: "app not found",
  }]);
  assertRefused(
    await at.api("GET", "/machines/6e82954f711e87"),
    404,
    "machine not found",
  );
  assertRefused(await at.api("GET", "/volumes"), 404, "page not found");
  assertRefused(await at.api("PUT", "/machines"), 404, "page not found");
  assertEquals((await at.api("GET", "")).body.name, "my-app");
});

Deno.test("machinesApi() makes a machine and shows it, with Fly's fields", async () => {
  await using at = await fixture();
  const made = await at.api("POST", "/machines", {
    name: "web-1",
    region: "fra",
    lease_ttl: 30,
    config: { image: at.image, env: { A: "1" }, schedule: "daily" },
  });
  assertEquals(made.status, 200);
  const { id, instance_id, nonce, ...rest } = made.body;
  assert(/^[1-9][0-9a-f]{13}$/.test(id), id);
  assert(/^[0-9A-Z]{26}$/.test(instance_id), instance_id);
  assert(/^[0-9a-f]+$/.test(nonce ?? ""), nonce);
  assertEquals([rest.name, rest.region, rest.state], [
    "web-1",
    "fra",
    "created",
  ]);
  assertEquals(rest.config, {
    image: at.image,
    env: { A: "1" },
    schedule: "daily",
  });
  const { digest, ...ref } = rest.image_ref;
  assert(/^sha256:[0-9a-f]{64}$/.test(digest));
  assertEquals<unknown>(ref, {
    registry: "registry.fly.io",
    repository: "my-app",
    tag: at.image.split(":")[1],
    labels: {},
  });
  assertEquals(
    [rest.version, rest.host_status, rest.checks],
    [instance_id, "ok", []],
  );
  assert(/^fdaa:/.test(rest.private_ip));
  const waited = await at.api(
    "GET",
    `/machines/${id}/wait?state=started&timeout=10&instance_id=${instance_id}`,
  );
  assertEquals(
    [waited.status, waited.body.ok, waited.body.state],
    [200, true, "started"],
  );
  const { body } = await at.api("GET", `/machines/${id}`);
  assertEquals([body.state, body.nonce], ["started", undefined]);
  assertEquals(
    body.events.map(({ type, source }) => [type, source]),
    [["start", "user"], ["launch", "user"]],
  );
  const { timestamp } = body.events[0]!;
  assert(
    Number.isInteger(timestamp) && Math.abs(Date.now() - timestamp) < 60_000,
  );
});

Deno.test("machinesApi() refuses to make a machine, when something is wrong with it", async () => {
  await using at = await fixture();
  const create = (body: unknown) => at.api("POST", "/machines", body);
  assertRefused(await create({}), 422, "config.image required");
  assertRefused(
    await create({ config: { image: "registry.fly.io/my-app:none" } }),
    404,
    `Could not find image "registry.fly.io/my-app:none"`,
  );
  const config = { image: at.image };
  assertRefused(
    await create({ config, region: "nowhere" }),
    400,
    `invalid_argument: region "nowhere" is not a region`,
  );
  assertRefused(
    await create({
      config: { ...config, files: [{ guest_path: "/etc/x", raw_value: "" }] },
    }),
    400,
    "invalid_argument: the file /etc/x lies outside of /app, which is all that a machine of the sandbox has",
  );
  const first = await create({ config, name: "one", skip_launch: true });
  const second = await create({ config, name: "one" });
  assertRefused(
    second,
    409,
    `already_exists: unique machine name violation, machine ID ${first.body.id} already exists with name "one"`,
  );
  assertEquals(second.body.status, "name_taken");
  const bad = await fetch(`${at.sandbox.flapsUrl}/v1/apps/my-app/machines`, {
    method: "POST",
    headers: { authorization: at.sandbox.env.FLY_API_TOKEN! },
    body: "{",
  });
  assertEquals([bad.status, (await bad.json()).error], [
    400,
    "invalid_argument: the body is not JSON",
  ]);
});

Deno.test("machinesApi() lists machines by region, state and metadata", async () => {
  await using at = await fixture();
  const create = async (region: string, metadata: Record<string, string>) => {
    const config = { image: at.image, metadata };
    const request = { region, config, skip_launch: true };
    return (await at.api("POST", "/machines", request)).body.id as string;
  };
  const a = await create("iad", { flyhot_role: "orchestrator" });
  const b = await create("fra", { fly_process_group: "app" });
  await at.sandbox.startMachine(b);
  const list = async (query: string) => {
    const path = `/machines?${query}`;
    const { body } = await at.api<MachineRecord[]>("GET", path);
    return body.map(({ id }) => id);
  };
  assertEquals(await list(""), [a, b]);
  assertEquals(await list("region=fra"), [b]);
  assertEquals(await list("state=created,stopped"), [a]);
  assertEquals(await list("metadata.flyhot_role=orchestrator"), [a]);
  assertEquals(await list("metadata.flyhot_role=other"), []);
  const summary = await at.api<MachineRecord[]>(
    "GET",
    "/machines?summary=true",
  );
  const keys = Object.keys(summary.body[0] ?? {});
  assertEquals(keys.includes("state"), true);
  for (const key of ["config", "events", "checks", "host_status"]) {
    assertEquals(keys.includes(key), false, key);
  }
  await at.sandbox.destroyMachine(a);
  assertEquals(await list(""), [b]);
  assertEquals(await list("include_deleted=true"), [a, b]);
});

Deno.test("machinesApi() updates a machine to another image and version, and restarts it", async () => {
  await using at = await fixture();
  const id = await at.serving();
  const { body: before } = await at.api("GET", `/machines/${id}`);
  const { pid } = at.sandbox.machine(id);
  const update = (body: unknown) => at.api("POST", `/machines/${id}`, body);
  const config = { image: at.image, env: { NEW: "1" } };
  assertRefused(
    await update({ config, current_version: "01ARZ3NDEKTSV4RRFFQ69G5FAV" }),
    409,
    "aborted: machine update failed due to concurrent update",
  );
  assertRefused(await update({}), 422, "config.image required");
  const updated = await update({
    config,
    current_version: before.instance_id,
  });
  assertEquals([updated.status, updated.body.state], [200, "replacing"]);
  assertNotEquals(updated.body.instance_id, before.instance_id);
  const waited = await at.api(
    "GET",
    `/machines/${id}/wait?timeout=10&version=${updated.body.instance_id}`,
  );
  assertEquals(waited.body.state, "started");
  assertRefused(
    await at.api("GET", `/machines/${id}/wait?version=${before.instance_id}`),
    404,
    `machine version ${before.instance_id} not found`,
  );
  assertNotEquals(at.sandbox.machine(id).pid, pid);
  await at.sandbox.waitUntilReady(id);
  const env = await ask<Record<string, string>>(at.sandbox, id, "/env");
  assertEquals([env.NEW, env.FLY_MACHINE_VERSION], [
    "1",
    updated.body.instance_id,
  ]);
  await at.sandbox.stopMachine(id);
  await update({ config });
  await at.sandbox.waitForState(id, "stopped");
  assertEquals(at.sandbox.machine(id).pid, null);
});

Deno.test("machinesApi() destroys a machine, which stays readable; a running one only by force", async () => {
  await using at = await fixture();
  const id = await at.serving();
  const { root } = at.sandbox.machine(id);
  assertRefused(
    await at.api("DELETE", `/machines/${id}`),
    412,
    "failed_precondition: unable to destroy machine, not currently stopped, suspended, failed or created",
  );
  assertEquals<unknown>(
    (await at.api("DELETE", `/machines/${id}?force=true`)).body,
    {
      ok: true,
    },
  );
  await at.sandbox.waitForState(id, "destroyed");
  assertEquals(
    (await at.api("GET", `/machines/${id}`)).body.state,
    "destroyed",
  );
  assertEquals(at.sandbox.machines(), []);
  assertEquals(await Deno.stat(root).catch(() => null), null);
  for (const action of ["start", "stop", "exec", "suspend", "restart"]) {
    assertRefused(
      await at.api("POST", `/machines/${id}/${action}`, { cmd: "true" }),
      404,
      "machine not found",
    );
  }
});

Deno.test("machinesApi() answers 429 beyond Fly's rate limits, when they are kept", async () => {
  await using at = await fixture({ rateLimits: true });
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => at.api("GET", "/machines")),
  );
  const good = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 429);
  assert(good.length >= 3 && refused.length >= 1);
  assertEquals(good.length + refused.length, 10);
  assertRefused(refused[0]!, 429, "rate limit exceeded");
});

Deno.test("machinesApi() makes the trouble it is told to make", async () => {
  let armed = true;
  await using at = await fixture({
    faults: ({ service, method, path }) =>
      armed && service === "machines" && method === "POST" &&
        path.endsWith("/machines")
        ? "lose_answer"
        : undefined,
  });
  const config = { image: at.image };
  const request = { name: "one", config, skip_launch: true };
  const lost = await at.api("POST", "/machines", request).catch(() => null);
  assertEquals(lost, null);
  armed = false;
  const again = await at.api("POST", "/machines", request);
  assertEquals([again.status, again.body.status], [409, "name_taken"]);
});
