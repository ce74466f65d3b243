import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ProtocolError } from "../../protocol/json/parse.ts";
import { shownText } from "../../base/shown_text.ts";
import { unpack, UNPACK_LIMITS } from "./unpack.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import {
  concat,
  gzip,
  manifestEntry,
  manifestOf,
  releaseOf,
  sha256,
  tar,
  type TarEntry,
  tarEntry,
} from "../../../tests/support/archives/tar.ts";
import { tempFolder } from "../../../tests/support/temp_folder.ts";

const NEVER = new AbortController().signal;
const MIB = 1024 * 1024;

interface Attempt {
  /** The bytes in place of a `tar.gz` of the entries. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly entries?: readonly TarEntry[];
  readonly limits?: Partial<typeof UNPACK_LIMITS>;
  /** What is wrong with it, for a test of many. */
  readonly what?: string;
}

/** Unpacks what must be refused; nothing may be left of it anywhere. */
async function refused(
  { bytes, entries = [], limits = {}, what = "" }: Attempt,
): Promise<UpgradeError> {
  await using outside = await tempFolder();
  const tarball = outside.join("release.tar.gz");
  await Deno.writeFile(tarball, bytes ?? gzip(tar(entries)));
  await Deno.mkdir(outside.join("releases"));
  const error = await assertRejects(
    () =>
      unpack(tarball, outside.join("releases", "new"), NEVER, {
        ...UNPACK_LIMITS,
        ...limits,
      }),
    UpgradeError,
    "",
    what,
  );
  assertEquals(
    await outside.list(),
    ["release.tar.gz", "releases/"],
    "nothing is left behind, and nothing is outside the folder",
  );
  assertEquals(error.phase, "unpack");
  assertEquals(error.transient, false);
  assertEquals(error.message.startsWith("Cannot "), true, error.message);
  assertEquals(error.message.endsWith("."), false, error.message);
  return error;
}

/** A release with a good file, then entries that the manifest may name as well. */
function release(
  files: Readonly<Record<string, string | Uint8Array>>,
  ...more: TarEntry[]
): readonly TarEntry[] {
  return [
    manifestEntry(manifestOf({ "app.ts": "app", ...files })),
    { path: "app.ts", content: "app" },
    ...more,
  ];
}

/** Counts what is decompressed while it is in use. */
class DecompressedBytes implements Disposable {
  readonly #real = DecompressionStream;
  count = 0;

  constructor() {
    const count = (bytes: number) => this.count += bytes;
    const Real = this.#real;
    globalThis.DecompressionStream = class {
      readonly writable: WritableStream<BufferSource>;
      readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
      constructor(format: CompressionFormat) {
        const real = new Real(format);
        this.writable = real.writable;
        this.readable = real.readable.pipeThrough(
          new TransformStream({
            transform(chunk, controller) {
              count(chunk.byteLength);
              controller.enqueue(chunk);
            },
          }),
        );
      }
    };
  }

  [Symbol.dispose](): void {
    globalThis.DecompressionStream = this.#real;
  }
}

// What is as it should be

Deno.test("unpack() writes exactly the files of the manifest and returns it", async () => {
  const big = new Uint8Array(3 * MIB + 7);
  for (let at = 0; at < big.length; at++) big[at] = at * 31;
  const files = {
    "app.ts": "export const app = 1;\n",
    "empty.txt": "",
    "block.bin": new Uint8Array(512).fill(1),
    "routes/[id].tsx": "x",
    "deep/er/and/deeper/été 1%#.txt": "é",
    "big.bin": big,
    "__proto__": "p",
    "con/structor": "c",
    "flyhot.json.ts": "not the manifest",
    "sub/flyhot.json": "not the manifest either",
  };
  await using folder = await tempFolder();
  const tarball = folder.join("r.tar.gz");
  await Deno.writeFile(tarball, releaseOf(files));
  const manifest = await unpack(tarball, folder.join("out"), NEVER);
  assertEquals(Object.keys(manifest.files), Object.keys(files));
  assertEquals(manifest.version, "1.2.3");
  for (const [path, content] of Object.entries(files)) {
    assertEquals(
      sha256(await Deno.readFile(folder.join("out", path))),
      sha256(content),
      path,
    );
  }
  const unpacked = (await folder.list())
    .filter((path) => path.startsWith("out/") && !path.endsWith("/"));
  assertEquals(
    unpacked,
    Object.keys(files).map((path) => `out/${path}`).sort(),
  );
});

