import { assertEquals, assertMatch } from "@std/assert";
import { denoJson, DrivenApp, type Files } from "../../support/driven_app.ts";

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
// deno-lint-ignore no-console -- What is left out has to be seen.
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

Deno.test({
  name:
    "a package of the image is bumped for its importers, and the way back leads to the image's",
  ignore,
}, async () => {
  await using app = await DrivenApp.start(
    {
      ...APP,
      ...ms("2.0.0"),
      "uses.ts": USES_MS,
      "late.ts": `import about from "ms/package.json" with { type: "json" };
export const late = about.version;`,
      "app.ts": `import { used } from "./uses.ts";
export const ask = () => used();
export const late = async () => (await import("./late.ts")).late;`,
    },
    undefined,
    [],
  );
  assertEquals(await app.call("ask"), "2.0.0 1000");
  const url = await app.pack({});
  const there = await app.upgrade(ms("2.1.3"));
  assertEquals(there.state, "applied", JSON.stringify(there));
  assertEquals(await app.call("ask"), "2.1.3 1000");
  // Loaded for the first time by the new code, from a file that did not change.
  assertEquals(await app.call("late"), "2.1.3");
  const back = await app.upgradeTo(url);
  assertEquals(back.state, "applied", JSON.stringify(back));
  assertEquals(await app.call("ask"), "2.0.0 1000");
  assertEquals(await app.call("late"), "2.0.0");
});

Deno.test({
  name:
    "a package that cannot be had changes nothing, and the next release comes in",
  ignore,
}, async () => {
  await using app = await DrivenApp.start({
    ...APP,
    ...ms("2.0.0"),
    "uses.ts": USES_MS,
  });
  for (
    const [specifier, said] of [
      ["npm:ms@99.0.0", /npm:ms@99\.0\.0: it cannot be had/],
      [
        "npm:@flyhot/there-is-none@1.0.0",
        /there-is-none@1\.0\.0: it cannot be had/,
      ],
      ["npm:ms@2.1.3/none.js", /npm:ms@2\.1\.3\/none\.js/],
    ] as const
  ) {
    const failed = await app.upgrade({
      "uses.ts": `import ms from "${specifier}"; export const used = () => ms;`,
    });
    assertEquals(failed.state, "failed");
    assertMatch(failed.state === "failed" ? failed.message : "", said);
    assertEquals(await app.call("ask"), "2.0.0 1000");
  }
  const next = await app.upgrade({ ...ms("2.1.3"), "uses.ts": USES_MS });
  assertEquals(next.state, "applied", JSON.stringify(next));
  assertEquals(await app.call("ask"), "2.1.3 1000");
});

const DEBUG = (beneath: string): Files => ({
  "deno.lock": locking({ "npm:debug@4.3.4": "4.3.4" }, {
    "debug@4.3.4": { dependencies: ["ms"] },
    [`ms@${beneath}`]: {},
  }),
  "uses.ts": `import debug from "npm:debug@4.3.4";
import { createRequire } from "node:module";
export const used = () => typeof debug;`,
});

Deno.test({
  name:
    "what is beneath a package is what the lock file says, or the release does not come in",
  ignore,
}, async () => {
  // debug 4.3.4 asks for exactly ms 2.1.2.
  await using app = await DrivenApp.start({
    ...APP,
    "uses.ts": `export const used = () => "nothing";`,
  });
  const failed = await app.upgrade(DEBUG("2.1.3"));
  assertEquals(failed.state, "failed");
  assertMatch(
    failed.state === "failed" ? failed.message : "",
    /npm:debug@4\.3\.4 got npm:ms 2\.1\.2, and deno\.lock has 2\.1\.3/,
  );
  assertEquals(await app.call("ask"), "nothing");
  const done = await app.upgrade(DEBUG("2.1.2"));
  assertEquals(done.state, "applied", JSON.stringify(done));
  assertEquals(await app.call("ask"), "function");
});

