import { assertEquals } from "@std/assert";
import { callingModules, modulesOnStack } from "./caller.ts";
import { folderUrl } from "./module_urls.ts";
import { tempFolder } from "../../tests/support/temp_folder.ts";

const OWN = "file:///srv/lib/flyhot/";

function frames(...urls: (string | null | undefined)[]) {
  return urls.map((url) => ({ getScriptNameOrSourceURL: () => url }));
}

Deno.test("modulesOnStack() gives the modules innermost first, with their queries", () => {
  const stack = frames(
    "file:///srv/app/lib.ts",
    "file:///srv/app/.flyhot/releases/aaaaaaaaaaaa/app.ts?v=12",
    "file:///srv/app/main.ts",
    "https://jsr.io/@scope/x/1.0.0/mod.ts",
    "data:text/javascript,f()",
  );
  assertEquals(modulesOnStack(stack, OWN), [
    "file:///srv/app/lib.ts",
    "file:///srv/app/.flyhot/releases/aaaaaaaaaaaa/app.ts?v=12",
    "file:///srv/app/main.ts",
    "https://jsr.io/@scope/x/1.0.0/mod.ts",
    "data:text/javascript,f()",
  ]);
});

Deno.test("modulesOnStack() leaves out the modules of one folder, and only those", () => {
  const stack = frames(
    `${OWN}holder.ts`,
    `${OWN}deep/er.ts?v=1`,
    "file:///srv/lib/flyhot2/x.ts",
    "file:///srv/app/lib/flyhot/x.ts",
  );
  assertEquals(modulesOnStack(stack, OWN), [
    "file:///srv/lib/flyhot2/x.ts",
    "file:///srv/app/lib/flyhot/x.ts",
  ]);
});

Deno.test("modulesOnStack() skips what is not a module", () => {
  const stack = frames(
    "ext:core/01_core.js",
    "node:internal/timers",
    undefined,
    null,
    "",
    "file:///srv/app/a.ts",
  );
  assertEquals(modulesOnStack(stack, OWN), ["file:///srv/app/a.ts"]);
  assertEquals(modulesOnStack([], OWN), []);
});

Deno.test("callingModules() names the module behind eval(), and leaves Error as it was", async () => {
  await using folder = await tempFolder();
  await Deno.writeTextFile(
    folder.join("eval.ts"),
    `export const url = import.meta.url;
     export const run = (_f: () => unknown) => eval("_f()");`,
  );
  const { url, run } = await import(`${folderUrl(folder.path)}eval.ts`);
  const { prepareStackTrace } = Error;
  const mine = () => "mine";
  Error.prepareStackTrace = mine;
  try {
    assertEquals(run(callingModules)[0], url);
    assertEquals(Error.prepareStackTrace, mine);
  } finally {
    Object.assign(Error, { prepareStackTrace });
  }
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
