import { assert, assertEquals } from "@std/assert";
import { BucketError, MemoryBucket, putJson } from "@flyhot/runtime/bucket";
import {
  type HotUpgrade,
  type Manifest,
  type Pointer,
  pointerKey,
  PROTOCOL_VERSION,
  releaseKey,
  sha256Of,
} from "@flyhot/runtime/protocol";
import { Sim } from "../../tests/sim/sim.ts";
import { SimHost } from "../../tests/sim/sim_host.ts";
import type { Fleet } from "../fly/fleet/fleet.ts";
import { archiveOf } from "../release/pack/archive.ts";
import { publishRelease } from "../release/publish.ts";
import type { ReportEvent } from "../ui/reporter.ts";
import type { LockLease } from "./lock/lease.ts";
import { acquireLock } from "./lock/lock.ts";
import { readPointer } from "./pointer/pointer.ts";
import { isNamed, prune, type PruneDeps, staleResults } from "./prune.ts";

const SHA = "a".repeat(64);
const HOUR_MS = 3_600_000;

const result = (upgrade: string, machine = "m1") =>
  `releases/shop-results/${upgrade}/${machine}.json`;

const release = (name: string) => `releases/shop-1-${name}.tar.gz`;

function upgrade(name: string): HotUpgrade {
  return {
    id: name,
    version: name,
    source_image_ref: "local:1",
    key: release(name),
    tarball_url: null,
    sha256: SHA,
    size: 1,
    deployed_at: "2026-01-02T03:04:05.000Z",
    deployed_by: "ann",
    state: "committed",
    wave: "*",
  };
}

function pointer(
  current: string | null,
  history: readonly string[] = [],
): Pointer {
  const generation = (
    image_ref: string,
    now: string | null,
    before: readonly string[],
  ) => ({
    image_ref,
    first_seen: "2026-01-02T03:04:05.000Z",
    hot_upgrade: now === null ? null : upgrade(now),
    history: before.map(upgrade),
  });
  return {
    protocol: PROTOCOL_VERSION,
    app: "shop",
    revision: 1,
    set_at: "2026-01-02T03:04:05.000Z",
    image_ref: "img:1",
    hot_upgrade: current === null ? null : upgrade(current),
    generations: {
      "img:1": generation("img:1", current, history),
      "img:2": generation("img:2", null, ["elsewhere"]),
    },
  };
}

/** A bucket in which an hour may pass, and who prunes it. */
class Setting {
  readonly sim = new Sim({ seed: 1 });
  readonly host = new SimHost(this.sim);
  now = Date.UTC(2026, 0, 1);
  readonly bucket = new MemoryBucket(undefined, () => this.now);
  readonly events: ReportEvent[] = [];
  readonly deps: PruneDeps = {
    host: this.host,
    bucket: this.bucket,
    fleet: { list: () => Promise.resolve([]) } as unknown as Fleet,
    reporter: { emit: (event) => void this.events.push(event) },
  };

  put(key: string, content: Uint8Array<ArrayBuffer> = new Uint8Array()) {
    return this.bucket.put(key, content, "always");
  }

  point(to: Pointer) {
    return putJson(this.bucket, pointerKey("shop"), to, "always");
  }

