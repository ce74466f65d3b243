import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { setImmediate } from "node:timers";
import { FakeTimers } from "../../tests/support/fake_timers.ts";
import {
  BucketError,
  type BucketErrorCode,
  type WriteCondition,
} from "./bucket.ts";
import { S3Bucket } from "./s3_bucket.ts";
import type { S3BucketOptions } from "./s3_transport.ts";

const BASE = "https://s3.example/my-releases";
const SECRET = "wJalrXUtnFEMI/K7MDENG";
const DEADLINE_MS = 15_000;

type Answer = Response | Error | "hang";

/** A bucket whose server answers as told, and the requests that reached it. */
class Server {
  readonly requests: Request[] = [];
  readonly bucket: S3Bucket;
  #answers: ((request: Request) => Answer)[];

  constructor(
    answers: readonly (Answer | ((request: Request) => Answer))[],
    options: Partial<S3BucketOptions> = {},
  ) {
    this.#answers = answers.map((answer) =>
      typeof answer === "function" ? answer : () => answer
    );
    this.bucket = new S3Bucket({
      endpoint: "https://s3.example",
      bucket: "my-releases",
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: SECRET,
      fetch: (request) => this.#answer(request),
      ...options,
    });
  }

  #answer(request: Request): Promise<Response> {
    this.requests.push(request);
    const answer = this.#answers.shift()?.(request);
    if (answer === undefined) {
      return Promise.reject(new Error("one request too many"));
    }
    if (answer instanceof Response) return Promise.resolve(answer);
    if (answer instanceof Error) return Promise.reject(answer);
    return new Promise((_, reject) =>
      request.signal.addEventListener(
        "abort",
        () => reject(request.signal.reason),
      )
    );
  }

  /** That nothing more was expected. */
  [Symbol.dispose](): void {
    assertEquals(this.#answers.length, 0, "answers are left over");
  }
}

/** Lets no pause between attempts really pass. */
async function quickly<T>(
  act: () => Promise<T>,
): Promise<{ value: T; pauses: number[] }> {
  using timers = new FakeTimers();
  const pauses: number[] = [];
  let open = true;
  const running = act().finally(() => open = false);
  running.catch(() => {});
  while (open) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (const timer of timers.pending) {
      if (timer.ms === DEADLINE_MS) continue;
      pauses.push(timer.ms);
      timer.fire();
    }
  }
  return { value: await running, pauses };
}

