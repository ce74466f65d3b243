import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import {
  type Manifest,
  parseManifest,
  sha256Of,
} from "@flyhot/runtime/protocol";
import { UntarStream } from "@std/tar";
import { withApp } from "../../tests/support/temp_app.ts";
import { digestOfText } from "./digest.ts";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { denoHost } from "../host_deno.ts";
import { type PackedRelease, type PackOptions, packRelease } from "./pack.ts";

const APP = {
  "deno.json": `{ "version": "1.2.3", "imports": { "#lib/": "./lib/" } }`,
  "fly.toml":
    `app = "shop"\n[processes]\n  web = "deno run -A main.ts"\n  work = "deno run -A work.ts"\n`,
  "Dockerfile": "FROM denoland/deno\nCMD deno run -A main.ts\n",
  "main.ts": `import "#lib/a.ts"; await import("./app.ts");`,
  "work.ts": `import "#lib/a.ts";`,
  "app.ts":
    `import text from "./page.html" with { type: "text" }; export default text;`,
  "page.html": "<p>hello</p>",
  "lib/a.ts": "export {};",
  "static/app.css": "p { color: red }",
};

interface Extracted {
  readonly path: string;
  readonly text: string;
  readonly header: {
    mode: number;
    uid: number;
    gid: number;
    mtime: number;
    typeflag: string;
  };
}

async function extract(path: string): Promise<Extracted[]> {
  const found: Extracted[] = [];
  const file = await Deno.open(path);
  const entries = file.readable.pipeThrough(new DecompressionStream("gzip"))
    .pipeThrough(new UntarStream());
  for await (const { path, readable, header } of entries) {
    found.push({ path, header, text: await new Response(readable).text() });
  }
  return found;
}

async function withRelease<T>(
  files: Readonly<Record<string, string>>,
  options: Partial<PackOptions>,
  use: (release: PackedRelease, root: string) => Promise<T>,
): Promise<T> {
  return await withApp(files, async (root) => {
    using host = denoHost();
    const release = await packRelease({ root, app: "shop", ...options }, host);
    try {
      return await use(release, root);
    } finally {
      await release.dispose();
    }
  });
}

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

Deno.test("packRelease() refuses a file that changes between the two looks at it, and leaves nothing behind", async () => {
  for (const content of ["<p>HELLO</p>", "<p>longer now</p>", "short", ""]) {
    await withApp({ ...APP, "page.bin": "<p>hello</p>" }, async (root) => {
      using real = denoHost();
      let looks = 0;
      let folder = "";
      const host: Host = {
        ...real,
        files: {
          ...real.files,
          async open(path) {
            if (path.endsWith("page.bin") && ++looks === 2) {
              await Deno.writeTextFile(path, content);
            }
            return await real.files.open(path);
          },
          makeTempDir: async () => folder = await real.files.makeTempDir(),
        },
      };
      const error = await assertRejects(
        () => packRelease({ root, app: "shop" }, host),
        FlyhotError,
        "Cannot pack page.bin: it was changed while it was packed",
      );
      assertEquals(error.code, "conflict");
      await assertRejects(() => Deno.stat(folder), Deno.errors.NotFound);
    });
  }
});

Deno.test("packRelease() says which module is broken, also where Deno says so before anybody waits for it", async () => {
  const many = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [`m${at}.ts`, `export const a = 1;`]),
  );
  await withApp(
    { ...APP, ...many, "main.ts": "export const = 1;" },
    async (root) => {
      using real = denoHost();
      const said = Promise.withResolvers<void>();
      const host: Host = {
        ...real,
        files: {
          ...real.files,
          async readText(path) {
            // What was remembered of scripts comes late.
            if (path.includes("analysis-")) {
              let timer: ReturnType<typeof setTimeout> | undefined;
              const enough = new Promise<void>((done) =>
                timer = setTimeout(done, 1_000)
              );
              await Promise.race([said.promise, enough]);
              clearTimeout(timer);
              await new Promise((done) => setTimeout(done, 20));
            }
            return await real.files.readText(path);
          },
        },
        async run(...args) {
          const ended = await real.run(...args);
          said.resolve();
          return ended;
        },
      };
      await assertRejects(
        () => packRelease({ root, app: "shop" }, host),
        FlyhotError,
        "Cannot pack main.ts",
      );
    },
  );
});

