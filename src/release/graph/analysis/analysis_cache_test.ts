import { assert, assertEquals } from "@std/assert";
import { fakeHost } from "../../../../tests/cli/fake_host.ts";
import { analyzeScript } from "./analyze.ts";
import { analyzeScripts } from "./analyze_scripts.ts";
import {
  type AnalysesOf,
  analyzerOf,
  cacheFolder,
  hasAnalyses,
  openAnalyses,
} from "./analysis_cache.ts";
import { AGE_MAX_MS, BYTES_MAX, tooMuch } from "./cache_limits.ts";
import { digestOfText } from "../../digest.ts";

const SETTINGS = { compilerOptions: {}, packageJson: null };
const HOME = { HOME: "/home/me" };
const STORED = `/home/me/.cache/flyhot/analysis-${
  digestOfText("shop").slice(0, 16)
}.json`;

/** The files of the analyzer itself are read from the true disk by `openAnalyses()`: here a host that has none. */
function hostWith(files: Record<string, string> = {}) {
  const own = decodeURIComponent(
    new URL("../../../../runtime/plan/analyze/analyze.ts", import.meta.url)
      .pathname,
  );
  return fakeHost({ env: HOME, files: { [own]: "analyzer", ...files } });
}

/** Packs texts as often as asked and counts what is parsed. */
function packing(host: ReturnType<typeof hostWith>) {
  const parsed: string[] = [];
  return {
    parsed,
    async pack(
      texts: Record<string, string>,
      compilerOptions: Record<string, unknown> = {},
      app = "shop",
      others: Partial<AnalysesOf> = {},
    ) {
      parsed.length = 0;
      const settings = { compilerOptions, packageJson: null };
      const known = await openAnalyses(
        { app, signs: false, settings, ...others },
        host,
      );
      const analysis = await analyzeScripts({
        files: Object.fromEntries(
          Object.entries(texts).map(([path, text]) => [path, {
            sha256: digestOfText(text),
            size: text.length,
          }]),
        ),
        ...settings,
        read: (path) => Promise.resolve(texts[path] ?? null),
        known,
        analyze(path, ...rest) {
          parsed.push(path);
          return analyzeScript(path, ...rest);
        },
      });
      await known.save();
      return analysis;
    },
  };
}

const TEXTS: Record<string, string> = {
  "a.ts": "export const rooms = new Map<string, number>();\n",
  "b.ts":
    'import { rooms } from "./a.ts";\nexport const f = () => rooms.set("x", 1);\n',
  "c.js": "export const c = 1;\n",
  "broken.ts": "export const = 1;\n",
};

Deno.test("scripts that did not change are not parsed a second time", async () => {
  const { pack, parsed } = packing(hostWith());
  const first = await pack(TEXTS);
  assertEquals(parsed.length, 4);
  assertEquals(await pack(TEXTS), first);
  assertEquals(parsed, []);
  // One edit, one parse; what is broken is known to be, too.
  const edited: Record<string, string> = {
    ...TEXTS,
    "c.js": "export const c = 2;\nlet d = 1;\n",
  };
  const second = await pack(edited);
  assertEquals(parsed, ["c.js"]);
  assertEquals(second["a.ts"], first["a.ts"]);
  // A file that only moved has the same text.
  const { "a.ts": moved, ...rest } = edited;
  assertEquals(
    (await pack({ ...rest, "deep/a.ts": moved! }))["deep/a.ts"],
    first["a.ts"],
  );
  assertEquals(parsed, []);
});

Deno.test("what decides an analysis besides the text is not taken for the same", async () => {
  const { pack, parsed } = packing(hostWith());
  const text = 'import { T } from "./t.ts";\nexport const x = 1;\n';
  await pack({ "a.ts": text });
  const verbatim = { verbatimModuleSyntax: true };
  const kept = await pack({ "a.ts": text }, verbatim);
  assertEquals(parsed, ["a.ts"]);
  assertEquals(kept["a.ts"]?.imports?.length, 1);
  await pack({ "a.tsx": text }, verbatim);
  assertEquals(parsed, ["a.tsx"]);
});

Deno.test("a file of analyses that is torn, of another edition or somebody else's app is passed over", async () => {
  const host = hostWith();
  const { pack, parsed } = packing(host);
  const shop = { app: "shop", signs: false };
  assertEquals(await hasAnalyses(shop, host), false);
  await pack(TEXTS);
  assertEquals(await hasAnalyses(shop, host), true);
  const text = await host.files.readText(STORED);
  assert(text !== null);
  await host.files.write(STORED, text.slice(0, -20));
  await pack(TEXTS);
  assertEquals(parsed.length, 4);
  await host.files.write(STORED, text.replace(/^\S+/, "0.0.0-other"));
  await pack(TEXTS);
  assertEquals(parsed.length, 4);
  const other = { app: "other", signs: false, settings: SETTINGS };
  assertEquals((await openAnalyses(other, host)).get("x"), undefined);
});