function error(status: number, code: string, message = ""): Response {
  return new Response(
    `<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
    { status },
  );
}

const empty = (status: number, headers: HeadersInit = {}) =>
  new Response(null, { status, headers });
const bytes = (text: string) => new TextEncoder().encode(text);

async function textOf(server: Server, key = "a"): Promise<string> {
  const found = await server.bucket.get(key);
  assert(found.status === "found");
  return await new Response(found.body).text();
}

Deno.test("S3Bucket signs every header, and sends nothing secret in the clear", async () => {
  using server = new Server([empty(200, { etag: `"1"` })], {
    sessionToken: "TOKEN",
  });
  await server.bucket.put("a b/c.json", bytes("{}"), { ifMatch: `"0"` }, {
    contentType: "application/json",
  });
  const [request] = server.requests;
  assertEquals(request?.url, `${BASE}/a%20b/c.json`);
  assertEquals(request?.method, "PUT");
  assertEquals(request?.redirect, "manual");
  const headers = Object.fromEntries(request!.headers);
  assertEquals(headers["if-match"], `"0"`);
  assertEquals(headers["content-type"], "application/json");
  assertEquals(headers["x-tigris-consistent"], "true");
  assertEquals(headers["x-amz-security-token"], "TOKEN");
  const authorization = headers["authorization"] ?? "";
  assert(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/auto\/s3\/aws4_request, /
      .test(authorization),
    authorization,
  );
  const signed = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(";") ??
    [];
  for (
    const name of [
      "content-type",
      "host",
      "if-match",
      "x-amz-date",
      "x-amz-security-token",
      "x-tigris-consistent",
    ]
  ) {
    assert(signed.includes(name), `${name} is not signed`);
  }
  assert(!JSON.stringify(headers).includes(SECRET));
  assertEquals(await request!.text(), "{}");
});

Deno.test("S3Bucket shows its secret in no object and no error", async () => {
  using server = new Server([error(403, "SignatureDoesNotMatch", "no")]);
  const shown = Deno.inspect(server.bucket, { depth: 10, showHidden: true }) +
    JSON.stringify(server.bucket);
  assert(!shown.includes(SECRET), shown);
  const failure = await assertRejects(
    () => server.bucket.get("a"),
    BucketError,
  );
  const all = Deno.inspect(failure, { depth: 10, showHidden: true }) +
    failure.stack;
  assert(!all.includes(SECRET) && !all.includes("Signature="), all);
});

Deno.test("S3Bucket refuses options that cannot work, and says which variable to set", () => {
  const cases: [
    options: Partial<S3BucketOptions>,
    code: BucketErrorCode,
    message: string,
  ][] = [
    [
      { accessKeyId: "" },
      "credentials",
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ],
    [
      { secretAccessKey: "" },
      "credentials",
      "the access key or the secret key is empty",
    ],
    [
      { bucket: "" },
      "no_bucket",
      `Cannot use the bucket "": a name has 2 to 63`,
    ],
    [{ bucket: "My_Bucket" }, "no_bucket", "set BUCKET_NAME"],
    [{ bucket: "a/b" }, "no_bucket", "set BUCKET_NAME"],
    [{ bucket: "../x" }, "no_bucket", "set BUCKET_NAME"],
    [
      { endpoint: "s3.example" },
      "refused",
      `Cannot use the endpoint "s3.example": it is not an http or https URL; set AWS_ENDPOINT_URL_S3`,
    ],
    [
      { endpoint: "ftp://s3.example" },
      "refused",
      "it is not an http or https URL",
    ],
    [
      { endpoint: "https://s3.example?x=1" },
      "refused",
      "a query or a fragment",
    ],
  ];
  for (const [options, code, message] of cases) {
    const failure = assertThrows(
      () => new Server([], options),
      BucketError,
      message,
    );
    assertEquals(failure.code, code);
  }
  for (
    const endpoint of [
      "https://ann:hunter2@s3.example",
      "ftp://ann:hunter2@s3.example",
    ]
  ) {
    const failure = assertThrows(
      () => new Server([], { endpoint }),
      BucketError,
    );
    assert(!failure.message.includes("hunter2"), failure.message);
  }
});

Deno.test("S3Bucket.url() and keyOf() are each other's opposite", () => {
  for (
    const endpoint of [
      "https://s3.example",
      "https://s3.example///",
      "http://127.0.0.1:9000",
      "https://s3.example/prefix",
    ]
  ) {
    const { bucket } = new Server([], { endpoint });
    for (
      const key of [
        "a",
        "releases/my-app-current.json",
        "a b+c%2F?#&=ü😀",
        "a//b",
        "..",
        "!'()*~",
      ]
    ) {
      const url = bucket.url(key);
      assertEquals(bucket.keyOf(url), key);
      assert(!url.includes("//", 8) || key.includes("//"), url);
    }
  }
  const { bucket } = new Server([]);
  for (
    const url of [
      "",
      BASE,
      `${BASE}x/a`,
      `https://other/my-releases/a`,
      `${BASE}/%`,
      `${BASE}/%zz`,
      `${BASE}/a?x=1`,
      `${BASE}/%41`,
    ]
  ) {
    assertEquals(bucket.keyOf(url), null, url);
  }
});

