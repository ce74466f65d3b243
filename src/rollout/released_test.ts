import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Bucket, MemoryBucket, putJson } from "@flyhot/runtime/bucket";
import {
  type HotUpgrade,
  type Manifest,
  type Pointer,
  pointerKey,
  PROTOCOL_VERSION,
} from "@flyhot/runtime/protocol";
import { withApp } from "../../tests/support/temp_app.ts";
import { denoHost } from "../host_deno.ts";
import { joinPath } from "../base/values.ts";
import { CACHED_FROM } from "../release/graph/analysis/analysis_cache.ts";
import { archiveOf } from "../release/pack/archive.ts";
import { packRelease } from "../release/pack/pack.ts";
import { readLatestReleased, readReleased } from "./released.ts";

const NEVER = new AbortController().signal;

const key = (name: string) => `releases/shop-1-${name}.tar.gz`;

const EMPTY: Manifest = {
  protocol: PROTOCOL_VERSION,
  app: "shop",
  version: "1",
  source_image_ref: "local:1",
  entries: [],
  files: {},
  modules: {},
  config: {},
  locked: {},
};

/** An archive of which nothing but the manifest is needed. */
function archive(manifest: Manifest): Promise<Uint8Array<ArrayBuffer>> {
  const open = () => Promise.reject(new Error("no files"));
  return new Response(archiveOf({ ...manifest, files: {} }, open)).bytes();
}

function upgrade(name: string | null): HotUpgrade {
  return {
    id: name ?? "9-back-to-the-base",
    version: "1",
    source_image_ref: "local:1",
    key: name === null ? null : key(name),
    tarball_url: null,
    sha256: name === null ? null : "a".repeat(64),
    size: 1,
    deployed_at: "2026-01-02T03:04:05.000Z",
    deployed_by: "ann",
    state: "committed",
    wave: "*",
  };
}

/** A pointer whose generations have had these releases, each the latest first. */
function pointer(
  generations: Record<string, readonly (string | null)[]>,
): Pointer {
  return {
    protocol: PROTOCOL_VERSION,
    app: "shop",
    revision: 1,
    set_at: "2026-01-02T03:04:05.000Z",
    image_ref: "img:1",
    hot_upgrade: null,
    generations: Object.fromEntries(
      Object.entries(generations).map(([image_ref, [now = null, ...rest]]) => [
        image_ref,
        {
          image_ref,
          first_seen: "2026-01-02T03:04:05.000Z",
          hot_upgrade: upgrade(now),
          history: rest.map(upgrade),
        },
      ]),
    ),
  };
}

Deno.test("readReleased() reads what a release says of itself off its first entry", async () => {
  const bucket = new MemoryBucket();
  await bucket.put("a", await archive(EMPTY), "always");
  await bucket.put("b", new TextEncoder().encode("no archive"), "always");
  await bucket.put("c", new Uint8Array(0), "always");
  assertEquals((await readReleased(bucket, "a"))?.app, "shop");
  assertEquals(await readReleased(bucket, "b"), null);
  assertEquals(await readReleased(bucket, "c"), null);
  assertEquals(await readReleased(bucket, "gone"), null);
});

Deno.test("readLatestReleased() finds the release of the latest upgrade, of whichever image", async () => {
  const bucket = new MemoryBucket();
  const latest = async (
    generations: Record<string, readonly (string | null)[]>,
  ) => {
    await putJson(
      bucket,
      pointerKey("shop"),
      pointer(generations),
      "always",
    );
    return (await readLatestReleased("shop", bucket, NEVER))?.version;
  };
  for (const name of ["1", "2", "3"]) {
    const manifest = { ...EMPTY, version: name };
    await bucket.put(key(name), await archive(manifest), "always");
  }
  assertEquals(await readLatestReleased("shop", bucket, NEVER), null);
  assertEquals(await latest({ "img:1": ["2", "1"] }), "2");
  // A new image has no upgrade yet; what was brought to the one before is nearly the same.
  assertEquals(await latest({ "img:2": [], "img:1": ["3", "1"] }), "3");
  assertEquals(await latest({ "img:1": [null, "2", "1"] }), "2");
  assertEquals(await latest({ "img:1": ["gone", "1"] }), undefined);
  await bucket.put(pointerKey("shop"), new Uint8Array([1]), "always");
  assertEquals(await readLatestReleased("shop", bucket, NEVER), null);
});

Deno.test("readLatestReleased() waits a little for the bucket, and at once gives up what is interrupted", async () => {
  const silent = {
    get: (_: string, { signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  } as unknown as Bucket;
  assertEquals(await readLatestReleased("shop", silent, NEVER, 10), null);
  const interrupt = new AbortController();
  const given = readLatestReleased("shop", silent, interrupt.signal);
  interrupt.abort(new Error("interrupted"));
  await assertRejects(() => given, Error, "interrupted");
});

Deno.test("a computer that never packed an app goes by the release in the bucket, and gives the same bytes", async () => {
  const names = Array.from({ length: CACHED_FROM }, (_, at) => `m${at}.ts`);
  const files = {
    "deno.json": `{ "version": "1.0.0" }`,
    "main.ts": names.map((name) => `import "./${name}";\n`).join(""),
    ...Object.fromEntries(
      names.map((name, at) => [
        name,
        `const seen = new Map<string, number>();\nexport const f${at} = (x: string) => seen.get(x);\n`,
      ]),
    ),
  };
  await withApp(files, async (root) => {
    using disk = denoHost();
    const bucket = new MemoryBucket();
    /** Packs on a computer that has packed nothing yet. */
    const pack = async (signs = false) => {
      const home = await Deno.makeTempDir();
      const host = {
        ...disk,
        env: (name: string) =>
          name === "HOME"
            ? home
            : name.endsWith("CACHE_HOME")
            ? undefined
            : disk.env(name),
      };
      try {
        const released = () => readLatestReleased("shop", bucket, NEVER);
        return await packRelease({ root, app: "shop", released, signs }, host);
      } finally {
        await Deno.remove(home, { recursive: true });
      }
    };
    const first = await pack();
    const { manifest, sha256 } = first;
    const content = await Deno.readFile(first.path);
    await first.dispose();
    assert(manifest.analyzer !== undefined);
    await putJson(
      bucket,
      pointerKey("shop"),
      pointer({ "img:1": ["1"] }),
      "always",
    );
    await bucket.put(key("1"), content, "always");
    const second = await pack();
    await second.dispose();
    assertEquals(second.sha256, sha256);

    // What it says of a script is taken as it stands, unless somebody vouches for what is packed.
    const said = { broken: { line: 7, column: 7, message: "said before" } };
    const analysis = { ...manifest.analysis, "m3.ts": said };
    const entries = archiveOf(
      { ...manifest, analysis },
      (path) => disk.files.open(joinPath(root, path)),
    );
    await bucket.put(key("1"), await new Response(entries).bytes(), "always");
    for (const signs of [false, true]) {
      const release = await pack(signs);
      await release.dispose();
      assertEquals(
        release.manifest.analysis?.["m3.ts"],
        signs ? manifest.analysis?.["m3.ts"] : said,
      );
    }
  });
});
