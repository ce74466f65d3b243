import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { appFolder, ask, SERVER } from "../fixture_test.ts";
import type { StandInHost } from "./call.ts";
import { standIn } from "./main.ts";
import { type Sandbox, startSandbox } from "../sandbox.ts";

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real executable, as found on PATH. */
async function fly(
  sandbox: Sandbox,
  cwd: string,
  ...args: string[]
): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(
    join(sandbox.folder, "bin", "fly"),
    { args, cwd, env: sandbox.env },
  ).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Runs the stand-in in this process, which is faster. */
async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  more: Partial<StandInHost> = {},
): Promise<Ran> {
  const ran = { stdout: "", stderr: "" };
  const code = await standIn(args, {
    env: (name) => env[name],
    cwd: () => "/",
    readText: () => Promise.resolve(null),
    writeText: () => Promise.reject(new Error("not asked for")),
    fetch: (request) => fetch(request),
    out: (text) => ran.stdout += text,
    err: (text) => ran.stderr += text,
    ...more,
  });
  return { code, ...ran };
}

Deno.test("fly deploy --build-only --push prints the image on stderr, and machines can run it", async () => {
  await using app = await appFolder({
    "main.ts": SERVER,
    "fly.toml": `app = "my-app"\n[http_service]\ninternal_port = 8080\n`,
  });
  await using sandbox = await startSandbox({ app: "my-app" });
  const built = await fly(
    sandbox,
    app.path,
    "deploy",
    "--build-only",
    "--push",
    "--remote-only",
    "--build-arg",
    "A=1",
  );
  assertEquals([built.code, built.stdout], [0, ""], built.stderr);
  const [, ref = ""] = /^image: (\S+)$/m.exec(built.stderr) ?? [];
  assertMatch(ref, /^registry\.fly\.io\/my-app:deployment-[0-9A-Z]{26}$/);
  assertMatch(built.stderr, /^image size: \d+ kB$/m);
  assertEquals(sandbox.machines(), []);
  const { id } = await sandbox.createMachine({ image: ref });
  await sandbox.waitUntilReady(id);
});

Deno.test("fly deploy makes two machines, then replaces them", async () => {
  await using app = await appFolder({
    "main.ts": SERVER,
    "conf/fly.toml": `app = "my-app"\n[http_service]\ninternal_port = 8080\n`,
  });
  await using sandbox = await startSandbox({ app: "my-app" });
  const args = ["deploy", "--config", "conf/fly.toml", "--image-label"];
  const first = await fly(sandbox, app.path, ...args, "one");
  assertEquals(first.code, 0, first.stderr);
  const ids = sandbox.machines().map(({ id }) => id);
  assertEquals(ids.length, 2);
  await app.write("main.ts", SERVER.replace("v1", "v2"));
  const second = await fly(sandbox, app.path, ...args, "two", "--ha=false");
  assertEquals(second.code, 0, second.stderr);
  assertMatch(second.stderr, /with rolling strategy/);
  assertEquals(sandbox.machines().map(({ id }) => id), ids);
  for (const { id, imageRef } of sandbox.machines()) {
    assertEquals(imageRef, "registry.fly.io/my-app:two");
    assertEquals((await ask<{ version: string }>(sandbox, id)).version, "v2");
  }
  const back = await run(
    ["deploy", "/", "-a", "my-app", "--image", "registry.fly.io/my-app:one"],
    sandbox.env,
  );
  assertEquals([back.code, /^image:/m.test(back.stderr)], [0, false]);
  assertEquals(
    sandbox.machines()[0]?.imageRef,
    "registry.fly.io/my-app:one",
  );
});

Deno.test("fly deploy takes regions and --ha=false as flyctl does", async () => {
  await using app = await appFolder();
  await using sandbox = await startSandbox({ app: "my-app" });
  const deploy = (...args: string[]) =>
    run(["deploy", app.path, ...args], sandbox.env);
  assertEquals((await deploy("--regions", "fra,syd")).code, 0);
  assertEquals(sandbox.machines().map(({ region }) => region), ["fra", "syd"]);
  for (const { id } of sandbox.machines()) await sandbox.destroyMachine(id);
  assertEquals(
    (await deploy("--ha=false", "--depot=false", "--region", "ams")).code,
    0,
  );
  assertEquals(sandbox.machines().map(({ region }) => region), ["ams"]);
});