Deno.test("S3Bucket.get() tells found, missing and unchanged apart", async () => {
  using server = new Server([
    new Response("hello", { headers: { etag: `"1"`, "content-length": "5" } }),
    new Response("", { headers: {} }),
    error(404, "NoSuchKey"),
    empty(404),
    empty(304),
  ]);
  const found = await server.bucket.get("a");
  assert(found.status === "found");
  assertEquals([found.etag, found.size], [`"1"`, 5]);
  assertEquals(await new Response(found.body).text(), "hello");
  const bare = await server.bucket.get("a");
  assert(bare.status === "found");
  assertEquals([bare.etag, bare.size], ["", null]);
  await bare.body.cancel();
  assertEquals((await server.bucket.get("a")).status, "missing");
  assertEquals((await server.bucket.get("a")).status, "missing");
  assertEquals(
    (await server.bucket.get("a", { ifNoneMatch: `"1"` })).status,
    "unchanged",
  );
  assertEquals(
    server.requests.map(({ headers }) => headers.get("if-none-match")),
    [null, null, null, null, `"1"`],
  );
});

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

Deno.test("S3Bucket names each refusal by its kind, says what to do, and does not repeat it", async () => {
  const cases: [answer: Response, code: BucketErrorCode, message: string][] = [
    [
      error(403, "SignatureDoesNotMatch", "The signature is wrong"),
      "credentials",
      "the server answered 403 SignatureDoesNotMatch (The signature is wrong); check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and that they may use this bucket",
    ],
    [error(403, "AccessDenied"), "credentials", "check AWS_ACCESS_KEY_ID"],
    [empty(401), "credentials", "the server answered 401; check"],
    [
      error(403, "RequestTimeTooSkewed"),
      "clock_skew",
      "set this machine's clock",
    ],
    [
      error(404, "NoSuchBucket"),
      "no_bucket",
      `Cannot find the bucket "my-releases" at ${BASE}; create it (fly storage create) or set BUCKET_NAME`,
    ],
    [
      error(400, "InvalidRequest"),
      "refused",
      "the server answered 400 InvalidRequest",
    ],
    [
      error(301, "PermanentRedirect"),
      "refused",
      "the server answered 301 PermanentRedirect; check AWS_REGION and AWS_ENDPOINT_URL_S3",
    ],
    [
      new Response("<html>", { status: 418 }),
      "refused",
      "the server answered 418",
    ],
  ];
  for (const act of ["get", "put", "delete", "list"] as const) {
    for (const [answer, code, message] of cases) {
      using server = new Server([answer.clone()]);
      const { bucket } = server;
      const failure = await assertRejects(
        async () => {
          if (act === "get") await bucket.get("a");
          if (act === "put") await bucket.put("a", bytes(""), "always");
          if (act === "delete") await bucket.delete("a");
          if (act === "list") await Array.fromAsync(bucket.list("a"));
        },
        BucketError,
        message,
      );
      assertEquals(
        [failure.code, failure.transient],
        [code, false],
        `${act} ${message}`,
      );
    }
  }
  for (const [answer] of cases) await answer.body?.cancel();
});

Deno.test("S3Bucket.put() tells what became of a write", async () => {
  const create: WriteCondition = { ifNoneMatch: "*" };
  const match: WriteCondition = { ifMatch: "1" };
  const cases: [
    condition: WriteCondition,
    answer: Answer,
    outcome: Record<string, string>,
  ][] = [
    ["always", empty(200, { etag: `"2"` }), { status: "written", etag: `"2"` }],
    ["always", empty(204), { status: "written", etag: "" }],
    [create, empty(200, { etag: `"2"` }), { status: "written", etag: `"2"` }],
    [create, error(412, "PreconditionFailed"), { status: "lost" }],
    [create, error(409, "ConditionalRequestConflict", "busy"), {
      status: "unknown",
      reason:
        `Cannot write ${BASE}/a: the server answered 409 ConditionalRequestConflict (busy)`,
    }],
    [create, error(501, "NotImplemented"), {
      status: "unsupported",
      reason: `Cannot write ${BASE}/a: the server answered 501 NotImplemented`,
    }],
    [create, error(500, "InternalError"), {
      status: "unknown",
      reason: `Cannot write ${BASE}/a: the server answered 500 InternalError`,
    }],
    [create, error(503, "SlowDown"), {
      status: "unknown",
      reason: `Cannot write ${BASE}/a: the server answered 503 SlowDown`,
    }],
    [create, new TypeError("reset"), {
      status: "unknown",
      reason:
        `Cannot reach ${BASE}/a (PUT): reset; check the endpoint and the network`,
    }],
  ];
  cases.push([match, error(404, "NoSuchKey"), { status: "lost" }]);
  cases.push([match, empty(412), { status: "lost" }]);
  for (const [condition, answer, outcome] of cases) {
    using server = new Server([answer]);
    assertEquals(
      await server.bucket.put("a", bytes("x"), condition),
      outcome as never,
    );
    const { headers } = server.requests[0]!;
    const sent = condition === "always"
      ? [null, null]
      : "ifMatch" in condition
      ? [null, condition.ifMatch]
      : ["*", null];
    assertEquals([headers.get("if-none-match"), headers.get("if-match")], sent);
  }
});

