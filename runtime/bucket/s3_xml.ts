/** The two XML answers of S3 that are read: an error and a listing.
 * @module
 */
import type { ListedObject } from "./bucket.ts";

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

/** One page of a listing. */
export interface Listing {
  /** The objects on it. */
  readonly objects: readonly ListedObject[];
  /** Whether there are more. */
  readonly truncated: boolean;
  /** Where the next page begins, or null. */
  readonly nextToken: string | null;
}

/**
 * Reads one page of ListObjectsV2
 * ({@link https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html}).
 *
 * @param xml the body
 * @returns the page; null if it is none
 */
export function parseListing(xml: string): Listing | null {
  if (!/<ListBucketResult[\s>/]/.test(xml)) return null;
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map((
    [, item = ""],
  ) => ({
    key: element(item, "Key"),
    size: Number(element(item, "Size")),
    etag: element(item, "ETag"),
    lastModified: element(item, "LastModified"),
  }));
  const token = element(xml, "NextContinuationToken");
  return {
    objects,
    truncated: element(xml, "IsTruncated") === "true",
    nextToken: token === "" ? null : token,
  };
}

function element(xml: string, name: string): string {
  const match = new RegExp(`<${name}>(.*?)</${name}>`, "s").exec(xml);
  return unescape(match?.[1] ?? "");
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

function unescape(text: string): string {
  return text.replaceAll(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES.get(name) ?? whole;
      const point = decimal !== undefined
        ? Number(decimal)
        : Number.parseInt(hex ?? "", 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    },
  );
}
