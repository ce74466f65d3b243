/** Edits of a deno.json that people write: comments, order and indentation stay.
 * @module
 */
import {
  applyEdits,
  findNodeAtLocation,
  type JSONPath,
  modify,
  parse,
  type ParseError,
  parseTree,
} from "jsonc-parser";
import { isRecord } from "../../base/values.ts";

/** Sets a value in a JSON file with comments. */
export function setValue(
  text: string,
  path: readonly string[],
  value: unknown,
): string | null {
  const before = text.trim() === "" ? "{}\n" : text;
  if (valueOf(before) === null) return null;
  const comment = lastComment(before, path);
  const bare = comment && without(before, comment);
  const after = (comment && withComment(
    modified(bare!, path as JSONPath, value),
    bare!,
    comment,
  )) ?? modified(before, path as JSONPath, value);
  return valueOf(after) === null ? null : after;
}

function modified(text: string, path: JSONPath, value: unknown): string {
  const after = applyEdits(
    text,
    modify(text, path, value, {
      formattingOptions: formattingOf(text),
      isArrayInsertion: path.at(-1) === -1,
    }),
  );
  return asBefore(text, after, path);
}

/** What stood last in an object is laid out anew where something comes behind it: that is somebody else's, and stays. */
function asBefore(before: string, after: string, path: JSONPath): string {
  const options = { allowTrailingComma: true };
  const root = parseTree(before, [], options);
  const around: JSONPath = [];
  for (const key of path) {
    const inner = root && findNodeAtLocation(root, [...around, key]);
    if (inner?.type !== "object") break;
    around.push(key);
  }
  const object = root && findNodeAtLocation(root, around);
  const last = object?.type === "object" ? object.children?.at(-1) : undefined;
  const [name, value] = last?.children ?? [];
  if (!name || !value || name.value === path[around.length]) return after;
  const now = findNodeAtLocation(
    parseTree(after, [], options)!,
    [...around, name.value],
  );
  return now
    ? after.slice(0, now.offset) +
      before.slice(value.offset, value.offset + value.length) +
      after.slice(now.offset + now.length)
    : after;
}

/** A comment at the end of the line of an object's last member: it is about that, not about what comes behind it. */
interface LastComment {
  /** Where the member ends. */
  readonly end: number;
  /** Where the comment begins, with the blanks in front of it. */
  readonly start: number;
  readonly text: string;
}

function lastComment(
  text: string,
  path: readonly string[],
): LastComment | null {
  const root = parseTree(text, [], { allowTrailingComma: true });
  let at = root;
  for (const key of path) {
    const inner = at && findNodeAtLocation(at, [key]);
    if (!inner) break;
    at = inner;
  }
  const last = at?.type === "object" ? at.children?.at(-1) : undefined;
  if (!last) return null;
  const end = last.offset + last.length;
  const found =
    /^([ \t]*,)?([ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/))[ \t]*(?=\r?\n)/
      .exec(text.slice(end));
  return found
    ? { end, start: end + (found[1]?.length ?? 0), text: found[2]! }
    : null;
}

function without(text: string, { start, text: comment }: LastComment): string {
  return text.slice(0, start) + text.slice(start + comment.length);
}

/** Puts it back behind its member and the comma; null where the text in front of it has changed as well. */
function withComment(
  after: string,
  bare: string,
  { end, text }: LastComment,
): string | null {
  if (after.slice(0, end) !== bare.slice(0, end)) return null;
  const at = after[end] === "," ? end + 1 : end;
  return after.slice(0, at) + text + after.slice(at);
}

/** Adds texts to a list in a JSON file with comments; those that are there stay where they are. */
export function addItems(
  text: string,
  path: readonly string[],
  items: readonly unknown[],
): string | null {
  const root = valueOf(text.trim() === "" ? "{}" : text);
  if (root === null) return null;
  let list: unknown = root;
  for (const key of path) {
    list = (list as Record<string, unknown> | undefined)?.[key];
  }
  if (list === undefined) {
    return items.length === 0 ? text : setValue(text, path, items);
  }
  if (!Array.isArray(list)) return null;
  const there = new Set(list.map((it) => JSON.stringify(it)));
  let after = text;
  for (const item of items) {
    if (there.has(JSON.stringify(item))) continue;
    after = modified(after, [...path, -1], item);
  }
  return after;
}

function valueOf(text: string): Record<string, unknown> | null {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  return errors.length === 0 && isRecord(value) ? value : null;
}

function formattingOf(text: string) {
  const indent = /^[{\s]*?\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
  return {
    insertSpaces: !indent.startsWith("\t"),
    tabSize: indent.startsWith("\t") ? 1 : indent.length,
    eol: text.includes("\r\n") ? "\r\n" : "\n",
  };
}
