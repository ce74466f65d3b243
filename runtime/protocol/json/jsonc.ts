/** JSON with comments and trailing commas, as `deno.json` may have them.
 * @module
 */
import { errorText } from "../../base/error_text.ts";
import { shownText } from "../../base/shown_text.ts";

/** How deep values may be nested: far more than any configuration is, far less than overflows a stack. */
export const JSON_DEPTH_MAX = 200;

/** Thrown for JSON that is nested deeper than anything that is meant to be read. */
export class TooDeepError extends SyntaxError {
  /** The class name, kept through minification. */
  override readonly name = "TooDeepError";
}

/**
 * Parses JSON in which comments and trailing commas are allowed, in one pass whatever the text.
 *
 * @param text the text
 * @returns the value
 * @throws {SyntaxError} naming the place if it is not such JSON; a {@linkcode TooDeepError} if it is nested more than 200 deep
 */
export function parseJsonc(text: string): unknown {
  const plain = plainJson(text);
  try {
    return JSON.parse(plain);
  } catch (cause) {
    const said = errorText(cause);
    throw new SyntaxError(shownText(said.replaceAll(/[ \t\r\n]+/g, " ")), {
      cause,
    });
  }
}

/** Blanks out comments and trailing commas, so that places in error messages stay right. */
function plainJson(text: string): string {
  const pieces: string[] = [];
  const commas: number[] = [];
  let copied = 0;
  let depth = 0;
  // A comma after which nothing but blanks has come yet, and the last character that is not blank.
  let comma = -1;
  let before = "";
  const blank = (from: number, to: number) => {
    const lines = text.slice(from, to).split("\n");
    pieces.push(
      text.slice(copied, from),
      lines.length === 1
        ? " ".repeat(to - from)
        : lines.map((line) => " ".repeat(line.length)).join("\n"),
    );
    copied = to;
  };
  for (let at = 0; at < text.length;) {
    const character = text[at]!;
    if (character === '"') {
      at = endOfString(text, at);
      before = '"';
      comma = -1;
      continue;
    }
    if (character === "/" && (text[at + 1] === "/" || text[at + 1] === "*")) {
      const end = endOfComment(text, at);
      blank(at, end);
      at = end;
      continue;
    }
    if (character === "{" || character === "[") {
      if (++depth > JSON_DEPTH_MAX) {
        throw new TooDeepError(
          `values are nested more than ${JSON_DEPTH_MAX} deep at position ${at}`,
        );
      }
    } else if (character === "}" || character === "]") {
      depth--;
      if (comma !== -1) commas.push(comma);
    }
    if (character === ",") {
      // One with nothing before it is an error that the parser is to name.
      comma = before === "" || "{[,".includes(before) ? -1 : at;
      before = ",";
    } else if (!/[ \t\r\n]/.test(character)) {
      comma = -1;
      before = character;
    }
    at++;
  }
  pieces.push(text.slice(copied));
  return withoutCommas(pieces.join(""), commas);
}

function withoutCommas(text: string, commas: readonly number[]): string {
  if (commas.length === 0) return text;
  const pieces: string[] = [];
  let copied = 0;
  for (const at of commas) {
    pieces.push(text.slice(copied, at), " ");
    copied = at + 1;
  }
  return pieces.join("") + text.slice(copied);
}

/** Where a string ends; one that is not closed ends with its line. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at + 1;
    else if (text[at] === "\n") return at;
  }
  return text.length;
}

function endOfComment(text: string, start: number): number {
  const end = text[start + 1] === "/"
    ? text.indexOf("\n", start)
    : text.indexOf("*/", start + 2);
  if (end === -1) return text.length;
  return text[start + 1] === "/" ? end : end + 2;
}
