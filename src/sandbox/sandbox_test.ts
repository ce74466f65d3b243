import { assert, assertEquals, assertRejects } from "@std/assert";
import { S3Bucket } from "@flyhot/runtime/bucket";
import { join } from "node:path";
import { FlyhotError } from "../errors.ts";
import { appFolder, fixture } from "./fixture_test.ts";
import { type Sandbox, type SandboxMachine, startSandbox } from "./sandbox.ts";

Deno.test("Sandbox methods refuse with a conflict, when a machine's state does not allow it", async () => {
  await using at = await fixture();
  const id = await at.serving();
  await at.sandbox.stopMachine(id);
  for (
    const [act, message] of [
      [
        () => at.sandbox.exec(id, ["true"]),
        `Cannot run true in machine ${id}: failed_precondition: machine not running`,
      ],
      [
        () => at.sandbox.suspendMachine(id),
        `Cannot suspend machine ${id}: failed_precondition: machine not running`,
      ],
    ] as const
  ) {
    const error = await assertRejects(act, FlyhotError, message);
    assertEquals(error.code, "conflict");
  }
  const late = await assertRejects(
    () => at.sandbox.waitForState(id, "started", { timeoutMs: 20 }),
    FlyhotError,
    `Cannot see machine ${id} in state started: it is stopped after 20 ms`,
  );
  assertEquals(late.code, "incomplete");
  await assertRejects(
    () => at.sandbox.waitForLog(id, /never/, { timeoutMs: 20 }),
    FlyhotError,
    `Cannot find /never/ in the log of machine ${id} within 20 ms`,
  );
  await assertRejects(
    () => at.sandbox.waitUntilReady(id, "/", { timeoutMs: 20 }),
    FlyhotError,
    "its process ended",
  );
});

Deno.test("Sandbox.waitUntilReady() says what to do where the program listens somewhere else", async () => {
  await using at = await fixture({
    files: {
      "main.ts": `console.log("Listening on http://0.0.0.0:3000/ (x)");
setInterval(() => {}, 1e6);`,
    },
  });
  const { id } = await at.sandbox.createMachine({ image: at.image });
  await at.sandbox.waitForLog(id, /Listening/);
  const error = await assertRejects(
    () => at.sandbox.waitUntilReady(id, "/", { timeoutMs: 20 }),
    FlyhotError,
  );
  assertEquals(
    error.hint,
    `it says that it listens on port 3000; machines of the sandbox are processes of one computer, so each has to listen on its own: Deno.serve({ port: Number(Deno.env.get("PORT") ?? 3000) }, …)`,
  );
});

Deno.test("Sandbox.stop() ends all processes and removes the folder, twice does no harm", async () => {
  await using app = await appFolder({
    "main.ts": `
      new Deno.Command("sleep", { args: ["1000"] }).spawn();
      console.log("spawned");
      setInterval(() => {}, 1e6);
    `,
  });
  const sandbox = await startSandbox({ regions: ["iad", "fra"] });
  const { machines } = await sandbox.deploy(app.path, { readyMs: 0 });
  for (const { id } of machines) await sandbox.waitForLog(id, /spawned/);
  const exec = sandbox.exec(machines[0]!.id, ["sleep", "1000"], {
    timeoutMs: 60_000,
  });
  const frozen = machines[1]!;
  await sandbox.suspendMachine(frozen.id);
  await Promise.all([sandbox.stop(), sandbox.stop()]);
  assertEquals((await exec).exitCode, 137);
  for (const { pid } of machines) assertEquals(groupIsAlive(pid), false);
  await assertRejects(() => Deno.stat(sandbox.folder), Deno.errors.NotFound);
  await sandbox.stop();
});

Deno.test("Sandbox.stop() gives up what is under way", async () => {
  await using app = await appFolder({
    "main.ts": `
      Deno.addSignalListener("SIGINT", () => {});
      console.log("deaf");
      setInterval(() => {}, 1e6);
    `,
    "fly.toml": `kill_timeout = 300\n[http_service]\ninternal_port = 8080\n`,
  });
  const sandbox = await startSandbox();
  let id = "";
  const deafness = new Promise<void>((resolve) =>
    sandbox.onLog(({ text, machineId }) => {
      if (text === "deaf") resolve(void (id = machineId));
    })
  );
  const deploy = assertRejects(() => sandbox.deploy(app.path), Error);
  await deafness;
  const waiting = assertRejects(
    () => sandbox.waitForState(id, "failed", { timeoutMs: 60_000 }),
    Error,
    "the sandbox was stopped",
  );
  const halting = sandbox.stopMachine(id);
  const remote = assertRejects(() =>
    fetch(
      `${sandbox.flapsUrl}/v1/apps/${sandbox.app}/machines/${id}/wait?state=failed`,
      { headers: { authorization: sandbox.env.FLY_API_TOKEN! } },
    )
  );
  await sandbox.stop();
  await Promise.all([deploy, waiting, halting, remote]);
  const late = await assertRejects(
    () => sandbox.createMachine({ image: "registry.fly.io/sandbox-app:x" }),
    FlyhotError,
    "unavailable: the sandbox was stopped",
  );
  assertEquals(late.code, "unexpected");
});

