import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DrivenApp, type Files } from "../../support/driven_app.ts";

const service = (tag: string, extra = "", start = "") => `
import { holder, service } from "@flyhot/runtime";
import { log } from "./log.ts";
export const ticks = holder("ticks", { state: () => ({ n: 0 }), actions: { tick: (s) => ++s.n } });
export const ticker = service("ticker", {
  ${extra}
  start: async ({ signal }) => {
    ${start}
    await ticks.tick();
    log.push("start ${tag}");
    signal.addEventListener("abort", () => log.push("abort ${tag}"));
    return "${tag}";
  },
  stop: (handle) => { log.push("stop " + handle); },
});
`;

const V1: Files = {
  "app.ts": `
import { log } from "./log.ts";
import { ticker, ticks } from "./ticker.ts";
export const read = () => [...log];
export const handle = () => [ticker.handle, ticker.running];
export const count = () => ticks.state.n;
`,
  "log.ts": `export const log: string[] = [];`,
  "ticker.ts": service("one"),
};

Deno.test("service() starts the new one before the old one stops, with state to use", async () => {
  await using app = await DrivenApp.start(V1);
  assertEquals(await app.call("read"), ["start one"]);
  const result = await app.upgrade({ "ticker.ts": service("two") });
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(await app.call("read"), [
    "start one",
    "start two",
    "abort one",
    "stop one",
  ]);
  assertEquals(await app.call("handle"), ["two", true]);
  assertEquals(await app.call("count"), 2);
});

Deno.test("an exclusive service() stops the old one first", async () => {
  await using app = await DrivenApp.start(V1);
  await app.upgrade({ "ticker.ts": service("two", "exclusive: true,") });
  assertEquals(await app.call("read"), [
    "start one",
    "abort one",
    "stop one",
    "start two",
  ]);
});

Deno.test("an exclusive service() waits for its predecessor that is still starting, and for one that cannot be stopped not at all", async () => {
  await using app = await DrivenApp.start({
    ...V1,
    "ticker.ts": service(
      "one",
      "exclusive: true,",
      `await new Promise((resolve) => signal.addEventListener("abort", () => setTimeout(resolve, 200)));`,
    ),
  });
  const result = await app.upgrade({
    "ticker.ts": service("two", "exclusive: true,"),
  });
  assertEquals(result.state, "applied", JSON.stringify(result));
  // Its signal was aborted before it listened to it.
  assertEquals(await app.call("read"), ["start one", "stop one", "start two"]);
  const stuck = service(
    "three",
    "exclusive: true, timeoutMs: 300,",
    "await new Promise(() => {});",
  );
  assertEquals((await app.upgrade({ "ticker.ts": stuck })).state, "failed");
  assertEquals((await app.call("read") as string[]).slice(-2), [
    "stop two",
    "start two",
  ]);
  assertEquals(await app.call("handle"), ["two", true]);
});

Deno.test("a service that does not start takes the upgrade back, and the old one has never stopped", async () => {
  await using app = await DrivenApp.start(V1);
  const result = await app.upgrade({
    "ticker.ts": service("two", "", `throw new Error("no port");`),
  });
  assert(result.state === "failed", JSON.stringify(result));
  assertEquals(result.phase, "start");
  assertStringIncludes(result.message, "no port");
  assertEquals(await app.call("read"), ["start one"]);
  assertEquals(await app.call("handle"), ["one", true]);
});

Deno.test("an exclusive service that does not start brings the old one back", async () => {
  await using app = await DrivenApp.start(V1);
  const result = await app.upgrade({
    "ticker.ts": service(
      "two",
      "exclusive: true,",
      `throw new Error("no port");`,
    ),
  });
  assertEquals(result.state, "failed");
  assertEquals(await app.call("read"), [
    "start one",
    "abort one",
    "stop one",
    "start one",
  ]);
  assertEquals(await app.call("handle"), ["one", true]);
});

Deno.test("a service that never starts is given up at its deadline", async () => {
  await using app = await DrivenApp.start(V1);
  const result = await app.upgrade({
    "ticker.ts": service(
      "two",
      "timeoutMs: 200,",
      `await new Promise(() => {});`,
    ),
  });
  assert(result.state === "failed", JSON.stringify(result));
  assertStringIncludes(result.message, "within 200 ms");
  assertEquals(await app.call("handle"), ["one", true]);
});

Deno.test("a service that fails to stop is reported, and the new code stays", async () => {
  await using app = await DrivenApp.start({
    ...V1,
    "ticker.ts": service("one").replace(
      `log.push("stop " + handle);`,
      `throw new Error("will not");`,
    ),
  });
  const result = await app.upgrade({ "ticker.ts": service("two") });
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertStringIncludes(app.log, "Cannot stop the service ticker: will not");
  assertEquals(await app.call("handle"), ["two", true]);
});

Deno.test("a service that the new code does not declare is stopped", async () => {
  await using app = await DrivenApp.start(V1);
  const result = await app.upgrade({
    "app.ts":
      `import { log } from "./log.ts"; export const read = () => [...log];`,
    "ticker.ts": null,
  }, ["holder:ticks"]);
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(await app.call("read"), ["start one", "abort one", "stop one"]);
});

Deno.test("an upgrade that cannot be undone says so: the one bad end that asks for a new machine", async () => {
  const fragile = service(
    "one",
    "",
    `
    const starts = globalThis as { starts?: number };
    starts.starts = (starts.starts ?? 0) + 1;
    if (starts.starts > 1) throw new Error("only once");
  `,
  );
  await using app = await DrivenApp.start({ ...V1, "ticker.ts": fragile });
  const result = await app.upgrade({
    "ticker.ts": service(
      "two",
      "exclusive: true,",
      `throw new Error("no port");`,
    ),
  });
  assert(result.state === "failed", JSON.stringify(result));
  assertStringIncludes(result.message, "no port");
  assertStringIncludes(app.log, "could not be undone, recycle this machine");
  assertStringIncludes(app.log, "Cannot start the service ticker: only once");
  // The app itself still answers.
  assertEquals(await app.call("handle"), ["one", false]);
});
