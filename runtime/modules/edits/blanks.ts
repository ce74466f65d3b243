/** Where the types of a script are blanked out, written down by whoever packs it, so that no machine has to look for them.
 * @module
 */
import { shortDigest } from "../../plan/analyze/code/short_digest.ts";
import { DIGITS, encode } from "../keep/line_map.ts";

const SPACE = " ";
const DIGEST_LENGTH = 16;
/** As often as it is asked for, it is made once. */
const SPACES = Array.from({ length: 256 }, (_, size) => SPACE.repeat(size));
const VALUES = new Map([...DIGITS].map((digit, value) => [digit, value]));
const BY_CODE = Array.from(
  { length: 128 },
  (_, code) => VALUES.get(String.fromCharCode(code)) ?? -1,
);

/**
 * Writes down where a text has blanks in the place of something else: the digest of what was there, then by turns how much
 * stays and how much is blank, as source maps write numbers. Returns an empty text where something else than blanks
 * differs.
 */
export function blanksOf(source: string, text: string): string {
  if (source.length !== text.length) return "";
  let written = "";
  let end = 0;
  for (let at = 0; at < source.length; at++) {
    if (source[at] === text[at]) continue;
    const from = at;
    let to = at;
    for (; at < text.length && text[at] === SPACE; at++) {
      if (source[at] !== SPACE) to = at + 1;
    }
    written += encode(from - end) + encode(to - from);
    end = to;
    at = to - 1;
    if (to === from) return "";
  }
  return shortDigest(source) + written;
}

/** Blanks out what was written down. Returns null where that is of another text, or nothing that can be read. */
export function withBlanks(source: string, blanks: string): string | null {
  // By what is left alone nobody can tell: what is blanked out may have become code.
  if (!blanks.startsWith(shortDigest(source))) return null;
  const parts: string[] = [];
  let end = 0;
  let bits = 0;
  let shift = 0;
  let from = -1;
  for (let at = DIGEST_LENGTH; at < blanks.length; at++) {
    const digit = BY_CODE[blanks.charCodeAt(at)] ?? -1;
    if (digit === -1 || shift > 25) return null;
    bits |= (digit & 31) << shift;
    shift += 5;
    if ((digit & 32) !== 0) continue;
    // Half of what is written, the other half of which would be below zero.
    const value = bits >> 1;
    if ((bits & 1) !== 0 || value < 0) return null;
    bits = shift = 0;
    if (from === -1) {
      from = end + value;
      continue;
    }
    if (from + value > source.length) return null;
    parts.push(
      source.slice(end, from),
      SPACES[value] ?? SPACE.repeat(value),
    );
    end = from + value;
    from = -1;
  }
  if (shift !== 0 || from !== -1) return null;
  parts.push(source.slice(end));
  return parts.join("");
}
