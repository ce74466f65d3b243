/** A request as AWS Signature Version 4 writes it down to be signed.
 * @module
 */
import { S3Error } from "../s3_error.ts";

/** What of a request is signed. */
export interface SignedRequest {
  readonly method: string;
  /** The path as it was sent. */
  readonly path: string;
  /** The query as it was sent, without the question mark. */
  readonly query: string;
  /** The headers by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
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
  return query.split("&").filter((pair) =>
    pair !== "" && !pair.startsWith("X-Amz-Signature=")
  ).map((pair) => {
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