Deno.test("unpack() takes a release without files", async () => {
  await using folder = await tempFolder();
  await Deno.writeFile(folder.join("r.tar.gz"), releaseOf({}));
  const manifest = await unpack(
    folder.join("r.tar.gz"),
    folder.join("out"),
    NEVER,
  );
  assertEquals(Object.keys(manifest.files), []);
  assertEquals(await folder.list(), ["out/", "r.tar.gz"]);
});

Deno.test("unpack() takes long paths from both fields of the header, and the old kind of file", async () => {
  const path = `${"d".repeat(99)}/${"e".repeat(50)}/${"f".repeat(90)}.ts`;
  const entries = [
    manifestEntry(manifestOf({ [path]: "long", "old.ts": "old" })),
    { prefix: path.slice(0, 150), path: path.slice(151), content: "long" },
    { path: "old.ts", type: "\0", content: "old" },
  ];
  await using folder = await tempFolder();
  await Deno.writeFile(folder.join("r.tar.gz"), gzip(tar(entries)));
  await unpack(folder.join("r.tar.gz"), folder.join("out"), NEVER);
  assertEquals(await Deno.readTextFile(folder.join("out", path)), "long");
  assertEquals(await Deno.readTextFile(folder.join("out", "old.ts")), "old");
});

Deno.test("unpack() gives no file the right to be executed or to be more than a file", async () => {
  await using folder = await tempFolder();
  await Deno.writeFile(folder.join("r.tar.gz"), releaseOf({ "a.sh": "x" }));
  await unpack(folder.join("r.tar.gz"), folder.join("out"), NEVER);
  const { mode } = await Deno.lstat(folder.join("out", "a.sh"));
  assertEquals((mode ?? 0) & 0o7111, 0);
});

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

// Manifest against files

Deno.test("unpack() refuses a file that the manifest does not name, inherited members too", async () => {
  for (const path of ["evil.ts", "toString", "constructor", "__proto__"]) {
    const error = await refused({
      entries: release({}, { path, content: "evil" }),
    });
    assertStringIncludes(
      error.message,
      `Cannot unpack "${path}" from `,
    );
    assertStringIncludes(error.message, ": flyhot.json does not name it");
  }
});

Deno.test("unpack() refuses an archive that lacks a file which the manifest names", async () => {
  const error = await refused({ entries: release({ "gone.ts": "gone" }) });
  assertStringIncludes(
    error.message,
    'flyhot.json names "gone.ts", which is not there',
  );
});

Deno.test("unpack() does not take one spelling of a name for another that is missing", async () => {
  for (
    const missing of ["APP.ts", "flyhot.json", "FLYHOT.JSON", "app.ts\u0301"]
  ) {
    const error = await refused({ entries: release({ [missing]: "x" }) });
    assertStringIncludes(
      error.message,
      `flyhot.json names "${missing}", which is not there`,
    );
  }
});

Deno.test("unpack() refuses content with another digest or another length", async () => {
  const cases: [string, string][] = [
    ["axp", "its SHA-256 is "],
    ["ap", "it has 2 bytes, not the 3 that flyhot.json says"],
    ["appp", "it has 4 bytes, not the 3 that flyhot.json says"],
    ["", "it has 0 bytes, not the 3 that flyhot.json says"],
  ];
  for (const [content, message] of cases) {
    const error = await refused({
      entries: [
        manifestEntry(manifestOf({ "app.ts": "app" })),
        { path: "app.ts", content },
      ],
    });
    assertStringIncludes(error.message, 'Cannot unpack "app.ts"');
    assertStringIncludes(error.message, message);
  }
  const digest = await refused({
    entries: [
      manifestEntry(manifestOf({ "app.ts": "app" })),
      { path: "app.ts", content: "axp" },
    ],
  });
  assertStringIncludes(digest.message, sha256("axp"));
  assertStringIncludes(digest.message, sha256("app"));
});

