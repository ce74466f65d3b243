/** Code without a parser: which brackets are open where, and what stands on the top level.
 * @module
 */
import { maskText } from "../source_text.ts";

/** The text of a module, prepared to be looked at. */
export interface Code {
  /** The text. */
  readonly source: string;
  /** The text with comments and the contents of strings blanked; every offset is the same. */
  readonly masked: string;
  /** How many brackets are open before each character, and at the end. */
  readonly depths: readonly number[];
}

/**
 * Prepares the text of a module.
 *
 * @param source the text
 * @returns the code, or null if its brackets do not match up: then nothing can be told of it
 */
export function readCode(source: string): Code | null {
  const masked = maskText(source);
  const depths: number[] = [];
  const open: string[] = [];
  for (const character of masked) {
    depths.push(open.length);
    // Characters outside of the basic plane have two offsets.
    if (character.length === 2) depths.push(open.length);
    if (character === "(" || character === "[" || character === "{") {
      open.push(character);
    } else if (character === ")" || character === "]" || character === "}") {
      const opener = open.pop();
      if (`${opener}${character}` !== PAIRS[character]) return null;
    }
  }
  if (open.length > 0) return null;
  depths.push(0);
  return { source, masked, depths };
}

const PAIRS = { ")": "()", "]": "[]", "}": "{}" } as const;

/**
 * Finds where a bracket is closed.
 *
 * @param code the code
 * @param open the offset of the opening bracket
 * @returns the offset of the closing one
 */
export function closeOf({ depths, masked }: Code, open: number): number {
  const depth = depths[open]!;
  let at = open + 1;
  while (depths[at + 1] !== depth) at++;
  return Math.min(at, masked.length - 1);
}

/** A piece of a text. */
export interface Span {
  /** The offset of its first character. */
  readonly start: number;
  /** The offset behind its last one. */
  readonly end: number;
}

/**
 * Splits what stands between two brackets at its own commas.
 *
 * @param code the code
 * @param open the offset of the opening bracket
 * @returns the pieces without blanks around them; a comma at the end makes no piece
 */
export function partsBetween(code: Code, open: number): readonly Span[] {
  const close = closeOf(code, open);
  const depth = code.depths[open]! + 1;
  const parts: Span[] = [];
  let start = open + 1;
  for (let at = open + 1; at <= close; at++) {
    const ends = at === close ||
      (code.masked[at] === "," && code.depths[at] === depth);
    if (!ends) continue;
    const part = trimmed(code.masked, { start, end: at });
    if (part.start < part.end) parts.push(part);
    start = at + 1;
  }
  return parts;
}

/**
 * Takes blanks, which comments are too, off both ends.
 *
 * @param masked the masked text
 * @param span the piece
 * @returns the piece without them; empty if there is nothing else
 */
export function trimmed(masked: string, { start, end }: Span): Span {
  while (start < end && /\s/.test(masked[start]!)) start++;
  while (end > start && /\s/.test(masked[end - 1]!)) end--;
  return { start, end };
}

/**
 * Finds what matches outside of all brackets.
 *
 * @param code the code
 * @param pattern what to find; global
 * @returns the matches
 */
export function topLevel(
  { masked, depths }: Code,
  pattern: RegExp,
): readonly RegExpExecArray[] {
  return [...masked.matchAll(pattern)].filter(({ index }) =>
    depths[index] === 0
  );
}

/**
 * Tells whether a name occurs anywhere in the code.
 *
 * @param code the code
 * @param name the name
 * @returns how often
 */
export function countName({ masked }: Code, name: string): number {
  const pattern = new RegExp(
    `(?<![\\w$])${name.replaceAll("$", "\\$")}(?![\\w$])`,
    "g",
  );
  return [...masked.matchAll(pattern)].length;
}
