/** The functions that a module has under a name: at its top level, and as methods of its classes and objects.
 * @module
 */
import {
  field,
  flag,
  isClass,
  isFunction,
  isTypeOnly,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
  word,
} from "../code/nodes.ts";
import { localExports } from "../exports.ts";

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** The functions of a module by their names: `f`, `Class.method`, `object:method`. */
export function moduleFunctions(program: Node): Map<string, Node> {
  const found = new Map<string, Node>();
  for (const statement of many(program, "body")) {
    const at = one(statement, "declaration") ?? statement;
    const name = nameOf(one(at, "id"));
    if (at.type === "FunctionDeclaration" && name !== "") found.set(name, at);
    if (isClass(at) && name !== "") {
      for (const [method, fn] of methodsOf(at)) {
        found.set(`${name}.${method}`, fn);
      }
    }
    if (at.type !== "VariableDeclaration" || word(at, "kind") !== "const") {
      continue;
    }
    for (const it of many(at, "declarations")) {
      const value = one(it, "init");
      const local = nameOf(one(it, "id"));
      if (!value || local === "") continue;
      if (isFunction(unwrap(value))) found.set(local, unwrap(value));
      for (const [method, fn] of functionsOf(unwrap(value))) {
        found.set(`${local}:${method}`, fn);
      }
    }
  }
  return found;
}

/** The methods of a class that its instances have. */
export function* methodsOf(owner: Node): Generator<[name: string, fn: Node]> {
  for (const it of many(one(owner, "body"), "body")) {
    const name = keyName(it, "key");
    const isMethod = it.type === "MethodDefinition" &&
      word(it, "kind") === "method" && !flag(it, "static") &&
      one(it, "key")?.type !== "PrivateIdentifier";
    const fn = isMethod ? one(it, "value") : null;
    if (name !== null && fn && IDENTIFIER.test(name)) yield [name, fn];
  }
}

/** The functions that the text of an object has. */
function* functionsOf(value: Node): Generator<[name: string, fn: Node]> {
  if (value.type !== "ObjectExpression") return;
  for (const it of many(value, "properties")) {
    const name = keyName(it, "key");
    const fn = one(it, "value");
    // Getters are called by whoever looks.
    if (name === null || !fn || word(it, "kind") !== "init") continue;
    if (IDENTIFIER.test(name) && isFunction(unwrap(fn))) {
      yield [name, unwrap(fn)];
    }
  }
}

/** How a function is got by its name. */
export function accessTo(name: string): string {
  return name.replace(".", ".prototype.").replace(":", ".");
}

/** The local names of what a module exports. */
export function exportedLocals(program: Node): Map<string, string> {
  return new Map(
    localExports(program).map(([name, node]) => [name, nameOf(unwrap(node))]),
  );
}

/** Where an export that a module passes on may come from. */
export function passedOn(
  program: Node,
  name: string,
): { readonly specifier: string; readonly name: string }[] {
  return many(program, "body").flatMap((statement) => {
    const source = one(statement, "source");
    if (!source || isTypeOnly(statement)) return [];
    const specifier = String(field(source, "value"));
    if (statement.type === "ExportAllDeclaration") {
      return one(statement, "exported") ? [] : [{ specifier, name }];
    }
    return many(statement, "specifiers").flatMap((it) =>
      statement.type === "ExportNamedDeclaration" &&
        nameOf(one(it, "exported")) === name
        ? [{ specifier, name: nameOf(one(it, "local")) }]
        : []
    );
  });
}