Deno.test("unpack() refuses a manifest that does not come first, or not at all", async () => {
  const app = { path: "app.ts", content: "app" };
  const late = await refused({
    entries: [app, manifestEntry(manifestOf({ "app.ts": "app" }))],
  });
  assertStringIncludes(late.message, "flyhot.json must come first");
  const none = await refused({ entries: [app] });
  assertStringIncludes(none.message, "flyhot.json must come first");
  const nested = await refused({
    entries: [{
      ...manifestEntry(manifestOf({})),
      path: "release/flyhot.json",
    }],
  });
  assertStringIncludes(nested.message, "flyhot.json must come first");
  const upper = await refused({
    entries: [{ ...manifestEntry(manifestOf({})), path: "FLYHOT.json" }],
  });
  assertStringIncludes(upper.message, "flyhot.json must come first");
});

Deno.test("unpack() refuses a manifest that is none", async () => {
  const cases: [string | Uint8Array, string][] = [
    ["", "Cannot read flyhot.json: it is not JSON"],
    ["{ cut", "Cannot read flyhot.json: it is not JSON"],
    ["null", "Cannot read manifest: expected an object"],
    ["[]", "Cannot read manifest: expected an object"],
    ["{}", "Cannot read manifest."],
    [
      JSON.stringify(manifestOf({}, { protocol: 2 })),
      "Cannot read manifest.protocol",
    ],
    [
      JSON.stringify(manifestOf({}, { files: { "a": { size: -1 } } })),
      "Cannot read manifest.files",
    ],
    [new Uint8Array([0xff, 0xfe, 0x00]), "it is not JSON"],
  ];
  for (const [content, message] of cases) {
    const error = await refused({
      entries: [{ path: "flyhot.json", content }],
    });
    assertStringIncludes(error.message, message);
  }
});

// Damage

Deno.test("unpack() refuses an archive that is empty, cut or not compressed", async () => {
  const whole = releaseOf({ "app.ts": "x".repeat(5000), "b.ts": "b" });
  const plain = tar(release({}));
  const cases: Record<string, Uint8Array<ArrayBuffer>> = {
    "no byte": new Uint8Array(),
    "an empty gzip": gzip(new Uint8Array()),
    "no gzip": plain,
    "text": new TextEncoder().encode("<html>404 Not Found</html>"),
    "half of the gzip header": whole.slice(0, 5),
    "half of the gzip": whole.slice(0, whole.length / 2),
    // Not a missing gzip trailer: every file is there then and has its digest, and nobody may read that far.
    "a broken gzip": whole.map((byte, at) => at === 60 ? byte ^ 0xff : byte),
    "half a header": gzip(plain.slice(0, 300)),
    "a manifest cut": gzip(plain.slice(0, 600)),
    "a file cut": gzip(
      concat([
        tarEntry(manifestEntry(manifestOf({ "app.ts": "x".repeat(2000) }))),
        tarEntry({ path: "app.ts", content: "x".repeat(2000) }).slice(0, 1000),
      ]),
    ),
    "no end": gzip(
      concat(release({}).map(tarEntry)),
    ),
    "a wrong checksum": gzip(
      tar(release({}, { path: "b.ts", checksumOff: 1 })),
    ),
  };
  for (const [damage, bytes] of Object.entries(cases)) {
    const error = await refused({ bytes, what: damage });
    assertStringIncludes(error.message, "Cannot unpack ", damage);
  }
});

Deno.test("unpack() refuses an archive that is empty, and says so", async () => {
  const error = await refused({ entries: [] });
  assertStringIncludes(error.message, "it is empty");
});

Deno.test("unpack() refuses sizes that are not whole numbers", async () => {
  for (const rawSize of ["-0000000001 ", "nonsense    ", "99999999999 "]) {
    await refused({
      entries: release({ "b.ts": "" }, { path: "b.ts", rawSize }),
    });
  }
});

// Limits

Deno.test("unpack() takes as many files as its limit says, and not one more", async () => {
  const files = { "a.ts": "a", "b.ts": "b" };
  await using folder = await tempFolder();
  await Deno.writeFile(folder.join("r.tar.gz"), releaseOf(files));
  // The manifest counts as well.
  await unpack(folder.join("r.tar.gz"), folder.join("out"), NEVER, {
    ...UNPACK_LIMITS,
    files: 3,
  });
  const error = await refused({
    bytes: releaseOf(files),
    limits: { files: 2 },
  });
  assertStringIncludes(error.message, "there are more than 2 files");
});

