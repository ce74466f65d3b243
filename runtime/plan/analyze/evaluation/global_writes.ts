/** What a module sets outside of all modules of the app while it is evaluated: `globalThis.word`, `console.log`,
 * `Array.prototype.last`, and what it sets on objects of packages.
 * @module
 */
import type {
  Effects,
  GlobalWrite,
} from "../../../protocol/manifest/module_analysis.ts";
import { placeOf } from "../code/places.ts";
import { textOf } from "../imports.ts";
import { keyName, many, type Node, one, unwrap, word } from "../code/nodes.ts";
import type { Roots } from "../code/roots.ts";
import type { Binding } from "../code/bindings.ts";
import { ELEMENT, type Resolved } from "../code/scope.ts";
import { type Unit, unitAround, type Units } from "../code/units.ts";
import { ROOT } from "./global_calls.ts";
import { packageCallsOf } from "./package_calls.ts";
import { calleeName, type Use, useOf } from "../code/uses.ts";
import { isRuntime, MUTATORS } from "../values/known_calls.ts";

const GLOBAL = /^(?:globalThis|self|window|global)\.(?=.)/;
/** Handed over with the listeners. */
const HANDLER = /^on[a-z]+$/;
const KEPT = new Set(["??=", "||="]);
const SETTERS: Readonly<Record<string, "object" | "key" | "prototype">> = {
  "Object.assign": "object",
  "Object.defineProperties": "object",
  "Object.defineProperty": "key",
  "Reflect.set": "key",
  "Reflect.defineProperty": "key",
  "Reflect.deleteProperty": "key",
  "Object.setPrototypeOf": "prototype",
  "Reflect.setPrototypeOf": "prototype",
};
/** So many names may stand for one another. */
const ALIASES_MAX = 6;

interface Seen {
  readonly name: string;
  readonly node: Node;
  /** Behind what is assigned. */
  readonly end: number;
  /** The import that it is set on. */
  readonly specifier: string | null;
  /** What is assigned. */
  readonly value?: Node | null;
}

/** Where a name leads to outside of the module. */
interface Place {
  /** `console`; `express` or `hono.Hono` of an import. */
  readonly root: string;
  readonly specifier: string | null;
  /** The members from there to where the name is used, and on. */
  readonly path: readonly string[];
}

/** Finds what a module sets while it is evaluated. Returns what it sets, once by name, in the order of the source. */
export function globalWritesOf(
  resolved: Resolved,
  units: Units,
  top: ReadonlySet<Unit>,
  roots: Roots,
  callsOf: (value: Node) => Effects | null = () => null,
): GlobalWrite[] {
  const writes: Seen[] = [];
  const reads: Seen[] = [];
  const look = (node: Node, use: Use, place: Place) => {
    const { isRead, set } = seenAt(node, use, place, resolved);
    writes.push(...set);
    if (isRead !== null) reads.push(isRead);
  };
  for (const [root, nodes] of resolved.globals) {
    for (const node of nodes) {
      if (!top.has(unitAround(node, resolved, units))) continue;
      const use = useOf(node, resolved);
      look(node, use, { root, specifier: null, path: use.path });
    }
  }
  for (const unit of top) {
    for (const node of unit.references) {
      const binding = resolved.bindings.get(node)!;
      if (node === binding.node || resolved.targets.has(node)) continue;
      const use = useOf(node, resolved);
      for (const place of outside(node, binding, use, resolved, roots)) {
        look(node, use, place);
      }
    }
  }
  const found = new Map<string, GlobalWrite>();
  for (const { name, node, end, specifier, value } of writes.sort(byPlace)) {
    if (HANDLER.test(name) || found.has(name)) continue;
    const isAgain = reads.some((read) =>
      read.name === name && read.node.start < end
    );
    const calls = value ? callsOf(value) : null;
    found.set(name, {
      name,
      ...placeOf(node),
      ...(calls ? { calls } : {}),
      ...(isAgain ? { again: true } : {}),
      ...(specifier === null ? {} : { specifier }),
    });
  }
  const calls = packageCallsOf(
    resolved,
    top,
    roots,
    (specifier) => isOwn(specifier) ? null : packageOf(specifier),
  );
  for (const call of calls) {
    const known = found.get(call.name);
    if (!known || call.again) found.set(call.name, call);
  }
  return calls.length === 0 ? [...found.values()] : [...found.values()].sort(
    (one, other) => one.line - other.line || one.column - other.column,
  );
}

/** What the platform calls so is no state of the app. */
const OF_PLATFORM =
  /^(?:[A-Z]\w*|console|crypto|location|(?:local|session)Storage|navigator|performance|process)$/;