Deno.test({
  name:
    "Deno is led to the locked versions beneath a package, where a range would take newer ones",
  ignore,
}, async () => {
  await using app = await DrivenApp.start({
    ...APP,
    "uses.ts": `export const used = () => "nothing";`,
  });
  const done = await app.upgrade({
    // type-is 1.6.18 asks for mime-types ~2.1.24, which is 2.1.35 by now.
    "deno.lock": locking({ "npm:type-is@1.6.18": "1.6.18" }, {
      "type-is@1.6.18": { dependencies: ["media-typer", "mime-types"] },
      "media-typer@0.3.0": {},
      "mime-types@2.1.30": { dependencies: ["mime-db"] },
      "mime-db@1.47.0": {},
    }),
    "uses.ts": `import type from "npm:type-is@1.6.18";
export const used = () => type.is("text/html", ["html"]);`,
  });
  assertEquals(done.state, "applied", JSON.stringify(done));
  assertEquals(await app.call("ask"), "html");
});

Deno.test({
  name:
    "T3: an unchanged package whose dependency changes beneath it is refused by name",
  ignore,
}, async () => {
  const beneath = (version: string) =>
    locking({ "npm:type-is@1.6.18": "1.6.18" }, {
      "type-is@1.6.18": { dependencies: ["media-typer", "mime-types"] },
      "media-typer@0.3.0": {},
      [`mime-types@${version}`]: {},
    });
  await using app = await DrivenApp.start({
    ...APP,
    "deno.lock": beneath("2.1.34"),
    "uses.ts": `
import type from "npm:type-is@1.6.18";
export const used = () => type.is("text/html", ["html"]);`,
  });
  const failed = await app.upgrade({ "deno.lock": beneath("2.1.35") });
  assertEquals(failed.state, "failed");
  assertMatch(
    failed.state === "failed" ? failed.message : "",
    /uses\.ts:2 "npm:type-is@1\.6\.18": npm:type-is@1\.6\.18 stays as it is, .*npm:mime-types from 2\.1\.34 to 2\.1\.35/,
  );
});

Deno.test({
  name: "packages come into an app with nodeModulesDir auto and a package.json",
  ignore,
}, async () => {
  const named = (version: string): Files => ({
    "package.json": JSON.stringify({ dependencies: { ms: version } }),
    "deno.json": JSON.stringify({
      ...JSON.parse(denoJson({})),
      nodeModulesDir: "auto",
    }),
    "deno.lock": locking({ [`npm:ms@${version}`]: version }, {
      [`ms@${version}`]: {},
    }),
  });
  await using app = await DrivenApp.start({
    ...APP,
    ...named("2.0.0"),
    "uses.ts": USES_MS,
  });
  assertEquals(await app.call("ask"), "2.0.0 1000");
  const same = await app.upgrade({ "other.ts": "export const started = 1;" });
  assertEquals(same.state, "applied", JSON.stringify(same));
  assertEquals(
    same.state === "applied" ? same.reloaded : [],
    ["app.ts", "other.ts"],
  );
  const done = await app.upgrade(named("2.1.3"));
  assertEquals(done.state, "applied", JSON.stringify(done));
  assertEquals(await app.call("ask"), "2.1.3 1000");
  const gone = await app.upgrade(named("99.0.0"));
  assertMatch(
    gone.state === "failed" ? gone.message : gone.state,
    /npm:ms@99\.0\.0/,
  );
  assertEquals(await app.call("ask"), "2.1.3 1000");
  const added = await app.upgrade({
    ...named("2.1.3"),
    "package.json": JSON.stringify({
      dependencies: { ms: "2.1.3", "is-odd": "3.0.1" },
    }),
    "deno.lock": locking({
      "npm:ms@2.1.3": "2.1.3",
      "npm:is-odd@3.0.1": "3.0.1",
    }, {
      "ms@2.1.3": {},
      "is-odd@3.0.1": { dependencies: ["is-number"] },
      "is-number@6.0.0": {},
    }),
    "uses.ts": `${USES_MS.replace("used", "told")}
import isOdd from "is-odd";
export const used = () => told() + " " + isOdd(3);`,
  });
  assertEquals(added.state, "applied", JSON.stringify(added));
  assertEquals(await app.call("ask"), "2.1.3 1000 true");
});

