import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { S3Bucket } from "@flyhot/runtime/bucket";
import { startObjectStore } from "../../src/sandbox/s3/object_store.ts";
import { canBeHad } from "../support/packages.ts";

const BUCKET = "contract";
const KEYS = {
  accessKeyId: "AKIDCONTRACT",
  secretAccessKey: "contract/Secret",
};
const AWS = ["client-s3", "s3-request-presigner", "lib-storage"].map((name) =>
  `npm:@aws-sdk/${name}@3.1169.0`
);
const MINIO = ["npm:minio@8.0.7"];
const isThere = {
  aws: await canBeHad(AWS),
  minio: await canBeHad(MINIO),
};

interface Store extends AsyncDisposable {
  readonly url: string;
  /** The store through our own client. */
  readonly bucket: S3Bucket;
  text(key: string): Promise<string>;
}

async function running(): Promise<Store> {
  const server = await startObjectStore({ bucket: BUCKET, ...KEYS });
  const bucket = new S3Bucket({
    endpoint: server.url,
    bucket: BUCKET,
    ...KEYS,
  });
  return {
    url: server.url,
    bucket,
    text: async (key) => {
      const read = await bucket.get(key);
      assert(read.status === "found", key);
      return await new Response(read.body).text();
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** Text that comes in pieces, so that a client cannot know its digest beforehand. */
function stream(...pieces: readonly string[]): Readable {
  return Readable.from(pieces.map((piece) => Buffer.from(piece)));
}

/** What every command of the SDK answers, as far as it is looked at. */
interface Answer {
  readonly ETag?: string;
  readonly ChecksumCRC32?: string;
  readonly Body?: { transformToString(): Promise<string> };
  readonly Contents?: readonly { readonly Key: string }[];
  readonly CommonPrefixes?: readonly { readonly Prefix: string }[];
  readonly NextMarker?: string;
  readonly IsTruncated?: boolean;
  readonly Buckets?: readonly { readonly Name: string }[];
  readonly Deleted?: readonly { readonly Key: string }[];
  readonly Metadata?: Readonly<Record<string, string>>;
  readonly ContentType?: string;
}

type Input = Readonly<Record<string, unknown>>;

interface Sdk {
  readonly S3Client: new (options: Input) => {
    send(command: object): Promise<Answer>;
    destroy(): void;
  };
  readonly getSignedUrl: (
    client: object,
    command: object,
    options?: Input,
  ) => Promise<string>;
  readonly Upload: new (options: Input) => { done(): Promise<Answer> };
  readonly [command: `${string}Command`]: new (input: Input) => object;
}

async function sdk(): Promise<Sdk> {
  const [client, presigner, storage] = await Promise.all(
    AWS.map((specifier) => import(specifier)),
  );
  return { ...client, ...presigner, ...storage };
}

Deno.test({
  name: `aws-sdk-js${
    isThere.aws ? "" : " (skipped: it cannot be had)"
  } streams, copies, lists, removes and signs URLs for the sandbox's object store`,
  ignore: !isThere.aws,
}, async () => {
  await using store = await running();
  const aws = await sdk();
  const client = new aws.S3Client({
    endpoint: store.url,
    region: "auto",
    forcePathStyle: true,
    credentials: KEYS,
  });
  const command = (name: string, input: Input = {}) =>
    new aws[`${name}Command`]!(
      name === "ListBuckets" ? input : { Bucket: BUCKET, ...input },
    );
  const send = (name: string, input?: Input) =>
    client.send(command(name, input));

  const algorithms = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"];
  for (const ChecksumAlgorithm of algorithms) {
    await send("PutObject", {
      Key: `s/${ChecksumAlgorithm}`,
      Body: stream("he", "llo"),
      ContentLength: 5,
      ContentType: "text/plain",
      Metadata: { by: "sdk" },
      ChecksumAlgorithm,
    });
    assertEquals(await store.text(`s/${ChecksumAlgorithm}`), "hello");
  }
  const read = await send("GetObject", { Key: "s/CRC32" });
  assertEquals(await read.Body?.transformToString(), "hello");
  assertEquals(
    [read.ChecksumCRC32, read.ContentType, read.Metadata],
    ["NhCmhg==", "text/plain", { by: "sdk" }],
  );

  const source = `${BUCKET}/${encodeURIComponent("s/SHA1")}`;
  await send("CopyObject", { Key: "a b/ü", CopySource: source });
  assertEquals(await store.text("a b/ü"), "hello");
  const copy = await send("HeadObject", { Key: "a b/ü" });
  assertEquals(copy.Metadata, { by: "sdk" });

  const page = await send("ListObjects", { MaxKeys: 1, Delimiter: "/" });
  assertEquals(
    [page.IsTruncated, page.CommonPrefixes, page.NextMarker],
    [true, [{ Prefix: "a b/" }], "a b/"],
  );
  const rest = await send("ListObjects", { Marker: "s/CRC64NVME" });
  assertEquals(rest.Contents?.map(({ Key }) => Key), ["s/SHA1", "s/SHA256"]);
  const { Buckets } = await send("ListBuckets");
  assertEquals(Buckets?.map(({ Name }) => Name), [BUCKET]);

  const Objects = algorithms.map((name) => ({ Key: `s/${name}` }));
  const { Deleted } = await send("DeleteObjects", { Delete: { Objects } });
  assertEquals(Deleted, Objects);
  const left = await Array.fromAsync(store.bucket.list(""));
  assertEquals(left.map(({ key }) => key), ["a b/ü"]);

  const put = await aws.getSignedUrl(
    client,
    command("PutObject", { Key: "presigned", Metadata: { by: "url" } }),
    { expiresIn: 60 },
  );
  const written = await fetch(put, { method: "PUT", body: "by URL" });
  assertEquals([written.status, await written.text()], [200, ""]);
  const get = await aws.getSignedUrl(
    client,
    command("GetObject", {
      Key: "presigned",
      ResponseContentDisposition: "inline",
    }),
  );
  const answer = await fetch(get);
  assertEquals(
    [
      answer.status,
      await answer.text(),
      answer.headers.get("x-amz-meta-by"),
      answer.headers.get("content-disposition"),
    ],
    [200, "by URL", "url", "inline"],
  );
  const other = await fetch(get.replace("/presigned", "/other"));
  await other.body?.cancel();
  assertEquals(other.status, 403);

  const Body = stream(..."abc".split("").map((it) => it.repeat(4_000_000)));
  const params = { Bucket: BUCKET, Key: "parts", Body };
  const upload = await new aws.Upload({ client, params }).done();
  assert(upload.ETag?.endsWith(`-3"`), upload.ETag);
  const whole = await store.text("parts");
  assertEquals(
    [whole.length, whole[3_999_999], whole[4_000_000], whole.at(-1)],
    [12_000_000, "a", "b", "c"],
  );
  client.destroy();
});

interface Minio {
  putObject(
    bucket: string,
    key: string,
    body: Readable,
    size?: number,
  ): Promise<{ readonly etag: string }>;
  copyObject(bucket: string, key: string, source: string): Promise<unknown>;
  listObjects(
    bucket: string,
    prefix: string,
    isRecursive: boolean,
  ): AsyncIterable<{ readonly name: string }>;
  removeObjects(bucket: string, keys: readonly string[]): Promise<unknown>;
  presignedGetObject(
    bucket: string,
    key: string,
    seconds: number,
  ): Promise<string>;
}

// Over 64 MB minio puts an object together of parts.
const LARGE = 70_000_000;

Deno.test({
  name: `minio${
    isThere.minio ? "" : " (skipped: it cannot be had)"
  } uploads in parts, copies, lists, removes and signs URLs for the sandbox's object store`,
  ignore: !isThere.minio,
}, async () => {
  await using store = await running();
  const { Client } = await import(MINIO[0]!);
  const { hostname, port } = new URL(store.url);
  const client: Minio = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: KEYS.accessKeyId,
    secretKey: KEYS.secretAccessKey,
  });
  const body = Readable.from((function* () {
    for (let i = 0; i < 70; i++) yield Buffer.alloc(1_000_000, i);
  })());
  const { etag } = await client.putObject(BUCKET, "large", body, LARGE);
  assert(etag.endsWith("-2"), etag);
  const read = await store.bucket.get("large");
  assert(read.status === "found");
  const bytes = new Uint8Array(await new Response(read.body).arrayBuffer());
  assertEquals([bytes.length, bytes[33_999_999], bytes.at(-1)], [
    LARGE,
    33,
    69,
  ]);

  await client.putObject(BUCKET, "a b", stream("hello"), 5);
  await client.copyObject(BUCKET, "copy", `/${BUCKET}/a b`);
  const listed = await Array.fromAsync(client.listObjects(BUCKET, "", true));
  assertEquals(listed.map(({ name }) => name), ["a b", "copy", "large"]);
  const url = await client.presignedGetObject(BUCKET, "copy", 60);
  assertEquals(await (await fetch(url)).text(), "hello");
  await client.removeObjects(BUCKET, ["a b", "large"]);
  const left = await Array.fromAsync(store.bucket.list(""));
  assertEquals(left.map(({ key }) => key), ["copy"]);
});
