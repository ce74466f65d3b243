import { assertEquals } from "@std/assert";
import { BucketError, MemoryBucket } from "@flyhot/runtime/bucket";
import {
  type HotUpgrade,
  type Manifest,
  type Pointer,
  PROTOCOL_VERSION,
} from "@flyhot/runtime/protocol";
import type { ReportEvent } from "../ui/reporter.ts";
import { archiveOf } from "../release/archive.ts";
import { appOfRelease, prune, staleReleases, staleResults } from "./prune.ts";

const result = (upgrade: string, machine = "m1") =>
  `releases/shop-results/${upgrade}/${machine}.json`;

function pointer(current: string | null, history: readonly string[]): Pointer {
  const upgrade = (name: string) =>
    ({
      id: name,
      tarball_url: `memory://bucket/releases/shop-1-${name}.tar.gz`,
    }) as HotUpgrade;
  return {
    generations: {
      "img:1": {
        hot_upgrade: current === null ? null : upgrade(current),
        history: history.map(upgrade),
      },
      "img:2": { hot_upgrade: null, history: [upgrade("elsewhere")] },
    },
  } as unknown as Pointer;
}

function archive(app: string): Promise<Uint8Array<ArrayBuffer>> {
  const manifest: Manifest = {
    protocol: PROTOCOL_VERSION,
    app,
    version: "1",
    source_image_ref: "local:1",
    entries: [],
    files: {},
    modules: {},
    config: {},
    locked: {},
  };
  const open = () => Promise.reject(new Error("no files"));
  return new Response(archiveOf(manifest, open)).bytes();
}

Deno.test("staleResults() keeps those of the last five upgrades, and of the current one", () => {
  const upgrades = ["01A", "01B", "01C", "01D", "01E", "01F", "01G"];
  const keys = upgrades.flatMap((id) => [result(id), result(id, "m2")]);
  assertEquals(staleResults(keys, "shop", pointer("01A", [])), [
    result("01B"),
    result("01B", "m2"),
  ]);
  assertEquals(staleResults(keys, "shop", pointer(null, ["01A"])).length, 4);
  assertEquals(staleResults(keys.slice(0, 10), "shop", pointer(null, [])), []);
  assertEquals(staleResults([], "shop", pointer(null, [])), []);
});

Deno.test("staleReleases() keeps what any generation names, now or in its history", () => {
  const bucket = new MemoryBucket();
  const keys = ["a", "b", "c", "elsewhere"].map((name) =>
    `releases/shop-1-${name}.tar.gz`
  );
  assertEquals(
    staleReleases(keys, pointer("a", ["b"]), (url) => bucket.keyOf(url)),
    ["releases/shop-1-c.tar.gz"],
  );
});

Deno.test("appOfRelease() reads whose a release is off its first entry", async () => {
  const bucket = new MemoryBucket();
  await bucket.put("a", await archive("shop"), "always");
  await bucket.put("b", new TextEncoder().encode("no archive"), "always");
  await bucket.put("c", new Uint8Array(0), "always");
  assertEquals(await appOfRelease(bucket, "a"), "shop");
  assertEquals(await appOfRelease(bucket, "b"), null);
  assertEquals(await appOfRelease(bucket, "c"), null);
  assertEquals(await appOfRelease(bucket, "gone"), null);
});

Deno.test("prune() removes what is stale, and nothing of an app whose name begins alike", async () => {
  const bucket = new MemoryBucket();
  const mine = await archive("shop");
  const foreign = await archive("shop-1");
  const put = (key: string, content: Uint8Array<ArrayBuffer>) =>
    bucket.put(key, content, "always");
  await put("releases/shop-1-old.tar.gz", mine);
  await put("releases/shop-1-now.tar.gz", mine);
  await put("releases/shop-1-1.0.0-x.tar.gz", foreign);
  await put("releases/shop-current.json", mine);
  await put("releases/shop-deploy.lock", mine);
  for (const id of ["1", "2", "3", "4", "5", "6"]) await put(result(id), mine);
  await put("releases/shop-1-results/0/m1.json", mine);
  const events: ReportEvent[] = [];
  const reporter = { emit: (event: ReportEvent) => void events.push(event) };
  assertEquals(
    await prune("shop", pointer("now", []), { bucket, reporter }),
    2,
  );
  const left = (await Array.fromAsync(bucket.list(""))).map(({ key }) => key);
  assertEquals(left, [
    "releases/shop-1-1.0.0-x.tar.gz",
    "releases/shop-1-now.tar.gz",
    "releases/shop-1-results/0/m1.json",
    "releases/shop-current.json",
    "releases/shop-deploy.lock",
    ...["2", "3", "4", "5", "6"].map((id) => result(id)),
  ]);
  assertEquals(events, []);
});

Deno.test("prune() only notes trouble", async () => {
  const bucket = new MemoryBucket();
  for (const id of ["1", "2", "3", "4", "5", "6"]) {
    await bucket.put(result(id), new Uint8Array(), "always");
  }
  bucket.delete = () =>
    Promise.reject(new BucketError("refused", "Cannot remove it: 403"));
  const events: ReportEvent[] = [];
  const reporter = { emit: (event: ReportEvent) => void events.push(event) };
  assertEquals(await prune("shop", pointer(null, []), { bucket, reporter }), 0);
  assertEquals(events, [{
    type: "note",
    text: "Old objects are left: Cannot remove it: 403",
  }]);
});
