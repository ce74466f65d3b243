/** Insertions into a source, and its inline source map moved along.
 * @module
 */
import { TextDecoder, TextEncoder } from "../../base/platform/globals.ts";

/** Text that goes into a source. */
export interface Insertion {
  /** Before which character. */
  readonly at: number;
  /** The text; without line ends. */
  readonly text: string;
}

const MAP =
  /(\n\/\/# sourceMappingURL=data:application\/json(?:;charset=utf-?8)?;base64,)(\S+)(\s*)$/i;
/** The digits of numbers in source maps. */
export const DIGITS =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Inserts texts into a source and moves its inline source map along. */
export function insertInto(
  source: string,
  insertions: readonly Insertion[],
  end: string,
): string {
  const map = MAP.exec(source);
  const length = map ? map.index : source.length;
  const parts: string[] = [];
  let from = 0;
  for (const { at, text } of insertions) {
    parts.push(source.slice(from, at), text);
    from = at;
  }
  parts.push(source.slice(from, length), end);
  if (map) {
    const moved = movedMap(map[2]!, shiftsOf(source, insertions));
    parts.push(map[1]!, moved ?? map[2]!, map[3]!);
  }
  return parts.join("");
}

/** How far each line moves to the right, from which column on. */
type Shifts = ReadonlyMap<number, readonly [column: number, by: number][]>;

function shiftsOf(source: string, insertions: readonly Insertion[]): Shifts {
  const shifts = new Map<number, [number, number][]>();
  let line = 0;
  let begin = 0;
  for (const { at, text } of insertions) {
    for (;;) {
      const next = source.indexOf("\n", begin);
      if (next === -1 || next >= at) break;
      begin = next + 1;
      line++;
    }
    const list = shifts.get(line) ?? [];
    if (list.length === 0) shifts.set(line, list);
    list.push([at - begin, text.length]);
  }
  return shifts;
}

/** Moves an encoded source map; null if it is none. */
function movedMap(encoded: string, shifts: Shifts): string | null {
  try {
    // At every start each module passes here: by a loop over its bytes this took as long as parsing it.
    const bytes = Uint8Array.fromBase64(encoded);
    const map = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof map.mappings !== "string") return null;
    const lines: string[] = map.mappings.split(";");
    for (const [line, shift] of shifts) {
      const mappings = lines[line];
      if (mappings) lines[line] = movedLine(mappings, shift);
    }
    const text = JSON.stringify({ ...map, mappings: lines.join(";") });
    return new TextEncoder().encode(text).toBase64();
  } catch {
    return null;
  }
}

/** Only the first number of a segment tells its column, as the distance from the segment before. */
function movedLine(
  mappings: string,
  shift: readonly [column: number, by: number][],
): string {
  let column = 0;
  let written = 0;
  return mappings.split(",").map((segment) => {
    const { value, length } = decode(segment);
    column += value;
    let moved = column;
    for (const [from, by] of shift) if (column >= from) moved += by;
    const text = encode(moved - written) + segment.slice(length);
    written = moved;
    return text;
  }).join(",");
}

function decode(text: string): { value: number; length: number } {
  let bits = 0;
  let shift = 0;
  let length = 0;
  for (;;) {
    const digit = DIGITS.indexOf(text[length++] ?? "");
    if (digit === -1) throw new RangeError(`${text} is not a mapping`);
    bits |= (digit & 31) << shift;
    shift += 5;
    if ((digit & 32) === 0) break;
  }
  return { value: bits & 1 ? -(bits >> 1) : bits >> 1, length };
}

/** Writes a number as source maps do. */
export function encode(value: number): string {
  let bits = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = "";
  do {
    const digit = bits & 31;
    bits >>>= 5;
    text += DIGITS[bits > 0 ? digit | 32 : digit];
  } while (bits > 0);
  return text;
}
