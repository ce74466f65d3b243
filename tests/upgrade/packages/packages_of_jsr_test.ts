import { assertEquals, assertMatch } from "@std/assert";
import { DrivenApp, type Files } from "../../support/driven_app.ts";
import { servePackages } from "../../support/jsr_packages.ts";

const PACKAGES = {
  "@acme/base@1.0.0": `export const base = "base 1.0.0";`,
  "@acme/base@1.0.1": `export const base = "base 1.0.1";`,
  "@acme/words@1.0.0":
    `import { base } from "jsr:@acme/base@1.0.0"; export const words = "words 1.0.0 on " + base;`,
  "@acme/words@1.1.0":
    `import { base } from "jsr:@acme/base@1.0.1"; export const words = "words 1.1.0 on " + base;`,
  "@acme/words@1.2.0":
    `export const words = ""; throw new Error("words 1.2.0 does not load");`,
  "@acme/extra@2.0.0":
    `export const extra = (text: string) => text + " and extra 2.0.0";`,
};

/** An app that uses a version of a package, by an alias with a range that its lock file pins. */
async function uses(
  version: string,
  base: string,
  url: string,
): Promise<Files> {
  const integrity = async (name: string, version: string) => {
    const meta = await fetch(`${url}${name}/${version}_meta.json`);
    const digest = await crypto.subtle.digest(
      "SHA-256",
      await meta.arrayBuffer(),
    );
    return new Uint8Array(digest).toHex();
  };
  return {
    "deno.json": JSON.stringify({
      imports: {
        "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
        "@std/streams": "jsr:@std/streams@1.1.2",
        words: "jsr:@acme/words@^1.0.0",
      },
    }),
    "deno.lock": JSON.stringify({
      version: "5",
      specifiers: {
        "jsr:@acme/words@^1.0.0": version,
        [`jsr:@acme/base@${base}`]: base,
      },
      jsr: {
        [`@acme/words@${version}`]: {
          integrity: await integrity("@acme/words", version),
          dependencies: ["jsr:@acme/base"],
        },
        [`@acme/base@${base}`]: {
          integrity: await integrity("@acme/base", base),
        },
      },
    }),
  };
}

Deno.test("a package of JSR is bumped, added, taken back and removed in a running process; one that cannot be had changes nothing", async () => {
  await using registry = await servePackages(PACKAGES);
  const first = await uses("1.0.0", "1.0.0", registry.url);
  const second = await uses("1.1.0", "1.0.1", registry.url);
  await using app = await DrivenApp.start(
    {
      ...first,
      "app.ts": `import { said } from "./says.ts";
import { started } from "./other.ts";
export const ask = () => said;
export const since = () => started;`,
      "says.ts": `import { words } from "words"; export const said = words;`,
      "other.ts": "export const started = crypto.randomUUID();",
    },
    undefined,
    [],
    "",
    { JSR_URL: registry.url },
  );
  assertEquals(await app.call("ask"), "words 1.0.0 on base 1.0.0");
  const since = await app.call("since");
  const adds = {
    "says.ts": `import { words } from "words";
import { extra } from "jsr:@acme/extra@2.0.0";
export const said = extra(words);`,
  };
  const plain = {
    "says.ts": `import { words } from "words"; export const said = words;`,
  };
  const steps: readonly (readonly [Files, string])[] = [
    [second, "words 1.1.0 on base 1.0.1"],
    [adds, "words 1.1.0 on base 1.0.1 and extra 2.0.0"],
    [first, "words 1.0.0 on base 1.0.0 and extra 2.0.0"],
    [plain, "words 1.0.0 on base 1.0.0"],
  ];
  for (const [files, answer] of steps) {
    const result = await app.upgrade(files);
    assertEquals(result.state, "applied", JSON.stringify(result));
    assertEquals(await app.call("ask"), answer);
    assertEquals(await app.call("since"), since);
  }
  const failures: readonly (readonly [string, RegExp])[] = [
    [
      `import { words } from "jsr:@acme/words@9.9.9"; export const said = words;`,
      /jsr:@acme\/words@9\.9\.9/,
    ],
    [
      `import { words } from "jsr:@acme/there-is-none@1.0.0"; export const said = words;`,
      /jsr:@acme\/there-is-none@1\.0\.0/,
    ],
    [
      `import { words } from "jsr:@acme/words@1.2.0"; export const said = words;`,
      /words 1\.2\.0 does not load/,
    ],
    [
      `import { none } from "jsr:@acme/extra@2.0.0"; export const said = none;`,
      /none/,
    ],
  ];
  for (const [source, said] of failures) {
    const failed = await app.upgrade({ "says.ts": source }).catch((error) => ({
      state: "failed" as const,
      message: String(error),
    }));
    assertEquals(failed.state, "failed", source);
    assertMatch(failed.state === "failed" ? failed.message : "", said);
    assertEquals(await app.call("ask"), "words 1.0.0 on base 1.0.0");
    assertEquals(await app.call("since"), since);
  }
  const next = await app.upgrade({ ...plain, ...second });
  assertEquals(next.state, "applied", JSON.stringify(next));
  assertEquals(await app.call("ask"), "words 1.1.0 on base 1.0.1");
});
