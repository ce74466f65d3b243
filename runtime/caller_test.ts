import { assertEquals } from "@std/assert";
import { callingModules, modulesOnStack } from "./caller.ts";
import { folderUrl } from "./module_table.ts";
import { tempFolder } from "../tests/support/temp_folder.ts";

const OWN = "file:///srv/lib/flyhot/";

function frames(...lines: string[]): string {
  return ["Error", ...lines.map((line) => `    ${line}`)].join("\n");
}

Deno.test("modulesOnStack() gives the modules innermost first, with their queries, without positions", () => {
  const stack = frames(
    "at declare (file:///srv/app/lib.ts:10:5)",
    "at file:///srv/app/.flyhot/releases/aaaaaaaaaaaa/app.ts?v=12:3:1",
    "at async Promise.all (index 0)",
    "at async file:///srv/app/main.ts:1:1",
    "at new Room (https://jsr.io/@scope/x/1.0.0/mod.ts:7:9)",
    "at Room.get [as state] (file:///srv/app/room.ts:2:2)",
  );
  assertEquals(modulesOnStack(stack, OWN), [
    "file:///srv/app/lib.ts",
    "file:///srv/app/.flyhot/releases/aaaaaaaaaaaa/app.ts?v=12",
    "file:///srv/app/main.ts",
    "https://jsr.io/@scope/x/1.0.0/mod.ts",
    "file:///srv/app/room.ts",
  ]);
});

Deno.test("modulesOnStack() leaves out the modules of one folder, and only those", () => {
  const stack = frames(
    `at holder (${OWN}holder.ts:1:1)`,
    `at deep (${OWN}deep/er.ts?v=1:1:1)`,
    "at file:///srv/lib/flyhot2/x.ts:1:1",
    "at file:///srv/app/lib/flyhot/x.ts:1:1",
  );
  assertEquals(modulesOnStack(stack, OWN), [
    "file:///srv/lib/flyhot2/x.ts",
    "file:///srv/app/lib/flyhot/x.ts",
  ]);
});

Deno.test("modulesOnStack() skips what is no module", () => {
  const stack = frames(
    "at ext:core/01_core.js:230:13",
    "at node:internal/timers:12:1",
    "at <anonymous>",
    "at eval (eval at run (file:///srv/app/a.ts:5:1), <anonymous>:1:1)",
    "at run (file:///srv/app/a.ts:5:1)",
    "at Array.map (<anonymous>)",
    "not a frame file:///srv/app/evil.ts:1:1",
    "",
  );
  assertEquals(modulesOnStack(stack, OWN), ["file:///srv/app/a.ts"]);
  assertEquals(modulesOnStack("", OWN), []);
});

Deno.test("modulesOnStack() is not misled by names of functions and folders", () => {
  const stack = frames(
    "at Object.profile:get (file:///srv/app/a.ts:1:1)",
    "at file:x (file:///srv/app/b.ts:1:1)",
    "at f (file:///srv/app/copy (2)/c.ts:1:1)",
    "at file:///srv/app/copy (2)/d.ts:1:1",
    "at file:///srv/app/v:1/e.ts:20:1",
    "at file:///srv/app/no-column.ts:20",
  );
  assertEquals(modulesOnStack(stack, OWN), [
    "file:///srv/app/a.ts",
    "file:///srv/app/b.ts",
    "file:///srv/app/copy%20(2)/c.ts",
    "file:///srv/app/copy%20(2)/d.ts",
    "file:///srv/app/v:1/e.ts",
    "file:///srv/app/no-column.ts",
  ]);
});

Deno.test("modulesOnStack() encodes what a stack shows decoded", () => {
  const stack = frames(
    "at file:///srv/my app/été/100%/#1 [id].ts?v=3:1:1",
    "at file:///srv/my app/50%25.ts:1:1",
  );
  assertEquals(modulesOnStack(stack, OWN), [
    "file:///srv/my%20app/%C3%A9t%C3%A9/100%25/%231%20[id].ts?v=3",
    "file:///srv/my%20app/50%2525.ts",
  ]);
});

Deno.test("callingModules() leaves out this package and says the rest as import.meta.url does", async () => {
  await using folder = await tempFolder();
  const names = ["a.ts", "with space.ts", "[id] #1 100%.ts", "a%41é.ts"];
  for (const name of names) {
    await Deno.writeTextFile(
      folder.join(name),
      "export const url = import.meta.url; export const run = (f: () => unknown) => f();",
    );
    const base = new URL(
      name.replaceAll(/[%#]/g, encodeURIComponent),
      folderUrl(folder.path),
    );
    const { url, run } = await import(`${base.href}?v=7`);
    assertEquals(run(callingModules)[0], url);
  }
  assertEquals(
    callingModules().filter((url) => url.includes("caller_test")),
    [],
    "modules of this folder do not count",
  );
});

Deno.test("callingModules() sees past more than ten frames, and leaves the limit as it was", async () => {
  await using folder = await tempFolder();
  await Deno.writeTextFile(
    folder.join("deep.ts"),
    `export const url = import.meta.url;
     export const run = (f: () => unknown) => f();`,
  );
  const { url, run } = await import(`${folderUrl(folder.path)}deep.ts`);
  const deep = (depth: number): string[] =>
    depth === 0 ? callingModules() : deep(depth - 1);
  const before = Error.stackTraceLimit;
  assertEquals(run(() => deep(40)).includes(url), true);
  assertEquals(Error.stackTraceLimit, before);
});

Deno.test("callingModules() tells several evaluations of one file apart", async () => {
  await using folder = await tempFolder();
  // With types in it: what Deno compiles, it compiles once for all queries.
  await Deno.writeTextFile(
    folder.join("typed.ts"),
    `export const url: string = import.meta.url;
     export const run = <T>(f: () => T): T => f();`,
  );
  for (const query of ["", "?v=1", "?v=2"]) {
    const { url, run } = await import(
      `${folderUrl(folder.path)}typed.ts${query}`
    );
    assertEquals(url.endsWith(`typed.ts${query}`), true);
    assertEquals(run(callingModules)[0], url);
  }
});