  async keys(): Promise<string[]> {
    return (await Array.fromAsync(this.bucket.list(""))).map(({ key }) => key);
  }
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

Deno.test("isNamed() finds what any generation names, now or in its history, readable or not", () => {
  const names = (it: Pointer) =>
    ["a", "b", "c", "elsewhere"].filter((name) => isNamed(release(name), it));
  assertEquals(names(pointer("a", ["b"])), ["a", "b", "elsewhere"]);
  assertEquals(
    names({ ...pointer("a"), unread: { x: { odd: [release("c")] } } }),
    ["a", "c", "elsewhere"],
  );
  const { generations, ...rest } = pointer("a");
  const unread = [{ tarball_url: `https://t3.storage.dev/b/${release("c")}` }];
  assertEquals(
    names({
      ...rest,
      generations: {
        ...generations,
        "img:1": { ...generations["img:1"]!, unread },
      },
    }),
    ["a", "c", "elsewhere"],
  );
});

Deno.test("prune() removes what is stale, and nothing of an app whose name begins alike", async () => {
  const all = new Setting();
  const mine = await archive("shop");
  await all.put(release("old"), mine);
  await all.put(release("now"), mine);
  await all.put(release("1.0.0-x"), await archive("shop-1"));
  await all.put("releases/shop-deploy.lock");
  for (const id of ["1", "2", "3", "4", "5", "6"]) await all.put(result(id));
  await all.put("releases/shop-1-results/0/m1.json");
  await all.point(pointer("now"));
  assertEquals(await prune("shop", all.deps), 0);
  all.now += HOUR_MS;
  assertEquals(await prune("shop", all.deps), 2);
  assertEquals(await all.keys(), [
    release("1.0.0-x"),
    release("now"),
    "releases/shop-1-results/0/m1.json",
    "releases/shop-current.json",
    "releases/shop-deploy.lock",
    ...["2", "3", "4", "5", "6"].map((id) => result(id)),
  ]);
  assertEquals(all.events, []);
});

Deno.test("prune() removes nothing where there is no pointer", async () => {
  const all = new Setting();
  await all.put(release("old"), await archive("shop"));
  all.now += 2 * HOUR_MS;
  assertEquals(await prune("shop", all.deps), 0);
  assertEquals(await all.keys(), [release("old")]);
});

Deno.test("prune() looks at pointer and object again immediately before it removes", async () => {
  for (const change of ["named", "written again", "unreadable"] as const) {
    const all = new Setting();
    const mine = await archive("shop");
    await all.put(release("old"), mine);
    await all.point(pointer("now"));
    all.now += 2 * HOUR_MS;
    // Somebody comes in while the release is looked into.
    const get = all.bucket.get.bind(all.bucket);
    all.bucket.get = async (key, options) => {
      const found = await get(key, options);
      if (key !== release("old")) return found;
      if (change === "named") await all.point(pointer("old", ["now"]));
      else if (change === "written again") await all.put(release("old"), mine);
      else {
        await putJson(all.bucket, pointerKey("shop"), {
          ...pointer("now"),
          generations: { x: { hot_upgrade: upgrade("old"), image_ref: 7 } },
        }, "always");
      }
      return found;
    };
    assertEquals(await prune("shop", all.deps), 0, change);
    assert((await all.keys()).includes(release("old")), change);
    assertEquals(all.events, []);
  }
});

Deno.test("prune() removes nothing once somebody has taken the lock over", async () => {
  const all = new Setting();
  const mine = await archive("shop");
  for (const name of ["old", "older", "oldest"]) {
    await all.put(release(name), mine);
  }
  await all.point(pointer("now"));
  all.now += 2 * HOUR_MS;
  const lock = (holder: string) =>
    acquireLock(
      { app: "shop", holder, purpose: "deploy", ttlMs: 30_000, force: true },
      { host: all.host, bucket: all.bucket, reporter: all.deps.reporter },
    );
  const first = await all.sim.run(lock("ann"));
  let second: LockLease | undefined;
  const removed: string[] = [];
  const remove = all.bucket.delete.bind(all.bucket);
  all.bucket.delete = async (key) => {
    removed.push(key);
    await remove(key);
    second ??= await lock("bob");
  };
  const bucket = first.guard(all.bucket);
  const count = await all.sim.run(prune("shop", { ...all.deps, bucket }));
  assertEquals(count, 1);
  assertEquals(removed, [release("old")]);
  const [note] = all.events.filter(({ type }) => type === "note");
  assert(note?.type === "note" && note.text.includes("held by bob"));
  await all.sim.run(second![Symbol.asyncDispose]());
  await all.sim.run(first[Symbol.asyncDispose]());
});

Deno.test("a release that is published again while an older deployer prunes it stays", async () => {
  const all = new Setting();
  const content = await archive("shop");
  const sha256 = await sha256Of(content);
  const key = releaseKey("shop", "1", sha256);
  await all.put(key, content);
  await all.point(pointer("now"));
  all.now += 2 * HOUR_MS;
  all.host.files.content.set("/release", content);
  const get = all.bucket.get.bind(all.bucket);
  let published = false;
  all.bucket.get = async (asked, options) => {
    const found = await get(asked, options);
    if (asked === key && !published) {
      published = true;
      await publishRelease({
        manifest: { app: "shop", version: "1" } as Manifest,
        path: "/release",
        sha256,
        size: content.byteLength,
        notes: [],
        dispose: () => Promise.resolve(),
      }, all.deps);
    }
    return found;
  };
  assertEquals(await all.sim.run(prune("shop", all.deps)), 0);
  assert(published);
  assert((await all.keys()).includes(key));
});

Deno.test("prune() drops the oldest generations that no machine runs", async () => {
  const all = new Setting();
  const one = pointer("now").generations["img:1"]!;
  const generations = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [`img:${index}`, {
      ...one,
      image_ref: `img:${index}`,
      first_seen: new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString(),
    }]),
  );
  await all.point({ ...pointer("now"), generations });
  const list = () =>
    Promise.resolve([{ imageRef: "img:0" }, { imageRef: "img:3@sha256:1" }]);
  const fleet = { list } as unknown as Fleet;
  await all.sim.run(prune("shop", { ...all.deps, fleet }));
  const { pointer: after } = await readPointer(all.bucket, "shop");
  assertEquals(
    Object.keys(after!.generations).sort(),
    ["img:0", "img:3", ...Array.from({ length: 18 }, (_, i) => `img:${i + 12}`)]
      .sort(),
  );
  assertEquals(all.events, []);
});

Deno.test("prune() only notes trouble", async () => {
  const all = new Setting();
  for (const id of ["1", "2", "3", "4", "5", "6"]) await all.put(result(id));
  await all.point(pointer(null));
  all.now += 2 * HOUR_MS;
  all.bucket.delete = () =>
    Promise.reject(new BucketError("refused", "Cannot remove it: 403"));
  assertEquals(await prune("shop", all.deps), 0);
  assertEquals(all.events, [{
    type: "note",
    text: "Old objects are left: Cannot remove it: 403",
  }]);
});