Deno.test("the first packing of an app takes what those of other apps have found, and later ones their own", async () => {
  const host = hostWith();
  const { pack, parsed } = packing(host);
  const first = await pack(TEXTS);
  assertEquals(parsed.length, 4);
  assertEquals(await pack(TEXTS, {}, "another"), first);
  assertEquals(parsed, []);
  const changed = { ...TEXTS, "c.js": "export const c = 3;\n" };
  await pack(changed);
  assertEquals(parsed, ["c.js"]);
  // It has its own by now: what others find is not read at every packing.
  await pack(changed, {}, "another");
  assertEquals(parsed, ["c.js"]);
});

/** A release as its manifest says it. */
async function releaseOf(
  texts: Record<string, string>,
  host: ReturnType<typeof hostWith>,
) {
  const entries = Object.entries(texts).map(([path, text]) => [path, {
    sha256: digestOfText(text),
    size: text.length,
    kind: "module" as const,
  }]);
  return {
    files: Object.fromEntries(entries),
    analysis: await packing(hostWith()).pack(texts),
    analyzer: (await analyzerOf(SETTINGS, host))!,
  };
}

Deno.test("a computer that never packed an app takes what the release in the bucket says of scripts that are the same", async () => {
  const host = hostWith();
  const { pack, parsed } = packing(host);
  const release = await releaseOf(TEXTS, host);
  let asked = 0;
  const released = () => {
    asked++;
    return Promise.resolve(release);
  };
  const changed = { ...TEXTS, "c.js": "export const c = 3;\n" };
  const analysis = await pack(changed, {}, "shop", { released });
  assertEquals(parsed, ["c.js"]);
  assertEquals(analysis["a.ts"], release.analysis["a.ts"]);
  // From now on it has its own, and nobody asks.
  await pack(TEXTS, {}, "shop", { released });
  assertEquals([parsed, asked], [["c.js"], 1]);
});

Deno.test("a release that another analyzer, or other settings, have described says nothing, nor does one that is gone", async () => {
  const host = hostWith();
  const release = await releaseOf(TEXTS, host);
  const { analyzer: _, ...older } = release;
  const verbatim = { verbatimModuleSyntax: true };
  for (
    const [found, options] of [
      [{ ...release, analyzer: "another" }, {}],
      [older, {}],
      [release, verbatim],
      [{ ...release, files: {} }, {}],
      [null, {}],
    ] as const
  ) {
    const { pack, parsed } = packing(hostWith());
    await pack(TEXTS, options, "shop", {
      released: () => Promise.resolve(found),
    });
    assertEquals(parsed.length, 4);
  }
});

Deno.test("what is signed goes by nothing that others have found, however it came to this computer", async () => {
  const host = hostWith();
  const { pack, parsed } = packing(host);
  const release = await releaseOf(TEXTS, host);
  const released = () => Promise.resolve(release);
  await pack(TEXTS, {}, "shop", { released });
  assertEquals(parsed, []);
  await pack(TEXTS, {}, "shop", { released, signs: true });
  assertEquals(parsed.length, 4);
  await pack(TEXTS, {}, "shop", { released, signs: true });
  assertEquals(parsed, []);
});

Deno.test("analyses are kept where the user keeps what programs can make again", () => {
  const folder = (env: Record<string, string>) =>
    cacheFolder(fakeHost({ env }));
  assertEquals(folder(HOME), "/home/me/.cache/flyhot");
  assertEquals(folder({ ...HOME, XDG_CACHE_HOME: "/c" }), "/c/flyhot");
  assertEquals(folder({}), null);
});

Deno.test("analyses of apps that nobody packs any more are removed when others are written", async () => {
  const host = hostWith({
    // Of nobody knows what: not ours to remove.
    "/home/me/.cache/flyhot/notes.txt": "mine",
    "/home/me/.cache/flyhot/deep/analysis-0123456789abcdef.json": "other",
  });
  const save = async (app: string) => {
    const of = { app, signs: false, settings: SETTINGS };
    const stored = await openAnalyses(of, host);
    stored.set(app, {});
    await stored.save();
  };
  const there = async () => {
    const found: string[] = [];
    for await (const { path } of host.files.walk("/home/me/.cache/flyhot")) {
      found.push(path);
    }
    return found;
  };
  await save("one");
  await host.sleep(AGE_MAX_MS / 2);
  await save("two");
  assertEquals((await there()).length, 4);
  await host.sleep(AGE_MAX_MS / 2 + 1);
  await save("three");
  const name = (app: string) =>
    `analysis-${digestOfText(app).slice(0, 16)}.json`;
  assertEquals(
    new Set(await there()),
    new Set([
      "notes.txt",
      "deep/analysis-0123456789abcdef.json",
      name("two"),
      name("three"),
    ]),
  );
});

Deno.test("tooMuch() names the oldest beyond the size, and never what was written just now", () => {
  const file = (path: string, size: number, modified: number) => ({
    path,
    size,
    modified,
  });
  const half = BYTES_MAX / 2;
  assertEquals(
    tooMuch(
      [
        file("old", half, 1),
        file("new", half, 3),
        file("own", half, 4),
        file("older", 1, 0),
      ],
      "own",
      5,
    ),
    ["old", "older"],
  );
  assertEquals(tooMuch([file("own", BYTES_MAX * 2, 1)], "own", 5), []);
  assertEquals(
    tooMuch([file("a", 1, 0), file("b", 1, 1)], "own", AGE_MAX_MS + 1),
    ["a"],
  );
});
