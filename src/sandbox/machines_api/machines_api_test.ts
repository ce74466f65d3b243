import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { ask, assertRefused, exits, fixture } from "../fixture_test.ts";
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

Deno.test("machinesApi() stops, starts and restarts a machine, whose files are the image's each time", async () => {
  await using at = await fixture();
  const id = await at.serving();
  const before = await at.api("GET", `/machines/${id}`);
  const { instance_id } = before.body;
  await fetch(`${at.sandbox.url(id)}/write`).then((r) => r.text());
  assertEquals(await ask(at.sandbox, id, "/files"), ["main.ts", "written.txt"]);
  assertEquals<unknown>(
    (await at.api("POST", `/machines/${id}/restart`)).body,
    {
      ok: true,
    },
  );
  await at.sandbox.waitForState(id, "started");
  await at.sandbox.waitUntilReady(id);
  assertEquals(await ask(at.sandbox, id, "/files"), ["main.ts"]);

  assertEquals<unknown>(
    (await at.api("POST", `/machines/${id}/stop`, {})).body,
    {
      ok: true,
    },
  );
  const stopped = await at.api(
    "GET",
    `/machines/${id}/wait?state=stopped&timeout=10&instance_id=${instance_id}`,
  );
  assertEquals([stopped.status, stopped.body.state], [200, "stopped"]);
  assertEquals((await exits(at, id))[0]?.requested_stop, true);
  assertRefused(
    await at.api("POST", `/machines/${id}/exec`, { command: ["true"] }),
    412,
    "failed_precondition: machine not running",
  );

  const started = await at.api("POST", `/machines/${id}/start`);
  assertEquals(started.body.previous_state, "stopped");
  await at.sandbox.waitForState(id, "started");
  await at.sandbox.waitUntilReady(id);
  assertEquals((await ask<{ count: number }>(at.sandbox, id)).count, 2);
  const after = await at.api("GET", `/machines/${id}`);
  assertEquals(after.body.instance_id, instance_id);
  assertEquals(
    (await at.api("POST", `/machines/${id}/start`)).body.previous_state,
    "started",
  );
});

