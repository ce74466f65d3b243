import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { parseManifest, sha256Of } from "@flyhot/runtime/protocol";
import { withApp } from "../../../tests/support/temp_app.ts";
import { FlyhotError } from "../../errors.ts";
import { denoHost } from "../../host_deno.ts";
import { type PackOptions, packRelease } from "./pack.ts";
import { APP, extract, withRelease } from "./pack_fixture_test.ts";

Deno.test("packRelease() writes the manifest first, then the files in path order, with nothing of this machine", async () => {
  await withRelease(APP, {}, async ({ path, manifest }) => {
    const entries = await extract(path);
    assertEquals(entries.map(({ path }) => path), [
      "flyhot.json",
      "Dockerfile",
      "app.ts",
      "deno.json",
      "fly.toml",
      "lib/a.ts",
      "main.ts",
      "page.html",
      "static/app.css",
      "work.ts",
    ]);
    for (const { header } of entries) {
      const { mode, uid, gid, mtime, typeflag } = header;
      assertEquals({ mode, uid, gid, mtime, typeflag }, {
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: 0,
        typeflag: "0",
      });
    }
    assertEquals(
      parseManifest(JSON.parse(entries[0]!.text)),
      parseManifest(manifest),
    );
    for (const { path, text } of entries.slice(1)) {
      assertEquals(manifest.files[path]?.sha256, await sha256Of(text));
      assertEquals(manifest.files[path]?.size, text.length);
    }
  });
});

Deno.test("packRelease() says what every file is", async () => {
  await withRelease(APP, {}, ({ manifest }) => {
    const kinds = Object.fromEntries(
      Object.entries(manifest.files).map(([path, { kind }]) => [path, kind]),
    );
    assertEquals(kinds, {
      "Dockerfile": "config",
      "app.ts": "module",
      "deno.json": "config",
      "fly.toml": "config",
      "lib/a.ts": "module",
      "main.ts": "module",
      "page.html": "module",
      "static/app.css": "asset",
      "work.ts": "module",
    });
    assertEquals(manifest.entries, ["main.ts", "work.ts"]);
    assertEquals(manifest.modules["main.ts"], {
      static: ["lib/a.ts"],
      dynamic: ["app.ts"],
      external: [],
      specifiers: { "#lib/a.ts": "lib/a.ts", "./app.ts": "app.ts" },
    });
    assertEquals(manifest.modules["app.ts"]?.static, ["page.html"]);
    assertEquals(Object.keys(manifest.config), [
      "Dockerfile",
      "deno.json",
      "fly.toml",
    ]);
    assertEquals(manifest.app, "shop");
    assertEquals(manifest.version, "1.2.3");
    return Promise.resolve();
  });
});

Deno.test("packRelease() gives the same bytes for the same files, wherever and whenever", async () => {
  const pack = (
    files: Readonly<Record<string, string>>,
    options: Partial<PackOptions> = {},
  ) =>
    withRelease(files, options, async (release) => {
      const bytes = await Deno.readFile(release.path);
      assertEquals(release.sha256, await sha256Of(bytes));
      assertEquals(release.size, bytes.length);
      // gzip: no name, no time.
      assertEquals([...bytes.subarray(0, 8)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
      return { sha256: release.sha256, ref: release.manifest.source_image_ref };
    });
  const first = await pack(APP);
  const entries = Object.entries(APP).reverse();
  assertEquals(await pack(Object.fromEntries(entries)), first);
  assert(/^local:[0-9a-f]{12}$/.test(first.ref), first.ref);
  const other = await pack({ ...APP, "page.html": "<p>bye</p>" });
  assertNotEquals(other.ref, first.ref);
  assertNotEquals(other.sha256, first.sha256);
  const named = await pack(APP, { sourceImageRef: "registry.fly.io/shop:1" });
  assertEquals(named.ref, "registry.fly.io/shop:1");
});

Deno.test("packRelease() takes version and entries from its options, else from the app, else plain ones", async () => {
  const manifestOf = (
    files: Readonly<Record<string, string>>,
    options: Partial<PackOptions>,
  ) => withRelease(files, options, ({ manifest }) => Promise.resolve(manifest));
  const given = await manifestOf(APP, {
    version: "9",
    entries: ["./work.ts", "work.ts"],
  });
  assertEquals([given.version, given.entries], ["9", ["work.ts"]]);
  assertEquals(Object.keys(given.modules), ["lib/a.ts", "work.ts"]);
  const plain = await manifestOf({ "main.ts": "" }, {});
  assertEquals([plain.version, plain.entries], ["0.0.0", ["main.ts"]]);
});

Deno.test("packRelease() copes with a file called __proto__ and with empty files", async () => {
  await withRelease(
    { "main.ts": "", ["__proto__"]: "odd", "constructor": "" },
    {},
    async ({ path, manifest }) => {
      assertEquals(Object.keys(manifest.files), [
        "__proto__",
        "constructor",
        "main.ts",
      ]);
      assertEquals((await extract(path)).map(({ text }) => text).slice(1), [
        "odd",
        "",
        "",
      ]);
    },
  );
});

Deno.test("packRelease() removes its temporary file", async () => {
  const path = await withRelease({ "main.ts": "" }, {}, async ({ path }) => {
    await Deno.stat(path);
    return path;
  });
  await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("packRelease() refuses what it cannot pack, and says what to do", async () => {
  const cases: [
    files: Record<string, string>,
    options: Partial<PackOptions>,
    message: string,
  ][] = [
    [
      { "app.ts": "" },
      {},
      "no main module is named in deno.json, fly.toml or Dockerfile, and there is no main.ts",
    ],
    [
      { "main.ts": "" },
      { entries: ["gone.ts"] },
      "its main module gone.ts is missing or left out",
    ],
    [{ "main.ts": `import "./gen/a.ts";`, "gen/a.ts": "" }, {
      exclude: ["gen"],
    }, "Cannot pack main.ts: it imports gen/a.ts, which is left out"],
    [
      { "main.ts": `import "./a.ts";`, "a.ts@": "gone.ts" },
      {},
      "Cannot pack main.ts: it imports a.ts, which is missing",
    ],
    [
      { "main.ts": `import "./a.ts";` },
      {},
      "it imports a.ts, which is missing",
    ],
  ];
  for (const [files, options, message] of cases) {
    const error = await assertRejects(
      () => withRelease(files, options, () => Promise.resolve()),
      FlyhotError,
      message,
    );
    assertEquals(error.code, "usage");
  }
});

Deno.test("a file that is not UTF-8, or begins with a mark, is packed byte for byte", async () => {
  await withApp({ "main.ts": "", "a.txt": "", "b.txt": "" }, async (root) => {
    await Deno.writeFile(`${root}/a.txt`, new Uint8Array([104, 233, 10]));
    await Deno.writeFile(
      `${root}/b.txt`,
      new Uint8Array([0xef, 0xbb, 0xbf, 104, 105]),
    );
    using host = denoHost();
    const packed = await packRelease({ root, app: "shop" }, host);
    try {
      const { files } = packed.manifest;
      assertEquals([files["a.txt"]!.size, files["b.txt"]!.size], [3, 5]);
    } finally {
      await packed.dispose();
    }
  });
});