Deno.test("packRelease() packs a text as it was when it was hashed and analyzed, whatever becomes of it meanwhile", async () => {
  await withApp(APP, async (root) => {
    using real = denoHost();
    let last = "";
    const host: Host = {
      ...real,
      files: {
        ...real.files,
        async readText(path) {
          const text = await real.files.readText(path);
          if (!path.endsWith("page.html") || text === null) return text;
          await Deno.writeTextFile(path, `${text}!`);
          return last = text;
        },
      },
    };
    const packed = await packRelease({ root, app: "shop" }, host);
    try {
      const { sha256 } = packed.manifest.files["page.html"]!;
      assertEquals(sha256, digestOfText(last));
    } finally {
      await packed.dispose();
    }
  });
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

Deno.test("packRelease() never holds a large file whole", async () => {
  await withApp({ "main.ts": "" }, async (root) => {
    const size = 64 * 1024 * 1024;
    const file = await Deno.create(`${root}/large.bin`);
    await file.truncate(size);
    file.close();
    using real = denoHost();
    let largest = 0;
    let inFlight = 0;
    let inFlightMax = 0;
    const host: Host = {
      ...real,
      files: {
        ...real.files,
        async open(path) {
          const content = await real.files.open(path);
          return content.pipeThrough(
            new TransformStream({
              transform(chunk, controller) {
                largest = Math.max(largest, chunk.byteLength);
                inFlight += chunk.byteLength;
                inFlightMax = Math.max(inFlightMax, inFlight);
                controller.enqueue(chunk);
                queueMicrotask(() => inFlight -= chunk.byteLength);
              },
            }),
          );
        },
      },
    };
    const release = await packRelease({ root, app: "shop" }, host);
    const manifest: Manifest = release.manifest;
    assertEquals(manifest.files["large.bin"]?.size, size);
    assert(release.size < size / 100, `${release.size}`);
    assert(
      largest <= size / 64 && inFlightMax <= size / 16,
      `${largest} ${inFlightMax}`,
    );
    await release.dispose();
  });
});

Deno.test("packRelease() stops when it is told to, and leaves nothing behind", async () => {
  await withApp(APP, async (root) => {
    using real = denoHost();
    const controller = new AbortController();
    let folder = "";
    const host: Host = {
      ...real,
      files: {
        ...real.files,
        async makeTempDir() {
          folder = await real.files.makeTempDir();
          controller.abort(new Error("enough"));
          return folder;
        },
      },
    };
    await assertRejects(
      () => packRelease({ root, app: "shop" }, host, controller.signal),
      Error,
      "enough",
    );
    await assertRejects(() => Deno.stat(folder), Deno.errors.NotFound);
  });
});

Deno.test("of many modules each is read once and asked for once", async () => {
  const names = Array.from({ length: 60 }, (_, at) => `lib/m${at}.ts`);
  const app = {
    "deno.json": "{}",
    "main.ts": names.map((it) => `import "./${it}";`).join("\n"),
    ...Object.fromEntries(
      names.map((it, at) => [it, `export const a = ${at};`]),
    ),
  };
  await withApp(app, async (root) => {
    using host = denoHost();
    const read: string[] = [];
    const programs: string[] = [];
    const note = (path: string) => {
      if (path.startsWith(`${root}/lib/`)) read.push(path);
    };
    const counting: Host = {
      ...host,
      execPath: host.execPath,
      env: (name) => host.env(name),
      run: (program, args, options) => {
        programs.push(args[0]!);
        return host.run(program, args, options);
      },
      files: Object.assign(Object.create(host.files), {
        readText: (path: string) => (note(path), host.files.readText(path)),
        open: (path: string) => (note(path), host.files.open(path)),
        stat: (path: string) => (note(path), host.files.stat(path)),
      }),
    };
    const packed = await packRelease({ root, app: "shop" }, counting);
    await packed.dispose();
    assertEquals(read.length, names.length);
    assertEquals(new Set(read).size, names.length);
    assertEquals(programs, ["info"]);
  });
});
