import { assert, assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "./json/parse.ts";
import {
  boundedGenerations,
  type Generation,
  generationOf,
  parsePointer,
  type Pointer,
  pointerRecord,
  pointerWithGeneration,
} from "./pointer.ts";
import { isUnread, unreadIn } from "./pointer_unread.ts";

const SHA = "a".repeat(64);
const NOW = "2026-01-02T03:04:05.000Z";
const KEY = "releases/shop-1-aaaaaaaaaaaa.tar.gz";
const IMAGE = "registry.fly.io/shop:one";

const place = {
  url: (key: string) => `https://fly.storage.tigris.dev/b/${key}`,
  keyOf: (url: string) =>
    url.startsWith("https://fly.storage.tigris.dev/b/")
      ? url.slice("https://fly.storage.tigris.dev/b/".length)
      : null,
};

const upgrade = (change: object = {}) => ({
  id: "01A",
  version: "1",
  source_image_ref: "registry.fly.io/shop:two",
  key: KEY,
  tarball_url: place.url(KEY),
  sha256: SHA,
  size: 1,
  deployed_at: NOW,
  deployed_by: "ann",
  state: "committed",
  wave: "*",
  ...change,
});

const record = (generations: object, change: object = {}) => ({
  protocol: 1,
  app: "shop",
  lineage: "L",
  revision: 3,
  set_at: NOW,
  image_ref: IMAGE,
  hot_upgrade: null,
  generations,
  ...change,
});

const generation = (change: object = {}) => ({
  image_ref: IMAGE,
  first_seen: NOW,
  hot_upgrade: upgrade(),
  history: [],
  ...change,
});

function read(value: unknown): { pointer: Pointer; warnings: string[] } {
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  return { pointer: parsePointer(value, { place, warn }), warnings };
}

Deno.test("an entry that cannot be read is set aside with a warning, and stops no other", () => {
  const bad: [string, unknown][] = [
    ["image_ref", generation({ image_ref: "" })],
    ["image_ref", generation({ image_ref: "registry.fly.io/shop:" })],
    ["image_ref", generation({ image_ref: "@sha256:1" })],
    ["expected an object", null],
    ["expected an object", "x"],
    ["expected an object", []],
    ["hot_upgrade.id", generation({ hot_upgrade: upgrade({ id: "../x" }) })],
    ["hot_upgrade.id", generation({ hot_upgrade: upgrade({ id: ".." }) })],
    [
      "hot_upgrade.sha256",
      generation({ hot_upgrade: upgrade({ sha256: null }) }),
    ],
    ["hot_upgrade.size", generation({ hot_upgrade: upgrade({ size: -1 }) })],
    ["hot_upgrade.size", generation({ hot_upgrade: upgrade({ size: 0.5 }) })],
    [
      "source_image_ref",
      generation({ hot_upgrade: upgrade({ source_image_ref: ":x" }) }),
    ],
  ];
  for (const [place, entry] of bad) {
    const { pointer, warnings } = read(
      record({ bad: entry, [IMAGE]: generation() }),
    );
    assertEquals(Object.keys(pointer.generations), [IMAGE]);
    assertEquals(pointer.generations[IMAGE]?.hot_upgrade?.key, KEY);
    assertEquals(warnings.length, 1, place);
    assert(warnings[0]!.includes(place), `${place}: ${warnings[0]}`);
    assert(warnings[0]!.endsWith("; the entry is set aside"));
    // Whoever writes the pointer next gives it back as it was.
    const back = pointerRecord(pointer, "M") as Record<string, unknown>;
    assertEquals(back.generations, { [IMAGE]: generation(), bad: entry });
    assertEquals(back.lineage, "L");
    assertEquals("unread" in back, false);
  }
});

Deno.test("a bad entry of a history leaves the rest of its generation", () => {
  const { pointer, warnings } = read(record({
    [IMAGE]: generation({
      history: [upgrade({ id: "1" }), { id: 2 }, upgrade({ id: "3" })],
    }),
  }));
  const ids = pointer.generations[IMAGE]!.history.map(({ id }) => id);
  assertEquals(ids, ["1", "3"]);
  assertEquals(warnings.length, 1);
});

Deno.test("F7, F10: an entry of a history that cannot be read is kept, behind the others, whoever writes the pointer next", () => {
  // Written before there were keys, by a deployer that names the bucket by another endpoint.
  const foreign = upgrade({
    id: "2",
    key: undefined,
    tarball_url: `https://t3.storage.dev/b/${KEY}`,
  });
  const stored = record({
    [IMAGE]: generation({
      history: [foreign, upgrade({ id: "1" }), { odd: [KEY] }],
    }),
  });
  const { pointer, warnings } = read(stored);
  assertEquals(warnings.length, 2);
  const next = pointerWithGeneration(
    pointer,
    "shop",
    { ...pointer.generations[IMAGE]!, first_seen: NOW },
    NOW,
  );
  for (const it of [pointer, next]) {
    assertEquals(unreadIn(it).length, 2);
    const back = JSON.parse(JSON.stringify(pointerRecord(it, "M")));
    assertEquals(
      back.generations[IMAGE].history.map((one: { id?: string }) => one.id),
      ["1", "2", undefined],
    );
    assertEquals("unread" in back.generations[IMAGE], false);
  }
  // Never more than a history holds, and nothing that is too long.
  const full = read(record({
    [IMAGE]: generation({
      history: [
        ...Array.from({ length: 19 }, (_, id) => upgrade({ id: `${id}` })),
        { long: "x".repeat(100_000) },
        7,
        8,
      ],
    }),
  })).pointer;
  const written = JSON.parse(JSON.stringify(pointerRecord(full, "M")));
  assertEquals(written.generations[IMAGE].history.length, 20);
  assertEquals(written.generations[IMAGE].history.at(-1), 7);
});

Deno.test("F10: entries under any name, and any number of them, stop no other and stay bounded", () => {
  const names = ["constructor", "__proto__", "toString", "", IMAGE + "x"];
  const odd = JSON.parse(
    `{${names.map((name) => `${JSON.stringify(name)}: 7`).join()}}`,
  );
  const { pointer, warnings } = read(record({ ...odd, [IMAGE]: generation() }));
  assertEquals(Object.keys(pointer.generations), [IMAGE]);
  assertEquals(warnings.length, names.length);
  const text = JSON.stringify(pointerRecord(pointer, "M"));
  assertEquals(
    Object.keys(JSON.parse(text).generations).toSorted(),
    [...names, IMAGE].toSorted(),
  );
  assertEquals(
    [IMAGE, `${IMAGE}x`, "constructor", ""].map((it) => isUnread(pointer, it)),
    [false, true, true, false],
  );
  const many = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`bad${index}`, index]),
  );
  const crowded = read(record({ ...many, [IMAGE]: generation() })).pointer;
  assertEquals(crowded.generations[IMAGE]?.hot_upgrade?.key, KEY);
  const back = JSON.parse(JSON.stringify(pointerRecord(crowded, "M")));
  assertEquals(Object.keys(back.generations).length, 21);
});

