/** Instances that hold nothing but what they were made of: made again, they are what they were.
 * @module
 */
import {
  classIn,
  keepableOf,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
  word,
} from "@flyhot/runtime/plan";
import type { ClassFact, Manifest, NameRef } from "@flyhot/runtime/protocol";
import { nodesIn, type SyntaxTree } from "../syntax_tree.ts";

/**
 * Tells whether a value is such an instance: its class keeps what it is given and what it makes of packages, and changes
 * no field of its own later; and what it is given has a name elsewhere. In doubt it is not.
 */
export function holdsGivenOnly(
  path: string,
  name: string,
  { manifest, tree }: {
    readonly manifest: Manifest;
    readonly tree: (path: string) => SyntaxTree | null;
  },
): boolean {
  const parsed = tree(path);
  const init = parsed && keepableOf(parsed.program).found.get(name)?.init;
  const made = init ? unwrap(init) : null;
  if (made?.type !== "NewExpression") return false;
  if (!many(made, "arguments").every(isNamed)) return false;
  const refs = classesOf(manifest, path, name);
  return refs.length > 0 && refs.every((of) => {
    const known = classIn(manifest, path, of);
    const around = known && tree(known.path);
    return !!known && !!around &&
      givesAway(known.fact, importsFromPackage(manifest, known.path)) &&
      isSteady(known.fact, around);
  });
}

function classesOf(
  { analysis }: Manifest,
  path: string,
  name: string,
): readonly NameRef[] {
  const { kept = [], bindings = [] } = analysis?.[path] ?? {};
  return kept.find((it) => it.name === name)?.state?.of ??
    bindings.find((it) => it.name === name)?.of ?? [];
}

/** Whether an argument is nothing new: what a name stands for is judged by that. */
function isNamed(node: Node): boolean {
  const at = unwrap(node);
  switch (at.type) {
    case "Identifier":
    case "Literal":
      return true;
    case "MemberExpression":
      return isNamed(one(at, "object")!);
  }
  return false;
}

/** Whether the fields of a class are what its constructor is given, or objects of packages. */
function givesAway(
  { extends: above, fields, assigned }: ClassFact,
  ofPackage: (name: string) => boolean,
): boolean {
  return above === undefined &&
    (fields ?? []).every(({ text }) => text === "") &&
    (assigned ?? []).every(({ text, usesParameters }) => {
      if (usesParameters) return /^[\w$]+$/.test(text);
      const [, made] = /^new (\w+)\(\)$/.exec(text) ?? [];
      return made !== undefined && ofPackage(made);
    });
}

/** Whether a module imports a name from outside the app: what a package makes is configured again by who makes it. */
function importsFromPackage(
  { analysis, modules }: Manifest,
  path: string,
): (name: string) => boolean {
  return (name) =>
    (analysis?.[path]?.imports ?? []).some(({ specifier, locals, names }) =>
      (locals ?? []).some((it, at) => (it || names?.[at]) === name) &&
      /^(?:npm|jsr|https?):/.test(
        modules[path]?.specifiers?.[specifier] ?? "",
      )
    );
}

/** Whether no method assigns to a field, or gives the whole instance to others. */
function isSteady({ line }: ClassFact, { program, parents }: SyntaxTree) {
  const found = [...nodesIn(program)].find((node) =>
    /^Class(?:Declaration|Expression)$/.test(node.type) &&
    node.loc?.start.line === line
  );
  if (!found) return false;
  return [...nodesIn(found)].every((node) => {
    if (node.type !== "ThisExpression") return true;
    const up = parents.get(node)!;
    if (up.type !== "MemberExpression" || one(up, "object") !== node) {
      return isBound(node, up);
    }
    return !isTarget(up, parents.get(up)!) ||
      isConstructor(node, found, parents);
  });
}

/** `this.answer.bind(this)` */
function isBound(node: Node, call: Node): boolean {
  const callee = call.type === "CallExpression" ? one(call, "callee") : null;
  const method = callee?.type === "MemberExpression"
    ? unwrap(one(callee, "object")!)
    : null;
  return many(call, "arguments")[0] === node && callee !== null &&
    keyName(callee, "property") === "bind" &&
    method?.type === "MemberExpression" &&
    one(method, "object")?.type === "ThisExpression";
}

/** Whether something is assigned to; in a pattern, too. */
function isTarget(node: Node, up: Node): boolean {
  switch (up.type) {
    case "AssignmentExpression":
    case "AssignmentPattern":
      return one(up, "left") === node;
    case "UnaryExpression":
      return word(up, "operator") === "delete";
    case "UpdateExpression":
    case "ForOfStatement":
    case "ForInStatement":
    case "ArrayPattern":
    case "RestElement":
      return true;
    case "Property":
      return one(up, "value") === node;
  }
  return false;
}

/** Whether code is the constructor's own, not that of a function in it. */
function isConstructor(
  node: Node,
  owner: Node,
  parents: ReadonlyMap<Node, Node>,
): boolean {
  let at = parents.get(node)!;
  while (at !== owner && !/Function/.test(at.type)) at = parents.get(at)!;
  const method = parents.get(at);
  return at !== owner && method?.type === "MethodDefinition" &&
    nameOf(one(method, "key")) === "constructor";
}
