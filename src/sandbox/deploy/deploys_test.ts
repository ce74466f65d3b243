import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { FlyhotError } from "../../errors.ts";
import { appFolder, ask, SERVER } from "../fixture_test.ts";
import { startSandbox } from "../sandbox.ts";

Deno.test("Sandbox.deploy() makes machines in all regions, with Fly's variables", async () => {
  await using app = await appFolder({
    "main.ts": SERVER,
    "fly.toml":
      `app = "my-app"\nprimary_region = "fra"\n[env]\nA = "1"\nPORT = "8080"\n[http_service]\ninternal_port = 8080\n[[vm]]\nmemory = "512mb"`,
  });
  await using sandbox = await startSandbox({
    app: "my-app",
    regions: ["iad", "fra"],
    secrets: { MINE: "secret" },
  });
  const lines: string[] = [];
  const { imageRef, machines } = await sandbox.deploy(app.path, {
    onLine: (line) => lines.push(line),
  });
  assertEquals(machines.map(({ region }) => region), ["iad", "fra"]);
  assertEquals(new Set(machines.map(({ url }) => url)).size, 2);
  assert(lines.includes(`image: ${imageRef}`), lines.join("\n"));
  for (const machine of machines) {
    const env = await ask<Record<string, string>>(sandbox, machine.id, "/env");
    const expected = {
      FLY_APP_NAME: "my-app",
      FLY_MACHINE_ID: machine.id,
      FLY_ALLOC_ID: machine.id,
      FLY_REGION: machine.region,
      FLY_IMAGE_REF: imageRef,
      FLY_MACHINE_VERSION: machine.instanceId,
      FLY_PROCESS_GROUP: "app",
      FLY_VM_MEMORY_MB: "512",
      PRIMARY_REGION: "fra",
      PORT: new URL(machine.url).port,
      FLYHOT_SOCKET: machine.socket,
      FLY_FLAPS_BASE_URL: sandbox.flapsUrl,
      AWS_ENDPOINT_URL_S3: sandbox.endpoint,
      BUCKET_NAME: sandbox.bucket,
      AWS_REGION: "auto",
      FLY_API_TOKEN: sandbox.env.FLY_API_TOKEN,
      A: "1",
      MINE: "secret",
    };
    for (const [name, value] of Object.entries(expected)) {
      assertEquals(env[name], value, name);
    }
    assert(/^fdaa:/.test(env.FLY_PRIVATE_IP ?? ""));
    assert(env.HOME?.startsWith(sandbox.folder));
    assert(env.TMPDIR?.startsWith(sandbox.folder));
    // The path of a socket must fit into 104 bytes.
    assert(machine.socket.length < 104, machine.socket);
    const known = [
      ...Object.keys(expected),
      ...["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "FLY_PRIVATE_IP"],
      ...["PATH", "HOME", "TMPDIR", "DENO_DIR", "JSR_URL", "NO_COLOR"],
    ];
    assertEquals(
      Object.keys(env).filter((name) =>
        !known.includes(name) && !/^NPM_CONFIG_|^DENO_/i.test(name)
      ),
      [],
    );
  }
});

Deno.test("Sandbox.deploy() replaces code and version of machines one after the other", async () => {
  await using app = await appFolder();
  await using sandbox = await startSandbox({ regions: ["iad", "fra"] });
  const first = await sandbox.deploy(app.path);
  await app.write("main.ts", SERVER.replace("v1", "v2"));
  await app.write("new.txt", "new");
  const running: number[] = [];
  const stop = sandbox.onLog(({ text }) => {
    if (text.startsWith("Main child")) {
      running.push(
        sandbox.machines().filter(({ state }) => state === "started").length,
      );
    }
  });
  const second = await sandbox.deploy(app.path);
  stop();
  assertEquals(running, [1, 1]);
  assertEquals(
    second.machines.map(({ id }) => id),
    first.machines.map(({ id }) => id),
  );
  for (const [i, { id, instanceId, imageRef }] of second.machines.entries()) {
    assertEquals((await ask<{ version: string }>(sandbox, id)).version, "v2");
    assertEquals(await ask(sandbox, id, "/files"), ["main.ts", "new.txt"]);
    assert(instanceId !== first.machines[i]?.instanceId);
    assertEquals(imageRef, second.imageRef);
  }
  const back = await sandbox.deploy(app.path, {
    image: first.imageRef,
    regions: ["fra"],
  });
  assertEquals(back.machines.map(({ region }) => region), ["fra"]);
  const [iad, fra] = sandbox.machines();
  assertEquals([iad?.imageRef, fra?.imageRef], [
    second.imageRef,
    first.imageRef,
  ]);
});

Deno.test("Sandbox.deploy() runs process groups and a release command", async () => {
  await using app = await appFolder({
    "main.ts": SERVER,
    "worker.ts": `console.log("working"); setInterval(() => {}, 1e6);`,
    "fly.toml":
      `[deploy]\nrelease_command = "sh -c 'echo released $RELEASE_COMMAND $FLY_PROCESS_GROUP'"\n[processes]\napp = "deno run -A main.ts"\nworker = "deno run -A /app/worker.ts"\n[http_service]\ninternal_port = 8080\nprocesses = ["app"]\n`,
  });
  const released: string[] = [];
  await using sandbox = await startSandbox({
    onLog: ({ text }) => {
      if (text.startsWith("released")) released.push(text);
    },
  });
  const { machines } = await sandbox.deploy(app.path);
  assertEquals(machines.map(({ group }) => group), ["app", "worker"]);
  assertEquals(released, ["released 1 fly_app_release_command"]);
  const worker = machines[1]!;
  await sandbox.waitForLog(worker.id, /^working$/);
  await app.write("fly.toml", "[http_service]\ninternal_port = 8080\n");
  await sandbox.deploy(app.path);
  assertEquals(sandbox.machines().map(({ group }) => group), ["app"]);
});

Deno.test("Sandbox.deploy() fails and leaves the rest alone, when a machine does not come up", async () => {
  await using app = await appFolder();
  await using sandbox = await startSandbox({ regions: ["iad", "fra"] });
  const { imageRef } = await sandbox.deploy(app.path);
  await app.write("main.ts", `console.error("no luck"); Deno.exit(4);`);
  const error = await assertRejects(
    () => sandbox.deploy(app.path),
    FlyhotError,
    "its process ended (exit code 4)",
  );
  assertEquals(error.code, "incomplete");
  assert(error.hint?.includes("[stderr] no luck"), error.hint ?? "");
  assertEquals(sandbox.machines()[1]?.imageRef, imageRef);
});

Deno.test("Sandbox.deploy() waits for the health check, which must answer well", async () => {
  await using app = await appFolder({
    "main.ts":
      `Deno.serve({ port: Number(Deno.env.get("PORT")) }, () => new Response("", { status: 404 }));`,
    "fly.toml":
      `[http_service]\ninternal_port = 8080\n[[http_service.checks]]\npath = "/health"`,
  });
  await using sandbox = await startSandbox();
  await assertRejects(
    () => sandbox.deploy(app.path, { readyMs: 500 }),
    FlyhotError,
    "/health: after 500 ms it answers 404",
  );
});

Deno.test("Sandbox.deploy() refuses what it cannot deploy, saying why", async () => {
  await using app = await appFolder({ "fly.toml": `app = "other"` });
  await using sandbox = await startSandbox({ app: "my-app" });
  const cases: [() => Promise<unknown>, string, string][] = [
    [
      () => sandbox.deploy(app.path),
      `this sandbox has no app "other", only "my-app"`,
      "not_found",
    ],
    [
      () => sandbox.deploy(app.path, { config: "none.toml" }),
      `Cannot deploy ${app.path}: none.toml is not there`,
      "not_found",
    ],
    [
      () => sandbox.deploy(join(app.path, "none")),
      "none: there is no such folder",
      "not_found",
    ],
    [
      () => sandbox.deploy("/", { image: "registry.fly.io/my-app:none" }),
      `Could not find image "registry.fly.io/my-app:none"`,
      "not_found",
    ],
    [
      () => sandbox.createMachine({ image: "registry.fly.io/my-app:none" }),
      `Cannot create a machine from registry.fly.io/my-app:none: Could not find image`,
      "not_found",
    ],
    [
      () => sandbox.exec("none", ["true"]),
      "Cannot find machine none: this sandbox has no such machine",
      "not_found",
    ],
  ];
  for (const [act, message, code] of cases) {
    const error = await assertRejects(act, FlyhotError, message);
    assertEquals(error.code, code, message);
  }
});
