import { assertEquals, assertMatch } from "@std/assert";
import { BucketError, type ReadOutcome } from "../../bucket/bucket.ts";
import { MemoryBucket } from "../../bucket/memory_bucket.ts";
import type { HotUpgrade } from "../../protocol/hot_upgrade.ts";
import type { MachineContext } from "../context.ts";
import { resolveSettings } from "../settings.ts";
import { Upgrades } from "../results/upgrade_memory.ts";
import { readResult } from "../results/write_result.ts";
import { FakeTimers } from "../../../tests/support/fake_timers.ts";
import { proven } from "./boot.ts";

const START = { upgradeId: "bad", revision: 2, hasBefore: true };
const WANTED: HotUpgrade = {
  id: "bad",
  version: "2.0.0",
  source_image_ref: "registry.fly.io/shop:one",
  key: null,
  tarball_url: null,
  sha256: null,
  size: 0,
  deployed_at: "2026-01-01T00:00:00Z",
  deployed_by: "ann",
  state: "committed",
  wave: "*",
};

/** A bucket whose line is cut for so many reads. */
class CutBucket extends MemoryBucket {
  cuts = 0;
  override get(...args: Parameters<MemoryBucket["get"]>): Promise<ReadOutcome> {
    if (this.cuts-- <= 0) return super.get(...args);
    return Promise.reject(
      new BucketError("network", "Cannot read: the line was cut"),
    );
  }
}

function machine() {
  const bucket = new CutBucket();
  const log: string[] = [];
  const take = (message: string) => void log.push(message);
  const env: Record<string, string> = {
    FLY_APP_NAME: "shop",
    FLY_IMAGE_REF: "registry.fly.io/shop:one",
    FLY_MACHINE_ID: "m",
  };
  const context = {
    bucket,
    settings: resolveSettings({}, (name) => env[name]),
    logger: { info: take, warn: take, error: take },
    appProcess: { release: null },
    startedAt: "2026-01-01T00:00:00Z",
  } as unknown as MachineContext;
  return { bucket, log, context, upgrades: new Upgrades(context) };
}

Deno.test("proven() says that a release is ended here once the bucket answers, and throws nothing before", async () => {
  const it = machine();
  await it.upgrades.say(await it.upgrades.pending(WANTED, new Date(), 2));
  it.bucket.cuts = 2;
  using timers = new FakeTimers();
  const said = proven(START, it);
  for (let left = 2; left > 0; left--) (await timers.next()).fire();
  await said;
  assertMatch(it.log.join("\n"), /cannot say yet that a release is ended/);
  const result = await readResult(it.bucket, "shop", "bad", "m");
  assertEquals(result?.state, "failed");
  assertMatch(
    result?.failure?.message ?? "",
    /killed the process within a minute of its start, twice in a row/,
  );
});

Deno.test("proven() gives up where the bucket never answers, and keeps no process alive for it", async () => {
  const it = machine();
  it.bucket.cuts = Infinity;
  using timers = new FakeTimers();
  let isOver = false;
  const said = proven(START, it).then(() => isOver = true);
  let waited = 0;
  while (!isOver) {
    const timer = await Promise.race([timers.next(), said.then(() => null)]);
    if (!timer) break;
    assertEquals(timer.unrefed, true);
    timer.fire();
    waited++;
    await new Promise((resolve) => queueMicrotask(() => resolve(null)));
  }
  // Ten attempts, and nothing to wait for after the last.
  assertEquals([isOver, waited], [true, 9]);
});
