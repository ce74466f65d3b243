import { assert, assertStringIncludes } from "@std/assert";
import { ProtocolError } from "../../protocol/json/parse.ts";
import { shownText } from "../../base/shown_text.ts";
import {
  manifestEntry,
  manifestOf,
  type TarEntry,
} from "../../../tests/support/archives/tar.ts";
import { refused, release } from "./unpack_fixture_test.ts";

// Places

Deno.test("unpack() refuses every path that leads outside, or may on some system", async () => {
  const paths = [
    "../evil.ts",
    "../../evil.ts",
    "a/../../evil.ts",
    "a/../evil.ts",
    "..",
    "a/..",
    "/evil.ts",
    "/tmp/flyhot-evil.ts",
    "//evil.ts",
    "./evil.ts",
    ".",
    "a/./evil.ts",
    "a//evil.ts",
    "a/",
    "",
    "..\\evil.ts",
    "a\\..\\..\\evil.ts",
    "C:\\evil.ts",
    "C:/evil.ts",
    "a\nb.ts",
    "a\x1b[2Jb.ts",
  ];
  for (const path of paths) {
    const error = await refused({
      entries: release({}, { path, content: "evil" }),
    });
    assertStringIncludes(
      error.message,
      `Cannot unpack "${shownText(path)}" from `,
      path,
    );
    assertStringIncludes(error.message, ": it leads outside the release");
  }
});

Deno.test("unpack() refuses a path that leads outside once its two fields are put together", async () => {
  for (
    const [prefix, path] of [["..", "evil.ts"], ["/tmp", "evil.ts"], [
      "a/..",
      "../evil.ts",
    ]] as const
  ) {
    const error = await refused({
      entries: release({}, { prefix, path, content: "evil" }),
    });
    assertStringIncludes(error.message, "it leads outside the release");
  }
});

Deno.test("unpack() refuses such a path as the first entry, before there is a manifest", async () => {
  const error = await refused({
    entries: [{ path: "../flyhot.json", content: "{}" }],
  });
  assertStringIncludes(error.message, "it leads outside the release");
});

Deno.test("unpack() refuses a manifest that names a path outside", async () => {
  for (const path of ["../evil.ts", "/evil.ts", "a\\b.ts", "a/../b.ts"]) {
    const error = await refused({
      entries: [
        manifestEntry(manifestOf({ [path]: "evil" })),
        { path, content: "evil" },
      ],
    });
    assertStringIncludes(error.message, "a relative path inside the release");
    assert(error.cause instanceof ProtocolError);
  }
});

// Kinds

Deno.test("unpack() refuses everything that is not a regular file, named or not", async () => {
  const kinds: Record<string, Partial<TarEntry>> = {
    "hard link": { type: "1", linkname: "app.ts" },
    "hard link outside": { type: "1", linkname: "/etc/passwd" },
    "symbolic link": { type: "2", linkname: "app.ts" },
    "symbolic link outside": { type: "2", linkname: "../../../etc" },
    "character device": { type: "3" },
    "block device": { type: "4" },
    "directory": { type: "5" },
    "pipe": { type: "6" },
    "contiguous file": { type: "7", content: "evil" },
    "extended header": { type: "x", content: "20 path=../evil.ts\n" },
    "global extended header": { type: "g", content: "20 path=../evil.ts\n" },
    "long name": { type: "L", content: "../evil.ts\0" },
    "long link": { type: "K", content: "../evil.ts\0" },
    "sparse file": { type: "S", content: "evil" },
    "unknown": { type: "Z" },
  };
  for (const [kind, fields] of Object.entries(kinds)) {
    for (const files of [{}, { "evil.ts": fields.content ?? "" }]) {
      const error = await refused({
        entries: release(files, { path: "evil.ts", ...fields }, {
          path: "evil.ts",
          content: "through the link",
        }),
      });
      assertStringIncludes(
        error.message,
        'Cannot unpack "evil.ts" from ',
        kind,
      );
      assertStringIncludes(error.message, ": it is not a regular file", kind);
    }
  }
});

Deno.test("unpack() refuses a manifest that is not a regular file", async () => {
  for (const type of ["1", "2", "5", "x"]) {
    const error = await refused({
      entries: [{ ...manifestEntry(manifestOf({})), type }],
    });
    assertStringIncludes(error.message, "it is not a regular file");
  }
});

// Names

Deno.test("unpack() refuses a name that is there twice", async () => {
  for (const content of ["app", "other"]) {
    const error = await refused({
      entries: release({}, { path: "app.ts", content }),
    });
    assertStringIncludes(
      error.message,
      "the name is there twice, give or take upper case",
    );
  }
});

Deno.test("unpack() refuses names that some file systems take for one", async () => {
  const pairs = [
    ["readme.md", "README.md"],
    ["a/B.ts", "A/b.ts"],
    ["straße.ts", "STRAßE.ts"],
    ["\u00e9.ts", "e\u0301.ts"],
    ["\u00c9.ts", "e\u0301.ts"],
    ["\u212a.ts", "k.ts"],
    ["\u03a3.ts", "\u03c3.ts"],
  ] as const;
  for (const [first, second] of pairs) {
    const error = await refused({
      entries: release(
        { [first]: "1", [second]: "2" },
        { path: first, content: "1" },
        { path: second, content: "2" },
      ),
    });
    assertStringIncludes(
      error.message,
      "the name is there twice, give or take upper case",
      `${first} ${second}`,
    );
  }
});

Deno.test("unpack() refuses a second manifest, in upper case too", async () => {
  for (const path of ["flyhot.json", "FLYHOT.json"]) {
    const error = await refused({
      entries: release({}, {
        path,
        content: JSON.stringify(manifestOf({ "evil.ts": "evil" })),
      }, { path: "evil.ts", content: "evil" }),
    });
    assertStringIncludes(error.message, "the name is there twice");
  }
});

Deno.test("unpack() refuses a file where a folder is, and a folder where a file is", async () => {
  for (const paths of [["a", "a/b.ts"], ["a/b.ts", "a"]]) {
    await refused({
      entries: release(
        { [paths[0]!]: "x", [paths[1]!]: "x" },
        ...paths.map((path) => ({ path, content: "x" })),
      ),
    });
  }
});

Deno.test("unpack() refuses a name that is no UTF-8", async () => {
  const error = await refused({
    entries: release({}, {
      path: new Uint8Array([0x61, 0xff, 0xfe]),
      content: "x",
    }),
  });
  assertStringIncludes(error.message, "flyhot.json does not name it");
});
