import { assert, assertEquals, assertRejects } from "@std/assert";
import { Machine } from "./machine.ts";
import { AppFiles } from "../release/app_files.ts";
import type { Logger } from "../base/log.ts";
import { MemoryBucket } from "../bucket/memory_bucket.ts";
import { BucketError, putJson, type ReadOutcome } from "../bucket/bucket.ts";
import type { HotUpgrade, Pointer } from "../protocol/pointer.ts";
import type { MachineResult } from "../protocol/machine/machine_result.ts";
import { pointerKey, resultKey } from "../protocol/object_keys.ts";
import { ProtocolError } from "../protocol/json/parse.ts";
import { ReleaseFolders } from "../release/unpack/folders.ts";
import { LookError } from "./pointer/look_error.ts";
import { readResult } from "./results/write_result.ts";
import { resolveSettings } from "./settings.ts";
import { AppProcess } from "../process/process.ts";

const APP = "my-app";
const IMAGE = "registry.fly.io/my-app:deployment-01A";
const ME = "6e82954f711e87";

/** A bucket that counts its reads and can answer as if in the past. */
class Bucket extends MemoryBucket {
  readonly reads: string[] = [];
  fail: Error | null = null;
  /** The one key that fails; null for all. */
  failAt: string | null = null;
  /** Whether a conditional read finds what it knows, as after the same content was written again. */
  unchanged = false;

  override get(...args: Parameters<MemoryBucket["get"]>): Promise<ReadOutcome> {
    this.reads.push(args[0]);
    if (this.unchanged && args[1]?.ifNoneMatch !== undefined) {
      return Promise.resolve({ status: "unchanged" });
    }
    const isCut = this.failAt === null || this.failAt === args[0];
    return this.fail && isCut ? Promise.reject(this.fail) : super.get(...args);
  }
}

/** An upgrade back to the image: where the image runs already, there is nothing to do, which is quickly done. */
function upgradeOf(
  id: string,
  overrides: Partial<HotUpgrade> = {},
): HotUpgrade {
  return {
    id,
    version: "base",
    source_image_ref: IMAGE,
    key: null,
    tarball_url: null,
    sha256: null,
    size: 0,
    deployed_at: "2024-01-15T10:30:00Z",
    deployed_by: "deployer@example.com",
    state: "probation",
    wave: "*",
    ...overrides,
  };
}

function pointerOf(revision: number, hot_upgrade: HotUpgrade | null): Pointer {
  return {
    protocol: 1,
    app: APP,
    revision,
    set_at: "",
    image_ref: IMAGE,
    hot_upgrade,
    generations: {
      [IMAGE]: { image_ref: IMAGE, first_seen: "", hot_upgrade, history: [] },
    },
  };
}

function setUp() {
  const bucket = new Bucket();
  const log: string[] = [];
  const logger: Logger = {
    info: (message) => void log.push(message),
    warn: (message) => void log.push(message),
    error: (message) => void log.push(message),
  };
  const environment: Record<string, string> = {
    FLY_APP_NAME: APP,
    FLY_IMAGE_REF: IMAGE,
    FLY_MACHINE_ID: ME,
  };
  const folder = new URL("./testdata-that-is-not-there", import.meta.url)
    .pathname;
  const machine = new Machine({
    appProcess: new AppProcess(),
    settings: resolveSettings({}, (name) => environment[name]),
    bucket,
    files: new AppFiles(folder),
    laid: { files: null, refused: "nothing is there" },
    startedAt: new Date().toISOString(),
    startedBy: "reapply",
    main: "main.ts",
    folders: new ReleaseFolders(folder),
    logger,
  });
  const point = (revision: number, upgrade: HotUpgrade | null) =>
    putJson(bucket, pointerKey(APP), pointerOf(revision, upgrade), "always");
  const stateOf = async (id: string) =>
    (await readResult(bucket, APP, id, ME))?.state ?? null;
  return { machine, bucket, log, point, stateOf };
}

Deno.test("Machine.poll() does what the pointer says, once", async () => {
  const { machine, point, stateOf, log } = setUp();
  assertEquals(await machine.poll(), null, "there is no pointer yet");
  await point(5, upgradeOf("a"));
  assertEquals(await machine.poll(), null);
  assertEquals(await stateOf("a"), "nothing_to_do");
  const { length } = log;
  await machine.poll();
  await point(6, upgradeOf("a", { state: "committed" }));
  await machine.poll();
  assertEquals(log.length, length);
});

Deno.test("Machine.poll() never acts on a smaller revision than it has seen", async () => {
  const { machine, point, stateOf } = setUp();
  await point(5, upgradeOf("a"));
  await machine.poll();
  await point(4, upgradeOf("stale"));
  await machine.poll();
  assertEquals(await stateOf("stale"), null);
  await point(6, upgradeOf("b"));
  await machine.poll();
  assertEquals(await stateOf("b"), "nothing_to_do");
  await point(5, upgradeOf("stale-too"));
  await machine.poll();
  assertEquals(await stateOf("stale-too"), null);
});

