import { assert, assertEquals, assertRejects } from "@std/assert";
import { BucketError, MemoryBucket, putJson } from "@flyhot/runtime/bucket";
import {
  type Pointer,
  pointerKey,
  ProtocolError,
} from "@flyhot/runtime/protocol";
import { withGeneration } from "../../../runtime/machine/pointer/add_generation.ts";
import { FaultyBucket } from "../../../tests/sim/faulty_bucket.ts";
import { Sim } from "../../../tests/sim/sim.ts";
import { SimHost } from "../../../tests/sim/sim_host.ts";
import { FlyhotError } from "../../errors.ts";
import { PointerMover, readPointer } from "./pointer.ts";
import { fenced, type Transition } from "./transitions.ts";

const NOW = "2026-01-02T03:04:05.000Z";
const bump = fenced("shop", "img:1", NOW);

/** Adds one name to the pointer, once: what a transition is like. */
function add(name: string): Transition {
  return (pointer) => {
    if (pointer?.generations[name]) return pointer;
    return withGeneration(pointer, "shop", name, NOW);
  };
}

function setting(bucket: MemoryBucket | FaultyBucket = new MemoryBucket()) {
  const sim = new Sim({ seed: 1, impatience: 0 });
  const host = new SimHost(sim);
  return {
    sim,
    host,
    bucket,
    mover: new PointerMover("shop", { host, bucket }),
  };
}

Deno.test("readPointer() reads the pointer with its ETag, or that there is none", async () => {
  const bucket = new MemoryBucket();
  assertEquals(await readPointer(bucket, "shop"), {
    pointer: null,
    etag: null,
  });
  const pointer = bump(null)!;
  await putJson(bucket, pointerKey("shop"), pointer, "always");
  const read = await readPointer(bucket, "shop");
  assertEquals(read.pointer?.revision, 1);
  assertEquals(read.etag, `"1"`);
  await putJson(
    bucket,
    pointerKey("shop"),
    { ...pointer, protocol: 2 },
    "always",
  );
  await assertRejects(
    () => readPointer(bucket, "shop"),
    ProtocolError,
    "upgrade flyhot",
  );
});

Deno.test("PointerMover.move() begins a pointer and moves it on", async () => {
  const { sim, mover, bucket } = setting();
  assertEquals(mover.hasWritten, false);
  await sim.run((async () => {
    assertEquals((await mover.move(add("img:1"))).revision, 1);
    assertEquals((await mover.move(add("img:2"))).revision, 2);
    assertEquals((await mover.move(add("img:2"))).revision, 2);
  })());
  assertEquals(mover.hasWritten, true);
  const { pointer } = await readPointer(bucket, "shop");
  assertEquals(Object.keys(pointer!.generations), ["img:2", "img:1"]);
});

Deno.test("PointerMover.move() loses no change of anybody, over 200 random schedules of 6 writers on a bad network", async () => {
  let repeated = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const sim = new Sim({ seed });
    const shared = new MemoryBucket();
    const write = async (name: string) => {
      const bucket = new FaultyBucket(sim, shared, {
        read: 0.05,
        write: 0.3,
        lateMs: 2_000,
      });
      const mover = new PointerMover("shop", {
        host: new SimHost(sim),
        bucket,
      });
      let calls = 0;
      try {
        await mover.move((pointer) => {
          calls++;
          return add(name)(pointer);
        });
        return name;
      } catch (error) {
        assert(
          error instanceof FlyhotError && error.code === "network",
          String(error),
        );
        return null;
      } finally {
        if (calls > 1) repeated++;
      }
    };
    const names = Array.from({ length: 6 }, (_, index) => `img:${index}`);
    const written = await sim.run(Promise.all(names.map(write)));
    const { pointer } = await readPointer(shared, "shop");
    for (const name of written) {
      if (name !== null) {
        assert(pointer?.generations[name], `seed ${seed}: ${name} is lost`);
      }
    }
    const count = Object.keys(pointer?.generations ?? {}).length;
    assertEquals(pointer?.revision, count, `seed ${seed}`);
  }
  assert(repeated > 200, `${repeated}`);
});

