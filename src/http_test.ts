import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { type FakeHost, fakeHost } from "../tests/cli/fake_host.ts";
import { FlyhotError } from "./errors.ts";
import { BODY_BYTES_MAX, request, retryAfterMs } from "./http.ts";

const URL_ = "https://api.example/v1/things";
const SPEECH = { what: "list things", service: "the Thing API" };

/** A host that gives these answers one after the other. */
function answering(
  ...answers: (() => Response | Promise<Response>)[]
): FakeHost & { readonly sent: Request[] } {
  const sent: Request[] = [];
  const host = fakeHost({
    fetch: (it) => {
      sent.push(it);
      return answers[sent.length - 1]?.();
    },
  });
  return Object.assign(host, { sent });
}

const status = (code: number, body = "", headers = {}) => () =>
  new Response(body, { status: code, headers });

Deno.test("request() returns the answer, read whole", async () => {
  const host = answering(status(200, '{"a":1}'));
  const answer = await request(host, URL_, {
    ...SPEECH,
    method: "POST",
    json: { b: 2 },
    headers: { authorization: "Bearer x" },
  });
  assertEquals([answer.status, answer.body], [200, '{"a":1}']);
  assertEquals(host.sent[0]!.headers.get("content-type"), "application/json");
  assertEquals(host.sent[0]!.headers.get("authorization"), "Bearer x");
});

Deno.test("request() repeats after 408, 429, 5xx and network trouble, waiting longer each time", async () => {
  const host = answering(
    status(503),
    () => Promise.reject(new TypeError("connection reset")),
    status(429),
    status(200, "[]"),
  );
  assertEquals((await request(host, URL_, SPEECH)).body, "[]");
  assertEquals(host.sent.length, 4);
  assert(host.slept() >= (400 + 800 + 1600) / 2, `${host.slept()}`);
});

Deno.test("request() gives up after the last attempt with the last failure", async () => {
  const host = answering(...Array(4).fill(status(503, '{"error":"busy"}')));
  const error = await assertRejects(
    () => request(host, URL_, SPEECH),
    FlyhotError,
  );
  assertEquals(error.code, "network");
  assertEquals(
    error.message,
    "Cannot list things: the Thing API answered 503 (busy)",
  );
  assertEquals(host.sent.length, 4);
});

Deno.test("request() sends what is not idempotent only once", async () => {
  const host = answering(status(503));
  await assertRejects(
    () => request(host, URL_, { ...SPEECH, method: "POST" }),
    FlyhotError,
  );
  assertEquals(host.sent.length, 1);
  assertEquals(host.unexpected, []);
});

Deno.test("request() sends again what was asked too often, harmless or not, and gives up in the end", async () => {
  const busy = (count: number) => Array(count).fill(status(429));
  const host = answering(...busy(6), status(200, "done"));
  const post = { ...SPEECH, method: "POST" };
  assertEquals((await request(host, URL_, post)).body, "done");
  const refusing = answering(...busy(7));
  await assertRejects(() => request(refusing, URL_, post), FlyhotError, "429");
  assertEquals(refusing.sent.length, 7);
  // How often a failure is worth another try says nothing about this.
  const once = answering(...busy(1), status(200, "done"));
  assertEquals(
    (await request(once, URL_, { ...post, attemptsMax: 1 })).body,
    "done",
  );
});

Deno.test("request() waits as long as Retry-After says", async () => {
  const host = answering(
    status(429, "", { "retry-after": "7" }),
    status(200),
  );
  await request(host, URL_, SPEECH);
  assertEquals(host.slept(), 7000);
});

Deno.test("retryAfterMs() reads seconds and dates, bounded", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  for (
    const [value, ms] of [
      ["3", 3000],
      ["9999", 30_000],
      ["Thu, 01 Jan 2026 00:00:05 GMT", 5000],
      ["Wed, 31 Dec 2025 23:59:00 GMT", 0],
      ["soon", null],
    ] as const
  ) {
    assertEquals(retryAfterMs(new Headers({ "retry-after": value }), now), ms);
  }
  assertEquals(retryAfterMs(new Headers(), now), null);
});

Deno.test("request() names each kind of refusal and the request's id", async () => {
  for (
    const [code, kind] of [
      [401, "auth"],
      [403, "auth"],
      [404, "not_found"],
      [409, "conflict"],
      [412, "conflict"],
      [422, "unexpected"],
    ] as const
  ) {
    const host = answering(
      status(code, '{"error":"no","message":"better said"}', {
        "fly-request-id": "01ABC",
      }),
    );
    const error = await assertRejects(
      () => request(host, URL_, { ...SPEECH, authHint: "log in" }),
      FlyhotError,
    );
    assertEquals(error.code, kind);
    assertEquals(
      error.message,
      `Cannot list things: the Thing API answered ${code} (better said), fly-request-id 01ABC`,
    );
    assertEquals(error.hint, kind === "auth" ? "log in" : null);
    assertEquals(host.sent.length, 1);
  }
});

Deno.test("request() returns statuses that the caller accepts", async () => {
  const host = answering(status(404, "gone"));
  const answer = await request(host, URL_, {
    ...SPEECH,
    accept: (code) => code === 404,
  });
  assertEquals(answer.body, "gone");
});

Deno.test("request() gives up on an answer that never comes", async () => {
  const host = fakeHost({
    fetch: (it) =>
      new Promise((_, reject) =>
        it.signal.addEventListener("abort", () => reject(it.signal.reason))
      ),
  });
  const error = await assertRejects(
    () => request(host, URL_, { ...SPEECH, deadlineMs: 5, attemptsMax: 1 }),
    FlyhotError,
  );
  assertEquals(error.code, "network");
  assertEquals(
    error.message,
    "Cannot list things: the Thing API at api.example cannot be reached (no answer within 5 ms)",
  );
});

Deno.test("request() gives up on a body that never ends, and cancels it", async () => {
  let cancelled = false;
  const host = answering(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          if (!cancelled) controller.enqueue(new Uint8Array(1));
          return new Promise(() => {});
        },
        cancel() {
          cancelled = true;
        },
      }),
    )
  );
  const error = await assertRejects(
    () => request(host, URL_, { ...SPEECH, deadlineMs: 5, attemptsMax: 1 }),
    FlyhotError,
  );
  assertEquals(error.code, "network");
  assert(cancelled);
});

Deno.test("request() refuses a body that is too long", async () => {
  const piece = new Uint8Array(BODY_BYTES_MAX / 4);
  let cancelled = false;
  const host = answering(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(piece),
        cancel: () => void (cancelled = true),
      }),
    )
  );
  const error = await assertRejects(
    () => request(host, URL_, SPEECH),
    FlyhotError,
  );
  assertEquals(error.code, "unexpected");
  assert(cancelled);
});

Deno.test("request() stops at once when the caller aborts, with the caller's reason", async () => {
  const controller = new AbortController();
  const host = answering(() => {
    controller.abort(new Error("enough"));
    return Promise.reject(new TypeError("aborted"));
  });
  const error = await assertRejects(
    () => request(host, URL_, { ...SPEECH, signal: controller.signal }),
    Error,
  );
  assertEquals(error.message, "enough");
  assertEquals(host.sent.length, 1);
});

Deno.test("request() repeats no header in its errors", async () => {
  const host = answering(status(401, "denied"));
  const error = await assertRejects(
    () =>
      request(host, URL_, {
        ...SPEECH,
        headers: { authorization: "Bearer s3cret" },
      }),
    FlyhotError,
  );
  assertFalse(Deno.inspect(error).includes("s3cret"));
});
