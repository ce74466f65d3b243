/** What stands at a place that a value comes to: something of the module, what decides about it, functions that keep nothing.
 * @module
 */
import type { Code } from "../effects.ts";
import type { Binding } from "../code/bindings.ts";
import {
  field,
  isFunction,
  keyName,
  many,
  type Node,
  one,
  unwrap,
} from "../code/nodes.ts";
import { eachWithin } from "../code/tree.ts";
import { isExternal, onlyReads } from "../values/known_calls.ts";
import { CONSUMERS, CONVERTING } from "./flow_ends.ts";

/** What runs or not, or is made or not, by the value that decides. */
const BRANCHES: Readonly<Record<string, readonly string[]>> = {
  IfStatement: ["consequent", "alternate"],
  ConditionalExpression: ["consequent", "alternate"],
  LogicalExpression: ["right"],
  WhileStatement: ["body"],
  DoWhileStatement: ["body"],
  ForStatement: ["body"],
  SwitchStatement: ["cases"],
};

/** Whether something is reached from the variables of the module, or from an instance. */
export function isOfModule(node: Node, { resolved, roots }: Code): boolean {
  let at = node;
  while (
    at.type === "MemberExpression" || at.type === "CallExpression"
  ) at = unwrap((one(at, "object") ?? one(at, "callee"))!);
  if (at.type === "ThisExpression" || at.type === "Super") return true;
  if (at.type === "Identifier" && !resolved.bindings.has(at)) {
    return !/^(?:console)$/.test(String(field(at, "name")));
  }
  return roots.of(node).some((root) =>
    root.specifier === null && root.binding?.top === true
  );
}

/** Packages whose emitters send what they emit to the other side. */
const NETWORK = /^(?:npm:)?socket\.io(?:[@/]|$)/;

/** Whether something is reached from a variable that holds nothing but what sends what it emits. */
export function isOfNetwork(node: Node, { resolved }: Code): boolean {
  let at = node;
  while (
    at.type === "MemberExpression" || at.type === "CallExpression"
  ) at = unwrap((one(at, "object") ?? one(at, "callee"))!);
  const binding = resolved.bindings.get(at);
  if (!binding || !/^(?:let|const|var)$/.test(binding.kind)) return false;
  if (binding.from && binding.from.path.length > 0) return false;
  const values = [
    ...binding.from ? [binding.from.value] : [],
    ...binding.assigned,
  ];
  return values.length > 0 && values.every((it) => {
    const made = it && unwrap(it);
    return made?.type === "NewExpression" &&
      NETWORK.test(
        resolved.bindings.get(unwrap(one(made, "callee")!))?.imported
          ?.specifier ?? "",
      );
  });
}

/** Whether a variable of the module is set where a value decides: then it tells of the value. */
export function setsByIt(
  parent: Node,
  key: string,
  { resolved: { bindings } }: Code,
): boolean {
  if (!/^(?:test|discriminant|left)$/.test(key)) return false;
  let isSet = false;
  for (const branch of BRANCHES[parent.type] ?? []) {
    for (const it of [one(parent, branch), ...many(parent, branch)]) {
      if (!it) continue;
      eachWithin(it, ({ self, type }) => {
        if (type === "AssignmentExpression") {
          const left = unwrap(one(self, "left")!);
          isSet ||= bindings.get(left)?.top === true;
        }
        return !isFunction(self);
      });
    }
  }
  return isSet;
}

/** What a name declares; undefined for what is not one. */
export function declaredAt(
  node: Node,
  resolved: Code["resolved"],
): Binding | undefined {
  if (node.type !== "Identifier") return undefined;
  const known = resolved.bindings.get(node);
  if (known?.node === node) return known;
  return resolved.declared.find((it) => it.node === node);
}

/** What of another module of the app a name brings, or a member of all that it exports; null for nothing. */
export function importedBy(
  node: Node,
  { bindings }: Code["resolved"],
): { readonly specifier: string; readonly name: string } | null {
  const isMember = node.type === "MemberExpression";
  const imported = bindings.get(isMember ? unwrap(one(node, "object")!) : node)
    ?.imported;
  if (!imported || isExternal(imported.specifier)) return null;
  if (!isMember) return imported.name === "*" ? null : imported;
  const name = keyName(node, "property");
  return imported.name === "*" && name !== null
    ? { specifier: imported.specifier, name }
    : null;
}

/** Whether a function reads `arguments`, which are all of them. */
export function readsAll(fn: Node): boolean {
  let reads = false;
  eachWithin(fn, ({ self }) => {
    reads ||= self.type === "Identifier" && field(self, "name") === "arguments";
  });
  return reads;
}

/** Whether what is handed on is a function of the platform that keeps nothing of what it is given. */
export function keepsNothing(
  node: Node,
  { bindings }: Code["resolved"],
): boolean {
  const names: string[] = [];
  let at = node;
  while (at.type === "MemberExpression") {
    names.unshift(keyName(at, "property") ?? "");
    at = unwrap(one(at, "object")!);
  }
  if (at.type !== "Identifier" || bindings.has(at)) return false;
  const name = [String(field(at, "name")), ...names].join(".");
  return CONSUMERS.test(name) || onlyReads(name) || CONVERTING.test(name);
}