Deno.test("S3Bucket.put() tries a lost If-Match once without quotes, and remembers the form that a server takes", async () => {
  const sent = (server: Server) =>
    server.requests.map(({ headers }) => headers.get("if-match"));
  const put = (server: Server, etag: string) =>
    server.bucket.put("a", bytes("x"), { ifMatch: etag });
  using bare = new Server([empty(412), empty(200), empty(412), empty(200)]);
  assertEquals((await put(bare, `"1"`)).status, "written");
  assertEquals((await put(bare, `"2"`)).status, "lost");
  assertEquals((await put(bare, `"3"`)).status, "written");
  assertEquals(sent(bare), [`"1"`, "1", "2", "3"]);
  using quoted = new Server([empty(412), empty(412), empty(200), empty(412)]);
  assertEquals((await put(quoted, `"1"`)).status, "lost");
  assertEquals((await put(quoted, `"2"`)).status, "written");
  assertEquals((await put(quoted, `"3"`)).status, "lost");
  assertEquals(sent(quoted), [`"1"`, "1", `"2"`, `"3"`]);
  using odd = new Server([empty(412), empty(412), error(500, "x")]);
  assertEquals((await put(odd, `W/"1"`)).status, "lost");
  assertEquals((await put(odd, "1")).status, "lost");
  assertEquals((await put(odd, `"1"`)).status, "unknown");
  assertEquals(sent(odd), [`W/"1"`, "1", `"1"`]);
});

Deno.test("S3Bucket.delete() does not mind what is not there", async () => {
  using server = new Server([
    empty(204),
    empty(200),
    error(404, "NoSuchKey"),
    error(500, "x"),
    empty(204),
  ]);
  await server.bucket.delete("a b");
  await server.bucket.delete("a");
  await server.bucket.delete("a");
  await quickly(() => server.bucket.delete("a"));
  assertEquals(server.requests[0]?.url, `${BASE}/a%20b`);
});

function page(keys: readonly string[], token?: string): Response {
  const contents = keys.map((key) =>
    `<Contents><Key>${key}</Key><Size>1</Size><ETag>"1"</ETag><LastModified>x</LastModified></Contents>`
  );
  const more = token === undefined
    ? ""
    : `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`;
  return new Response(
    `<ListBucketResult>${contents.join("")}${more}</ListBucketResult>`,
  );
}

Deno.test("S3Bucket.list() goes from page to page, only as far as it is asked to", async () => {
  using server = new Server([
    page(["a", "b"], "t+1/="),
    page([], "t2"),
    page(["c"]),
  ]);
  const keys = (await Array.fromAsync(server.bucket.list("a b+&/"))).map((
    { key },
  ) => key);
  assertEquals(keys, ["a", "b", "c"]);
  const queries = server.requests.map(({ url }) => url.slice(BASE.length));
  assertEquals(queries, [
    "?list-type=2&prefix=a%20b%2B%26%2F",
    "?list-type=2&prefix=a%20b%2B%26%2F&continuation-token=t%2B1%2F%3D",
    "?list-type=2&prefix=a%20b%2B%26%2F&continuation-token=t2",
  ]);
  using lazy = new Server([page(["a", "b"], "t")]);
  for await (const { key } of lazy.bucket.list("")) {
    if (key === "b") break;
  }
});

