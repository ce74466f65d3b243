import { assertEquals } from "@std/assert";
import { withApp } from "../../../tests/support/temp_app.ts";
import { denoHost } from "../../host_deno.ts";
import { packRelease } from "../pack/pack.ts";

async function specifiersIn(
  files: Readonly<Record<string, string>>,
  folder = "",
) {
  return await withApp(files, async (repository) => {
    using host = denoHost();
    const release = await packRelease(
      { root: `${repository}/${folder}`, app: "shop" },
      host,
    );
    await release.dispose();
    return release.manifest.workerSpecifiers;
  });
}

const APP = {
  "deno.json": `{ "imports": { "$lib/": "./lib/" } }`,
  "main.ts":
    `import { start } from "./pool.ts"; start(new URL("./w.ts", import.meta.url));`,
  "pool.ts": `export const start = (url: URL) => new Worker(url);`,
  "w.ts": `import "./more.ts"; import "npm:zod@4";`,
  "more.ts": `import "$lib/job.ts";`,
  "lib/job.ts": "export {};",
  "w_test.ts": `import "$lib/job.ts";`,
};

Deno.test("aliases that only workers use are in the release, however their scripts are named", async () => {
  assertEquals(await specifiersIn(APP), {
    "lib/job.ts": {},
    "more.ts": { "$lib/job.ts": "lib/job.ts" },
    "w.ts": { "./more.ts": "more.ts", "npm:zod@4": "npm:zod@4" },
  });
  assertEquals(
    await specifiersIn({
      ...APP,
      "main.ts":
        `new Worker(new URL("./w.ts", import.meta.url)); import "$lib/job.ts";`,
    }),
    {
      "more.ts": { "$lib/job.ts": "lib/job.ts" },
      "w.ts": { "./more.ts": "more.ts", "npm:zod@4": "npm:zod@4" },
    },
  );
});

Deno.test("beside the app's folder they are under the release's root", async () => {
  const files = Object.fromEntries(
    Object.entries(APP).map(([path, text]) => [`app/${path}`, text]),
  );
  const specifiers = await specifiersIn({
    ...files,
    "app/main.ts": `import "../shared.ts"; ${APP["main.ts"]}`,
    "shared.ts": "export {};",
  }, "app");
  assertEquals(specifiers?.["app/more.ts"], {
    "$lib/job.ts": "app/lib/job.ts",
  });
});

Deno.test("an app without workers, or whose workers name no aliases, asks nobody; what is broken is left to who starts it", async () => {
  const { "w.ts": _, "more.ts": __, ...rest } = APP;
  for (
    const other of [
      { ...rest, "main.ts": "", "pool.ts": "", "client.ts": `import "react";` },
      { ...rest, "w.ts": `import "./lib/job.ts";` },
      { ...rest, "w.ts": `import "$lib/missing.ts";` },
    ]
  ) assertEquals(await specifiersIn(other), undefined);
});