Deno.test({
  name: "a process that takes no packages says why, and takes the rest",
  ignore,
}, async () => {
  await using app = await DrivenApp.start(
    { ...APP, ...ms("2.0.0"), "uses.ts": USES_MS },
    undefined,
    ["--no-lock", "--cached-only"],
  );
  const failed = await app.upgrade(ms("2.1.3"));
  assertMatch(
    failed.state === "failed" ? failed.message : "",
    /uses\.ts:1 "ms": changes npm:ms from 2\.0\.0 to 2\.1\.3, and this process was started with --cached-only/,
  );
  const done = await app.upgrade({
    ...ms("2.0.0"),
    "other.ts": "export const started = 1;",
  });
  assertEquals(done.state, "applied", JSON.stringify(done));
});

Deno.test("a package of JSR comes in, and nothing of it runs before its importer wants it", async () => {
  await using app = await DrivenApp.start({
    ...APP,
    "uses.ts": `export const used = () => "nothing";`,
  });
  const done = await app.upgrade({
    "deno.json": importing({ "@std/fmt": "jsr:@std/fmt@1.0.10" }),
    "uses.ts": `import { format } from "@std/fmt/bytes";
import { join } from "jsr:@std/path@1.1.6/posix";
export const used = () => format(1000) + join("a", "b");`,
  });
  assertEquals(done.state, "applied", JSON.stringify(done));
  assertEquals(await app.call("ask"), "1 kBa/b");
});

Deno.test({
  name:
    "a package of which kept state holds instances is not replaced beneath it",
  ignore,
}, async () => {
  const sets = (version: string): Files => ({
    "deno.json": importing({ "lru-cache": `npm:lru-cache@${version}` }),
    "deno.lock": locking({ [`npm:lru-cache@${version}`]: version }, {
      [`lru-cache@${version}`]: {},
    }),
  });
  await using app = await DrivenApp.start({
    ...sets("11.0.0"),
    "app.ts": `import { holder } from "@flyhot/runtime";
import { LRUCache } from "lru-cache";
const cache = holder("cache", {
  version: 1,
  state: () => ({ by: { x: null as unknown } }),
  actions: { fill: (state) => { state.by.x = new LRUCache({ max: 3 }); }, empty: (state) => { state.by.x = null; } },
});
export const fill = () => cache.fill();
export const empty = () => cache.empty();`,
  });
  await app.call("fill");
  const failed = await app.upgrade(sets("11.0.1"));
  assertEquals(failed.state, "failed", JSON.stringify(failed));
  assertMatch(
    failed.state === "failed" ? failed.message : "",
    /app\.ts:3 cache\.by\.x: holds a LRUCache of npm:lru-cache 11\.0\.0, and that of 11\.0\.1 is another class/,
  );
  await app.call("empty");
  const done = await app.upgrade(sets("11.0.1"));
  assertEquals(done.state, "applied", JSON.stringify(done));
});

Deno.test({
  name: "two packages that share a peer are bumped together",
  ignore,
}, async () => {
  const react = (version: string): Files => ({
    "deno.lock": locking({
      [`npm:react@${version}`]: version,
      [`npm:react-dom@${version}`]: `${version}_react@${version}`,
    }, {
      [`react@${version}`]: {},
      [`react-dom@${version}_react@${version}`]: {
        dependencies: ["react", "scheduler"],
      },
      "scheduler@0.25.0": {},
    }),
    "uses.ts": `import React from "npm:react@${version}";
import { renderToString } from "npm:react-dom@${version}/server";
const Hook = () => { const [text] = React.useState("hook"); return React.createElement("b", null, text); };
export const used = () => React.version + renderToString(React.createElement(Hook));`,
  });
  await using app = await DrivenApp.start({ ...APP, ...react("19.0.0") });
  assertEquals(await app.call("ask"), "19.0.0<b>hook</b>");
  const done = await app.upgrade({
    ...react("19.0.1"),
  });
  assertEquals(done.state, "applied", JSON.stringify(done));
  assertEquals(await app.call("ask"), "19.0.1<b>hook</b>");
});