Deno.test("Sandbox keeps its folder, when it is told to", async () => {
  const folder = join(await Deno.makeTempDir(), "sandbox");
  const sandbox = await startSandbox({ folder, keep: true });
  // No health check is asked: a machine counts as started before its program listens.
  const listening = new Promise<void>((resolve) =>
    sandbox.onLog(({ text }) => {
      if (text === "listening") resolve();
    })
  );
  const [machine] = await deployed(sandbox);
  await listening;
  await sandbox.stop();
  const log = await Deno.readTextFile(machine!.logFile);
  assert(/\[stdout\] listening/.test(log), log);
  const error = await assertRejects(
    () => startSandbox({ folder }),
    FlyhotError,
    "it is not empty",
  );
  assertEquals(error.code, "usage");
  await Deno.remove(join(folder, ".."), { recursive: true });
});

Deno.test("Sandbox shows its credentials to its object store and to nobody else", async () => {
  await using sandbox = await startSandbox({ bucket: "my-bucket" });
  const { env } = sandbox;
  const bucket = new S3Bucket({
    endpoint: env.AWS_ENDPOINT_URL_S3!,
    bucket: env.BUCKET_NAME!,
    accessKeyId: env.AWS_ACCESS_KEY_ID!,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY!,
  });
  const outcome = await bucket.put("a", new Uint8Array([1]), "always");
  assertEquals(outcome.status, "written");
  const shown = Deno.inspect(sandbox, { depth: 10, showHidden: true }) +
    JSON.stringify(sandbox);
  assertEquals(shown.includes(env.AWS_SECRET_ACCESS_KEY!), false);
  assertEquals(shown.includes(env.FLY_API_TOKEN!.slice(6)), false);
  const script = await Deno.readTextFile(join(sandbox.folder, "bin", "fly"));
  assertEquals(script.includes("fm2_"), false);
});

Deno.test("startSandbox() refuses options that cannot be used", async () => {
  for (
    const [options, message] of [
      [
        { app: "My App" },
        `Cannot start a sandbox: "My App" is not the name of an`,
      ],
      [{ regions: [] }, `Cannot start a sandbox: "" are not regions`],
      [{ regions: ["iad", "x"] }, `"iad,x" are not regions`],
      [{ bucket: "B" }, `"B" is not the name of a bucket`],
    ] as const
  ) {
    const error = await assertRejects(
      () => startSandbox(options),
      FlyhotError,
      message,
    );
    assertEquals(error.code, "usage");
  }
});

Deno.test("startSandbox() leaves nothing, when it is given up at any point", async () => {
  const parent = await Deno.makeTempDir();
  let isOver = false;
  for (let turns = 0; !isOver; turns++) {
    const folder = join(parent, String(turns));
    const controller = new AbortController();
    const starting = startSandbox({ folder, signal: controller.signal });
    for (let i = 0; i < turns * 10; i++) await Promise.resolve();
    controller.abort(new Error("given up"));
    try {
      const sandbox = await starting;
      await sandbox.stop();
      isOver = true;
    } catch (error) {
      assertEquals((error as Error).message, "given up");
      // What is not settled by microtasks alone is met on the disk.
      isOver = turns > 50;
    }
    assertEquals(await Deno.stat(folder).catch(() => null), null);
  }
  await Deno.remove(parent, { recursive: true });
});

Deno.test("startSandbox() puts sockets elsewhere, when the folder's path is too long for them", async () => {
  const parent = await Deno.makeTempDir();
  const folder = join(parent, "long".repeat(25));
  await using sandbox = await startSandbox({ folder });
  const [machine] = await deployed(sandbox);
  assert(machine!.socket.startsWith("/tmp/"), machine!.socket);
  await sandbox.stop();
  assertEquals(
    await Deno.stat(join(machine!.socket, "..")).catch(() => null),
    null,
  );
  await Deno.remove(parent, { recursive: true });
});

Deno.test("Sandbox takes its machines and folder along, when its program is killed", async () => {
  await using app = await appFolder();
  const parent = await Deno.makeTempDir();
  const program = `
    import { startSandbox } from ${
    JSON.stringify(new URL("./sandbox.ts", import.meta.url).href)
  };
    const sandbox = await startSandbox({ folder: ${
    JSON.stringify(join(parent, "s"))
  } });
    const { machines } = await sandbox.deploy(${JSON.stringify(app.path)});
    console.log(JSON.stringify(machines[0]));
    setInterval(() => {}, 1e6);
  `;
  await app.write("program.ts", program);
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", config, join(app.path, "program.ts")],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  const machine: SandboxMachine = JSON.parse(value);
  const { hostname, port } = new URL(machine.url);
  using line = await Deno.connect({ hostname, port: Number(port) });
  using removals = Deno.watchFs(parent);
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  assertEquals(await line.read(new Uint8Array(1)).catch(() => null), null);
  for await (const { kind, paths } of removals) {
    if (kind === "remove" && paths.includes(join(parent, "s"))) break;
  }
  assertEquals(await Deno.stat(join(parent, "s")).catch(() => null), null);
  assertEquals(groupIsAlive(machine.pid), false);
  await Deno.remove(parent, { recursive: true });
});

async function deployed(sandbox: Sandbox): Promise<readonly SandboxMachine[]> {
  await using app = await appFolder();
  return (await sandbox.deploy(app.path)).machines;
}

function groupIsAlive(pgid: number | null): boolean {
  const { stdout } = new Deno.Command("ps", { args: ["-eo", "pgid=,stat="] })
    .outputSync();
  // Whoever ended but was not asked for yet by its parent is a zombie, not alive.
  return new TextDecoder().decode(stdout).split("\n").some((line) => {
    const [group, state = "Z"] = line.trim().split(/\s+/);
    return Number(group) === pgid && !state.startsWith("Z");
  });
}
