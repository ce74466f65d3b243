import { assert, assertEquals, assertRejects } from "@std/assert";
import { ProtocolError } from "../protocol/json/parse.ts";
import { parseManifest } from "../protocol/manifest/manifest.ts";
import { ManifestReader } from "./read_manifest.ts";
import { manifestOf } from "../../tests/support/archives/tar.ts";

function some(changed = "1"): Record<string, unknown> {
  return {
    ...manifestOf({
      "a.ts": "a",
      "b.ts": changed,
      "it's {odd}[.txt": "q",
      "__proto__": "p",
    }),
    modules: {
      "a.ts": { static: ["b.ts"], dynamic: [], external: ['npm:{[]}"\\'] },
      "b.ts": { static: [], dynamic: [], external: [] },
    },
    analysis: {
      "a.ts": { names: ["é\u2028}", '\\"', "{"], computed: false },
      "b.ts": { names: [changed], computed: false },
    },
  };
}

Deno.test("ManifestReader reads what parseManifest() reads, however it is written", async () => {
  for (const space of [undefined, 1, "\t"]) {
    const text = `\n${JSON.stringify(some(), null, space)} \r\n`;
    const manifest = await new ManifestReader().read(text);
    assertEquals(manifest, parseManifest(JSON.parse(text)));
  }
});

Deno.test("ManifestReader reads manifests without analysis and without files", async () => {
  const { analysis: _, ...older } = some();
  for (const value of [older, { ...older, files: {}, modules: {} }]) {
    const text = JSON.stringify(value);
    assertEquals(
      await new ManifestReader().read(text),
      parseManifest(JSON.parse(text)),
    );
  }
});

Deno.test("ManifestReader takes the last of two members of one name, as JSON.parse() does", async () => {
  const text = JSON.stringify(some("1")).slice(0, -1) +
    `,"analysis":{"b.ts":{"names":["x"]},"b.ts":{"names":["y"]}}}`;
  assertEquals(
    await new ManifestReader().read(text),
    parseManifest(JSON.parse(text)),
  );
});

Deno.test("ManifestReader keeps of the manifest before what is said in the same words, path by path", async () => {
  const reader = new ManifestReader();
  const first = await reader.read(JSON.stringify(some("1")));
  const second = await reader.read(JSON.stringify(some("2")));
  assert(first.analysis!["a.ts"] === second.analysis!["a.ts"]);
  assert(first.analysis!["b.ts"] !== second.analysis!["b.ts"]);
  assertEquals(second, parseManifest(some("2")));
  const same = { names: ["x"] };
  const text = JSON.stringify({
    ...some(),
    analysis: { "a.ts": same, "b.ts": same },
  });
  const { analysis } = await reader.read(text);
  assert(analysis!["a.ts"] !== analysis!["b.ts"], "paths make a difference");
});

Deno.test("ManifestReader keeps what is said in the same words where entries come, go and change places", async () => {
  const reader = new ManifestReader();
  const entry = (name: string) => ({ names: [name], computed: false });
  const manifestOfEntries = (...names: string[]) => ({
    ...some(),
    analysis: Object.fromEntries(names.map((it) => [`${it}.ts`, entry(it)])),
  });
  let before = await reader.read(
    JSON.stringify(manifestOfEntries("a", "b", "c", "d", "e")),
  );
  for (
    const names of [
      ["a", "c", "d", "e"],
      ["a", "x", "c", "d", "e"],
      ["e", "a", "x", "d"],
      ["x"],
      [],
      ["a", "b"],
    ]
  ) {
    const value = manifestOfEntries(...names);
    const manifest = await reader.read(JSON.stringify(value));
    assertEquals(manifest, parseManifest(value));
    assertEquals(
      Object.keys(manifest.analysis ?? {}),
      names.map((it) => `${it}.ts`),
    );
    for (const [path, said] of Object.entries(manifest.analysis ?? {})) {
      const known = before.analysis?.[path];
      assert(known === undefined || said === known, path);
    }
    before = manifest;
  }
});

