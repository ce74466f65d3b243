import { assert, assertEquals, assertMatch } from "@std/assert";
import { startObjectServer } from "../../../runtime/testing/releases/object_server.ts";
import { OrdinaryApp, RUNTIME, runToEnd } from "../../support/ordinary_app.ts";

const ON_FLY = {
  FLY_IMAGE_REF: "registry.fly.io/ordinary:deployment-1",
  FLY_APP_NAME: "ordinary",
};

const withBucket = (
  { endpoint, bucketName }: { endpoint: string; bucketName: string },
) => ({
  ...ON_FLY,
  AWS_ENDPOINT_URL_S3: endpoint,
  BUCKET_NAME: bucketName,
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_REGION: "auto",
});

const FILES = {
  "main.ts": `
import { word } from "./word.ts";
console.log(word, import.meta.main, Deno.mainModule.endsWith("/main.ts"), Deno.args.join());
console.log(/native code|ext:/.test(String(Deno.serve)) || !/asked|open/.test(String(Deno.serve)), typeof setTimeout(() => {}, 10).unref);
Deno.exitCode = 3;`,
  "word.ts": `export const word = "hello";`,
  "deno.json": "{}",
};

Deno.test("outside of Fly a program runs as without the flag, and says nothing", async () => {
  const plain = await runToEnd(FILES, { by: null, args: ["a", "b"] });
  assertEquals(plain.code, 3);
  assertEquals(await runToEnd(FILES, { args: ["a", "b"] }), plain);
});

for (
  const [name, env, why] of [
    ["without a bucket", ON_FLY, "no bucket is named"],
    [
      "without keys",
      { ...ON_FLY, BUCKET_NAME: "bucket" },
      "no keys for the bucket",
    ],
  ] as const
) {
  Deno.test(`${name} a program runs as without the flag, after one line`, async () => {
    const plain = await runToEnd(FILES, { by: null });
    const { stderr, ...rest } = await runToEnd(FILES, { env });
    assertEquals({ ...rest, stderr: "" }, plain);
    assertMatch(
      stderr,
      new RegExp(`^flyhot: hot upgrades are off: ${why}[^\\n]*\\n$`),
    );
  });
}

Deno.test("settings that cannot be read keep upgrades off, and not the program", async () => {
  const files = {
    ...FILES,
    "deno.json": `{ "flyhot": { "runtime": { "pollMs": 1 } } }`,
  };
  const { stderr, code, stdout } = await runToEnd(files, { env: ON_FLY });
  assertEquals(code, 3);
  assert(stdout.startsWith("hello true true"), stdout);
  assertMatch(
    stderr,
    /^flyhot: hot upgrades are off: Cannot read deno.json: flyhot.runtime.pollMs: expected one of app, root, .*\n$/,
  );
});

Deno.test("a bucket that does not answer keeps no program from running, and none from ending", async () => {
  const port = (() => {
    using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    return listener.addr.port;
  })();
  const { code, stdout, stderr } = await runToEnd(FILES, {
    env: withBucket({
      endpoint: `http://127.0.0.1:${port}`,
      bucketName: "bucket",
    }),
  });
  assertEquals(code, 3, stderr);
  assert(stdout.startsWith("hello true true"), stdout);
  assertMatch(
    stderr,
    /the pointer cannot be read, starting with the base image/,
  );
});