Deno.test("F13: cold deploys by tag and by digest, again and again, in any order, leave 20 generations", () => {
  let pointer: Pointer | null = null;
  for (let index = 0; index < 300; index++) {
    // Clocks of machines that differ, and images that come back.
    const at = Date.UTC(2026, 0, 1, 0, (index * 37) % 300);
    const image_ref = index % 2 === 0
      ? `${IMAGE}${index % 90}`
      : `${IMAGE}${index % 90}@sha256:${index % 90}`;
    if (generationOf(pointer, image_ref)) continue;
    const first_seen = new Date(at).toISOString();
    const entry = { image_ref, first_seen, hot_upgrade: null, history: [] };
    pointer = pointerWithGeneration(pointer, "shop", entry, NOW);
    assertEquals(pointer.image_ref, image_ref);
    assert(generationOf(pointer, image_ref) !== null);
    assert(Object.keys(pointer.generations).length <= 20);
  }
});

Deno.test("what mirrors the newest generation for other readers is made again where it is bad", () => {
  const { pointer, warnings } = read(
    record({ [IMAGE]: generation() }, { image_ref: "", hot_upgrade: 7 }),
  );
  assertEquals(pointer.image_ref, IMAGE);
  assertEquals(pointer.hot_upgrade?.id, "01A");
  assertEquals(warnings.length, 1);
});

