/** The source map of a text that stays where it is.
 *
 * Without one, Deno looks up the places of a script in the map of what it has transpiled before at the same address.
 *
 * @module
 */
import { TextEncoder } from "../../base/platform/globals.ts";
import { DIGITS } from "./line_map.ts";

const LINE_END = 10;
const QUOTE = 34;
const COMMA = 44;
const SEMICOLON = 59;
const SAME_FILE = 65;
const BRACE = 125;
/** A word and the sign before it take up to 20 bytes, and there is at most one for two characters. */
const BYTES_EACH = 10;
const KEPT_BYTES = 256 * 1024;

const CODES = Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0));
/** Letters, digits, `$`, `_` and `#`. */
const IN_WORDS = Uint8Array.from(
  { length: 128 },
  (_, code) => /[\w$#]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** What is put together here at every load of a module. */
const shared = new Uint8Array(KEPT_BYTES);

/** Makes the map of a text whose places are those of a file, as the line that goes behind the text. */
export function identityMap(text: string, file: string): string {
  const head = `{"version":3,"sources":[${
    JSON.stringify(file)
  }],"names":[],"mappings":"`;
  const size = text.length * BYTES_EACH + head.length * 3 + 64;
  const bytes = size <= KEPT_BYTES ? shared : new Uint8Array(size);
  const { written } = new TextEncoder().encodeInto(head, bytes);
  let at = putMappings(text, bytes, written);
  bytes[at++] = QUOTE;
  bytes[at++] = BRACE;
  const map = bytes.subarray(0, at).toBase64();
  return `\n//# sourceMappingURL=data:application/json;base64,${map}`;
}

/** Puts the mappings of a text at a place. Returns where they end. */
function putMappings(text: string, bytes: Uint8Array, from: number): number {
  let to = from;
  // Of the word before: how many lines ago it was, and its column.
  let skipped = 0;
  let before = 0;
  let begin = 0;
  let written = -1;
  let inWord = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === LINE_END) {
      bytes[to++] = SEMICOLON;
      skipped++;
      begin = at + 1;
      written = -1;
    }
    // So is whatever is beyond ASCII.
    const isWord = code > 127 || IN_WORDS[code] === 1;
    if (isWord && !inWord) {
      const column = at - begin;
      if (written !== -1) bytes[to++] = COMMA;
      to = putNumber(written === -1 ? column : column - written, bytes, to);
      bytes[to++] = SAME_FILE;
      to = putNumber(skipped, bytes, to);
      to = putNumber(column - before, bytes, to);
      skipped = 0;
      written = before = column;
    }
    inWord = isWord;
  }
  return to;
}

/** Puts a number at a place, as source maps write it. Returns where it ends. */
function putNumber(value: number, bytes: Uint8Array, from: number): number {
  let to = from;
  let bits = value < 0 ? (-value << 1) | 1 : value << 1;
  for (; bits > 31; bits >>>= 5) bytes[to++] = CODES[bits & 31 | 32]!;
  bytes[to++] = CODES[bits]!;
  return to;
}
