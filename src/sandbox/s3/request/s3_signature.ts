/** AWS Signature Version 4 of S3, checked as a server does.
 *
 * Spec: {@link https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html}
 * @module
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import {
  dechunk,
  type Dechunked,
  incomplete,
  type VerifyChunk,
} from "./chunked_body.ts";
import { canonicalRequest, type SignedRequest } from "./canonical_request.ts";
import { notImplemented, S3Error } from "../s3_error.ts";

const SKEW_MS_MAX = 15 * 60_000;
// A URL may be signed for a week.
const EXPIRES_SECONDS_MAX = 604_800;
const EMPTY_HASH = createHash("sha256").digest("hex");

/**
 * Checks who sent a request, when, and that nothing of it was changed on the way; returns the body that was meant. The
 * signature stands in the header or, of a presigned URL, in the query.
 *
 * The region in the credential scope may be any, as on Tigris and Ceph. Stricter than AWS in one point, as Ceph 20 is: a
 * content-type outside the signature in a header is refused, as x-amz-* headers are.
 */
export function verifySignature(
  request: SignedRequest,
  secrets: ReadonlyMap<string, string>,
  now: number,
): Dechunked {
  const { headers } = request;
  const parameters = new URLSearchParams(request.query);
  const isPresigned = parameters.has("X-Amz-Signature");
  const header = isPresigned
    ? presignedHeader(parameters)
    : headers.get("authorization");
  if (header === undefined) {
    throw new S3Error(403, "AccessDenied", "Access Denied");
  }
  const auth = parseAuthorization(header);
  const secret = secrets.get(auth.accessKeyId);
  if (secret === undefined) {
    throw new S3Error(
      403,
      "InvalidAccessKeyId",
      "The AWS Access Key Id you provided does not exist in our records.",
    );
  }
  const timestamp =
    (isPresigned ? parameters.get("X-Amz-Date") : headers.get("x-amz-date")) ??
      "";
  const sentAt = parseAmzDate(timestamp);
  if (sentAt === null || timestamp.slice(0, 8) !== auth.date) {
    throw new S3Error(
      403,
      "AccessDenied",
      "AWS authentication requires a valid x-amz-date that agrees with the credential scope.",
    );
  }
  if (isPresigned) refuseExpired(parameters, sentAt, now);
  else if (Math.abs(now - sentAt) > SKEW_MS_MAX) {
    throw new S3Error(
      403,
      "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
    );
  }
  const payloadHash = headers.get("x-amz-content-sha256") ??
    (isPresigned
      ? parameters.get("X-Amz-Content-Sha256") ?? "UNSIGNED-PAYLOAD"
      : undefined);
  if (payloadHash === undefined) {
    throw new S3Error(
      400,
      "InvalidRequest",
      "Missing required header for this request: x-amz-content-sha256",
    );
  }
  const canonical = canonicalRequest(request, auth.signedHeaders, payloadHash);
  const sign = signer(timestamp, auth, secret);
  if (!sameText(sign("", sha256(canonical)), auth.signature)) {
    throw new S3Error(
      403,
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    );
  }
  refuseUnsigned(headers, auth.signedHeaders, isPresigned);
  return receive(request, payloadHash, chunkVerifier(sign, auth.signature));
}

/** The `Authorization` header that a presigned URL stands for. */
function presignedHeader(parameters: URLSearchParams): string {
  const fields = ["Credential", "SignedHeaders", "Signature"].map((name) =>
    `${name}=${parameters.get(`X-Amz-${name}`) ?? ""}`
  );
  return `${parameters.get("X-Amz-Algorithm")} ${fields.join(",")}`;
}

function refuseExpired(
  parameters: URLSearchParams,
  sentAt: number,
  now: number,
): void {
  const expires = Number(parameters.get("X-Amz-Expires") || NaN);
  if (
    !Number.isInteger(expires) || expires < 1 || expires > EXPIRES_SECONDS_MAX
  ) {
    throw new S3Error(
      400,
      "AuthorizationQueryParametersError",
      "X-Amz-Expires must be a number of seconds, a week's at most",
    );
  }
  if (sentAt - now > SKEW_MS_MAX) {
    throw new S3Error(403, "AccessDenied", "Request is not valid yet");
  }
  if (now >= sentAt + expires * 1000) {
    throw new S3Error(403, "AccessDenied", "Request has expired");
  }
}

/** The parts of an `Authorization` header. */
interface Authorization {
  /** Who. */
  readonly accessKeyId: string;
  /** The day in the scope, `YYYYMMDD`. */
  readonly date: string;
  /** The region in the scope. */
  readonly region: string;
  /** The names of the signed headers, lower-case and sorted. */
  readonly signedHeaders: readonly string[];
  /** The signature in hex. */
  readonly signature: string;
}