Deno.test("a pointer whose own fields are wrong is refused", () => {
  for (
    const change of [
      { revision: 1.5 },
      { revision: 1e308 },
      { revision: -1 },
      { revision: 2 ** 53 },
      { app: 1 },
      { lineage: 1 },
      { generations: [] },
    ]
  ) {
    assertThrows(() => read(record({}, change)), ProtocolError);
  }
});

Deno.test("a release is taken by its key, whatever endpoint the URL names; elsewhere or without digest it is refused", () => {
  const taken = (change: object) =>
    read(record({ [IMAGE]: generation({ hot_upgrade: upgrade(change) }) }))
      .pointer.generations[IMAGE]?.hot_upgrade?.key;
  const older = { key: undefined };
  for (
    const [change, key] of [
      [{}, KEY],
      // Two deployers may name one bucket by different endpoints.
      [{ tarball_url: `https://t3.storage.dev/b/${KEY}` }, KEY],
      [{ tarball_url: null }, KEY],
      [{ key: null, tarball_url: null, sha256: null }, null],
      [older, KEY],
      [{ ...older, tarball_url: null, sha256: null }, null],
      [{ ...older, tarball_url: `https://evil.example/b/${KEY}` }, undefined],
      [{ ...older, tarball_url: `https://evil.example/x.tar.gz` }, undefined],
      [{
        ...older,
        tarball_url: "https://evil.example@fly.storage.tigris.dev/b/x",
      }, undefined],
      [{ tarball_url: `http://fly.storage.tigris.dev/b/${KEY}` }, undefined],
      [{ tarball_url: "file:///etc/passwd" }, undefined],
      [{ tarball_url: "data:application/gzip;base64,AA==" }, undefined],
      [{ tarball_url: "ftp://h/x" }, undefined],
      [{ tarball_url: "no URL" }, undefined],
      [{ sha256: null }, undefined],
      [{ ...older, sha256: null }, undefined],
      [{ sha256: "A".repeat(64) }, undefined],
      [{ key: null }, undefined],
      [{ key: null, tarball_url: null }, undefined],
      [{ key: "releases/../secret.tar.gz" }, undefined],
      [{ key: "releases/a/b.tar.gz" }, undefined],
      [{ key: "other/x.tar.gz" }, undefined],
      [{ key: "releases/x.tar.gz?versionId=1" }, undefined],
      [{ key: "releases/x.tar.gz\n" }, undefined],
      [{ key: 1 }, undefined],
    ] as const
  ) assertEquals(taken(change), key, JSON.stringify(change));
});

Deno.test("100 cold deploys leave 20 generations", () => {
  let pointer: Pointer | null = null;
  for (let index = 0; index < 100; index++) {
    const first_seen = new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString();
    const image_ref = `${IMAGE}${index}`;
    const entry = { image_ref, first_seen, hot_upgrade: null, history: [] };
    pointer = pointerWithGeneration(pointer, "shop", entry, NOW);
  }
  const images = Object.keys(pointer!.generations);
  assertEquals(images.length, 20);
  assertEquals([images[0], images.at(-1)], [`${IMAGE}99`, `${IMAGE}80`]);
  assertEquals(pointer!.revision, 100);
});

Deno.test("boundedGenerations() never drops what is in use, nor what was brought where it does not know all machines", () => {
  const generations: Record<string, Generation> = {};
  for (let index = 0; index < 30; index++) {
    generations[`i${index}`] = {
      image_ref: `i${index}`,
      first_seen: new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString(),
      hot_upgrade: index % 2 === 0
        ? upgrade() as unknown as Generation["hot_upgrade"]
        : null,
      history: [],
    };
  }
  const left = (inUse: readonly string[], knowsAll: boolean) =>
    Object.keys(boundedGenerations(generations, new Set(inUse), knowsAll));
  const unknown = left(["i1"], false);
  assertEquals(unknown.length, 20);
  assert(unknown.includes("i1") && unknown.includes("i0"));
  assertEquals(left(["i0", "i3"], true), [
    "i0",
    "i3",
    ...Array.from({ length: 18 }, (_, index) => `i${index + 12}`),
  ]);
  const all = Object.keys(generations);
  assertEquals(left(all, true), all);
});
