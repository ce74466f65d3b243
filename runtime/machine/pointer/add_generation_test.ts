import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { addGeneration, withGeneration } from "./add_generation.ts";
import { MemoryBucket } from "../../bucket/memory_bucket.ts";
import {
  BucketError,
  getJson,
  putJson,
  type WriteCondition,
  type WriteOutcome,
} from "../../bucket/bucket.ts";
import { parsePointer, type Pointer } from "../../protocol/pointer.ts";
import { pointerKey } from "../../protocol/object_keys.ts";
import { ProtocolError } from "../../protocol/json/parse.ts";

const OLD = "registry.fly.io/my-app:deployment-01A";
const NEW = "registry.fly.io/my-app:deployment-01B";
const NOW = "2024-01-15T10:30:00.000Z";
const KEY = pointerKey("my-app");

const UPGRADE = {
  id: "01K94R",
  version: "1.2.3",
  source_image_ref: OLD,
  key: "releases/my-app-1.2.3.tar.gz",
  tarball_url: "memory://bucket/releases/my-app-1.2.3.tar.gz",
  sha256: "a".repeat(64),
  size: 100,
  deployed_at: NOW,
  deployed_by: "deployer@example.com",
  state: "committed",
  wave: "*",
} as const;

const POINTER: Pointer = {
  protocol: 1,
  app: "my-app",
  revision: 7,
  set_at: NOW,
  image_ref: OLD,
  hot_upgrade: UPGRADE,
  generations: {
    [OLD]: {
      image_ref: OLD,
      first_seen: NOW,
      hot_upgrade: UPGRADE,
      history: [UPGRADE],
    },
  },
};

/** A memory bucket whose writes can be made to go wrong. */
class Bucket extends MemoryBucket {
  reads = 0;
  readonly conditions: WriteCondition[] = [];
  /** Comes before each write; an outcome stands for the write. */
  before: () => Promise<WriteOutcome | void> = async () => {};

  override get(...args: Parameters<MemoryBucket["get"]>) {
    this.reads++;
    return super.get(...args);
  }

  override async put(
    ...args: Parameters<MemoryBucket["put"]>
  ): Promise<WriteOutcome> {
    this.conditions.push(args[2]);
    return await this.before() ?? await super.put(...args);
  }

  async pointer(): Promise<Pointer> {
    const read = await getJson(this, KEY);
    return parsePointer(read.status === "found" ? read.value : null);
  }
}

Deno.test("withGeneration() makes the first pointer", () => {
  const pointer = withGeneration(null, "my-app", NEW, NOW);
  assertEquals(pointer, {
    protocol: 1,
    app: "my-app",
    revision: 1,
    set_at: NOW,
    image_ref: NEW,
    hot_upgrade: null,
    generations: {
      [NEW]: {
        image_ref: NEW,
        first_seen: NOW,
        hot_upgrade: null,
        history: [],
      },
    },
  });
  assertEquals(parsePointer(JSON.parse(JSON.stringify(pointer))), {
    ...pointer,
    generations: pointer.generations,
  });
});

Deno.test("withGeneration() adds an entry with nothing to apply, raises the revision and leaves the others alone", () => {
  const pointer = withGeneration(POINTER, "my-app", NEW, NOW);
  assertEquals(pointer.revision, 8);
  assertEquals(pointer.image_ref, NEW);
  assertEquals(pointer.hot_upgrade, null);
  assertEquals(pointer.generations[NEW]?.hot_upgrade, null);
  assertStrictEquals(pointer.generations[OLD], POINTER.generations[OLD]);
  assertEquals(Object.keys(POINTER.generations), [OLD], "no change in place");
});

Deno.test("withGeneration() returns the same pointer for an image it knows, however it is written", () => {
  assertStrictEquals(withGeneration(POINTER, "my-app", OLD, NOW), POINTER);
  assertStrictEquals(
    withGeneration(
      POINTER,
      "my-app",
      `${OLD}@sha256:${"0".repeat(64)}`,
      NOW,
    ),
    POINTER,
  );
});

Deno.test("addGeneration() creates the pointer only if there is none", async () => {
  const bucket = new Bucket();
  await addGeneration(bucket, "my-app", NEW);
  assertEquals(bucket.conditions, [{ ifNoneMatch: "*" }]);
  const pointer = await bucket.pointer();
  assertEquals(pointer.revision, 1);
  assertEquals(Object.keys(pointer.generations), [NEW]);
});

