/** The two XML answers of S3 that are read: an error and a listing.
 * @module
 */
import type { ListedObject } from "./object_store.ts";

/**
 * Reads code and message of an S3 error body.
 *
 * @param xml the body; anything else gives empty strings
 * @returns both, possibly empty
 */
export function parseS3Error(xml: string): { code: string; message: string } {
  return {
    code: element(xml, "Code"),
    message: element(xml, "Message").slice(0, 200),
  };
}

/**
 * Reads one page of ListObjectsV2
 * ({@link https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html}).
 *
 * @param xml the body
 * @returns the objects, and the token of the next page or null
 */
export function parseListing(
  xml: string,
): { objects: readonly ListedObject[]; nextToken: string | null } {
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map((
    [, item = ""],
  ) => ({
    key: element(item, "Key"),
    size: Number(element(item, "Size")),
    etag: element(item, "ETag"),
    lastModified: element(item, "LastModified"),
  }));
  const truncated = element(xml, "IsTruncated") === "true";
  const token = element(xml, "NextContinuationToken");
  return { objects, nextToken: truncated && token !== "" ? token : null };
}

function element(xml: string, name: string): string {
  const match = new RegExp(`<${name}>(.*?)</${name}>`, "s").exec(xml);
  return unescape(match?.[1] ?? "");
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function unescape(text: string): string {
  return text.replaceAll(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) =>
      decimal
        ? String.fromCodePoint(Number(decimal))
        : hex
        ? String.fromCodePoint(Number.parseInt(hex, 16))
        : ENTITIES[name ?? ""] ?? whole,
  );
}
