/** AWS Signature Version 4 of S3, checked as a server does.
 *
 * Spec: {@link https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html}
 * @module
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { S3Error } from "./s3_error.ts";

/** What of a request is signed. */
export interface SignedRequest {
  /** The method. */
  readonly method: string;
  /** The path as it was sent. */
  readonly path: string;
  /** The query as it was sent, without the question mark. */
  readonly query: string;
  /** The headers by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** The body. */
  readonly body: Uint8Array<ArrayBuffer>;
}

const SKEW_MS_MAX = 15 * 60_000;

/**
 * Checks who sent a request, when, and that nothing of it was changed on the way.
 *
 * The region in the credential scope may be any, as on Tigris and Ceph. Stricter than AWS in one point, as Ceph 20 is: a
 * content-type or x-amz-* header outside the signature is refused.
 */
export function verifySignature(
  request: SignedRequest,
  secrets: ReadonlyMap<string, string>,
  now: number,
): void {
  const { headers } = request;
  const header = headers.get("authorization");
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
  const timestamp = headers.get("x-amz-date") ?? "";
  const sentAt = parseAmzDate(timestamp);
  if (sentAt === null || timestamp.slice(0, 8) !== auth.date) {
    throw new S3Error(
      403,
      "AccessDenied",
      "AWS authentication requires a valid x-amz-date header that agrees with the credential scope.",
    );
  }
  if (Math.abs(now - sentAt) > SKEW_MS_MAX) {
    throw new S3Error(
      403,
      "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
    );
  }
  const payloadHash = headers.get("x-amz-content-sha256");
  if (payloadHash === undefined) {
    throw new S3Error(
      400,
      "InvalidRequest",
      "Missing required header for this request: x-amz-content-sha256",
    );
  }
  const canonical = canonicalRequest(request, auth.signedHeaders, payloadHash);
  const expected = signatureOf(canonical, timestamp, auth, secret);
  if (!sameText(expected, auth.signature)) {
    throw new S3Error(
      403,
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    );
  }
  refuseUnsigned(headers, auth.signedHeaders);
  checkPayload(payloadHash, request.body);
}

/** The parts of an `Authorization` header. */
export interface Authorization {
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
export function parseAuthorization(header: string): Authorization {
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

/** Builds the canonical request. */
export function canonicalRequest(
  request: SignedRequest,
  signedHeaders: readonly string[],
  payloadHash: string,
): string {
  const headers = signedHeaders.map((name) => {
    const value = (request.headers.get(name) ?? "").trim();
    return `${name}:${value.replaceAll(/\s+/g, " ")}\n`;
  });
  return [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.query),
    headers.join(""),
    signedHeaders.join(";"),
    payloadHash,
  ].join("\n");
}

// S3 encodes each path segment once and leaves dots and empty segments alone.
function canonicalPath(path: string): string {
  return path.split("/").map((segment) => encode(decode(segment))).join("/");
}

function canonicalQuery(query: string): string {
  if (query === "") return "";
  return query.split("&").filter((pair) => pair !== "").map((pair) => {
    const equals = pair.indexOf("=");
    const name = equals === -1 ? pair : pair.slice(0, equals);
    const value = equals === -1 ? "" : pair.slice(equals + 1);
    return [name, value].map((text) => encode(decode(text, true)));
  }).sort(([a = "", x = ""], [b = "", y = ""]) =>
    compare(a, b) || compare(x, y)
  ).map(([name, value]) => `${name}=${value}`).join("&");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function decode(text: string, plusIsSpace = false): string {
  try {
    return decodeURIComponent(plusIsSpace ? text.replaceAll("+", " ") : text);
  } catch {
    throw new S3Error(400, "InvalidURI", "Couldn't parse the specified URI.");
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function signatureOf(
  canonical: string,
  timestamp: string,
  auth: Authorization,
  secret: string,
): string {
  const scope = `${auth.date}/${auth.region}/s3/aws4_request`;
  const hash = createHash("sha256").update(canonical).digest("hex");
  const toSign = `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${hash}`;
  const key = [auth.date, auth.region, "s3", "aws4_request"].reduce<
    string | Uint8Array
  >((key, text) => hmac(key, text), `AWS4${secret}`);
  return createHmac("sha256", key).update(toSign).digest("hex");
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
): void {
  for (const name of headers.keys()) {
    const mustBeSigned = name === "host" || name === "content-type" ||
      name.startsWith("x-amz-");
    if (mustBeSigned && !signedHeaders.includes(name)) {
      throw new S3Error(
        403,
        "AccessDenied",
        `There were headers present in the request which were not signed: ${name}`,
      );
    }
  }
}

function checkPayload(
  payloadHash: string,
  body: Uint8Array<ArrayBuffer>,
): void {
  if (payloadHash === "UNSIGNED-PAYLOAD") return;
  if (payloadHash.startsWith("STREAMING-")) {
    throw new S3Error(
      501,
      "NotImplemented",
      "The sandbox does not take bodies signed in chunks.",
    );
  }
  const actual = createHash("sha256").update(body).digest("hex");
  if (payloadHash !== actual) {
    throw new S3Error(
      400,
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
}

function parseAmzDate(text: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? null : ms;
}
