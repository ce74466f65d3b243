import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LoadedApp, SERVING_SHELL } from "../../support/served_app.ts";

const app = (version: string, more = "") => `
${more}
export const port = () => (globalThis as { port?: number }).port;
export const pid = () => Deno.pid;
export const handle = (request: Request): Response => {
  const { pathname } = new URL(request.url);
  if (pathname === "/bad") onBad();
  return new Response("${version}");
};
`;
const NOTHING = "const onBad = () => {};";

const start = (settings = "probationMs: 600") =>
  LoadedApp.start({
    "settings.ts": SERVING_SHELL(settings),
    "app.ts": app("v1", NOTHING),
  });

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Crashes of new code: when it throws, and in which phase the upgrade then fails. */
const CRASHES: readonly (readonly [name: string, code: string])[] = [
  ["a rejection at the top level", `Promise.reject(new Error("crash"));`],
  [
    "a rejection without frames of the app",
    `Deno.readTextFile("/there/is/no/crash");`,
  ],
  ["a rejection with no error", `Promise.reject("crash");`],
  [
    "an async function that nobody waits for",
    `(async () => { await new Promise((r) => setTimeout(r, 60)); throw new Error("crash"); })();`,
  ],
  ["a timer", `setTimeout(() => { throw new Error("crash"); }, 100);`],
  [
    "a timer that throws no error",
    `setTimeout(() => { throw "crash"; }, 100);`,
  ],
  [
    "an interval",
    `setInterval(() => { throw new Error("crash"); }, 100);`,
  ],
  ["a microtask", `queueMicrotask(() => { throw new Error("crash"); });`],
  ["Deno.exit", `Deno.exit(3);`],
  ["a late Deno.exit", `setTimeout(() => Deno.exit(3), 100);`],
  [
    "process.exit",
    `import process from "node:process"; setTimeout(() => process.exit(3), 100);`,
  ],
  [
    "an event target",
    `const target = new EventTarget(); target.addEventListener("x", () => { throw new Error("crash"); }); setTimeout(() => target.dispatchEvent(new Event("x")), 50);`,
  ],
];

Deno.test("new code that crashes fails its upgrade, and the process lives on the old code, in whatever way it does", async () => {
  await using loaded = await start();
  const pid = await loaded.app.call("pid");
  for (const [name, code] of CRASHES) {
    await loaded.fresh();
    const result = await loaded.app.upgrade({
      "app.ts": app("v2", NOTHING + code),
    });
    assert(result.state === "failed", `${name}: ${JSON.stringify(result)}`);
    assertEquals(await loaded.ask("/"), "200 v1", name);
    assertEquals(await loaded.app.call("pid"), pid, name);
    for (const answer of loaded.answers.keys()) {
      assert(/^200 v[12]$/.test(answer), `${name}: ${answer}`);
    }
  }
  await loaded.fresh();
  await pause(200);
  assertEquals([...loaded.answers.keys()], ["200 v1"]);
  const again = await loaded.app.upgrade({ "app.ts": app("v3", NOTHING) });
  assertEquals(again.state, "applied", JSON.stringify(again));
  assertEquals(await loaded.ask("/"), "200 v3");
});

Deno.test("new code that crashes in a request during its probation is taken out at once", async () => {
  await using loaded = await start("probationMs: 20_000");
  const upgrading = loaded.app.upgrade({
    "app.ts": app(
      "v2",
      `const onBad = () => { Promise.reject(new Error("crash in a request")); };`,
    ),
  });
  while (await loaded.ask("/") !== "200 v2") await pause(10);
  await loaded.ask("/bad");
  const result = await upgrading;
  assert(result.state === "failed", JSON.stringify(result));
  assertEquals(result.phase, "probation");
  assertStringIncludes(result.message, "crash in a request");
  assertEquals(await loaded.ask("/"), "200 v1");
});

Deno.test("what a release that was refused has set going is ended, and what it still throws is only logged", async () => {
  await using loaded = await start();
  const result = await loaded.app.upgrade({
    "app.ts": app(
      "v2",
      `
import "./wrong.ts";
${NOTHING}
setTimeout(() => { throw new Error("late timer"); }, 300);
setInterval(() => { (globalThis as { ticks?: number }).ticks = ((globalThis as { ticks?: number }).ticks ?? 0) + 1; }, 10);
fetch("http://127.0.0.1:1/").then(() => {}, () => { throw new Error("late rejection"); });
`,
    ),
    "wrong.ts":
      `await new Promise((r) => setTimeout(r, 5)); throw new Error("no");`,
  });
  assert(result.state === "failed", JSON.stringify(result));
  const fixed = await loaded.app.upgrade({
    "app.ts": app(
      "v3",
      NOTHING +
        `export const ticks = () => (globalThis as { ticks?: number }).ticks ?? 0;`,
    ),
    "wrong.ts": null,
  });
  assertEquals(fixed.state, "applied", JSON.stringify(fixed));
  const ticks = await loaded.app.call("ticks");
  await pause(500);
  assertEquals(await loaded.app.call("ticks"), ticks);
  assertEquals(await loaded.ask("/"), "200 v3");
});

Deno.test("an error of the old code ends the process during an upgrade, as it does at any time", async () => {
  await using loaded = await LoadedApp.start({
    "settings.ts": SERVING_SHELL("probationMs: 5000") + `
setTimeout(() => { throw new Error("the shell's own"); }, 1500);
`,
    "app.ts": app("v1", NOTHING),
  });
  const result = await loaded.app.upgrade({ "app.ts": app("v2", NOTHING) })
    .then(() => "answered", (error) => String(error));
  assertStringIncludes(result, "the shell's own");
});

Deno.test("an app that ends itself after SIGTERM may, in the middle of a probation", async () => {
  await using loaded = await start("probationMs: 20_000");
  const upgrading = loaded.app.upgrade({
    "app.ts": app(
      "v2",
      NOTHING +
        `Deno.addSignalListener("SIGTERM", () => { console.error("orderly"); Deno.exit(0); });`,
    ),
  }).then(() => "answered", (error) => String(error));
  while (await loaded.ask("/") !== "200 v2") await pause(10);
  Deno.kill(await loaded.app.call("pid") as number, "SIGTERM");
  assertStringIncludes(await upgrading, "orderly");
});
