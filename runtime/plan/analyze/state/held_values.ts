/** Which variables hold instances of classes of the app, and what is open to the outside.
 * @module
 */
import type {
  NameRef,
  StateBinding,
} from "../../../protocol/manifest/module_analysis.ts";
import type { Code } from "../effects.ts";
import { placeOf } from "../code/places.ts";
import { isExternal, opensHandle } from "../values/known_calls.ts";
import {
  flag,
  isClass,
  isFunction,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
} from "../code/nodes.ts";
import { eachChild } from "../code/tree.ts";
import { storedIn } from "../code/functions/stored.ts";
import type { Binding } from "../code/bindings.ts";
import { useOf, writtenName } from "../code/uses.ts";

/** Looks for expressions in a value, not in functions and classes inside of it, but for what `made` says that they make. */
function search(
  node: Node,
  find: (node: Node) => boolean,
  into: (node: Node) => boolean = () => true,
  made: (node: Node) => readonly Node[] = () => [],
): Node | null {
  const at = unwrap(node);
  if (isFunction(at) || isClass(at)) return null;
  if (find(at)) return at;
  if (!into(at)) return null;
  let found: Node | null = null;
  eachChild(at, (child) => {
    found ??= search(child, find, into, made);
  });
  for (const it of made(at)) found ??= search(it, find, into, made);
  return found;
}

function valuesOf(binding: Binding): Node[] {
  if (
    binding.imported || binding.kind === "function" || binding.kind === "class"
  ) return [];
  return [
    ...binding.from ? [binding.from.value] : [],
    ...binding.assigned.filter((it) => it !== null),
  ];
}

const LOCKS = /\.get(?:Reader|Writer)$/;

/** An open handle that a variable holds. */
export function handleOf(
  binding: Binding,
  code: Code,
): StateBinding | null {
  for (const value of valuesOf(binding)) {
    if (code.values.of(value).kind === "runtime") continue;
    const call = search(value, (node) => {
      if (node.type !== "CallExpression" && node.type !== "NewExpression") {
        return false;
      }
      const name = writtenName(node);
      if (name === null || isOwnClass(node, code)) return false;
      // Of a function that reads to the end and returns, nobody knows.
      return opensHandle(name) || binding.top && LOCKS.test(name);
    });
    if (!call) continue;
    return {
      name: binding.label,
      ...placeOf(binding.node),
      why: "handle",
      detail: `${writtenName(call)}()`,
    };
  }
  return null;
}

/** Whether a class called like a handle is one of the app, and so an instance like any other. */
function isOwnClass(call: Node, code: Code): boolean {
  if (call.type !== "NewExpression") return false;
  const of = code.values.classRef(one(call, "callee")!);
  return of !== null && !of.global &&
    (of.specifier === undefined || /^\.{0,2}\//.test(of.specifier));
}

const HOLDING = new Set([
  "ArrayExpression",
  "ObjectExpression",
  "Property",
  "ConditionalExpression",
  "LogicalExpression",
  "AwaitExpression",
  "AssignmentExpression",
  "SpreadElement",
]);

/** Instances of the app's own classes that a variable holds. */
export function instanceOf(
  binding: Binding,
  code: Code,
): StateBinding | null {
  const refs: NameRef[] = [];
  let detail = "";
  const { kind } = code.values.ofBinding(binding);
  if (kind === "runtime" || kind === "frozen") return null;
  const values = valuesOf(binding);
  if (FILLED.test(kind) && values.length > 0) {
    const stored = storedIn(binding, code.resolved);
    values.push(...stored.map(({ value }) => meantBy(value, code)));
  }
  for (const value of values) {
    search(
      value,
      (node) => {
        if (node.type !== "NewExpression") return false;
        const of = code.values.classRef(one(node, "callee")!) ??
          madeHere(node, code);
        if (
          !of || of.global || of.specifier !== undefined &&
            isExternal(of.specifier)
        ) return false;
        refs.push(of);
        detail ||= `${writtenName(node) ?? `new ${of.name}`}()`;
        return true;
      },
      (node) => HOLDING.has(node.type) || isCollection(node, code),
      (node) => isCollection(node, code) ? madeOfEach(node, code) : [],
    );
  }
  if (refs.length === 0) return null;
  return {
    name: binding.label,
    ...placeOf(binding.node),
    why: "instance",
    detail,
    of: refs,
  };
}

const OF_ENTRIES = /^Object\.(?:assign|fromEntries|seal)$/;

/** `new Map([["a", new Game()]])`, `Array.from(...)`: holds what it is made of. */
function isCollection(node: Node, code: Code): boolean {
  return many(node, "arguments").length > 0 &&
    (/^(?:map|set|array)$/.test(code.values.of(node).kind) ||
      OF_ENTRIES.test(writtenName(node) ?? ""));
}

const FILLED = /^(?:array|map|object|set)$/;
/** What a name stands for that a function gives to something that it makes. */
function meantBy(node: Node, { resolved }: Code): Node {
  const binding = node.type === "Identifier"
    ? resolved.bindings.get(node)
    : undefined;
  const from = binding?.top ? null : binding?.from;
  return from?.path.length === 0 ? from.value : node;
}

/** What functions return that are called for each: `names.map((it) => new Room(it))`. */
function madeOfEach(node: Node, code: Code): Node[] {
  return many(node, "arguments").flatMap((it) =>
    code.roots.functionOf(it)?.returns ?? []
  ).map((it) => meantBy(it, code));
}

/** What has no class that others know: a class without a name, one that a call has made, or a function that gives fields to `this`. */
function madeHere(node: Node, code: Code): NameRef | null {
  const { runs, roots, resolved } = code;
  const callee = one(node, "callee")!;
  const maker = makerOf(unwrap(callee), code);
  const mixed = maker && roots.functionOf(maker);
  if (maker && !mixed) {
    const root = roots.of(maker).find((it) => it.specifier !== null);
    return root?.path.length === 0
      ? { specifier: root.specifier!, name: root.name }
      : null;
  }
  const of = mixed
    ? mixed.returns.find((it) => isClass(unwrap(it)))
    : isClass(unwrap(callee))
    ? callee
    : undefined;
  const [own] = of ? runs.classesOf(of) : [];
  const unit = own?.construct ?? roots.functionOf(callee);
  if (!unit) return null;
  // What a mixin is given may have fields as well.
  const hasFields = mixed && own?.superClass ||
    unit.selves.some((it) => useOf(it, resolved).how === "write") ||
    own !== undefined &&
      many(one(own.node, "body"), "body").some((it) =>
        it.type === "PropertyDefinition" && !flag(it, "static")
      );
  return hasFields ? { name: nameOf(unwrap(callee)) || "class" } : null;
}

/** The function whose call has made a class: `const Room = Logged(Base)`. */
function makerOf(callee: Node, { resolved }: Code): Node | null {
  const from = resolved.bindings.get(callee)?.from;
  const value = from?.path.length === 0 ? unwrap(from.value) : callee;
  return value.type === "CallExpression" ? one(value, "callee") : null;
}
