import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Manifest } from "@flyhot/runtime/protocol";
import { withApp } from "../../../tests/support/temp_app.ts";
import { digestOfText } from "../digest.ts";
import { FlyhotError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { denoHost } from "../../host_deno.ts";
import { packRelease } from "./pack.ts";
import { APP } from "./pack_fixture_test.ts";

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
    "deno.json": `{ "version": "1.0.0" }`,
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