Deno.test("fly deploy exits with 1 and says why, when it fails", async () => {
  await using app = await appFolder({
    "main.ts": "Deno.exit(9)",
    "fly.toml": `app = "my-app"\n[http_service]\ninternal_port = 8080\n`,
  });
  await using sandbox = await startSandbox({ app: "my-app" });
  const deploy = (...args: string[]) =>
    run(["deploy", app.path, ...args], sandbox.env);
  const cases: [string[], RegExp][] = [
    [[], /its process ended \(exit code 9\)/],
    [["-a", "other"], /no app "other", only "my-app"/],
    [["--image", "registry.fly.io/my-app:x"], /Could not find image/],
    [["--config", "/none/fly.toml"], /\/none\/fly\.toml is not there/],
    [["--build-arg", "A"], /--build-arg "A": expected NAME=VALUE/],
    [["--wait-timeout", "soon"], /invalid argument "soon"/],
    [["--no-such-flag"], /Unknown option '--no-such-flag'/],
    [["--image-label", "a b", "--build-only"], /"a b" is not a tag/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await deploy(...args);
    assertEquals([code, stdout], [1, ""], args.join(" "));
    assertMatch(stderr, /^Error: /m);
    assertMatch(stderr, message);
  }
});

Deno.test("fly auth says who and with which token", async () => {
  await using sandbox = await startSandbox({ email: "me@example.com" });
  const { env } = sandbox;
  assertEquals((await run(["auth", "whoami"], env)).stdout, "me@example.com\n");
  assertEquals(
    JSON.parse((await run(["auth", "whoami", "--json"], env)).stdout),
    {
      email: "me@example.com",
    },
  );
  const { stdout, stderr } = await run(["auth", "token"], env);
  assertEquals(`FlyV1 ${stdout.trim()}`, env.FLY_API_TOKEN);
  assertMatch(stderr, /deprecated/);
  const wrong = await run(["auth", "whoami", "-t", "fm2_wrong"], env);
  assertEquals(
    [wrong.code, wrong.stderr],
    [1, "Error: Authenticate: token validation error (401)\n"],
  );
  const none = await run(["auth", "whoami"], { ...env, FLY_API_TOKEN: "" });
  assertMatch(none.stderr, /no access token available/);
});

Deno.test("fly machines list shows the machines of the app that flag, variable or file name", async () => {
  await using app = await appFolder();
  await using sandbox = await startSandbox({
    app: "my-app",
    rateLimits: false,
  });
  const { machines: [machine] } = await sandbox.deploy(app.path);
  const { FLY_APP_NAME: _, ...env } = sandbox.env;
  const inFile = { readText: () => Promise.resolve(`app = "my-app"\n`) };
  for (
    const ran of [
      await run(["machines", "list", "--json", "-a", "my-app"], env),
      await run(["m", "ls", "--json"], { ...env, FLY_APP: "my-app" }),
      await run(["machine", "list", "--json"], env, inFile),
    ]
  ) {
    assertEquals(ran.code, 0, ran.stderr);
    const [listed] = JSON.parse(ran.stdout);
    assertEquals([listed.id, listed.state], [machine!.id, "started"]);
  }
  const plain = await run(["machines", "list", "-a", "my-app"], env);
  assert(plain.stdout.startsWith(`${machine!.id}\t`), plain.stdout);
  const none = await run(["machines", "list"], env);
  assertMatch(none.stderr, /missing an app name/);
});

Deno.test("fly exits with 1, when it does not know the command or no sandbox", async () => {
  const unknown = await run(["apps", "create", "x"], {});
  assertEquals([unknown.code, unknown.stdout], [1, ""]);
  assertMatch(
    unknown.stderr,
    /^Error: unknown command "apps create x" for "fly"/,
  );
  const nowhere = await run(["auth", "whoami"], { FLY_API_TOKEN: "x" });
  assertMatch(nowhere.stderr, /FLY_FLAPS_BASE_URL names none/);
  assertMatch((await run(["version"], {})).stdout, /sandbox/);
});

Deno.test("fly logs --no-tail prints what a machine logged, as fly does", async () => {
  const files: Record<string, string> = {
    "/logs/m1":
      "2026-01-15T10:30:00Z [stdout] up\n2026-01-15T10:30:01Z [stderr] boom: [x] y\n",
    "/logs/m2": "2026-01-15T10:30:00Z [stdout] other\n",
  };
  const env = { FLY_FLAPS_BASE_URL: "http://sandbox", FLY_API_TOKEN: "t" };
  const more = {
    readText: (path: string) => Promise.resolve(files[path] ?? null),
    fetch: () =>
      Promise.resolve(Response.json(
        ["m1", "m2"].map((id) => ({
          id,
          region: "iad",
          logFile: `/logs/${id}`,
        })),
      )),
  };
  const args = ["logs", "--no-tail", "--app", "my-app", "--machine", "m1"];
  const { code, stdout } = await run(args, env, more);
  assertEquals([code, stdout], [
    0,
    "2026-01-15T10:30:00Z app[m1] iad [info]up\n2026-01-15T10:30:01Z app[m1] iad [info]boom: [x] y\n",
  ]);
});

Deno.test("fly machine starts, stops, restarts, suspends and destroys, as the one that is there or by id", async () => {
  await using app = await appFolder();
  await using sandbox = await startSandbox({
    app: "my-app",
    rateLimits: false,
  });
  const image = await sandbox.buildImage(app.path);
  const { id, pid } = await sandbox.createMachine({ image });
  const fly = async (...args: string[]) => {
    const ran = await run(["machine", ...args, "-a", "my-app"], sandbox.env);
    assertEquals(ran.code, 0, ran.stderr);
    return ran.stdout;
  };
  const { state } = sandbox.machine(id);
  assertEquals(state, "started");
  assertEquals(await fly("restart", id), `${id} restarted successfully!\n`);
  assert(sandbox.machine(id).pid !== pid);
  await fly("stop", id);
  assertEquals(sandbox.machine(id).state, "stopped");
  assertEquals(await fly("start"), `${id} has been started\n`);
  assertEquals(sandbox.machine(id).state, "started");
  await fly("suspend");
  assertEquals(sandbox.machine(id).state, "suspended");
  assertMatch(await fly("status", id), /^State: suspended$/m);
  await fly("start", id);
  const status = await run(["status", "-a", "my-app"], sandbox.env);
  assertMatch(status.stdout, new RegExp(`\t${id}\tiad\tstarted\t`));
  const inJson = await run(["status", "--json", "-a", "my-app"], sandbox.env);
  assertEquals(JSON.parse(inJson.stdout).Machines[0].id, id);
  const kept = await run(["m", "destroy", id, "-a", "my-app"], sandbox.env);
  assertEquals(kept.code, 1);
  assertMatch(kept.stderr, /failed_precondition/);
  await fly("destroy", "--force", id);
  assertEquals(sandbox.machines(), []);
  const none = await run(["machine", "start", "-a", "my-app"], sandbox.env);
  assertMatch(none.stderr, /^Error: name the machine: none is created or/);
});

Deno.test("fly secrets set restarts machines with what it sets, and storage create says what is set", async () => {
  await using app = await appFolder();
  await using sandbox = await startSandbox({ app: "my-app" });
  const image = await sandbox.buildImage(app.path);
  const { id } = await sandbox.createMachine({ image });
  const fly = async (...args: string[]) => {
    const ran = await run([...args, "-a", "my-app"], sandbox.env);
    assertEquals(ran.code, 0, ran.stderr);
    return ran.stdout;
  };
  const seen = async () => {
    await sandbox.waitForLog(id, /^listening$/, { sinceStart: true });
    return await ask<Record<string, string>>(sandbox, id, "/env");
  };
  assertEquals((await seen()).KEY, undefined);
  await fly("secrets", "set", "KEY=a=b c", "OTHER=1");
  const set = await seen();
  assertEquals([set.KEY, set.OTHER], ["a=b c", "1"]);
  assertMatch(await fly("secrets", "list"), /^KEY\t[0-9a-f]{16}$/m);
  const { pid } = sandbox.machine(id);
  await fly("secrets", "unset", "KEY", "--stage");
  assertEquals(sandbox.machine(id).pid, pid);
  await fly("machine", "restart", id);
  assertEquals((await seen()).KEY, undefined);
  const read = { readText: () => Promise.resolve("# the shop\nTHIRD='c d'\n") };
  const imported = await run(["secrets", "import"], sandbox.env, read);
  assertEquals([imported.code, (await seen()).THIRD], [0, "c d"]);
  const storage = await fly("storage", "create");
  assert(storage.includes(`BUCKET_NAME: ${sandbox.bucket}\n`), storage);
  for (const wrong of [["A B=1"], ["KEY"], []]) {
    const ran = await run(["secrets", "set", ...wrong], sandbox.env);
    assertEquals([ran.code, ran.stdout], [1, ""], wrong.join());
  }
  const token = await fly("tokens", "create", "machine-exec");
  assertEquals(token, `${sandbox.env.FLY_API_TOKEN}\n`);
  const kind = await run(["tokens", "create", "magic"], sandbox.env);
  assertMatch(kind.stderr, /name one of: deploy/);
});

Deno.test("fly launch --no-deploy and config save write a fly.toml that config validate and deploy can read", async () => {
  await using app = await appFolder();
  await using sandbox = await startSandbox({ app: "my-app" });
  const files = {
    cwd: () => app.path,
    readText: (path: string) => Deno.readTextFile(path).catch(() => null),
    writeText: (path: string, text: string) => Deno.writeTextFile(path, text),
  };
  const fly = async (...args: string[]) => {
    const ran = await run(args, sandbox.env, files);
    assertEquals(ran.code, 0, ran.stderr);
  };
  await fly("launch", "--no-deploy");
  await fly("config", "validate");
  const again = await run(["launch", "--no-deploy"], sandbox.env, files);
  assertMatch(again.stderr, /is there already; overwrite it with --yes/);
  await fly("deploy", "--ha=false", "--wait-timeout", "0s");
  await app.write("fly.toml", "app = ");
  const broken = await run(["config", "validate"], sandbox.env, files);
  assertEquals(broken.code, 1);
  await fly("config", "save", "--yes", "-a", "my-app");
  assertEquals(
    await Deno.readTextFile(join(app.path, "fly.toml")),
    `app = "my-app"\nprimary_region = "iad"\n\n[http_service]\n  internal_port = 8080\n`,
  );
});

Deno.test("fly asks again when it was asked too often", async () => {
  let asked = 0;
  const ran = await run(["machine", "list", "-a", "x"], {
    FLY_FLAPS_BASE_URL: "http://sandbox",
    FLY_API_TOKEN: "t",
  }, {
    fetch: () =>
      Promise.resolve(
        ++asked === 1
          ? Response.json({ error: "rate limit exceeded" }, { status: 429 })
          : Response.json([]),
      ),
  });
  assertEquals([ran.code, asked], [0, 2], ran.stderr);
});

/** Words after `fly` where it is not a command that is named. */
const ENGLISH = /^(?:works|nor|and|uses|is|itself|stands|deploys?(?=\.)|does)$/;

Deno.test("fly knows every command that the hints of flyhot name", async () => {
  const root = new URL("../../../", import.meta.url);
  const unknown = new Set<string>();
  let count = 0;
  const look = async (folder: URL): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const url = new URL(isDirectory ? `${name}/` : name, folder);
      if (isDirectory && name !== "sandbox") await look(url);
      if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
      const code = (await Deno.readTextFile(url)).split("\n")
        .filter((line) => !/^\s*(?:\*|\/[/*])/.test(line)).join("\n");
      for (
        const [, first = "", second = ""] of code.matchAll(
          /\bfly ([a-z]+)(?: ([a-z]+))?/g,
        )
      ) {
        if (ENGLISH.test(first)) continue;
        count++;
        const { stderr } = await run([first, second], {});
        if (stderr.startsWith("Error: unknown command")) {
          unknown.add(`${first} ${second} (${name})`);
        }
      }
    }
  };
  await look(new URL("src/", root));
  await look(new URL("runtime/", root));
  assertEquals([...unknown], []);
  assert(count > 40, String(count));
});
