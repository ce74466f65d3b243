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
import { startApp, type TestApp, TestAppError } from "./mod.ts";

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
