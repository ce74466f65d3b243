import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import {
  type TempFolder,
  tempFolder,
} from "../../tests/support/temp_folder.ts";
import {
  startApp,
  type StartAppOptions,
  type TestApp,
  TestAppError,
} from "./mod.ts";

const MAIN = `
import { live, reapply } from "@flyhot/runtime";

await reapply();
const app = await live(() => import("./app.ts"));
Deno.serve({ port: Number(Deno.env.get("PORT")) }, (request) => app.handle(request));
`;

const app = (greeting: string) => `
import { counter } from "./counter.ts";

export async function handle(request: Request): Promise<Response> {
  console.log("asked for", new URL(request.url).pathname);
  return new Response(\`${greeting} \${await counter.increment()} \${Deno.env.get("MOOD") ?? ""}\`);
}
`;

const app_ = (top: string) => app("one") + top;

const COUNTER = `
import { holder } from "@flyhot/runtime";

export const counter = holder("counter", {
  state: () => ({ count: 0 }),
  actions: { increment: (state) => ++state.count },
});
`;

const counter2 = (up: string, rest = "") => `
import { holder } from "@flyhot/runtime";

export const counter = holder("counter", {
  version: 2,
  state: () => ({ total: 0 }),
  migrate: { 2: { up: ({ count }) => (${up}) ${rest} } },
  actions: { increment: (state) => (state.total += 10) },
});
`;

const DOWN = ", down: ({ total }) => ({ count: total })";

type Files = Readonly<Record<string, string>>;

const settings = (version: string) =>
  JSON.stringify({
    version,
    imports: { "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0" },
  });

const V1: Files = {
  "deno.json": settings("1.0.0"),
  "main.ts": MAIN,
  "app.ts": app("one"),
  "counter.ts": COUNTER,
};
const V2: Files = {
  ...V1,
  "deno.json": settings("2.0.0"),
  "app.ts": app("two"),
  "counter.ts": counter2("{ total: count }", DOWN),
};

async function write(
  folder: TempFolder,
  name: string,
  files: Files,
): Promise<string> {
  await Deno.mkdir(folder.join(name), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    await Deno.writeTextFile(folder.join(name, path), text);
  }
  return folder.join(name);
}

async function ask({ url }: TestApp): Promise<string> {
  return (await (await fetch(url)).text()).trim();
}

Deno.test("TestApp.upgrade() brings a version in, reports it, and the way back as well", async () => {
  await using folder = await tempFolder();
  const v1 = await write(folder, "v1", V1);
  await using app = await startApp({ from: v1, env: { MOOD: "glad" } });
  assertEquals(await ask(app), "one 1 glad");
  assertEquals((await app.info()).hotUpgradeApplied, false);
  const { pid } = app;
  const up = await app.upgrade(await write(folder, "v2", V2));
  assertEquals(up.state, "applied", up.failure?.message);
  assertEquals([up.version, up.reloaded, up.modules], [
    "2.0.0",
    ["app.ts", "counter.ts"],
    3,
  ]);
  assertEquals(up.holders, [
    { name: "counter", from: 1, to: 2, action: "migrated" },
  ]);
  assert(up.suspendMs !== null && up.suspendMs <= up.totalMs);
  assertEquals(await ask(app), "two 11 glad");
  assertEquals((await app.upgrade(folder.join("v2"))).state, "nothing_to_do");
  const back = await app.rollback();
  assertEquals(
    [back.state, back.version],
    ["applied", "base"],
    back.failure?.message,
  );
  assertEquals(await ask(app), "one 12 glad");
  assertEquals([app.pid, (await app.info()).pid], [pid, pid]);
  const error = await assertRejects(() => app.rollback(), TestAppError);
  assertStringIncludes(error.message, "Cannot roll back: ");
});

const BROKEN: Record<string, { files: Files; phase: string; says: string }> = {
  "a migration that throws": {
    files: { ...V2, "counter.ts": counter2("{ total: count.missing.here }") },
    phase: "migrate",
    says: "Cannot migrate counter",
  },
  "a module that throws": {
    files: { ...V2, "app.ts": app("two") + `throw new Error("not today");` },
    phase: "load",
    says: "not today",
  },
  "a changed main module": {
    files: { ...V2, "main.ts": MAIN + "console.log();" },
    phase: "plan",
    says: "main.ts: is the main module, which runs only once",
  },
};