Deno.test("unpack() takes as many bytes as its limits say, and not one more", async () => {
  const files = { "a.ts": "12345", "b.ts": "1234" };
  await using folder = await tempFolder();
  await Deno.writeFile(folder.join("r.tar.gz"), releaseOf(files));
  await unpack(folder.join("r.tar.gz"), folder.join("out"), NEVER, {
    files: 10,
    fileBytes: 5,
    totalBytes: 9,
  });
  const file = await refused({
    bytes: releaseOf(files),
    limits: { fileBytes: 4 },
  });
  assertStringIncludes(
    file.message,
    'Cannot unpack "a.ts" from ',
  );
  assertStringIncludes(file.message, ": it is longer than 4 bytes");
  const total = await refused({
    bytes: releaseOf(files),
    limits: { totalBytes: 8 },
  });
  assertStringIncludes(total.message, "the release is longer than 8 bytes");
});

Deno.test("unpack() reads little of a bomb before it refuses it", async () => {
  const bomb = new Uint8Array(40 * MIB);
  // Nothing but zeros would come out in pieces of 64 MiB.
  for (let at = 0, noise = 1; at < bomb.length; at++) {
    if (at % 512 < 48) bomb[at] = noise = noise * 48271 % 0x7fffffff;
  }
  const honest = manifestOf({ "app.ts": "app" });
  const boasting = manifestOf({});
  boasting.files = {
    "bomb.bin": { sha256: sha256("x"), size: bomb.length, kind: "asset" },
  };
  const cases: Record<string, Attempt> = {
    "as the manifest": {
      entries: [{ path: "flyhot.json", content: bomb }],
    },
    "before the manifest": { entries: [{ path: "bomb.bin", content: bomb }] },
    "unnamed": {
      entries: [manifestEntry(honest), { path: "bomb.bin", content: bomb }],
    },
    "outside": {
      entries: [manifestEntry(honest), { path: "../bomb", content: bomb }],
    },
    "no file": {
      entries: [
        manifestEntry(honest),
        { path: "app.ts", content: bomb, type: "x" },
      ],
    },
    "named, but shorter": {
      entries: [manifestEntry(honest), { path: "app.ts", content: bomb }],
    },
    "over the limit": {
      entries: [manifestEntry(boasting), { path: "bomb.bin", content: bomb }],
      limits: { fileBytes: MIB },
    },
    "after the end": {
      bytes: gzip(concat([tar([manifestEntry(honest)]), bomb])),
    },
  };
  for (const [place, attempt] of Object.entries(cases)) {
    using decompressed = new DecompressedBytes();
    await refused(attempt);
    assert(
      decompressed.count < bomb.length / 4,
      `${place}: ${decompressed.count} bytes of ${bomb.length} decompressed`,
    );
  }
});

// The folder and the signal

Deno.test("unpack() refuses a folder that exists, and leaves it alone", async () => {
  for (const bytes of [releaseOf({ "a.ts": "a" }), gzip(tar([]))]) {
    await using folder = await tempFolder();
    await Deno.writeFile(folder.join("r.tar.gz"), bytes);
    await Deno.mkdir(folder.join("out"));
    await Deno.writeTextFile(folder.join("out", "mine.txt"), "mine");
    await assertRejects(
      () => unpack(folder.join("r.tar.gz"), folder.join("out"), NEVER),
      UpgradeError,
      "Cannot unpack ",
    );
    assertEquals(await folder.list(), ["out/", "out/mine.txt", "r.tar.gz"]);
  }
});

Deno.test("unpack() refuses a tarball that is not there, and leaves no folder", async () => {
  await using folder = await tempFolder();
  await assertRejects(
    () => unpack(folder.join("gone.tar.gz"), folder.join("out"), NEVER),
    UpgradeError,
    `Cannot unpack ${folder.join("gone.tar.gz")}: `,
  );
  assertEquals(await folder.list(), []);
});

Deno.test("unpack() ends when its signal says so, before and in the middle", async () => {
  const big = new Uint8Array(64 * MIB);
  const reason = new DOMException("too slow", "TimeoutError");
  const bytes = releaseOf({ "a.bin": big, "b.bin": big });
  for (const early of [true, false]) {
    await using folder = await tempFolder();
    await Deno.writeFile(folder.join("r.tar.gz"), bytes);
    const controller = new AbortController();
    if (early) controller.abort(reason);
    const unpacking = assertRejects(
      () =>
        unpack(folder.join("r.tar.gz"), folder.join("out"), controller.signal),
      DOMException,
      "too slow",
    );
    controller.abort(reason);
    await unpacking;
    assertEquals(await folder.list(), ["r.tar.gz"]);
  }
});
