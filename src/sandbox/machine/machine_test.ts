import { assertEquals, assertNotEquals } from "@std/assert";
import { exits, fixture } from "../fixture_test.ts";

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
  await fetch(`${at.sandbox.machine(id).url}/exit`).then((r) => r.text());
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