Deno.test("TestApp.upgrade() reports a refused upgrade, and what ran before runs on, a restart later too", async () => {
  await using folder = await tempFolder();
  await using app = await startApp({ from: await write(folder, "v1", V1) });
  assertEquals(await ask(app), "one 1");
  for (const [what, { files, phase, says }] of Object.entries(BROKEN)) {
    const report = await app.upgrade(await write(folder, what, files));
    assertEquals([report.state, report.failure?.phase], ["failed", phase]);
    assertEquals(report.failure?.end, "abort");
    assertStringIncludes(report.failure?.message ?? "", says);
    assertStringIncludes(report.log.join("\n"), says);
  }
  assertEquals(await ask(app), "one 2");
  assertEquals((await app.restart()).hotUpgradeApplied, false);
  assertEquals(await ask(app), "one 1");
  assertEquals(
    (await app.upgrade(await write(folder, "v2", V2))).state,
    "applied",
  );
  assertEquals(await ask(app), "two 11");
});

Deno.test("TestApp.restart() starts on the files of the first version, with the upgrade applied before it serves", async () => {
  await using folder = await tempFolder();
  await using app = await startApp({ from: await write(folder, "v1", V1) });
  const { pid } = app;
  await app.upgrade(await write(folder, "v2", V2));
  const { fingerprint } = await app.info();
  await Deno.writeTextFile(join(app.folder, "left_over.txt"), "");
  const info = await app.restart();
  assert(info.hotUpgradeApplied);
  assertEquals([info.version, info.fingerprint], ["2.0.0", fingerprint]);
  assert(app.pid !== pid);
  assertEquals(await ask(app), "two 10");
  const names = (await Array.fromAsync(Deno.readDir(app.folder)))
    .map(({ name }) => name);
  assertEquals(names.includes("left_over.txt"), false);
  assertEquals((await app.rollback()).state, "applied");
  assertEquals(await ask(app), "one 11");
});

