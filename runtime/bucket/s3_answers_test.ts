import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BucketError,
  type BucketErrorCode,
  type WriteCondition,
} from "./bucket.ts";
import { S3Bucket } from "./s3_bucket.ts";
import {
  type Answer,
  BASE,
  bytes,
  empty,
  error,
  quickly,
  Server,
} from "./s3_server_fixture_test.ts";

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
