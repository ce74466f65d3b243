import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { askControl } from "../../../runtime/testing/app/control_client.ts";
import { DrivenApp } from "../../support/driven_app.ts";

for (
  const [name, code] of [
    ["@hono/node-server", `import "npm:@hono/node-server@1.19.6";`],
    [
      "code that replaces what it can",
      `
class Other {}
Object.assign(globalThis, { Response: Other, Request: Other, Headers: Other });
globalThis.fetch = () => { throw new Error("not this one"); };
Deno.serve = () => { throw new Error("not this one"); };
`,
    ],
  ] as const
) {
  Deno.test(`the control socket answers, and the app lives, beside ${name}`, async () => {
    await using driven = await DrivenApp.start({
      "settings.ts": code + "export const settings = {};",
      "app.ts": "export const version = () => 1;",
    });
    const socket = join(driven.root, "..", "socket");
    for (let time = 0; time < 3; time++) {
      const info = await askControl(
        socket,
        "GET /v1/info",
        AbortSignal.timeout(10_000),
      ) as { pid: number };
      assertEquals(info.pid, (await driven.info()).pid);
    }
    const applied = await driven.upgrade({
      "app.ts": "export const version = () => 2;",
    });
    assertEquals(applied.state, "applied", JSON.stringify(applied));
    assertEquals(await driven.call("version"), 2);
  });
}

/** What a release may bring, as SSR code and polyfills do. */
const BROUGHT: Readonly<Record<string, string>> = {
  "a DOM": `
import { GlobalRegistrator } from "npm:@happy-dom/global-registrator@20.0.0";
GlobalRegistrator.register();`,
  "polyfills": `
class Other { static now() { return 0; } }
Object.assign(globalThis, { Response: Other, Request: Other, Headers: Other, URL: Other, Blob: Other, AbortController: Other, AbortSignal: Other, TextEncoder: Other, performance: Other, ReadableStream: Other, TransformStream: Other, DOMException: Other });
Object.defineProperty(globalThis, "crypto", { value: {} });
for (const proto of [Array.prototype, Object.prototype, Map.prototype] as object[]) Object.assign(proto, { enumerated() { throw new Error("not this one"); } });`,
  "timers of tests": `
for (const name of ["setTimeout", "setInterval", "setImmediate"]) Object.assign(globalThis, { [name]: () => 0 });
Date.now = () => 0;`,
};

for (const [name, code] of Object.entries(BROUGHT)) {
  Deno.test(`P61: upgrades go on after one has brought ${name}`, async () => {
    await using driven = await DrivenApp.start({
      "app.ts": "export const version = () => 1;",
    });
    const socket = join(driven.root, "..", "socket");
    for (let version = 2; version <= 4; version++) {
      const applied = await driven.upgrade({
        "globals.ts": `${code}\nexport {};`,
        "app.ts":
          `import "./globals.ts"; export const version = () => ${version};`,
      });
      assertEquals(applied.state, "applied", JSON.stringify(applied));
      assertEquals(await driven.call("version"), version);
      const info = await askControl(
        socket,
        "GET /v1/info",
        AbortSignal.timeout(10_000),
      ) as { pid: number };
      assertEquals(info.pid, (await driven.info()).pid);
    }
  });
}
