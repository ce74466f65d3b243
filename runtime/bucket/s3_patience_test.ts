import { assert, assertEquals, assertRejects } from "@std/assert";
import { setImmediate } from "node:timers";
import { FakeTimers } from "../../tests/support/fake_timers.ts";
import { BucketError } from "./bucket.ts";
import {
  BASE,
  bytes,
  error,
  quickly,
  Server,
} from "./s3_server_fixture_test.ts";

async function textOf(server: Server, key = "a"): Promise<string> {
  const found = await server.bucket.get(key);
  assert(found.status === "found");
  return await new Response(found.body).text();
}

Deno.test("S3Bucket.get() repeats on network and server trouble, longer each time, and not forever", async () => {
  using good = new Server([
    new TypeError("connection reset"),
    error(503, "SlowDown"),
    new Response("hello"),
  ]);
  const { value, pauses } = await quickly(() => textOf(good));
  assertEquals(value, "hello");
  assertEquals(pauses.length, 2);
  assert(
    pauses[0]! >= 150 && pauses[0]! <= 300 && pauses[1]! >= 300 &&
      pauses[1]! <= 600,
    `${pauses}`,
  );
  using bad = new Server([
    error(500, "InternalError", "oops"),
    error(429, "TooManyRequests"),
    error(502, ""),
  ]);
  const failure = await assertRejects(
    () => quickly(() => textOf(bad)),
    BucketError,
    `Cannot read ${BASE}/a: the server answered 502`,
  );
  assertEquals([failure.code, failure.status, failure.transient], [
    "server",
    502,
    true,
  ]);
  using gone = new Server([new TypeError("connection refused")], {
    attemptsMax: 1,
  });
  const network = await assertRejects(
    () => textOf(gone),
    BucketError,
    `Cannot reach ${BASE}/a (GET): connection refused; check the endpoint and the network`,
  );
  assertEquals([network.code, network.status, network.transient], [
    "network",
    null,
    true,
  ]);
});

Deno.test("S3Bucket gives a server up that does not answer in time", async () => {
  using timers = new FakeTimers();
  using server = new Server(["hang", "hang"], {
    attemptsMax: 1,
    deadlineMs: 700,
  });
  const get = server.bucket.get("a");
  assertEquals((await timers.next()).ms, 700);
  timers.pending[0]!.fire();
  const failure = await assertRejects(
    () => get,
    BucketError,
    `Cannot reach ${BASE}/a (GET): no answer within 700 ms`,
  );
  assertEquals(failure.code, "network");
  const put = server.bucket.put("a", bytes("x"), "always");
  (await timers.next()).fire();
  assertEquals(await put, {
    status: "unknown",
    reason:
      `Cannot reach ${BASE}/a (PUT): no answer within 700 ms; check the endpoint and the network`,
  });
  assertEquals(timers.pending, []);
});

/** A body that gives one piece, and then nothing, or an error. */
function stalling(fail?: Error): Response {
  let pieces = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pieces++ === 0) controller.enqueue(bytes("<Error>"));
      else if (fail) controller.error(fail);
      else return new Promise(() => {});
    },
  });
  return new Response(body);
}

/** Lets every timer fire as soon as it is set. */
async function withoutPatience<T>(act: () => Promise<T>): Promise<T> {
  using timers = new FakeTimers();
  let open = true;
  const running = act().finally(() => open = false);
  running.catch(() => {});
  while (open) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (const timer of timers.pending) timer.fire();
  }
  return await running;
}

Deno.test("S3Bucket gives a body up that stops, whichever it is", async () => {
  for (
    const act of [
      (server: Server) => textOf(server),
      (server: Server) => Array.fromAsync(server.bucket.list("")),
    ]
  ) {
    using server = new Server([stalling()], {
      attemptsMax: 1,
      deadlineMs: 700,
    });
    const failure = await assertRejects(
      () => withoutPatience<unknown>(() => act(server)),
      BucketError,
      "the body stopped for 700 ms; try again",
    );
    assertEquals(failure.code, "network");
  }
});

Deno.test("S3Bucket says where a body broke off, and judges an error by its status where its body does", async () => {
  using server = new Server([stalling(new TypeError("connection reset"))]);
  const failure = await assertRejects(
    () => textOf(server),
    BucketError,
    `Cannot read ${BASE}/a: connection reset; try again`,
  );
  assertEquals([failure.code, failure.cause instanceof TypeError], [
    "network",
    true,
  ]);
  const broken = (status: number) =>
    new Response(stalling(new TypeError("reset")).body, { status });
  using refusal = new Server([broken(403), broken(412), broken(404)]);
  await assertRejects(
    () => refusal.bucket.get("a"),
    BucketError,
    "the server answered 403; check",
  );
  assertEquals(await refusal.bucket.put("a", bytes(""), { ifNoneMatch: "*" }), {
    status: "lost",
  });
  assertEquals((await refusal.bucket.get("a")).status, "missing");
});

Deno.test("S3Bucket stops when it is told to: before, during, between attempts and in a body", async () => {
  const reason = new Error("enough");
  using none = new Server([]);
  const aborted = AbortSignal.abort(reason);
  for (
    const act of [
      () => none.bucket.get("a", { signal: aborted }),
      () => none.bucket.put("a", bytes(""), "always", { signal: aborted }),
      () => none.bucket.delete("a", { signal: aborted }),
      () => Array.fromAsync(none.bucket.list("a", { signal: aborted })),
    ]
  ) {
    assertEquals(await assertRejects(act, Error, "enough"), reason);
  }
  const during = new AbortController();
  using hanging = new Server([() => {
    queueMicrotask(() => during.abort(reason));
    return "hang";
  }]);
  assertEquals(
    await assertRejects(
      () =>
        hanging.bucket.put("a", bytes(""), "always", { signal: during.signal }),
      Error,
    ),
    reason,
  );
  const between = new AbortController();
  using failing = new Server([() => {
    queueMicrotask(() => between.abort(reason));
    return error(500, "x");
  }]);
  assertEquals(
    await assertRejects(
      () => failing.bucket.get("a", { signal: between.signal }),
      Error,
    ),
    reason,
  );
  const inBody = new AbortController();
  using body = new Server([(request) => {
    const { signal } = request;
    return new Response(
      new ReadableStream({
        start: (controller) =>
          signal.addEventListener(
            "abort",
            () => controller.error(signal.reason),
          ),
      }),
    );
  }]);
  const found = await body.bucket.get("a", { signal: inBody.signal });
  assert(found.status === "found");
  const text = new Response(found.body).text();
  inBody.abort(reason);
  assertEquals(await assertRejects(() => text, Error), reason);
});