Deno.test("Machine.poll() counts the minute of a pointer of another lineage from where it was last away (P56)", async () => {
  const { machine, bucket, log, stateOf } = setUp();
  const real = performance.now;
  let jumped = 0;
  performance.now = () => real.call(performance) + jumped;
  try {
    const pointed = (lineage: string, revision: number, id: string) =>
      putJson(
        bucket,
        pointerKey(APP),
        { ...pointerOf(revision, upgradeOf(id)), lineage },
        "always",
      );
    const warnings = () => log.filter((it) => it.includes("made again")).length;
    await pointed("a", 5, "a");
    await machine.poll();
    await pointed("b", 1, "b");
    await machine.poll();
    assertEquals(warnings(), 1);
    jumped += 50_000;
    await machine.poll();
    assertEquals(warnings(), 1, "it is warned of once");
    bucket.unchanged = true;
    await machine.poll();
    bucket.unchanged = false;
    jumped += 15_000;
    await machine.poll();
    assertEquals(await stateOf("b"), null);
    assertEquals(warnings(), 2);
    jumped += 60_000;
    await machine.poll();
    assertEquals(await stateOf("b"), "nothing_to_do");
  } finally {
    performance.now = real;
  }
});

Deno.test("Machine.poll() does not act on what it knew once a newer pointer takes it back", async () => {
  const { machine, point, stateOf } = setUp();
  await point(5, upgradeOf("a", { wave: ["another"] }));
  await machine.poll();
  await point(6, upgradeOf("a", { state: "rolled_back", wave: [ME] }));
  await machine.poll();
  await point(5, upgradeOf("a", { wave: [ME] }));
  await machine.poll();
  assertEquals(await stateOf("a"), null);
  await point(7, upgradeOf("a", { wave: [ME] }));
  await machine.poll();
  assertEquals(await stateOf("a"), "nothing_to_do");
});

Deno.test("Machine.poll() does not try again what failed on this machine before the process was started again", async () => {
  for (const state of ["failed", "rolled_back"] as const) {
    const { machine, bucket, point, stateOf } = setUp();
    const before: MachineResult = {
      protocol: 1,
      upgrade_id: "a",
      machine_id: ME,
      region: "fra",
      image_ref: IMAGE,
      state,
      version: "1.2.3",
      started_at: "2024-01-15T10:30:00Z",
      ended_at: "2024-01-15T10:30:01Z",
      fingerprint: "0123456789ab",
      reloaded: [],
      modules: 0,
      holders: [],
      suspend_ms: null,
      total_ms: 1,
      at_boot: false,
      failure: {
        phase: "load",
        message: "Cannot load it",
        end: "abort",
        transient: false,
      },
    };
    await putJson(bucket, resultKey(APP, "a", ME), before, "always");
    await point(5, upgradeOf("a", { wave: [ME] }));
    await machine.poll();
    assertEquals(await stateOf("a"), state);
    bucket.reads.length = 0;
    await machine.poll();
    assertEquals(bucket.reads, [pointerKey(APP)], "it is asked for once");
    await point(6, upgradeOf("b", { wave: [ME] }));
    await machine.poll();
    assertEquals(await stateOf("b"), "nothing_to_do", "the next one comes in");
  }
});

Deno.test("Machine.poll() refuses a pointer that it does not understand, and goes on with the next", async () => {
  const { machine, bucket, point, stateOf } = setUp();
  await putJson(
    bucket,
    pointerKey(APP),
    { ...pointerOf(5, upgradeOf("a")), protocol: 2 },
    "always",
  );
  const bad = await assertRejects(
    () => machine.poll(),
    LookError,
    "Cannot read pointer.protocol",
  );
  assert(bad.cause instanceof ProtocolError);
  assertEquals(await stateOf("a"), null);
  await point(6, upgradeOf("b"));
  await machine.poll();
  assertEquals(await stateOf("b"), "nothing_to_do");
});

Deno.test("Machine.poll() hands on what the bucket refuses, for the watcher to try again", async () => {
  const { machine, bucket, point, stateOf } = setUp();
  await point(5, upgradeOf("a"));
  bucket.fail = new BucketError("network", "Cannot read it: no answer");
  const lost = await assertRejects(
    () => machine.poll(),
    LookError,
    "no answer",
  );
  assertEquals(lost.what, "the pointer cannot be read");
  bucket.fail = null;
  await machine.poll();
  assertEquals(await stateOf("a"), "nothing_to_do");
});

Deno.test("Machine.poll() says of what it has said itself that it cannot be read, and not of the pointer", async () => {
  const { machine, bucket, point, stateOf } = setUp();
  await point(5, upgradeOf("a"));
  bucket.failAt = resultKey(APP, "a", ME);
  bucket.fail = new BucketError("network", "Cannot read it: no answer");
  const lost = await assertRejects(
    () => machine.poll(),
    LookError,
    "no answer",
  );
  assertEquals(
    lost.what,
    "what this machine has said of base before cannot be read",
  );
  bucket.fail = null;
  await machine.poll();
  assertEquals(await stateOf("a"), "nothing_to_do");
});

Deno.test("Machine.boot() adds the entry of its image where there is none, and applies only what is committed", async () => {
  const first = setUp();
  assertEquals(await first.machine.boot(), null);
  const read = await first.bucket.get(pointerKey(APP));
  assertEquals(read.status, "found");

  const trial = setUp();
  await trial.point(5, upgradeOf("a"));
  assertEquals(await trial.machine.boot(), null);
  assertEquals(await trial.stateOf("a"), null);
});
