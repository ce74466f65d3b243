/** Whether code makes something of what a value holds now: what it makes does not follow when that changes.
 * @module
 */
import type { ExportFact } from "../../../protocol/manifest/module_analysis.ts";
import {
  isWrapper,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
  word,
} from "../code/nodes.ts";
import { ELEMENT, type Resolved } from "../code/scope.ts";
import { calleeName, type Use } from "../code/uses.ts";
import { COLLECTION_READS, onlyReads } from "./known_calls.ts";

/** What says of a variable that it stands for its value. */
const ITS_VALUE = "its value";
/** No more is told of what is taken out of a value. */
const TAKEN_MAX = 8;

const COPIES =
  /^(?:new )?(?:Map|Set|Array\.from|Object\.(?:assign|entries|fromEntries|groupBy|keys|values)|Map\.groupBy|JSON\.stringify|structuredClone)$/;
const COUNTS = /^(?:size|length|\[\]|\d+)$/;
const SHOWN =
  /^(?:TemplateLiteral|BinaryExpression|UnaryExpression|ArrayExpression|ObjectExpression|Property|SpreadElement|AwaitExpression)$/;

/**
 * Tells what is read of a value at the place where it is named. Returns for people: `get()`, `.size`, `[]`, of all that
 * it holds `...` or `for of`; none where nothing is made of it.
 */
export function derivedAt(
  use: Use,
  path: readonly string[],
  resolved: Resolved,
): readonly string[] {
  if (use.how === "write" || use.how === "extend") return [];
  if (path.length > 0) {
    // Named only so that it goes on to others.
    if (use.path.length === 0) return [];
    return isOnlySaid(use.node, resolved) ? [] : [shown(path[0]!)];
  }
  const all = wholeRead(use.node, resolved);
  if (all !== null) return [all];
  const taken = takenApart(use.node, resolved);
  if (taken !== null) return taken;
  return isOnlySaid(use.node, resolved) ? [] : [ITS_VALUE];
}

/**
 * Finds what of a value is read that may be another one later. Returns the first of it; null where it is a method, or
 * an object that stays.
 */
export function staleOf(
  fact: ExportFact,
  path: readonly string[],
  derived: readonly string[],
): string | null {
  const found = derived.find((detail) => {
    if (path.length > 0) return readsContent(fact, path);
    if (detail === ITS_VALUE) return fact.kind === "primitive";
    if (detail === ELEMENT) return readsContent(fact, [ELEMENT]);
    if (/^\.[^.]/.test(detail)) return readsContent(fact, [detail.slice(1)]);
    return /^(?:map|set|array|object|unknown)$/.test(fact.kind);
  });
  return found ?? null;
}

function readsContent(fact: ExportFact, path: readonly string[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return fact.kind === "primitive";
  const isCall = first.endsWith("()");
  switch (fact.kind) {
    case "map":
    case "set":
    case "array":
    case "unknown":
      return isCall
        ? COLLECTION_READS.has(first.slice(0, -2))
        : COUNTS.test(first);
    case "object": {
      if (isCall) return false;
      const field = fact.fields?.[first];
      return !field || field.kind === "unknown" && rest.length === 0 ||
        readsContent(field, rest);
    }
  }
  return false;
}

function shown(step: string): string {
  if (/^\d+$/.test(step)) return ELEMENT;
  return step.endsWith("()") || step === ELEMENT ? step : `.${step}`;
}

/** `...rooms`, `for (const it of rooms)`, `new Map(rooms)`: all that a collection holds now. */
function wholeRead(
  reference: Node,
  { parents, bindings }: Resolved,
): string | null {
  let up = parents.get(reference);
  while (up && isWrapper(up.node)) up = parents.get(up.node);
  if (!up) return null;
  if (up.node.type === "SpreadElement") return "...";
  if (up.key === "right") {
    if (up.node.type === "ForOfStatement") return "for of";
    if (up.node.type === "ForInStatement") return "for in";
    if (
      up.node.type === "BinaryExpression" && word(up.node, "operator") === "in"
    ) return "in";
  }
  if (up.key !== "arguments") return null;
  const callee = unwrap(one(up.node, "callee")!);
  const owner = callee.type === "MemberExpression"
    ? unwrap(one(callee, "object")!)
    : callee;
  if (bindings.has(owner)) return null;
  const name = callee === owner
    ? nameOf(callee)
    : `${nameOf(owner)}.${keyName(callee, "property") ?? ""}`;
  return COPIES.test(name) ? `${name}()` : null;
}

/** `const { size } = rooms`, `[first] = list`: what is taken out, as {@linkcode derivedAt} tells it. */
export function takenApart(
  reference: Node,
  { parents }: Resolved,
): readonly string[] | null {
  let up = parents.get(reference);
  while (up && (isWrapper(up.node) || up.node.type === "LogicalExpression")) {
    up = parents.get(up.node);
  }
  const pattern = up?.node.type === "VariableDeclarator" && up.key === "init"
    ? one(up.node, "id")
    : up?.node.type === "AssignmentExpression" && up.key === "right"
    ? one(up.node, "left")
    : null;
  if (pattern?.type === "ArrayPattern") return [ELEMENT];
  if (pattern?.type !== "ObjectPattern") return null;
  return many(pattern, "properties").slice(0, TAKEN_MAX).map((it) =>
    /Property$/.test(it.type) ? shown(keyName(it, "key") ?? ELEMENT) : "..."
  );
}

/** Whether what is read is only shown to people, or dropped. */
function isOnlySaid(node: Node, resolved: Resolved): boolean {
  let at = node;
  for (;;) {
    const up = resolved.parents.get(at);
    if (!up) return false;
    const { node: parent, key } = up;
    // Whoever imports it sees what it is then.
    if (parent.type === "ExportSpecifier") return true;
    if (parent.type === "ExpressionStatement") return at === node;
    if (parent.type === "CallExpression" && key === "arguments") {
      const name = calleeName(parent, resolved);
      if (name?.startsWith("console.")) return true;
      if (name === null || !onlyReads(name)) return false;
    } else if (
      parent.type === "LogicalExpression" ||
      parent.type === "ConditionalExpression"
    ) {
      const branch = resolved.parents.get(parent)?.node.type;
      if (branch === "ExpressionStatement") return false;
    } else if (!isWrapper(parent) && !SHOWN.test(parent.type)) return false;
    at = parent;
  }
}