Deno.test("S3Bucket.list() refuses an answer that would make it incomplete or endless", async () => {
  using none = new Server([
    new Response(
      "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
    ),
  ]);
  await assertRejects(
    () => Array.fromAsync(none.bucket.list("a")),
    BucketError,
    `Cannot list ${BASE}/a*: the server says that there is more, and not where`,
  );
  using again = new Server([page(["a"], "t"), page(["a"], "t")]);
  await assertRejects(
    () => Array.fromAsync(again.bucket.list("a")),
    BucketError,
    "and not where",
  );
  using html = new Server([new Response("<html>Welcome</html>")]);
  await assertRejects(
    () => Array.fromAsync(html.bucket.list("a")),
    BucketError,
    "the answer is not an S3 listing; check AWS_ENDPOINT_URL_S3",
  );
  using long = new Server([new Response(new Uint8Array(9 * 1024 * 1024))]);
  await assertRejects(
    () => Array.fromAsync(long.bucket.list("a")),
    BucketError,
    "the answer is longer than 8388608 bytes",
  );
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

Deno.test("S3Bucket refuses what no header may carry, naming the variable and not the value", () => {
  const good = {
    endpoint: "https://s3.example",
    bucket: "releases",
    accessKeyId: "key",
    secretAccessKey: "hidden",
  };
  const fields = {
    accessKeyId: "AWS_ACCESS_KEY_ID",
    secretAccessKey: "AWS_SECRET_ACCESS_KEY",
    sessionToken: "AWS_SESSION_TOKEN",
    region: "AWS_REGION",
  };
  for (const [field, name] of Object.entries(fields)) {
    for (
      const bad of ["va-lue\n", "va-\nlue", "va-lue\0", "va-lué", "va- lue"]
    ) {
      const error = assertThrows(
        () => new S3Bucket({ ...good, [field]: bad }),
        BucketError,
        name,
      );
      assertEquals(error.code, "credentials");
      assert(!error.message.includes("va-"), error.message);
    }
  }
});

Deno.test("S3Bucket.put() tells written, lost, unknown and unsupported apart by the status", async () => {
  const expected: Record<number, string> = {
    200: "written",
    204: "written",
    404: "lost",
    408: "unknown",
    409: "unknown",
    412: "lost",
    429: "unknown",
    500: "unknown",
    501: "unsupported",
    503: "unknown",
  };
  for (const [status, outcome] of Object.entries(expected)) {
    const bucket = new S3Bucket({
      endpoint: "https://s3.example",
      bucket: "releases",
      accessKeyId: "key",
      secretAccessKey: "hidden",
      fetch: () => {
        const init = { status: Number(status), headers: { etag: '"1"' } };
        return Promise.resolve(
          new Response(status === "204" ? null : "", init),
        );
      },
    });
    const content = new Uint8Array(1);
    const put = await bucket.put("k", content, { ifMatch: "1" });
    assertEquals(put.status, outcome, status);
  }
});

Deno.test("S3Bucket tells the bucket's clock of each answer, and no time where an answer has none", async () => {
  const dates = ["Fri, 02 Jan 2026 03:04:05 GMT", "", "soon"];
  for (const date of dates) {
    const seen: number[] = [];
    const bucket = new S3Bucket({
      endpoint: "https://s3.example",
      bucket: "releases",
      accessKeyId: "key",
      secretAccessKey: "hidden",
      fetch: () =>
        Promise.resolve(
          new Response("", { status: 404, headers: date ? { date } : {} }),
        ),
    });
    await bucket.get("k", { onDate: (at) => void seen.push(at) });
    assertEquals(
      seen,
      date === dates[0] ? [Date.UTC(2026, 0, 2, 3, 4, 5)] : [],
    );
  }
});
