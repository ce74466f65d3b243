import { assert, assertEquals, assertMatch } from "@std/assert";
import { denoJson, DrivenApp, type Files } from "../support/driven_app.ts";

/** What packages come from; without it these tests say that they were left out. */
async function hasRegistry(): Promise<boolean> {
  try {
    const response = await fetch("https://registry.npmjs.org/ms/2.1.3", {
      signal: AbortSignal.timeout(5_000),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

const ignore = !(await hasRegistry());
if (ignore) console.warn("no npm registry: packages are not upgraded here");

/** A `deno.json` with some more imports. */
function importing(imports: Record<string, string>): string {
  const said = JSON.parse(denoJson({}));
  return JSON.stringify({ ...said, imports: { ...said.imports, ...imports } });
}

/** A lock file of version 5. */
function locking(
  specifiers: Record<string, string>,
  npm: Record<string, { dependencies?: string[] }> = {},
): string {
  return JSON.stringify({ version: "5", specifiers, npm });
}

/** A version of `ms` by an alias, and a module that tells which one it got. */
function ms(version: string): Files {
  return {
    "deno.json": importing({
      ms: `npm:ms@${version}`,
      "ms/": `npm:/ms@${version}/`,
    }),
    "deno.lock": locking({ [`npm:ms@${version}`]: version }, {
      [`ms@${version}`]: {},
    }),
  };
}
const USES_MS = `import ms from "ms";
import about from "ms/package.json" with { type: "json" };
export const used = () => about.version + " " + ms("1 s");`;
const APP: Files = {
  "app.ts": `import { used } from "./uses.ts";
import { started } from "./other.ts";
export const ask = () => used();
export const since = () => started;`,
  "other.ts": "export const started = crypto.randomUUID();",
};

Deno.test({
  name:
    "a dependency is added, bumped, taken back and removed; only its importers are evaluated again",
  ignore,
}, async () => {
  await using app = await DrivenApp.start({
    ...APP,
    "uses.ts": `export const used = () => "nothing";`,
  });
  const since = await app.call("since");
  const steps: [Files, string][] = [
    [{ ...ms("2.1.2"), "uses.ts": USES_MS }, "2.1.2 1000"],
    [ms("2.1.3"), "2.1.3 1000"],
    [ms("2.0.0"), "2.0.0 1000"],
    [ms("2.1.2"), "2.1.2 1000"],
    [{
      "deno.json": denoJson({}),
      "deno.lock": null,
      "uses.ts": `export const used = () => "nothing";`,
    }, "nothing"],
    [{ ...ms("2.1.3"), "uses.ts": USES_MS }, "2.1.3 1000"],
  ];
  for (const [files, answer] of steps) {
    const result = await app.upgrade(files);
    assertEquals(result.state, "applied", JSON.stringify(result));
    assertEquals(await app.call("ask"), answer);
    assertEquals(await app.call("since"), since);
  }
});
