/** The two XML answers of S3 that are read: an error and a listing. Each is read in one pass, whatever it holds.
 * @module
 */
import type { ListedObject } from "./bucket.ts";

const MESSAGE_LENGTH_MAX = 200;

/**
 * Reads code and message of an S3 error body.
 *
 * @param xml the body; anything else gives empty strings
 * @returns both, possibly empty
 */
export function parseS3Error(xml: string): { code: string; message: string } {
  return {
    code: element(xml, "Code").slice(0, MESSAGE_LENGTH_MAX),
    message: element(xml, "Message").slice(0, MESSAGE_LENGTH_MAX),
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
  const objects: ListedObject[] = [];
  let at = 0;
  for (;;) {
    const item = between(xml, "Contents", at);
    if (item === null) break;
    at = item.end;
    objects.push({
      key: element(item.text, "Key"),
      size: Number(element(item.text, "Size")),
      etag: element(item.text, "ETag"),
      lastModified: element(item.text, "LastModified"),
    });
  }
  const token = element(xml, "NextContinuationToken");
  return {
    objects,
    truncated: element(xml, "IsTruncated") === "true",
    nextToken: token === "" ? null : token,
  };
}

/** What stands in the first element of a name, and where the element ends; null if there is none, or it is open. */
function between(
  xml: string,
  name: string,
  from: number,
): { readonly text: string; readonly end: number } | null {
  const open = `<${name}>`;
  const close = `</${name}>`;
  const start = xml.indexOf(open, from);
  if (start === -1) return null;
  const end = xml.indexOf(close, start + open.length);
  if (end === -1) return null;
  return {
    text: xml.slice(start + open.length, end),
    end: end + close.length,
  };
}

function element(xml: string, name: string): string {
  return unescape(between(xml, name, 0)?.text ?? "");
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
    // No entity is longer: without bounds, a run of digits would be gone through again and again.
    /&(?:#(\d{1,12})|#x([0-9a-f]{1,12})|([a-z]\w{0,15}));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES.get(name) ?? whole;
      const point = decimal !== undefined
        ? Number(decimal)
        : Number.parseInt(hex ?? "", 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    },
  );
}
