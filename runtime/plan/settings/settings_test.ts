import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../protocol/json/parse.ts";
import {
  NO_SETTINGS,
  releaseSettings,
} from "../../protocol/manifest/release_settings.ts";
import { assetMatcher, readReleaseSettings } from "./settings.ts";

const FULL = {
  keep: ["rooms.ts#rooms", { at: "./main.ts#main.games", functions: "keep" }],
  startsAnew: ["cache.ts#cache", "db.ts#Db.one", "cache.ts#cache"],
  shared: ["log.ts#log"],
  assets: ["./public/", "views/*.html", "data/**/x.json"],
  consent: ["server:8081", "handle:db.ts#db"],
  sockets: "replay",
  bucket: "not read here",
};

Deno.test("readReleaseSettings() reads every key, and leaves the others to whoever reads them", () => {
  const settings = readReleaseSettings(FULL);
  assertEquals(settings, {
    keep: [{ at: "rooms.ts#rooms" }, {
      at: "main.ts#main.games",
      functions: "keep",
    }],
    startsAnew: ["cache.ts#cache", "db.ts#Db.one"],
    shared: ["log.ts#log"],
    assets: ["public", "views/*.html", "data/**/x.json"],
    consent: ["server:8081", "handle:db.ts#db"],
    sockets: "replay",
  });
  assertEquals(readReleaseSettings(undefined), NO_SETTINGS);
  assertEquals(readReleaseSettings({}), NO_SETTINGS);
  assertEquals(
    releaseSettings(JSON.parse(JSON.stringify(settings)), "x"),
    settings,
  );
});

Deno.test("readReleaseSettings() names the key that is wrong, and what should stand there", () => {
  for (
    const [said, message] of [
      [[], `deno.json: flyhot: expected an object, found []`],
      [
        { keep: "x" },
        `deno.json: flyhot.keep: expected a list of text or of { "at", "functions" }, found "x"`,
      ],
      [
        { keep: ["rooms"] },
        `deno.json: flyhot.keep[0]: expected a path and a name, as in "rooms.ts#rooms", found "rooms"`,
      ],
      [
        { keep: ["a.ts#a", 5] },
        `deno.json: flyhot.keep[1]: expected text or { "at", "functions" }, found 5`,
      ],
      [
        { keep: [{ at: "a.ts#a", functions: true }] },
        `deno.json: flyhot.keep[0].functions: expected "keep", found true`,
      ],
      [
        { keep: [{ at: "a.ts#a", function: "keep" }] },
        `deno.json: flyhot.keep[0].function: expected no such key (known are "at", "functions"), found "keep"`,
      ],
      [
        { keep: ["a.ts#a"], startsAnew: ["a.ts#a"] },
        `deno.json: flyhot.startsAnew: expected no entry that is also under "keep", found "a.ts#a"`,
      ],
      [
        { startsAnew: { a: 1 } },
        `deno.json: flyhot.startsAnew: expected a list of text, found {"a":1}`,
      ],
      [
        { startsAnew: ["../a.ts#a"] },
        `deno.json: flyhot.startsAnew[0]: expected a path and a name, as in "rooms.ts#rooms", found "../a.ts#a"`,
      ],
      [
        { startsAnew: ["a.ts#"] },
        `deno.json: flyhot.startsAnew[0]: expected a path and a name, as in "rooms.ts#rooms", found "a.ts#"`,
      ],
      [
        { shared: ["#a"] },
        `deno.json: flyhot.shared[0]: expected a path and a name, as in "rooms.ts#rooms", found "#a"`,
      ],
      [
        { assets: ["/etc"] },
        `deno.json: flyhot.assets[0]: expected a path, a folder, or a pattern with * or **, found "/etc"`,
      ],
      [
        { consent: ["everything"] },
        `deno.json: flyhot.consent[0]: expected one of "server:...", "worker:...", "handle:...", "repeats:...", "numbers:...", "global:...", "holder:...", "timers:...", found "everything"`,
      ],
      [
        { consent: ["worker:"] },
        `deno.json: flyhot.consent[0]: expected one of "server:...", "worker:...", "handle:...", "repeats:...", "numbers:...", "global:...", "holder:...", "timers:...", found "worker:"`,
      ],
      [
        { sockets: "close" },
        `deno.json: flyhot.sockets: expected one of replay, reconnect, keep, found "close"`,
      ],
    ] as const
  ) {
    assertThrows(
      () => readReleaseSettings(said),
      ProtocolError,
      `Cannot read ${message}`,
    );
  }
});

Deno.test("assetMatcher() knows paths, folders and patterns", () => {
  const matches = assetMatcher([
    "public",
    "views/*.html",
    "data/**/x.json",
    "a.css",
  ]);
  for (
    const [path, pattern] of [
      ["public", "public"],
      ["public/deep/x.css", "public"],
      ["public2/x.css", null],
      ["views/a.html", "views/*.html"],
      ["views/deep/a.html", null],
      ["data/x.json", "data/**/x.json"],
      ["data/a/b/x.json", "data/**/x.json"],
      ["a.css", "a.css"],
      ["aXcss", null],
      ["deep/a.css", null],
    ] as const
  ) assertEquals(matches(path), pattern, path);
});
