import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BucketError, type BucketErrorCode } from "./bucket.ts";
import { S3Bucket } from "./s3_bucket.ts";
import type { S3BucketOptions } from "./s3_transport.ts";
import {
  BASE,
  bytes,
  empty,
  error,
  SECRET,
  Server,
} from "./s3_server_fixture_test.ts";

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