Deno.test("ManifestReader reads long tables as JSON.parse() does, whatever of them has changed", async () => {
  const reader = new ManifestReader();
  let seed = 7;
  const random = (below: number) =>
    (seed = (seed * 48271) % 2147483647) % below;
  let entries = Array.from({ length: 200 }, (_, at) => [`m${at}.ts`, at]);
  let before: Record<string, unknown> = {};
  for (let round = 0; round < 60; round++) {
    for (let edits = random(4); edits > 0; edits--) {
      const at = random(entries.length), name = `m${at}-${round}.ts`;
      const kind = random(4);
      if (kind === 0) entries[at] = [entries[at]![0]!, round * 1000 + edits];
      else if (kind === 1) entries.splice(at, 1 + random(3));
      else if (kind === 2) entries.splice(at, 0, [name, round]);
      else entries = [...entries.slice(at), ...entries.slice(0, at)];
    }
    const value = {
      ...some(),
      analysis: Object.fromEntries(
        entries.map(([path, it]) => [path, { names: [`${it}`] }]),
      ),
    };
    // Now and then it is laid out in another way.
    const text = JSON.stringify(value, null, round % 9 === 8 ? 1 : undefined);
    const { analysis = {} } = await reader.read(text);
    assertEquals(analysis, parseManifest(value).analysis);
    assertEquals(Object.keys(analysis), Object.keys(value.analysis));
    const isLaidOutAgain = round % 9 === 8 || round % 9 === 0;
    for (const [path, said] of Object.entries(analysis)) {
      const old = before[path] as typeof said | undefined;
      if (isLaidOutAgain || old?.names?.[0] !== said.names?.[0]) continue;
      assert(said === old, path);
    }
    before = analysis;
  }
});

Deno.test("ManifestReader refuses what JSON.parse() refuses", async () => {
  const good = JSON.stringify(some());
  const wrong = [
    "",
    "{",
    good.slice(0, -1),
    good.slice(0, -9),
    `${good}x`,
    `${good}{}`,
    good.replace('"a.ts":', '"a.ts"'),
    good.replace('"a.ts":', "a.ts:"),
    good.replace('"a.ts":', ',"a.ts":'),
    good.replace("{", "{,"),
    good.replace(/\}$/, ",}"),
    good.replace('["b.ts"]', '["b.ts"}'),
    good.replace('"computed":false', '"computed":fal se'),
    good.replace("é", "\n"),
  ];
  for (const text of wrong) {
    await assertRejects(
      () => new ManifestReader().read(text),
      SyntaxError,
      "",
      text,
    );
  }
});

Deno.test("ManifestReader says where a manifest is wrong, as parseManifest() does", async () => {
  const wrong: Record<string, unknown>[] = [
    { ...some(), protocol: 2 },
    { ...some(), files: { "../a.ts": { sha256: "", size: 0, kind: "asset" } } },
    { ...some(), files: { "a.ts": { size: 0, kind: "asset" } } },
    { ...some(), files: [] },
    { ...some(), modules: undefined },
    { ...some(), modules: { "a.ts": {} } },
    { ...some(), analysis: { "a.ts": { names: [1] } } },
  ];
  for (const value of wrong) {
    const text = JSON.stringify(value);
    const expected = await assertRejects(
      () => Promise.try(() => parseManifest(JSON.parse(text))),
      ProtocolError,
    );
    await assertRejects(
      () => new ManifestReader().read(text),
      ProtocolError,
      expected.message,
    );
  }
  await assertRejects(() => new ManifestReader().read("[]"), ProtocolError);
  await assertRejects(() => new ManifestReader().read("null"), ProtocolError);
});

Deno.test("ManifestReader lets others have their turn", async () => {
  const analysis = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, at) => [
      `m${at}.ts`,
      { names: Array.from({ length: 20 }, (_, name) => `${at}-${name}`) },
    ]),
  );
  const text = JSON.stringify({ ...some(), analysis });
  let turns = 0;
  const counting = setInterval(() => turns++, 1);
  const from = performance.now();
  await new ManifestReader().read(text);
  const took = performance.now() - from;
  clearInterval(counting);
  assert(turns >= Math.min(took / 40, 3), `${turns} turns in ${took} ms`);
});