Deno.test("addGeneration() writes nothing where the image is known", async () => {
  const bucket = new Bucket();
  await putJson(bucket, KEY, POINTER, "always");
  bucket.conditions.length = 0;
  await addGeneration(bucket, "my-app", OLD);
  assertEquals(bucket.conditions, []);
});

Deno.test("addGeneration() replaces exactly the pointer it has read", async () => {
  const bucket = new Bucket();
  const written = await putJson(bucket, KEY, POINTER, "always");
  bucket.conditions.length = 0;
  await addGeneration(bucket, "my-app", NEW);
  assertEquals(bucket.conditions, [{
    ifMatch: written.status === "written" ? written.etag : "",
  }]);
  assertEquals(Object.keys((await bucket.pointer()).generations), [NEW, OLD]);
});

Deno.test("addGeneration() loses the race to a machine of the same image gladly", async () => {
  const bucket = new Bucket();
  await putJson(bucket, KEY, POINTER, "always");
  bucket.conditions.length = 0;
  await Promise.all(
    Array.from({ length: 4 }, () => addGeneration(bucket, "my-app", NEW)),
  );
  const pointer = await bucket.pointer();
  assertEquals(pointer.revision, POINTER.revision + 1);
  assertEquals(Object.keys(pointer.generations), [NEW, OLD]);
});

Deno.test("addGeneration() tries again on what another writer left, and loses nothing of it", async () => {
  const bucket = new Bucket();
  await putJson(bucket, KEY, POINTER, "always");
  let interfered = false;
  bucket.before = async () => {
    if (interfered) return;
    interfered = true;
    await putJson(
      bucket,
      KEY,
      withGeneration(POINTER, "my-app", "registry.fly.io/my-app:other", NOW),
      "always",
    );
  };
  await addGeneration(bucket, "my-app", NEW);
  const pointer = await bucket.pointer();
  assertEquals(pointer.revision, POINTER.revision + 2);
  assertEquals(Object.keys(pointer.generations), [
    NEW,
    "registry.fly.io/my-app:other",
    OLD,
  ]);
});

Deno.test("addGeneration() reads again after a write of which nobody knows whether it happened", async () => {
  const bucket = new Bucket();
  await putJson(bucket, KEY, POINTER, "always");
  bucket.reads = 0;
  let writes = 0;
  bucket.before = async () => {
    if (++writes > 1) return;
    bucket.before = async () => {};
    // It did happen; only the answer was lost.
    await putJson(
      bucket,
      KEY,
      withGeneration(POINTER, "my-app", NEW, NOW),
      "always",
    );
    return { status: "unknown", reason: "no answer" };
  };
  await addGeneration(bucket, "my-app", NEW);
  assertEquals(bucket.reads, 2);
  assertEquals((await bucket.pointer()).revision, POINTER.revision + 1);
});

Deno.test("addGeneration() gives up after some tries, and on a server without conditional writes at once", async () => {
  for (
    const [outcome, expected] of [
      [{ status: "lost" }, 5],
      [{ status: "unknown", reason: "no answer" }, 5],
      [{ status: "unsupported", reason: "501" }, 1],
    ] as const
  ) {
    const bucket = new Bucket();
    bucket.before = () => Promise.resolve(outcome);
    await addGeneration(bucket, "my-app", NEW);
    assertEquals(bucket.conditions.length, expected, outcome.status);
  }
});

Deno.test("addGeneration() overwrites no pointer that it does not understand", async () => {
  const bucket = new Bucket();
  await putJson(bucket, KEY, { ...POINTER, protocol: 2 }, "always");
  bucket.conditions.length = 0;
  await assertRejects(
    () => addGeneration(bucket, "my-app", NEW),
    ProtocolError,
    "Cannot read pointer.protocol",
  );
  await bucket.put(KEY, new TextEncoder().encode("{ cut"), "always");
  bucket.conditions.length = 0;
  await assertRejects(
    () => addGeneration(bucket, "my-app", NEW),
    SyntaxError,
    "it is not JSON",
  );
  assertEquals(bucket.conditions, []);
});

Deno.test("addGeneration() hands on what the bucket refuses", async () => {
  const bucket = new Bucket();
  bucket.before = () =>
    Promise.reject(new BucketError("credentials", "Cannot write: 403"));
  await assertRejects(
    () => addGeneration(bucket, "my-app", NEW),
    BucketError,
    "Cannot write: 403",
  );
});
