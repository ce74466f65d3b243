/** Adding to a JSON file that people write: comments, order and indentation stay.
 * @module
 */
import { parseJsonc } from "@flyhot/runtime/protocol";
import { isRecord } from "../values.ts";

interface Member {
  readonly key: string;
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

interface ObjectSpan {
  readonly open: number;
  readonly close: number;
  readonly members: readonly Member[];
  readonly trailingComma: boolean;
}

// What deno fmt allows.
const LINE_MAX = 80;
const STRING = /"(?:[^"\\\n]|\\.)*"?/g;

/**
 * Adds a member to an object in a JSON file, at its end; the object is made if it is not there.
 *
 * @param text the text; comments and trailing commas are allowed
 * @param object the name of an object in the outermost one, or null for the outermost one itself
 * @param key the member's name
 * @param value its value
 * @returns the new text; null if the text is not understood well enough
 */
export function addMember(
  text: string,
  object: string | null,
  key: string,
  value: unknown,
): string | null {
  const before = parsed(text);
  if (before === null) return null;
  const blanked = blankComments(text);
  const root = readObject(blanked, skipBlanks(blanked, 0));
  if (root === null) return null;
  const inner = object === null
    ? undefined
    : root.members.find((it) => it.key === object);
  let after: string | null;
  if (object !== null && !inner) {
    after = insert(text, root, object, { [key]: value });
  } else {
    const target = inner ? readObject(blanked, inner.valueStart) : root;
    after = target && insert(text, target, key, value);
  }
  // What was not expected is not written.
  const wanted = expected(before, object, key, value);
  return after !== null &&
      JSON.stringify(parsed(after)) === JSON.stringify(wanted)
    ? after
    : null;
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value = parseJsonc(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function expected(
  before: Record<string, unknown>,
  object: string | null,
  key: string,
  value: unknown,
): Record<string, unknown> {
  if (object === null) return { ...before, [key]: value };
  const inner = before[object];
  return {
    ...before,
    [object]: { ...(isRecord(inner) ? inner : {}), [key]: value },
  };
}

function insert(
  text: string,
  { open, close, members, trailingComma }: ObjectSpan,
  key: string,
  value: unknown,
): string {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const unit = indentUnit(text);
  const outer = indentAt(text, open);
  const last = members.at(-1);
  const isSpread = last === undefined ||
    text.slice(open, last.keyStart).includes("\n");
  const indent = last && isSpread
    ? indentAt(text, last.keyStart)
    : outer + unit;
  const json = isSpread
    ? JSON.stringify(value, null, unit).replaceAll("\n", newline + indent)
    : JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, " ");
  const member = `${JSON.stringify(key)}: ${json}`;
  if (last === undefined) {
    // Comments may be all there is.
    return text.slice(0, close).trimEnd() + newline + indent + member +
      newline + outer + text.slice(close);
  }
  const { valueEnd } = last;
  if (!isSpread) {
    const comma = trailingComma ? "" : ",";
    const end = trailingComma ? text.indexOf(",", valueEnd) + 1 : valueEnd;
    const line = `${text.slice(0, end)}${comma} ${member}${text.slice(end)}`;
    const room = line.slice(line.lastIndexOf("\n", open) + 1).search(/\r?\n|$/);
    const inside = text.slice(open, close);
    if (room <= LINE_MAX || /\/[/*]|\n/.test(inside.replaceAll(STRING, ""))) {
      return line;
    }
    const spread = members.map(({ keyStart, valueEnd }) =>
      text.slice(keyStart, valueEnd)
    );
    const inner = outer + unit;
    return text.slice(0, open + 1) + newline +
      [...spread, member].map((it) => inner + it).join(`,${newline}`) +
      newline + outer + text.slice(close);
  }
  // A comment behind the last member stays behind it.
  const rest = /^,?[^\S\n]*(?:\/\/[^\n]*|\/\*[^\n]*?\*\/[^\S\n]*)?(?=\r?\n)/
    .exec(
      text.slice(valueEnd),
    );
  const end = valueEnd + (rest?.[0].replace(/\r$/, "").length ?? 0);
  const comma = trailingComma ? "" : ",";
  const endComma = trailingComma ? "," : "";
  return text.slice(0, valueEnd) + comma + text.slice(valueEnd, end) +
    newline + indent + member + endComma + text.slice(end);
}

function indentAt(text: string, at: number): string {
  const lineStart = text.lastIndexOf("\n", at) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart))![0];
}

function indentUnit(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
}

// Blanks instead of nothing, so that offsets stay right.
function blankComments(text: string): string {
  return text.replaceAll(
    /"(?:[^"\\\n]|\\.)*"?|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g,
    (piece) => piece.startsWith("/") ? piece.replaceAll(/[^\n]/g, " ") : piece,
  );
}

/** The members of an object whose opening bracket is at an offset; null if there is none. */
function readObject(text: string, open: number): ObjectSpan | null {
  if (text[open] !== "{") return null;
  const members: Member[] = [];
  let trailingComma = false;
  for (let at = open + 1;;) {
    at = skipBlanks(text, at);
    if (text[at] === "}") {
      return { open, close: at, members, trailingComma };
    }
    if (text[at] === ",") {
      trailingComma = true;
      at++;
      continue;
    }
    if (text[at] !== '"') return null;
    const keyStart = at;
    const keyEnd = skipValue(text, at);
    const colon = skipBlanks(text, keyEnd);
    if (text[colon] !== ":") return null;
    const valueStart = skipBlanks(text, colon + 1);
    const valueEnd = skipValue(text, valueStart);
    if (valueEnd === valueStart) return null;
    const key: unknown = JSON.parse(text.slice(keyStart, keyEnd));
    members.push({ key: String(key), keyStart, valueStart, valueEnd });
    trailingComma = false;
    at = valueEnd;
  }
}

function skipBlanks(text: string, at: number): number {
  while (at < text.length && /[\s\uFEFF]/.test(text[at]!)) at++;
  return at;
}

/** The offset behind a value: a string, a nest of brackets, or a bare word. */
function skipValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const character = text[at]!;
    if (character === '"') {
      at = stringEnd(text, at);
    } else if (character === "{" || character === "[") {
      depth++;
      at++;
    } else if (character === "}" || character === "]") {
      if (depth === 0) return at;
      depth--;
      at++;
    } else if (depth === 0 && /[\s,:]/.test(character)) {
      return at;
    } else {
      at++;
      continue;
    }
    if (depth === 0) return at;
  }
  return at;
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
