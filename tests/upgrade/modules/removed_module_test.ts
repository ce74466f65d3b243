import { assert, assertEquals } from "@std/assert";
import { startApp } from "../../../runtime/testing/mod.ts";
import { tempFolder } from "../../support/temp_folder.ts";

type Files = Readonly<Record<string, string>>;

const app = (imports: string) => `
import { log } from "./log.ts";
import { word } from "./word.ts";
${imports}
export const handle = () => Response.json([word, ...log]);
`;

const V1: Files = {
  "deno.json": JSON.stringify({
    imports: { "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0" },
  }),
  "main.ts": `
import { live, reapply } from "@flyhot/runtime";
await reapply();
const app = await live(() => import("./app.ts"));
Deno.serve({ port: Number(Deno.env.get("PORT")) }, () => app.handle());
`,
  "log.ts": `export const log: string[] = [];`,
  "word.ts": `export const word = "one";`,
  "app.ts": app(`import "./extra.ts";`),
  "extra.ts": `
import { service } from "@flyhot/runtime";
import { log } from "./log.ts";
import { word } from "./word.ts";
service("extra", { start: () => { log.push("start " + word); }, stop: () => { log.push("stop " + word); } });
`,
};

const { "extra.ts": _, ...REST } = V1;
const WITHOUT: Files = { ...REST, "app.ts": app("") };

async function inApp(
  use: (
    upgrade: (files: Files) => Promise<void>,
    rollback: () => Promise<void>,
    read: () => Promise<unknown>,
  ) => Promise<void>,
  first: Files = V1,
): Promise<void> {
  await using folder = await tempFolder();
  let count = 0;
  const write = async (files: Files): Promise<string> => {
    const path = folder.join(`v${++count}`);
    await Deno.mkdir(path);
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${path}/${name}`, text);
    }
    return path;
  };
  await using running = await startApp({ from: await write(first) });
  const good = (report: { state: string; failure: unknown }) =>
    assert(report.state === "applied", JSON.stringify(report.failure));
  await use(
    async (files) => good(await running.upgrade(await write(files))),
    async () => good(await running.rollback()),
    async () => await (await fetch(running.url)).json(),
  );
}

Deno.test("a module that an upgrade removed does not hold up later ones, whatever it imported", async () => {
  await inApp(async (upgrade, _, read) => {
    await upgrade(WITHOUT);
    assertEquals(await read(), ["one", "start one", "stop one"]);
    await upgrade({ ...WITHOUT, "word.ts": `export const word = "two";` });
    assertEquals(await read(), ["two", "start one", "stop one"]);
  });
});

Deno.test("an upgrade removes a module and changes what it imported, at once", async () => {
  await inApp(async (upgrade, _, read) => {
    await upgrade({ ...WITHOUT, "word.ts": `export const word = "two";` });
    assertEquals(await read(), ["two", "start one", "stop one"]);
  });
});

Deno.test("the way back to the base image brings back what an upgrade removed", async () => {
  await inApp(async (upgrade, rollback, read) => {
    await upgrade({ ...WITHOUT, "word.ts": `export const word = "two";` });
    await upgrade({ ...WITHOUT, "word.ts": `export const word = "three";` });
    await rollback();
    await rollback();
    assertEquals(await read(), ["one", "start one", "stop one", "start one"]);
  });
});

Deno.test("the way back to an earlier release brings back what an upgrade removed", async () => {
  await inApp(async (upgrade, rollback, read) => {
    await upgrade({ ...V1, "word.ts": `export const word = "two";` });
    await upgrade({ ...WITHOUT, "word.ts": `export const word = "three";` });
    await rollback();
    assertEquals(await read(), [
      "two",
      "start one",
      "start two",
      "stop one",
      "stop two",
      "start two",
    ]);
  });
});

Deno.test("a module that an upgrade removed comes back with its importer, though only a computed name leads to it", async () => {
  const { "extra.ts": _, ...rest } = V1;
  const withPage = {
    ...rest,
    "app.ts": app(
      `import { page } from "./pages.ts"; log.push(await page("first"));`,
    ),
    "pages.ts":
      `const table: Record<string, string> = { first: "./first.ts" }; export const page = async (name: string) => (await import(table[name]!)).text;`,
    "first.ts": `export const text = "first page";`,
  };
  await inApp(async (upgrade, _, read) => {
    await upgrade(WITHOUT);
    await upgrade(withPage);
    assertEquals(await read(), ["one", "first page"]);
  }, withPage);
});