Deno.test("PointerMover.move() takes no stale answer for the newest", async () => {
  const bucket = new MemoryBucket();
  const { sim, mover } = setting(bucket);
  await sim.run((async () => {
    await mover.move(add("img:1"));
    const stale = await bucket.get(pointerKey("shop"));
    assert(stale.status === "found");
    const old = await new Response(stale.body).bytes();
    await mover.move(add("img:2"));
    const get = bucket.get.bind(bucket);
    let answers = 0;
    bucket.get = (key, options) =>
      ++answers <= 3
        ? Promise.resolve({
          status: "found",
          body: ReadableStream.from([old.slice()]),
          etag: `"1"`,
          size: old.length,
        })
        : get(key, options);
    const seen: Pointer[] = [];
    await mover.move((pointer) => {
      seen.push(pointer!);
      return add("img:3")(pointer);
    });
    assertEquals(seen.map(({ revision }) => revision), [2]);
    answers = -100;
    const error = await assertRejects(
      () => mover.move(add("img:4")),
      FlyhotError,
    );
    assertEquals(error.code, "network");
    assert(
      error.message.includes(
        "the bucket answers with the old revision 1, where 3 is known",
      ),
      error.message,
    );
  })());
});

Deno.test("PointerMover.move() gives up when it stays open whether it is in", async () => {
  const bucket = new MemoryBucket();
  bucket.put = () =>
    Promise.resolve({ status: "unknown", reason: "no answer within 1 ms" });
  const { sim, mover } = setting(bucket);
  const error = await assertRejects(
    () => sim.run(mover.move(bump)),
    FlyhotError,
    "Cannot move memory://bucket/releases/shop-current.json: no answer within 1 ms (10 attempts)",
  );
  assertEquals(error.code, "network");
  bucket.put = () => Promise.resolve({ status: "lost" });
  await assertRejects(
    () => sim.run(mover.move(bump)),
    FlyhotError,
    "somebody else was faster each time",
  );
});

Deno.test("PointerMover.move() refuses a bucket without conditional writes", async () => {
  const bucket = new MemoryBucket();
  bucket.put = () =>
    Promise.resolve({ status: "unsupported", reason: "501 NotImplemented" });
  const { sim, mover } = setting(bucket);
  const error = await assertRejects(
    () => sim.run(mover.move(bump)),
    FlyhotError,
    "does not honor conditional writes (501 NotImplemented)",
  );
  assertEquals(error.code, "conflict");
});

Deno.test("PointerMover.move() passes on what no retry can cure", async () => {
  const bucket = new MemoryBucket();
  const { sim, mover } = setting(bucket);
  bucket.get = () =>
    Promise.reject(new BucketError("credentials", "Cannot read: 403"));
  await assertRejects(() => sim.run(mover.move(bump)), BucketError, "403");
  let reads = 0;
  bucket.get = () => {
    reads++;
    return Promise.reject(new BucketError("network", "Cannot read: cut"));
  };
  await assertRejects(
    () => sim.run(mover.move(bump)),
    FlyhotError,
    "Cannot read: cut (10 attempts)",
  );
  assertEquals(reads, 10);
  bucket.get = () => Promise.resolve({ status: "missing" });
  const refuse = () => {
    throw new FlyhotError("conflict", "Cannot change it");
  };
  await assertRejects(
    () => sim.run(mover.move(refuse)),
    FlyhotError,
    "Cannot change it",
  );
  assertEquals(mover.hasWritten, false);
});

Deno.test("PointerMover.move() begins no write once it is told to stop, and ends those it has begun", async () => {
  const bucket = new MemoryBucket();
  const { sim, mover } = setting(bucket);
  const controller = new AbortController();
  const get = bucket.get.bind(bucket);
  bucket.get = async (key, options) => {
    const outcome = await get(key, options);
    controller.abort(new Error("enough"));
    return outcome;
  };
  await assertRejects(
    () => sim.run(mover.move(bump, controller.signal)),
    Error,
    "enough",
  );
  assertEquals(mover.hasWritten, false);
  bucket.get = get;
  const late = new AbortController();
  const put = bucket.put.bind(bucket);
  bucket.put = (...args) => {
    late.abort(new Error("enough"));
    return put(...args);
  };
  assertEquals((await sim.run(mover.move(bump, late.signal))).revision, 1);
});
