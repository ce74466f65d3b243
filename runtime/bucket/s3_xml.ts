/** The two XML answers of S3 that are read: an error and a listing. Each is read in one pass, whatever it holds.
 * @module
 */
import type { ListedObject } from "./bucket.ts";

const MESSAGE_LENGTH_MAX = 200;

/** Reads code and message of an S3 error body. */
export function parseS3Error(body: string): { code: string; message: string } {
  const xml = plainXml(body);
  return {
    code: element(xml, "Code").slice(0, MESSAGE_LENGTH_MAX),
    message: element(xml, "Message").slice(0, MESSAGE_LENGTH_MAX),
  };
}

/** One page of a listing. */
export interface Listing {
  readonly objects: readonly ListedObject[];
  /** Whether there are more. */
  readonly truncated: boolean;
  /** Where the next page begins, or null. */
  readonly nextToken: string | null;
}

/**
 * Reads one page of ListObjectsV2 ({@link https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html}).
 * Returns the page; null if it is none.
 */
export function parseListing(body: string): Listing | null {
  const xml = plainXml(body);
  if (!/<(?:\w{1,32}:)?ListBucketResult[\s>/]/.test(xml)) return null;
  const objects: ListedObject[] = [];
  let at = 0;
  for (;;) {
    const item = between(xml, "Contents", at);
    if (item === null) break;
    at = item.end;
    objects.push({
      key: element(item.text, "Key"),
      size: Number(element(item.text, "Size")) || 0,
      etag: element(item.text, "ETag"),
      lastModified: element(item.text, "LastModified"),
    });
  }
  const token = element(xml, "NextContinuationToken");
  return {
    objects,
    truncated: element(xml, "IsTruncated").trim() === "true",
    nextToken: token === "" ? null : token,
  };
}

/** What stands in the first element of a name, and where the element ends; null if there is none, or it is open. */
function between(
  xml: string,
  name: string,
  from: number,
): { readonly text: string; readonly end: number } | null {
  const { open, close } = tagsOf(name);
  open.lastIndex = from;
  const begun = open.exec(xml);
  if (!begun) return null;
  const start = open.lastIndex;
  if (begun[0].endsWith("/>")) return { text: "", end: start };
  close.lastIndex = start;
  const ended = close.exec(xml);
  return ended && {
    text: xml.slice(start, ended.index),
    end: close.lastIndex,
  };
}

interface Tags {
  readonly open: RegExp;
  readonly close: RegExp;
}

const TAGS = new Map<string, Tags>();

/** The tags of an element, whatever prefix and attributes they have; bounded, so that they are found in one pass. */
function tagsOf(name: string): Tags {
  const known = TAGS.get(name);
  if (known) return known;
  const prefix = "(?:[A-Za-z_][\\w.-]{0,31}:)?";
  const tags = {
    open: new RegExp(`<${prefix}${name}(?:\\s[^<>]{0,500})?/?>`, "g"),
    close: new RegExp(`</${prefix}${name}\\s{0,9}>`, "g"),
  };
  TAGS.set(name, tags);
  return tags;
}

/** Without comments, and with the texts of CDATA sections as others are written. */
function plainXml(xml: string): string {
  if (!xml.includes("<!")) return xml;
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const start = xml.indexOf("<!", at);
    if (start === -1) break;
    const isComment = xml.startsWith("<!--", start);
    const isData = xml.startsWith("<![CDATA[", start);
    if (!isComment && !isData) {
      parts.push(xml.slice(at, start + 2));
      at = start + 2;
      continue;
    }
    const from = start + (isComment ? 4 : 9);
    const end = xml.indexOf(isComment ? "-->" : "]]>", from);
    // One that is open hides all that follows.
    const text = xml.slice(from, end === -1 ? undefined : end);
    parts.push(xml.slice(at, start), isData ? escape(text) : "");
    if (end === -1) return parts.join("");
    at = end + 3;
  }
  parts.push(xml.slice(at));
  return parts.join("");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
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