for (
  const [name, main, code, stdout] of [
    ["ends by itself", `console.log("end");`, 0, "end\n"],
    [
      "waits before it ends",
      `await new Promise((r) => setTimeout(r, 100)); console.log("end");`,
      0,
      "end\n",
    ],
    [
      "ends when its server ends",
      `const s = Deno.serve({ port: 0, onListen() {} }, () => new Response("x")); console.log(await (await fetch("http://localhost:" + s.addr.port)).text()); await s.shutdown();`,
      0,
      "x\n",
    ],
    ["ends its process", `Deno.exit(7);`, 7, ""],
    ["throws", `throw new Error("at the top");`, 1, ""],
    [
      "throws later",
      `setTimeout(() => { throw new Error("later"); }, 10);`,
      1,
      "",
    ],
    ["rejects", `Promise.reject(new Error("nobody"));`, 1, ""],
    [
      "has a listener that keeps nothing alive",
      `addEventListener("unload", () => console.log("unload")); Deno.addSignalListener("SIGUSR1", () => {}); Deno.unrefTimer(setTimeout(() => {}, 60000) as never);`,
      0,
      "unload\n",
    ],
  ] as const
) {
  Deno.test(`a program that ${name} ends as without the flag, while upgrades are watched for`, async () => {
    await using server = startObjectServer();
    const files = { "main.ts": main, "deno.json": "{}" };
    const plain = await runToEnd(files, { by: null });
    assertEquals([plain.code, plain.stdout], [code, stdout]);
    const hot = await runToEnd(files, { env: withBucket(server) });
    assertEquals([hot.code, hot.stdout], [code, stdout], hot.stderr);
    assert(!/^flyhot:/m.test(hot.stderr), hot.stderr);
  });
}

Deno.test("reapply() in the app tells what the preload came to, and info() who has started the runtime", async () => {
  const main = (version: string) => `
import { info, reapply } from "${RUNTIME}";
const result = await reapply({ pollIntervalMs: -1 });
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async () => {
  const { startedBy, probationMs } = await info();
  return Response.json(["${version}", result.status, startedBy, probationMs]);
});`;
  await using app = await OrdinaryApp.start({
    "main.ts": main("v1"),
    "deno.json": `{ "flyhot": { "runtime": { "probationMs": 150 } } }`,
  });
  assertEquals(await app.ask(), `200 ["v1","none","preload",150]`);
  const { state, failure } = await app.upgrade({ "main.ts": main("v2") });
  assertEquals(state, "applied", failure?.message);
  assertEquals(await app.ask(), `200 ["v2","none","preload",150]`);
  const { startedBy } = await app.app.restart();
  assertEquals(startedBy, "preload");
  assertEquals(await app.ask(), `200 ["v2","applied","preload",150]`);
});

Deno.test("nothing of the preload needs the network, nor another lock file than one that knows it", async () => {
  await using server = startObjectServer();
  const deno = async (folder: string, ...args: string[]) => {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: folder,
      stdout: "null",
      stderr: "piped",
    }).output();
    assert(success, new TextDecoder().decode(stderr));
  };
  const ended = await runToEnd({
    "main.ts": `console.log("runs");`,
    "deno.json": `{ "lock": { "frozen": true } }`,
  }, {
    flags: ["--cached-only"],
    env: withBucket(server),
    before: (folder) =>
      deno(folder, "cache", "--quiet", "--frozen=false", `${RUNTIME}/preload`),
  });
  assertEquals([ended.code, ended.stdout], [0, "runs\n"], ended.stderr);
});

Deno.test("DENO_SERVE_ADDRESS is for the app's server: machines are asked at their own address all the same", async () => {
  await using bucket = startObjectServer();
  const { code, stdout, stderr } = await runToEnd({
    ...FILES,
    "main.ts": `
const server = Deno.serve({ port: 1, onListen() {} }, () => new Response("app"));
const text = await (await fetch("http://127.0.0.1:" + (server.addr as Deno.NetAddr).port)).text();
const socket = Deno.lstatSync(Deno.env.get("FLYHOT_SOCKET")!).isSocket;
console.log(text, socket, Deno.env.get("DENO_SERVE_ADDRESS"));
Deno.exit(0);`,
  }, {
    env: { ...withBucket(bucket), DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0" },
  });
  assertEquals(stderr, "");
  assertEquals([code, stdout], [0, "app true tcp:127.0.0.1:0\n"]);
});
