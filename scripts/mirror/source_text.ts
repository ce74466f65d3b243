/** TypeScript sources without a parser: enough to tell code from comments and strings, and to find imports.
 * @module
 */

/** The place of one import specifier in a source text, without its quotes. */
interface SpecifierSpan {
  /** Offset of the specifier's first character. */
  readonly start: number;
  /** Offset behind its last character. */
  readonly end: number;
  readonly specifier: string;
}

const IMPORT = /(?<![.\w$])(?:from\s*|import\s*\(?\s*)(["'])/g;
const WORD = /[\w$]+/y;
const REGEX = /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//y;
/** Words after which a slash begins a regular expression, not a division. */
const BEFORE_VALUE = new Set(
  "return typeof case in of delete void throw new else do instanceof await yield"
    .split(" "),
);

/**
 * Blanks comments and the contents of strings, templates and regular
 * expressions; everything else keeps its offset and its line.
 */
export function maskText(source: string): string {
  const kept: string[] = [];
  // One number for each template we are inside of: its open braces so far.
  const templates: number[] = [];
  let previous = "";
  let at = 0;

  function keep(end: number): void {
    kept.push(source.slice(at, end));
    previous = source.slice(at, end).trim() || previous;
    at = end;
  }
  function blank(end: number): void {
    kept.push(source.slice(at, end).replace(/[^\n]/g, " "));
    at = end;
  }
  function template(): void {
    let end = at;
    while (end < source.length && source[end] !== "`") {
      if (source.startsWith("${", end)) {
        blank(end);
        templates.push(0);
        return keep(end + 2);
      }
      end += source[end] === "\\" ? 2 : 1;
    }
    blank(Math.min(end, source.length));
    if (at < source.length) keep(at + 1);
  }

  while (at < source.length) {
    const char = source[at] ?? "";
    if (source.startsWith("//", at)) blank(lineEnd(source, at));
    else if (source.startsWith("/*", at)) blank(commentEnd(source, at));
    else if (char === '"' || char === "'") {
      const end = stringEnd(source, at);
      keep(at + 1);
      blank(end);
      if (source[at] === char) keep(at + 1);
    } else if (char === "`") {
      keep(at + 1);
      template();
    } else if (char === "/" && expectsValue(previous)) {
      REGEX.lastIndex = at;
      if (REGEX.test(source)) blank(REGEX.lastIndex);
      else keep(at + 1);
      previous = "0"; // a value, so that a slash after it divides
    } else if (char === "}" && templates.at(-1) === 0) {
      templates.pop();
      keep(at + 1);
      template();
    } else {
      const open = templates.length - 1;
      if (open >= 0 && char === "{") templates[open]! += 1;
      if (open >= 0 && char === "}") templates[open]! -= 1;
      WORD.lastIndex = at;
      keep(WORD.test(source) ? WORD.lastIndex : at + 1);
    }
  }
  return kept.join("");
}

/** Finds the literal specifiers of all imports and re-exports of a module. */
export function findSpecifiers(source: string): SpecifierSpan[] {
  const masked = maskText(source);
  return [...masked.matchAll(IMPORT)].map((match) => {
    const start = match.index + match[0].length;
    const end = masked.indexOf(match[1] ?? "", start);
    return { start, end, specifier: source.slice(start, end) };
  });
}

function lineEnd(source: string, from: number): number {
  const end = source.indexOf("\n", from);
  return end === -1 ? source.length : end;
}

function commentEnd(source: string, from: number): number {
  const end = source.indexOf("*/", from + 2);
  return end === -1 ? source.length : end + 2;
}

/** The offset of a string's closing quote, or of the line's end without one. */
function stringEnd(source: string, from: number): number {
  let end = from + 1;
  while (end < source.length && source[end] !== source[from]) {
    if (source[end] === "\n") return end;
    end += source[end] === "\\" ? 2 : 1;
  }
  return Math.min(end, source.length);
}

function expectsValue(previous: string): boolean {
  if (/^[\w$]+$/.test(previous)) return BEFORE_VALUE.has(previous);
  return !/[)\]}"'`]$/.test(previous);
}