Deno.test("startApp() and TestApp.upgrade() take commits of a repository, and leave it as it is", async () => {
  await using folder = await tempFolder();
  const git = async (...args: string[]) => {
    const { success, stdout, stderr } = await new Deno.Command("git", {
      args: [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.com",
        "-C",
        folder.path,
        ...args,
      ],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  };
  const commit = async (files: Files, tag: string) => {
    const path = await write(folder, "apps/my app", files);
    await git("add", "--all");
    await git("commit", "--quiet", "--message", tag);
    await git("tag", tag);
    return path;
  };
  await git("init", "--quiet");
  await Deno.writeTextFile(folder.join("elsewhere.txt"), "no part of the app");
  const path = await commit(V1, "v1");
  await commit({ ...V1, "app.ts": app("later") }, "v1.1");
  await write(folder, "apps/my app", V2);
  const before = await git("status", "--porcelain");
  await using running = await startApp({ from: { git: "v1", path } });
  assertEquals(await ask(running), "one 1");
  const report = await running.upgrade({ git: "v1.1", path });
  assertEquals(report.reloaded, ["app.ts"]);
  assertEquals(await ask(running), "later 2");
  assertEquals((await running.upgrade(path)).version, "2.0.0");
  assertEquals(await ask(running), "two 12");
  assertEquals(await git("status", "--porcelain"), before);
  const error = await assertRejects(
    () => running.upgrade({ git: "v9", path }),
    TestAppError,
  );
  assertStringIncludes(
    error.message,
    `Cannot check out the version v9:${path}: git read-tree`,
  );
});

const NO_START: Record<
  string,
  { files: Files; says: string; options?: Partial<StartAppOptions> }
> = {
  "throws at once": {
    files: {
      "main.ts": `console.log("in", Deno.cwd()); throw new Error("no luck");`,
    },
    says: "its process ended with exit code 1; it wrote:\n  ",
  },
  "does not listen": {
    files: {
      "main.ts": `console.log("in", Deno.cwd()); setInterval(() => {}, 1e6);`,
    },
    options: { startTimeoutMs: 300 },
    says: "after 300 ms nothing listens on http://127.0.0.1:",
  },
  "never calls reapply()": {
    files: {
      "main.ts":
        `Deno.serve({ port: Number(Deno.env.get("PORT")) }, () => new Response());`,
    },
    options: { startTimeoutMs: 300 },
    says:
      "its flyhot runtime does not answer; await reapply() in the main module",
  },
  "is not a program": {
    files: {},
    options: { command: ["/no/such/program"] },
    says: "and it wrote nothing",
  },
  "may not read its environment": {
    files: V1,
    options: { permissions: ["--allow-net", "--no-prompt"] },
    says: "NotCapable",
  },
};

for (const [what, { files, says, options }] of Object.entries(NO_START)) {
  Deno.test(`startApp() says what is wrong with an app that ${what}, and leaves nothing behind`, async () => {
    await using folder = await tempFolder();
    const from = await write(folder, "v1", files);
    const error = await assertRejects(
      () => startApp({ from, ...options }),
      TestAppError,
      'Cannot start the app with "',
    );
    assertStringIncludes(error.message, says);
    const [ranIn] = error.log.filter((line) => line.includes("flyhot-test-"));
    if (ranIn?.startsWith("in ")) {
      await assertRejects(
        () => Deno.stat(ranIn.slice(3)),
        Deno.errors.NotFound,
      );
    }
  });
}

Deno.test("startApp() and TestApp.upgrade() refuse folders that are not there or cannot be packed", async () => {
  await using folder = await tempFolder();
  const missing = folder.join("v0");
  await assertRejects(
    () => startApp({ from: missing }),
    TestAppError,
    `Cannot find the version ${missing}: ${missing} is not a folder`,
  );
  await using app = await startApp({ from: await write(folder, "v1", V1) });
  const broken = await write(folder, "v2", {
    ...V1,
    "app.ts": `import "./gone.ts";`,
  });
  const error = await assertRejects(() => app.upgrade(broken), TestAppError);
  assertStringIncludes(error.message, `Cannot pack the version ${broken}: `);
  assertStringIncludes(error.message, "gone.ts");
  assertEquals(await ask(app), "one 1");
});

Deno.test("TestApp.upgrade() says what is wrong with the flyhot command", async () => {
  await using folder = await tempFolder();
  const from = await write(folder, "v1", V1);
  const says = "console.error('no such thing'); Deno.exit(1)";
  const commands = {
    "Cannot run /no/such/flyhot: ": ["/no/such/flyhot"],
    "says: no such thing": [Deno.execPath(), "eval", says],
  };
  for (const [message, flyhot] of Object.entries(commands)) {
    await using app = await startApp({ from, flyhot });
    const error = await assertRejects(() => app.upgrade(from), TestAppError);
    assertStringIncludes(error.message, message);
  }
});

Deno.test("TestApp.upgrade() says so when the app ends meanwhile, and a restart brings it back", async () => {
  await using folder = await tempFolder();
  await using app = await startApp({ from: await write(folder, "v1", V1) });
  const deadly = await write(folder, "v2", {
    ...V1,
    "app.ts": app_(
      "console.log('farewell'); new Deno.Command('sh', { args: ['-c', 'kill -KILL ' + Deno.pid] }).outputSync();",
    ),
  });
  const error = await assertRejects(() => app.upgrade(deadly), TestAppError);
  assertStringIncludes(error.message, "its process ended with SIGKILL");
  assertEquals(error.log.at(-1), "farewell");
  await assertRejects(() => app.info(), TestAppError, "SIGKILL");
  assertEquals((await app.restart()).hotUpgradeApplied, false);
  assertEquals(await ask(app), "one 1");
});

Deno.test("TestApp.logged() waits for a line that comes, finds one that came, and gives up in time", async () => {
  await using folder = await tempFolder();
  await using app = await startApp({ from: await write(folder, "v1", V1) });
  const coming = app.logged(/^asked for \/$/);
  await ask(app);
  assertEquals(await coming, "asked for /");
  assertEquals(await app.logged("asked"), "asked for /");
  const from = app.log.length;
  await assertRejects(
    () => app.logged("asked", { from, timeoutMs: 20 }),
    TestAppError,
    "Cannot find asked in what the app wrote: nothing for 20 ms",
  );
  const gone = app.logged("asked", { from });
  gone.catch(() => {});
  await app[Symbol.asyncDispose]();
  await assertRejects(() => gone, TestAppError, "the test has ended");
});

Deno.test("startApp() tries another port where somebody took the first one", async () => {
  await using folder = await tempFolder();
  const from = await write(folder, "v1", {
    ...V1,
    "main.ts": `
const taken = Deno.env.get("TAKEN")!;
const before = await Deno.readTextFile(taken).catch(() => "");
await Deno.writeTextFile(taken, before + Deno.env.get("PORT") + " ");
if (before === "") throw new Deno.errors.AddrInUse("Address already in use");
${MAIN}`,
  });
  const taken = folder.join("taken");
  await using app = await startApp({ from, env: { TAKEN: taken } });
  const [first, second, ...more] = (await Deno.readTextFile(taken)).split(" ");
  assert(first !== second);
  assertEquals([app.url, more], [`http://127.0.0.1:${second}`, [""]]);
});

Deno.test("TestApp is stopped and removed when it is disposed of, an upgrade under way given up", async () => {
  await using folder = await tempFolder();
  const app = await startApp({ from: await write(folder, "v1", V1) });
  const { url, folder: ranIn } = app;
  const endless = await write(folder, "v2", {
    ...V1,
    "app.ts": `console.log("loading"); await new Promise(() => {});`,
  });
  const upgrading = app.upgrade(endless);
  upgrading.catch(() => {});
  await app.logged("loading");
  await app[Symbol.asyncDispose]();
  await assertRejects(() => upgrading, TestAppError, "the test has ended");
  await assertRejects(() => app.upgrade(endless), Error, "the test has ended");
  await assertRejects(() => fetch(url), TypeError);
  await assertRejects(() => Deno.stat(ranIn), Deno.errors.NotFound);
});