Deno.test("machinesApi() keeps a machine's memory, when it is suspended and resumed", async () => {
  await using at = await fixture();
  const id = await at.serving();
  assertEquals((await ask<{ count: number }>(at.sandbox, id)).count, 1);
  const { pid } = at.sandbox.machine(id);
  assertEquals((await at.api("POST", `/machines/${id}/suspend`)).status, 200);
  assertEquals(at.sandbox.machine(id).state, "suspended");
  assertRefused(
    await at.api("POST", `/machines/${id}/suspend`),
    412,
    "failed_precondition: machine not running",
  );
  const started = await at.api("POST", `/machines/${id}/start`);
  assertEquals(started.body.previous_state, "suspended");
  assertEquals((await ask<{ count: number }>(at.sandbox, id)).count, 2);
  assertEquals(at.sandbox.machine(id).pid, pid);
  await at.sandbox.suspendMachine(id);
  await at.sandbox.stopMachine(id);
  assertEquals(at.sandbox.machine(id).pid, null);
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

Deno.test("machinesApi() refuses to start a machine that is being stopped or replaced, and destroys it at once by force", async () => {
  const main = `
    Deno.addSignalListener("SIGINT", () => {});
    console.log("deaf");
    setInterval(() => {}, 1e6);
  `;
  await using at = await fixture({ files: { "main.ts": main } });
  const config = { image: at.image, stop_config: { timeout: "300s" } };
  for (
    const [path, state, error] of [
      ["", "replacing", "machine getting replaced, refusing to start"],
      ["/stop", "stopping", "machine still active, refusing to start"],
    ] as const
  ) {
    const { id } = await at.sandbox.createMachine({ image: at.image, config });
    await at.sandbox.waitForLog(id, /^deaf$/);
    await at.api("POST", `/machines/${id}${path}`, path ? {} : { config });
    assertEquals(at.sandbox.machine(id).state, state);
    assertRefused(
      await at.api("POST", `/machines/${id}/start`),
      412,
      `failed_precondition: ${error}`,
    );
    await at.api("DELETE", `/machines/${id}?force=true`);
    await at.sandbox.waitForState(id, "destroyed");
  }
});

Deno.test("machinesApi() answers a wait with 400, 404 or 408, when it cannot succeed", async () => {
  let arrived = () => {};
  await using at = await fixture({
    faults: ({ query }) =>
      query.get("state") === "destroyed" ? void arrived() : undefined,
  });
  const { body: { id, instance_id } } = await at.api("POST", "/machines", {
    config: { image: at.image },
    skip_launch: true,
  });
  const wait = (query: string) =>
    at.api("GET", `/machines/${id}/wait?${query}`);
  for (const timeout of ["0", "61", "1.5", "x"]) {
    assertRefused(
      await wait(`timeout=${timeout}`),
      400,
      "invalid_argument: timeout must be between 1 and 60 seconds",
    );
  }
  assertRefused(
    await wait("state=flying"),
    400,
    `invalid_argument: state "flying" cannot be waited for`,
  );
  assertRefused(
    await wait(`state=started,failed&timeout=1&instance_id=${instance_id}`),
    408,
    "deadline_exceeded: machine failed to reach desired state, started,failed, currently created",
  );
  assertEquals((await wait("state=settled")).body.state, "created");
  const waiting = new Promise<void>((resolve) => arrived = resolve);
  const destroyed = wait("state=destroyed&timeout=10");
  await waiting;
  await at.sandbox.destroyMachine(id);
  assertEquals((await destroyed).status, 200);
  assertRefused(await wait("state=destroyed"), 404, "machine not found");
});

Deno.test("machinesApi() runs a command in a machine, with its files and environment", async () => {
  await using at = await fixture({
    files: { "main.ts": "setInterval(() => {}, 1e6);", "a b.txt": "text" },
  });
  const { id } = await at.sandbox.createMachine({ image: at.image });
  const exec = (body: unknown) => at.api("POST", `/machines/${id}/exec`, body);
  const answer = await exec({
    command: [
      "/bin/sh",
      "-c",
      `cat "/app/a b.txt"; cat; echo $FLY_MACHINE_ID >&2; exit 7`,
    ],
    stdin: " from stdin",
  });
  assertEquals<unknown>([answer.status, answer.body], [200, {
    exit_code: 7,
    stdout: "text from stdin",
    stderr: `${id}\n`,
  }]);
  assertEquals<unknown>((await exec({ cmd: `cat '/app/a b.txt'` })).body, {
    exit_code: 0,
    stdout: "text",
  });
  const deno = await exec({
    command: ["deno", "eval", "console.log(Deno.readTextFileSync('a b.txt'))"],
    timeout: 20,
  });
  assertEquals(deno.body.stdout, "text\n");
  assertEquals<unknown>((await exec({ command: ["no-such-program"] })).body, {
    exit_code: 127,
    stderr: `exec: "no-such-program": executable file not found in $PATH`,
  });
  assertRefused(
    await exec({ command: ["sleep", "60"], timeout: 1 }),
    408,
    "deadline_exceeded: the command did not end within 1s",
  );
  const bytes = (count: number) => ({
    command: ["/bin/sh", "-c", `head -c ${count} /dev/zero | tr '\\0' a`],
  });
  const most = 2.5 * 1024 * 1024;
  assertEquals((await exec(bytes(most))).body.stdout?.length, most);
  assertRefused(
    await exec(bytes(most + 1)),
    413,
    `resource_exhausted: the command wrote more than ${most} bytes`,
  );
  for (
    const [body, error] of [
      [{}, "command is not a list of texts and cmd is not a command line"],
      [
        { command: [1] },
        "command is not a list of texts and cmd is not a command line",
      ],
      [{ cmd: "echo '" }, "Cannot read the command echo ': a ' is not closed"],
      [{ cmd: "a", timeout: -1 }, "timeout is not a whole number of seconds"],
      [{ cmd: "a", stdin: 1 }, "stdin is not text"],
    ] as const
  ) assertRefused(await exec(body), 400, `invalid_argument: ${error}`);
});

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

Deno.test("machinesApi() lets the exit code be read, when a machine destroyed itself", async () => {
  await using at = await fixture({ files: { "main.ts": "Deno.exit(5)" } });
  const { body: { id } } = await at.api("POST", "/machines", {
    config: {
      image: at.image,
      auto_destroy: true,
      restart: { policy: "no" },
      init: { cmd: ["deno", "run", "/app/main.ts"] },
    },
  });
  await at.sandbox.waitForState(id, "destroyed");
  const [exit] = await exits(at, id);
  const { exit_code, requested_stop, oom_killed, restarting } = exit!;
  assertEquals([exit_code, requested_stop, oom_killed, restarting], [
    5,
    false,
    false,
    false,
  ]);
  assertEquals<unknown>((await at.api("GET", "/machines")).body, []);
});

Deno.test("machinesApi() starts a crashed machine again as its policy says", async () => {
  await using at = await fixture();
  const id = await at.serving();
  const { pid } = at.sandbox.machine(id);
  await fetch(`${at.sandbox.url(id)}/exit`).then((r) => r.text());
  await at.sandbox.waitForLog(id, /exited normally with code: 3/);
  await at.sandbox.waitForState(id, "started");
  assertNotEquals(at.sandbox.machine(id).pid, pid);
  const { body } = await at.api("GET", `/machines/${id}`);
  const [start] = body.events;
  assertEquals([start?.type, start?.source], ["start", "flyd"]);
  assertEquals((await exits(at, id))[0]?.restarting, true);
  await at.sandbox.crashMachine(id);
  await at.sandbox.waitForState(id, "restarting");
  await at.sandbox.stopMachine(id);
  assertEquals(at.sandbox.machine(id).state, "stopped");
});

Deno.test("machinesApi() gives up on a machine that cannot run, when its retries are used up", async () => {
  await using at = await fixture();
  const { id } = await at.sandbox.createMachine({
    image: at.image,
    config: {
      init: { exec: ["/no/such/program"] },
      restart: { policy: "on-failure", max_retries: 2 },
    },
  });
  await at.sandbox.waitForState(id, "stopped");
  const codes = (await exits(at, id)).map(({ exit_code }) => exit_code);
  assertEquals(codes, [127, 127, 127]);
  await at.sandbox.waitForLog(id, /"\/no\/such\/program": executable file/);
});

Deno.test("machinesApi() sends signals, and stops with those of the configuration", async () => {
  const main = `
    for (const name of ["SIGUSR1", "SIGTERM", "SIGINT"]) {
      Deno.addSignalListener(name, () => {
        console.log("got " + name);
        if (name === "SIGTERM") Deno.exit(0);
      });
    }
    console.log("ready");
    setInterval(() => {}, 1e6);
  `;
  await using at = await fixture({ files: { "main.ts": main } });
  const { id } = await at.sandbox.createMachine({
    image: at.image,
    config: { stop_config: { signal: "SIGTERM" }, restart: { policy: "no" } },
  });
  await at.sandbox.waitForLog(id, /^ready$/);
  await at.api("POST", `/machines/${id}/signal`, { signal: "SIGUSR1" });
  await at.sandbox.waitForLog(id, /got SIGUSR1/);
  await at.api("POST", `/machines/${id}/signal`, { signal: 2 });
  await at.sandbox.waitForLog(id, /got SIGINT/);
  assertRefused(
    await at.api("POST", `/machines/${id}/signal`, { signal: "SIGNAL" }),
    400,
    `invalid_argument: "SIGNAL" is not a signal`,
  );
  assertRefused(
    await at.api("POST", `/machines/${id}/signal`, { signal: 999 }),
    400,
    "invalid_argument: 999 is not a signal",
  );
  assertRefused(
    await at.api("POST", `/machines/${id}/stop`, { timeout: "soon" }),
    400,
    "invalid_argument: timeout is not a duration",
  );
  await at.sandbox.stopMachine(id);
  assertEquals((await exits(at, id))[0]?.guest_exit_code, 0);
  await at.sandbox.startMachine(id);
  await at.sandbox.waitForLog(id, /^ready$/, { sinceStart: true });
  // A program that does not mind the first signal is killed; who waits for the end need not name a version.
  const stopped = at.api("GET", `/machines/${id}/wait?state=stopped`);
  await at.api("POST", `/machines/${id}/stop`, {
    signal: "SIGUSR1",
    timeout: "50ms",
  });
  assertEquals((await stopped).body.state, "stopped");
  assertEquals((await exits(at, id))[0]?.guest_signal, 9);
});

Deno.test("machinesApi() writes the files of a configuration", async () => {
  await using at = await fixture();
  const { id } = await at.sandbox.createMachine({
    image: at.image,
    config: {
      files: [{ guest_path: "/app/conf/x.txt", raw_value: btoa("hello") }],
    },
  });
  assertEquals(
    (await at.sandbox.exec(id, ["cat", "conf/x.txt"])).stdout,
    "hello",
  );
});

Deno.test("machinesApi() asks the health checks of a machine", async () => {
  await using at = await fixture();
  const service = (path: string) => ({
    protocol: "tcp",
    internal_port: 8080,
    checks: [{ type: "http", path, interval: "1s" }],
  });
  const create = async (path: string) => {
    const config = { services: [service(path)] };
    const made = await at.sandbox.createMachine({ image: at.image, config });
    await at.sandbox.waitUntilReady(made.id);
    return made.id;
  };
  const id = await create("/");
  const name = "servicecheck-00-http-8080";
  const status = async () => {
    const { body } = await at.api("GET", `/machines/${id}`);
    return body.checks.map(({ name, status, output }) => [
      name,
      status,
      output,
    ]);
  };
  for (let i = 0; i < 1000 && (await status())[0]?.[1] !== "passing"; i++);
  assertEquals(await status(), [[name, "passing", "HTTP GET /: 200"]]);
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
