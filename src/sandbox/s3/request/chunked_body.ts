/** Bodies in the content encoding `aws-chunked`: pieces that may be signed one by one, and headers after the last.
 *
 * Spec: {@link https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html}
 * @module
 */
import { joinBytes } from "../../../base/values.ts";
import { S3Error } from "../s3_error.ts";

/** A body, and the headers that came after it. */
export interface Dechunked {
  readonly body: Uint8Array<ArrayBuffer>;
  /** The headers after it, by lower-case name, the signature among them. */
  readonly trailers: ReadonlyMap<string, string>;
}

/** Checks the signature of a chunk, or of the headers at the end. */
export type VerifyChunk = (
  kind: "PAYLOAD" | "TRAILER",
  bytes: Uint8Array<ArrayBuffer>,
  signature: string,
) => void;

// Enough for the line of a chunk and for all headers at the end.
const LINE_BYTES_MAX = 1024;

/** Puts a body together; every chunk and the headers at the end are given to `verify`, where they are signed. */
export function dechunk(
  bytes: Uint8Array<ArrayBuffer>,
  verify: VerifyChunk | null,
): Dechunked {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  const line = (): string => {
    const end = bytes.indexOf(13, at);
    if (end === -1 || end - at > LINE_BYTES_MAX || bytes[end + 1] !== 10) {
      throw incomplete();
    }
    const text = new TextDecoder().decode(bytes.subarray(at, end));
    at = end + 2;
    return text;
  };
  for (;;) {
    const [, hex = "", signature = ""] =
      /^([0-9a-f]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line()) ??
        [];
    if (hex === "") throw incomplete();
    const length = parseInt(hex, 16);
    if (at + length > bytes.length) throw incomplete();
    const piece = bytes.subarray(at, at + length);
    verify?.("PAYLOAD", piece, signature);
    at += length;
    if (length === 0) break;
    if (line() !== "") throw incomplete();
    pieces.push(piece);
  }
  const trailers = new Map<string, string>();
  let signed = "";
  while (at < bytes.length) {
    const text = line();
    if (text === "") continue;
    const colon = text.indexOf(":");
    if (colon < 1) throw incomplete();
    const name = text.slice(0, colon).trim().toLowerCase();
    const value = text.slice(colon + 1).trim();
    trailers.set(name, value);
    if (name !== "x-amz-trailer-signature") signed += `${name}:${value}\n`;
  }
  const signature = trailers.get("x-amz-trailer-signature");
  if (verify !== null && signed !== "") {
    verify("TRAILER", new TextEncoder().encode(signed), signature ?? "");
  }
  return { body: joinBytes(pieces), trailers };
}

/** The error of a body that does not end as it should. */
export function incomplete(): S3Error {
  return new S3Error(
    400,
    "IncompleteBody",
    "The request body terminated unexpectedly",
  );
}
