import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryBucket } from "../../bucket/memory_bucket.ts";
import {
  BucketError,
  getJson,
  putJson,
  type WriteCondition,
  type WriteOutcome,
} from "../../bucket/bucket.ts";
import type { MachineResult } from "../../protocol/machine/machine_result.ts";
import { ProtocolError } from "../../protocol/json/parse.ts";
import { resultKey } from "../../protocol/object_keys.ts";
import { readResult, writeResult } from "./write_result.ts";
import { FakeTimers } from "../../../tests/support/fake_timers.ts";

const RESULT: MachineResult = {
  protocol: 1,
  upgrade_id: "01K94R",
  machine_id: "6e82954f711e87",
  region: "fra",
  image_ref: "registry.fly.io/my-app:deployment-01A",
  state: "applied",
  version: "1.2.3",
  started_at: "2024-01-15T10:30:00Z",
  ended_at: "2024-01-15T10:30:01Z",
  fingerprint: "0123456789ab",
  reloaded: ["app.ts"],
  modules: 3,
  holders: [{ name: "counter", from: 1, to: 2, action: "migrated" }],
  suspend_ms: 1.5,
  total_ms: 1000,
  at_boot: false,
  failure: {
    phase: "health",
    message: "Cannot",
    end: "abort",
    transient: false,
  },
};
const KEY = resultKey("my-app", RESULT.upgrade_id, RESULT.machine_id);

/** A memory bucket that answers writes as it is told, then as it should. */
class Bucket extends MemoryBucket {
  readonly conditions: WriteCondition[] = [];
  readonly answers: (WriteOutcome | Error)[] = [];

  override put(
    ...args: Parameters<MemoryBucket["put"]>
  ): Promise<WriteOutcome> {
    this.conditions.push(args[2]);
    const answer = this.answers.shift();
    if (answer instanceof Error) return Promise.reject(answer);
    return answer ? Promise.resolve(answer) : super.put(...args);
  }
}

async function read(bucket: Bucket): Promise<MachineResult | null> {
  return await readResult(
    bucket,
    "my-app",
    RESULT.upgrade_id,
    RESULT.machine_id,
  );
}

Deno.test("writeResult() writes what readResult() reads", async () => {
  const bucket = new Bucket();
  assertEquals(await read(bucket), null);
  await writeResult(bucket, "my-app", RESULT);
  assertEquals(await read(bucket), RESULT);
  const keys = [];
  for await (const { key } of bucket.list("")) keys.push(key);
  assertEquals(keys, [KEY]);
});

Deno.test("results name phases as they always have, and are read by either name", async () => {
  for (
    const [phase, onTheWire] of [
      ["plan", "diff"],
      ["load", "prepare"],
      ["swap", "swap"],
    ] as const
  ) {
    const result: MachineResult = {
      ...RESULT,
      failure: { ...RESULT.failure!, phase },
    };
    const bucket = new Bucket();
    await writeResult(bucket, "my-app", result);
    const stored = await getJson(bucket, KEY);
    assert(stored.status === "found");
    const record = stored.value as { failure: { phase: string } };
    assertEquals(record.failure.phase, onTheWire);
    assertEquals(await read(bucket), result);
    record.failure.phase = phase;
    await putJson(bucket, KEY, record, "always");
    assertEquals(await read(bucket), result);
  }
});

Deno.test("writeResult() replaces what this machine said before", async () => {
  const bucket = new Bucket();
  await writeResult(bucket, "my-app", { ...RESULT, state: "pending" });
  await writeResult(bucket, "my-app", RESULT);
  assertEquals((await read(bucket))?.state, "applied");
  assertEquals(bucket.conditions, ["always", "always"]);
});

Deno.test("writeResult() tries again after a write of which nobody knows whether it happened", async () => {
  const bucket = new Bucket();
  const unknown = { status: "unknown", reason: "no answer" } as const;
  bucket.answers.push(unknown, unknown, unknown, unknown);
  using timers = new FakeTimers();
  const writing = writeResult(bucket, "my-app", RESULT);
  for (let pause = 0; pause < 4; pause++) (await timers.next()).fire();
  await writing;
  assertEquals(bucket.conditions.length, 5);
  assertEquals(timers.pending, []);
  timers.delays.slice(1).forEach((delay, index) => {
    assertEquals(delay > timers.delays[index]!, true, "it waits longer");
  });
  assertEquals(await read(bucket), RESULT);
});

Deno.test("writeResult() gives up at last, and says on what and why", async () => {
  const bucket = new Bucket();
  for (let answer = 0; answer < 10; answer++) {
    bucket.answers.push({ status: "unknown", reason: "503 SlowDown" });
  }
  using timers = new FakeTimers();
  const writing = assertRejects(
    () => writeResult(bucket, "my-app", RESULT),
    BucketError,
    `Cannot write the result of upgrade 01K94R to ${
      bucket.url(KEY)
    }: 503 SlowDown`,
  );
  for (let pause = 0; pause < 4; pause++) (await timers.next()).fire();
  assertEquals((await writing).code, "server");
  assertEquals(bucket.conditions.length, 5);
});

Deno.test("writeResult() does not repeat what the bucket refuses", async () => {
  const bucket = new Bucket();
  bucket.answers.push(new BucketError("credentials", "Cannot write: 403"));
  await assertRejects(
    () => writeResult(bucket, "my-app", RESULT),
    BucketError,
    "Cannot write: 403",
  );
  assertEquals(bucket.conditions.length, 1);
});

Deno.test("readResult() refuses a record that is none", async () => {
  const bucket = new Bucket();
  const put = (text: string) =>
    bucket.put(KEY, new TextEncoder().encode(text), "always");
  await put(JSON.stringify({ ...RESULT, protocol: 2 }));
  await assertRejects(
    () => read(bucket),
    ProtocolError,
    "Cannot read result.protocol",
  );
  await put("{");
  await assertRejects(() => read(bucket), SyntaxError, "it is not JSON");
});