/** Finds which globals the functions of a module change: what sets them at its top level would set them back. */
export function globalChangesOf(
  resolved: Resolved,
  units: Units,
  top: ReadonlySet<Unit>,
): string[] {
  const names = new Set<string>();
  const look = (node: Node, root: string, way: readonly string[]) => {
    const { how, path } = useOf(node, resolved);
    const members = [...way, ...path];
    if (ROOT.test(root)) root = members.shift() ?? "";
    const last = members.at(-1) ?? "";
    const isChanged = how === "write" ||
      last.endsWith("()") && MUTATORS.has(last.slice(0, -2));
    if (isChanged && !/^$|[()[\]]/.test(root) && !OF_PLATFORM.test(root)) {
      names.add(root);
    }
  };
  for (const [root, nodes] of resolved.globals) {
    for (const node of nodes) {
      if (!top.has(unitAround(node, resolved, units))) look(node, root, []);
    }
  }
  for (const unit of units.all) {
    if (top.has(unit)) continue;
    for (const node of unit.references) {
      const binding = resolved.bindings.get(node)!;
      if (node === binding.node || !binding.from) continue;
      const [root, ...way] = globalOf(binding, resolved, 0) ?? [];
      if (root !== undefined && ROOT.test(root)) look(node, root, way);
    }
  }
  return [...names].sort();
}

/** Where a name of the module leads to: an object of a package, or a global by another name. */
function outside(
  node: Node,
  binding: Binding,
  use: Use,
  resolved: Resolved,
  roots: Roots,
): Place[] {
  if (!/^(?:import|var|let|const|parameter)$/.test(binding.kind)) return [];
  const places: Place[] = [];
  for (const { specifier, name, path } of roots.along(node, use)) {
    if (specifier === null || isOwn(specifier)) continue;
    // What a package makes for its caller belongs to that.
    const own = path.length - use.path.length;
    if (path.slice(0, own).some((step) => step.endsWith("()"))) continue;
    const of = packageOf(specifier);
    const root = /^(?:default|\*)$/.test(name) ? of : `${of}.${name}`;
    places.push({ root, specifier, path });
  }
  const global = binding.kind === "import"
    ? null
    : globalOf(binding, resolved, 0);
  if (global) {
    const [root, ...path] = global;
    places.push({
      root: root!,
      specifier: null,
      path: [...path, ...use.path],
    });
  }
  return places;
}

/** `Array`, `prototype` of `const it = Array.prototype`; null for a variable that is something else. */
function globalOf(
  { from, assigned }: Binding,
  resolved: Resolved,
  depth: number,
): string[] | null {
  if (!from || assigned.length > 0 || depth > ALIASES_MAX) return null;
  const path = [...from.path];
  let at = unwrap(from.value);
  while (at.type === "MemberExpression") {
    path.unshift(keyName(at, "property") ?? ELEMENT);
    at = unwrap(one(at, "object")!);
  }
  if (at.type !== "Identifier") return null;
  const binding = resolved.bindings.get(at);
  if (!binding) {
    const name = String(Reflect.get(at, "name"));
    return [name, ...path];
  }
  const known = globalOf(binding, resolved, depth + 1);
  return known && [...known, ...path];
}

function isOwn(specifier: string): boolean {
  return /^(?:\.{0,2}\/|file:)/.test(specifier) || isRuntime(specifier);
}

/** `hono/jsx` of `npm:hono@4/jsx`: one that comes in at another version has the same name. */
function packageOf(specifier: string): string {
  return specifier.replace(/^(?:npm|jsr|node):\/?/, "")
    .replace(/^(@[^/@]+\/[^/@]+|[^/@]+)@[^/]+/, "$1");
}

function seenAt(
  node: Node,
  { how, given, node: last, path: own }: Use,
  { root, specifier, path }: Place,
  resolved: Resolved,
): { readonly isRead: Seen | null; readonly set: readonly Seen[] } {
  const at = (way: readonly string[]): string =>
    [root, ...way].join(".").replace(GLOBAL, "");
  const seen = (name: string, end = last.end): Seen => ({
    name,
    node,
    end,
    specifier,
  });
  const setter = given?.index === 0 ? calleeName(given.call, resolved) : null;
  // What a call has made is not what was there.
  const isThere = !own.some((step) => step.endsWith("()"));
  if (
    given && setter !== null && Object.hasOwn(SETTERS, setter) && isThere
  ) {
    const [, what] = many(given.call, "arguments");
    const keys = SETTERS[setter] === "prototype"
      ? ["__proto__"]
      : SETTERS[setter] === "key"
      ? [what ? textOf(what) ?? ELEMENT : ELEMENT]
      : keysOf(what);
    return {
      isRead: null,
      set: keys.map((key) => seen(at([...path, key]), given.call.end)),
    };
  }
  if (how === "write" && own.length > 0) {
    const up = resolved.parents.get(last)?.node;
    const operator = up ? word(up, "operator") : "";
    if (KEPT.has(operator)) return { isRead: null, set: [] };
    if (specifier !== null && !isThere) return { isRead: null, set: [] };
    const isChanged = operator !== "" && operator !== "=" &&
      operator !== "delete";
    return {
      isRead: isChanged ? seen(at(path)) : null,
      set: [{
        ...seen(at(path), up?.end ?? last.end),
        value: operator === "=" ? one(up!, "right") : null,
      }],
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
