/** The source map of a text that stays where it is.
 *
 * Without one, Deno looks up the places of a script in the map of what it has transpiled before at the same address.
 *
 * @module
 */
import { encode } from "./line_map.ts";

const LINE_END = 10;
const SMALL = Array.from({ length: 256 }, (_, value) => encode(value));

/** Makes the map of a text whose places are those of a file, as the line that goes behind the text. */
export function identityMap(text: string, file: string): string {
  const map = JSON.stringify({
    version: 3,
    sources: [file],
    names: [],
    mappings: mappingsOf(text),
  });
  return `\n//# sourceMappingURL=data:application/json;base64,${btoa(map)}`;
}

function mappingsOf(text: string): string {
  let mappings = "";
  // Of the word before: how many lines ago it was, and its column.
  let skipped = 0;
  let before = 0;
  let begin = 0;
  let written = -1;
  let inWord = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === LINE_END) {
      mappings += ";";
      skipped++;
      begin = at + 1;
      written = -1;
    }
    const isWord = inWords(code);
    if (isWord && !inWord) {
      const column = at - begin;
      mappings += written === -1
        ? digits(column)
        : "," + digits(column - written);
      mappings += "A" + digits(skipped) + digits(column - before);
      skipped = 0;
      written = before = column;
    }
    inWord = isWord;
  }
  return mappings;
}

/** Letters, digits, `$`, `_`, `#`, and whatever is beyond ASCII. */
function inWords(code: number): boolean {
  return code >= 97 && code <= 122 || code >= 65 && code <= 90 ||
    code >= 48 && code <= 57 || code === 36 || code === 95 || code === 35 ||
    code > 127;
}

function digits(value: number): string {
  return SMALL[value] ?? encode(value);
}
