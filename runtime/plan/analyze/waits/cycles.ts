/** Functions of a module that lead to themselves, directly or by way of others.
 *
 * Who leads to whom is told by names alone: whatever bears the name of a function may be it.
 *
 * @module
 */
import {
  flag,
  isFunction,
  isWrapper,
  keyName,
  nameOf,
  type Node,
  one,
} from "../code/nodes.ts";
import type { Found } from "../code/tree.ts";

/** A function that has a name, or is the member of one. */
export interface Named {
  /** Where it is. */
  readonly found: Found;
  /** Its name; that of a member with a dot before it. */
  readonly key: string;
}

/** What leads to itself in a module. */
export interface Cycles {
  /** The innermost function around a node that leads to itself; the node's own too. Null for none. */
  around(found: Found): Named | null;
  /** Whether something in a node leads to one of them. */
  isLedToIn(found: Found): boolean;
}

/** Where a function is named. */
interface Mention {
  readonly at: number;
  /** What leads on from there. */
  readonly from: readonly Named[];
  /** What it may lead to. */
  readonly to: readonly Named[];
}

/** Finds them; null for none. Some that only lie between two of them are among them. */
export function cyclesIn(tree: readonly Found[]): Cycles | null {
  const byFunction = new Map<Found, Named>();
  const byKey = new Map<string, Named[]>();
  for (const found of tree) {
    const key = isFunction(found.self) ? keyOf(found) : null;
    if (key === null) continue;
    const named = { found, key };
    byFunction.set(found, named);
    byKey.set(key, [...byKey.get(key) ?? [], named]);
  }
  if (byKey.size === 0) return null;
  const mentions: Mention[] = [];
  for (const found of tree) {
    const name = mentionedBy(found);
    const to = name === null ? undefined : byKey.get(name);
    if (!to) continue;
    const from = allAround(found, byFunction);
    // At the top of the module, nobody leads on.
    if (from.length > 0) mentions.push({ at: found.index, from, to });
  }
  const left = new Set(byFunction.values());
  // Who leads to nobody that is left, or is led to by nobody, is in no circle.
  for (let before = -1; before !== left.size;) {
    before = left.size;
    const leading = new Set<Named>();
    const ledTo = new Set<Named>();
    for (const { from, to } of mentions) {
      const isLeft = (it: Named) => left.has(it);
      if (!from.some(isLeft) || !to.some(isLeft)) continue;
      for (const it of from) leading.add(it);
      for (const it of to) ledTo.add(it);
    }
    for (const it of left) {
      if (!leading.has(it) || !ledTo.has(it)) left.delete(it);
    }
  }
  if (left.size === 0) return null;
  const places = mentions.filter(({ to }) => to.some((it) => left.has(it)))
    .map(({ at }) => at);
  return {
    around: (found) =>
      allAround(found, byFunction).find((it) => left.has(it)) ?? null,
    isLedToIn: ({ index, end }) => places.some((at) => index <= at && at < end),
  };
}

/** The functions with names that a node stands in, the innermost first; its own too. */
function allAround(
  found: Found,
  byFunction: ReadonlyMap<Found, Named>,
): Named[] {
  const all: Named[] = [];
  for (let at: Found | null = found; at; at = at.around) {
    const named = byFunction.get(at);
    if (named) all.push(named);
  }
  return all;
}

/** The name of a function; null where it has none, and for methods of instances, which follow their class. */
function keyOf({ self, around, key }: Found): string | null {
  const own = one(self, "id");
  if (own) return nameOf(own);
  if (!around) return null;
  // Types around it are gone where the module runs.
  if (isWrapper(around.self)) return keyOf(around);
  const owner = around.self;
  switch (owner.type) {
    case "VariableDeclarator":
      return key === "init" ? identifier(one(owner, "id")) : null;
    case "AssignmentExpression": {
      const target = one(owner, "left")!;
      return key === "right" ? identifier(target) ?? member(target) : null;
    }
    case "MethodDefinition":
      return flag(owner, "static") ? dotted(keyName(owner, "key")) : null;
    case "Property":
    case "PropertyDefinition":
      return key === "value" ? dotted(keyName(owner, "key")) : null;
    default:
      return null;
  }
}

/** What a node may mean, if it is not what gives a function its name. */
function mentionedBy({ self, type, key, around }: Found): string | null {
  if (type === "MemberExpression") return member(self);
  if (type !== "Identifier" || key === "id" || key === "left") return null;
  const isName = key === "property" || key === "key";
  return isName && !flag(around!.self, "computed") ? null : nameOf(self);
}

function identifier(node: Node | null): string | null {
  return node?.type === "Identifier" ? nameOf(node) : null;
}

function member(node: Node): string | null {
  return node.type === "MemberExpression"
    ? dotted(keyName(node, "property"))
    : null;
}

function dotted(name: string | null): string | null {
  return name === null ? null : `.${name}`;
}
