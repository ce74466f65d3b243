/** What a module sets outside of all modules while it is evaluated: `globalThis.word`, `console.log`, `Array.prototype.last`.
 * @module
 */
import type { GlobalWrite } from "../../protocol/manifest/module_analysis.ts";
import { placeOf } from "./effects.ts";
import { textOf } from "./imports.ts";
import { keyName, many, type Node, one, unwrap, word } from "./code/nodes.ts";
import { ELEMENT, type Resolved } from "./code/scope.ts";
import { type Unit, unitAround, type Units } from "./code/units.ts";
import { calleeName, useOf } from "./code/uses.ts";

const GLOBAL = /^(?:globalThis|self|window|global)\.(?=.)/;
/** Handed over with the listeners. */
const HANDLER = /^on[a-z]+$/;
const KEPT = new Set(["??=", "||="]);
const SETTERS: Readonly<Record<string, "object" | "key">> = {
  "Object.assign": "object",
  "Object.defineProperties": "object",
  "Object.defineProperty": "key",
  "Reflect.set": "key",
  "Reflect.defineProperty": "key",
};

interface Seen {
  readonly name: string;
  readonly node: Node;
  /** Behind what is assigned. */
  readonly end: number;
}

/**
 * Finds what a module sets while it is evaluated.
 *
 * @param resolved the module
 * @param units its code
 * @param top the code that runs while it is evaluated
 * @returns what it sets, once by name, in the order of the source
 */
export function globalWritesOf(
  resolved: Resolved,
  units: Units,
  top: ReadonlySet<Unit>,
): GlobalWrite[] {
  const writes: Seen[] = [];
  const reads: Seen[] = [];
  for (const [root, nodes] of resolved.globals) {
    for (const node of nodes) {
      if (!top.has(unitAround(node, resolved, units))) continue;
      const { isRead, set } = seenAt(root, node, resolved);
      writes.push(...set);
      if (isRead !== null) reads.push(isRead);
    }
  }
  const found = new Map<string, GlobalWrite>();
  for (const { name, node, end } of writes.sort(byPlace)) {
    if (HANDLER.test(name) || found.has(name)) continue;
    const isAgain = reads.some((read) =>
      read.name === name && read.node.start < end
    );
    found.set(name, {
      name,
      ...placeOf(node),
      ...(isAgain ? { again: true } : {}),
    });
  }
  return [...found.values()];
}

function seenAt(
  root: string,
  node: Node,
  resolved: Resolved,
): { readonly isRead: Seen | null; readonly set: readonly Seen[] } {
  const { how, path, given, node: last } = useOf(node, resolved);
  const at = (way: readonly string[]): string =>
    [root, ...way].join(".").replace(GLOBAL, "");
  const seen = (name: string, end = last.end): Seen => ({ name, node, end });
  const setter = given?.index === 0 ? calleeName(given.call, resolved) : null;
  if (given && setter !== null && Object.hasOwn(SETTERS, setter)) {
    const [, what] = many(given.call, "arguments");
    const keys = SETTERS[setter] === "key"
      ? [what ? textOf(what) ?? ELEMENT : ELEMENT]
      : keysOf(what);
    return {
      isRead: null,
      set: keys.map((key) => seen(at([...path, key]), given.call.end)),
    };
  }
  if (how === "write" && path.length > 0) {
    const up = resolved.parents.get(last)?.node;
    const operator = up ? word(up, "operator") : "";
    if (KEPT.has(operator)) return { isRead: null, set: [] };
    const isChanged = operator !== "" && operator !== "=" &&
      operator !== "delete";
    return {
      isRead: isChanged ? seen(at(path)) : null,
      set: [seen(at(path), up?.end ?? last.end)],
    };
  }
  if (root === "Deno" && path.join(".") === "env.set()") {
    const call = resolved.parents.get(last)?.node;
    const [key] = many(
      last.type === "CallExpression" ? last : call!,
      "arguments",
    );
    return {
      isRead: null,
      set: [seen(`Deno.env.${key ? textOf(key) ?? ELEMENT : ELEMENT}`)],
    };
  }
  const up = resolved.parents.get(last);
  // A guard: what is there is not set again.
  const left = up?.key === "right" && word(up.node, "operator") === "in"
    ? textOf(one(up.node, "left"))
    : null;
  const way = path.map((it) => it.replace(/\(\)$/, ""));
  return {
    isRead: seen(at(left === null ? way : [...way, left])),
    set: [],
  };
}

/** The keys of an object that is written down; of another one nobody knows them. */
function keysOf(node: Node | undefined): readonly string[] {
  const object = node ? unwrap(node) : null;
  if (object?.type !== "ObjectExpression") return [ELEMENT];
  return many(object, "properties").map((it) =>
    it.type === "SpreadElement" ? ELEMENT : keyName(it, "key") ?? ELEMENT
  );
}

function byPlace(one: Seen, other: Seen): number {
  return one.node.start - other.node.start;
}
