import { assertEquals } from "@std/assert";
import { ask, assertRefused, exits, fixture } from "../fixture_test.ts";

Deno.test("machinesApi() stops, starts and restarts a machine, whose files are the image's each time", async () => {
  await using at = await fixture();
  const id = await at.serving();
  const before = await at.api("GET", `/machines/${id}`);
  const { instance_id } = before.body;
  await fetch(`${at.sandbox.machine(id).url}/write`).then((r) => r.text());
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