/** Reads an `Authorization` header of Signature Version 4. */
function parseAuthorization(header: string): Authorization {
  const malformed = (why: string) =>
    new S3Error(
      400,
      "AuthorizationHeaderMalformed",
      `The authorization header is malformed; ${why}.`,
    );
  const [, rest] = /^AWS4-HMAC-SHA256\s+(.*)$/s.exec(header.trim()) ?? [];
  if (rest === undefined) throw malformed("expected AWS4-HMAC-SHA256");
  const fields = new Map(
    rest.split(",").map((field) => {
      const equals = field.indexOf("=");
      return [field.slice(0, equals).trim(), field.slice(equals + 1).trim()];
    }),
  );
  const scope = (fields.get("Credential") ?? "").split("/");
  const [terminator, service, region, date] = scope.toReversed();
  const accessKeyId = scope.slice(0, -4).join("/");
  if (
    accessKeyId === "" || !date || !/^\d{8}$/.test(date) || !region ||
    terminator !== "aws4_request"
  ) {
    throw malformed("the Credential is not an access key and scope");
  }
  if (service !== "s3") {
    throw malformed(`incorrect service "${service}", expected "s3"`);
  }
  const signedHeaders = (fields.get("SignedHeaders") ?? "").split(";");
  const sorted = signedHeaders.toSorted();
  if (
    signedHeaders.some((name, i) =>
      name === "" || name !== name.toLowerCase() || name !== sorted[i]
    )
  ) {
    throw malformed("the SignedHeaders are not sorted lower-case names");
  }
  const signature = fields.get("Signature") ?? "";
  if (!/^[0-9a-f]{64}$/.test(signature)) {
    throw malformed("the Signature is not 64 hex digits");
  }
  return { accessKeyId, date, region, signedHeaders, signature };
}

/** Signs a hash; `kind` is the end of the algorithm's name, and what stands between scope and hash comes before. */
type Sign = (kind: string, ...lines: readonly string[]) => string;

function signer(timestamp: string, auth: Authorization, secret: string): Sign {
  const scope = [auth.date, auth.region, "s3", "aws4_request"];
  const key = scope.reduce<string | Uint8Array>(hmac, `AWS4${secret}`);
  return (kind, ...lines) =>
    createHmac("sha256", key).update(
      [`AWS4-HMAC-SHA256${kind}`, timestamp, scope.join("/"), ...lines]
        .join("\n"),
    ).digest("hex");
}

/** Every chunk is signed together with the signature before it, the first with that of the request. */
function chunkVerifier(sign: Sign, seed: string): VerifyChunk {
  let previous = seed;
  return (kind, bytes, signature) => {
    const hashes = kind === "PAYLOAD" ? [EMPTY_HASH] : [];
    const expected = sign(`-${kind}`, previous, ...hashes, sha256(bytes));
    if (!sameText(expected, signature)) {
      throw new S3Error(
        403,
        "SignatureDoesNotMatch",
        "The signature of a chunk does not match what was received.",
      );
    }
    previous = expected;
  };
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function hmac(key: string | Uint8Array, text: string): Uint8Array {
  return createHmac("sha256", key).update(text).digest();
}

function sameText(a: string, b: string): boolean {
  const encoder = new TextEncoder();
  const [x, y] = [encoder.encode(a), encoder.encode(b)];
  return x.byteLength === y.byteLength && timingSafeEqual(x, y);
}

function refuseUnsigned(
  headers: ReadonlyMap<string, string>,
  signedHeaders: readonly string[],
  isPresigned: boolean,
): void {
  for (const name of headers.keys()) {
    // Whoever uses a presigned URL may say what he sends.
    const mustBeSigned = name === "host" || name.startsWith("x-amz-") ||
      (name === "content-type" && !isPresigned);
    if (mustBeSigned && !signedHeaders.includes(name)) {
      throw new S3Error(
        403,
        "AccessDenied",
        `There were headers present in the request which were not signed: ${name}`,
      );
    }
  }
}

/** Takes the body out of its chunks, or compares it with its hash. */
function receive(
  { headers, body }: SignedRequest,
  payloadHash: string,
  verify: VerifyChunk,
): Dechunked {
  if (payloadHash.startsWith("STREAMING-")) {
    const [, kind, signed] =
      /^STREAMING-(UNSIGNED-PAYLOAD-TRAILER|(AWS4-HMAC-SHA256-PAYLOAD)(?:-TRAILER)?)$/
        .exec(payloadHash) ?? [];
    if (kind === undefined) throw notImplemented(`bodies of ${payloadHash}`);
    const dechunked = dechunk(body, signed === undefined ? null : verify);
    const length = headers.get("x-amz-decoded-content-length");
    if (Number(length) !== dechunked.body.length) throw incomplete();
    return dechunked;
  }
  if (payloadHash !== "UNSIGNED-PAYLOAD" && payloadHash !== sha256(body)) {
    throw new S3Error(
      400,
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  return { body, trailers: new Map() };
}

function parseAmzDate(text: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? null : ms;
}
