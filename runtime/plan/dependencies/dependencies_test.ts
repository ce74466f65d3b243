import { assertEquals, assertNotEquals } from "@std/assert";
import {
  closureOf,
  closureText,
  exactPackage,
  importable,
  nameOf,
  packageSpecifier,
  readLockFile,
  versionOf,
} from "./lock_file.ts";
import { packageOfUrl } from "./package_urls.ts";

const LOCK = JSON.stringify({
  version: "5",
  specifiers: {
    "npm:express@^4.21": "4.21.2",
    "npm:react-dom@19": "19.0.0_react@19.0.0",
    "npm:zod@*": "4.0.6",
    "jsr:@std/path@^1.1.0": "1.1.6",
    "jsr:@std/internal@^1.0.12": "1.0.12",
  },
  jsr: {
    "@std/path@1.1.6": {
      integrity: "a",
      dependencies: ["jsr:@std/internal", "npm:zod"],
    },
    "@std/internal@1.0.12": { integrity: "b" },
  },
  npm: {
    "express@4.21.2": {
      integrity: "c",
      dependencies: ["qs@6.13.0", "ms", "old@npm:zod@4.0.6"],
    },
    "qs@6.13.0": { integrity: "d", dependencies: ["ms"] },
    "qs@6.14.1": { integrity: "e", dependencies: ["ms"] },
    "ms@2.1.3": { integrity: "f", dependencies: ["qs@6.13.0"] },
    "zod@4.0.6": { integrity: "g" },
    "react@19.0.0": { integrity: "h" },
    "react-dom@19.0.0_react@19.0.0": {
      integrity: "i",
      dependencies: ["react"],
    },
    "sharp@0.34.1": {
      integrity: "j",
      optionalDependencies: ["@img/sharp-linux-x64", "fsevents"],
      scripts: true,
    },
    "@img/sharp-linux-x64@0.34.1": {
      integrity: "k",
      os: ["linux"],
      cpu: ["x64"],
    },
    "fsevents@2.3.3": { integrity: "l", os: ["darwin"], scripts: true },
  },
});

Deno.test("a lock file tells the exact package of every way to write a specifier", () => {
  const lock = readLockFile(LOCK);
  const of = (specifier: string) => exactPackage(specifier, lock);
  assertEquals(
    [
      "npm:express@^4.21",
      "npm:/express@^4.21/lib/x.js",
      "npm:zod",
      "npm:zod/mini",
      "npm:zod@4.0.5",
      "npm:zod@^3",
      "jsr:@std/path@^1.1.0/posix",
      "npm:react-dom@19/client",
      "npm:@scope/name@1.2.3-beta.1/sub",
      "https://deno.land/x/mod.ts",
      "node:fs",
    ].map(of),
    [
      "npm:express@4.21.2",
      "npm:express@4.21.2",
      "npm:zod@4.0.6",
      "npm:zod@4.0.6",
      "npm:zod@4.0.5",
      null,
      "jsr:@std/path@1.1.6",
      "npm:react-dom@19.0.0_react@19.0.0",
      "npm:@scope/name@1.2.3-beta.1",
      null,
      null,
    ],
  );
  assertEquals(packageSpecifier("npm:/zod@4/")?.subpath, "");
  const peer = "npm:react-dom@19.0.0_react@19.0.0";
  assertEquals([importable(peer), nameOf(peer), versionOf(peer)], [
    "npm:react-dom@19.0.0",
    "npm:react-dom",
    "19.0.0",
  ]);
});

Deno.test("a closure has leaves first, ends in circles, follows aliases, peers and jsr", () => {
  const lock = readLockFile(LOCK);
  assertEquals(closureOf("npm:express@4.21.2", lock), [
    "npm:ms@2.1.3",
    "npm:qs@6.13.0",
    "npm:zod@4.0.6",
    "npm:express@4.21.2",
  ]);
  assertEquals(closureOf("jsr:@std/path@1.1.6", lock), [
    "jsr:@std/internal@1.0.12",
    "npm:zod@4.0.6",
    "jsr:@std/path@1.1.6",
  ]);
  assertEquals(closureOf("npm:react-dom@19.0.0_react@19.0.0", lock), [
    "npm:react@19.0.0",
    "npm:react-dom@19.0.0_react@19.0.0",
  ]);
  assertEquals(closureOf("npm:unknown@1.0.0", lock), ["npm:unknown@1.0.0"]);
});

Deno.test("a closure's text changes with what is beneath, and with nothing else", () => {
  const text = (source: string) => {
    const lock = readLockFile(source);
    return closureText(closureOf("npm:express@4.21.2", lock));
  };
  const other = LOCK.replace(`"qs@6.13.0","ms","old`, `"qs@6.14.1","ms","old`);
  assertNotEquals(text(LOCK), text(other));
  assertEquals(
    text(LOCK),
    text(LOCK.replace(`"integrity":"h"`, `"integrity":"z"`)),
  );
});

Deno.test("native add-ons: install scripts and machine kinds, not those of other kinds of machine", () => {
  const { packages } = readLockFile(LOCK);
  assertEquals(
    [...packages].filter(([, { native }]) => native).map(([exact]) => exact),
    ["npm:sharp@0.34.1", "npm:@img/sharp-linux-x64@0.34.1"],
  );
});

Deno.test("a text that is not a lock file pins nothing", () => {
  for (
    const text of [
      "",
      "{",
      "[]",
      "{}",
      `{"specifiers":5}`,
      `{"version":"3","packages":{}}`,
    ]
  ) {
    assertEquals(readLockFile(text).pinned.size, 0, text);
  }
});

Deno.test("where Deno keeps a module tells its package", () => {
  const of = (url: string) => packageOfUrl(url);
  assertEquals(
    [
      "file:///root/.cache/deno/npm/registry.npmjs.org/zod/4.0.6/index.js",
      "file:///d/npm/localhost_4873/@a/b/1.2.3_1/x.js",
      "file:///app/node_modules/.deno/@a+b@1.2.3_react@19.0.0/node_modules/@a/b/x.js",
      "file:///app/node_modules/.deno/zod@4.0.6/node_modules/zod/index.js",
      "https://jsr.io/@std/path/1.1.6/posix/mod.ts",
      "http://127.0.0.1:4000/1b7d9637/@std/path/1.1.6/path/mod.ts",
      "npm:zod@4.0.6/mini",
      "npm:zod@^4",
      "file:///app/npm/x.ts",
      "node:fs",
    ].map(of),
    [
      "npm:zod@4.0.6",
      "npm:@a/b@1.2.3",
      "npm:@a/b@1.2.3",
      "npm:zod@4.0.6",
      "jsr:@std/path@1.1.6",
      "jsr:@std/path@1.1.6",
      "npm:zod@4.0.6",
      null,
      null,
      null,
    ],
  );
});
