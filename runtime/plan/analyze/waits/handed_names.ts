/** Functions of modules that functions hand on by their names: `socket.on("message", onMessage)`.
 * @module
 */
import {
  field,
  isClass,
  isFunction,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
  word,
} from "../code/nodes.ts";
import { type Found, treeOf } from "../code/tree.ts";
import { moduleFunctions } from "./module_functions.ts";
import { calledName, isInFunction, isSeen, rootOf } from "./hands.ts";
import { oncePer } from "./once.ts";

/** Where one is handed on. */
export interface HandedName {
  /** What stands for it: a name, or a member of something. */
  readonly node: Node;
  /** Whether it is all that is written of a property: `{ onMessage }`. */
  readonly isShorthand: boolean;
  /** The names of what may call it. */
  readonly beside: readonly string[];
}

/** A function of another module. */
export interface HandedImport {
  /** The specifier as written. */
  readonly specifier: string;
  /** The exported name. */
  readonly name: string;
  /** Whether somebody looks for it by what it is. */
  readonly isLookedFor: boolean;
}

/** What functions hand on by names. */
export interface HandedNames {
  /** Where. */
  readonly sites: readonly HandedName[];
  /** The module's own: `f`, `Class.method`. */
  readonly own: ReadonlySet<string>;
  /** Those of other modules. */
  readonly imported: readonly HandedImport[];
  /**
   * Those of its own that somebody looks for by what they are, to take them back: by a new function under the name
   * nobody finds the old one.
   */
  readonly lookedFor: ReadonlySet<string>;
}

const LOOKS_FOR =
  /^(?:off|has|get|includes|(?:lastI|i)ndexOf|delete|(?:remove|clear|detach|dispose|cancel|unsubscribe|unregister|unlisten|unwatch|unhook|unbind|unobserve|unon)\w*)$/;
const COMPARES = /^[!=]==?$/;
/** Classes, components and constants. */
const NO_FUNCTION = /^[A-Z]/;

/** Finds where the functions of a program hand on functions of modules. */
export const handedNames: (program: Node) => HandedNames = oncePer(namesGiven);

function namesGiven(program: Node): HandedNames {
  const names = new Names(program);
  const sites: HandedName[] = [];
  const own = new Set<string>();
  const imported = new Map<string, HandedImport>();
  const lookedFor = new Set<string>();
  if (names.isEmpty) return { sites, own, imported: [], lookedFor };
  for (const found of treeOf(program)) {
    const name = names.of(found);
    const use = name === null ? null : useOf(found);
    if (name === null || use === null) continue;
    const from = names.imports(name);
    if (use.isLookedFor) {
      if (from) imported.set(name, { ...from, isLookedFor: true });
      for (const it of names.own(name)) lookedFor.add(it);
    }
    const isKept = !from && !use.isLookedFor;
    if (!isInFunction(found) || !use.isGiven && !isKept) continue;
    if (from && !imported.has(name)) imported.set(name, from);
    for (const it of names.own(name)) own.add(it);
    sites.push({
      node: found.self,
      isShorthand: isShorthand(found),
      beside: use.beside,
    });
  }
  return { sites, own, imported: [...imported.values()], lookedFor };
}

/** The names in a module that may stand for functions of modules. */
class Names {
  readonly #imports = new Map<string, HandedImport>();
  /** Namespaces by their local names. */
  readonly #spaces = new Map<string, string>();
  readonly #functions: ReadonlyMap<string, Node>;
  /** Variables that hold an object with functions, and these. */
  readonly #objects = new Map<string, string[]>();
  /** The members of classes that are functions, and whose methods they may be. */
  readonly #members = new Map<string, string[]>();

  constructor(program: Node) {
    this.#functions = moduleFunctions(program);
    for (const statement of many(program, "body")) {
      if (statement.type === "ImportDeclaration") this.#addImport(statement);
    }
    for (const name of this.#functions.keys()) {
      const [object, method] = name.split(":", 2) as [string, string?];
      if (method === undefined) continue;
      this.#objects.set(object, [...this.#objects.get(object) ?? [], name]);
    }
    for (const { self } of treeOf(program)) {
      if (isClass(self)) this.#addMembers(self);
    }
  }

  #addImport(statement: Node): void {
    const specifier = String(field(one(statement, "source")!, "value"));
    for (const it of many(statement, "specifiers")) {
      const local = nameOf(one(it, "local"));
      if (it.type === "ImportNamespaceSpecifier") {
        this.#spaces.set(local, specifier);
      } else if (!NO_FUNCTION.test(local)) {
        const imported = one(it, "imported");
        const name = imported
          ? nameOf(imported) || String(field(imported, "value"))
          : "default";
        this.#imports.set(local, { specifier, name, isLookedFor: false });
      }
    }
  }

  #addMembers(owner: Node): void {
    const className = nameOf(one(owner, "id"));
    for (const it of many(one(owner, "body"), "body")) {
      const value = one(it, "value");
      const key = keyName(it, "key");
      if (key === null || !value || !isFunction(unwrap(value))) continue;
      const methods = this.#members.get(key) ?? [];
      this.#members.set(key, methods);
      const method = `${className}.${key}`;
      if (this.#functions.has(method)) methods.push(method);
    }
  }

  get isEmpty(): boolean {
    return this.#imports.size + this.#spaces.size + this.#functions.size +
        this.#members.size + this.#objects.size === 0;
  }

  /** The name that a node stands for: `f`, `this.f`, `space.f`; null for none. */
  of({ self }: Found): string | null {
    if (self.type === "Identifier") {
      const name = nameOf(self);
      return this.#functions.has(name) || this.#imports.has(name) ||
          this.#objects.has(name)
        ? name
        : null;
    }
    const key = self.type === "MemberExpression"
      ? keyName(self, "property")
      : null;
    if (key === null) return null;
    const owner = unwrap(one(self, "object")!);
    if (owner.type === "ThisExpression") {
      return this.#members.has(key) ? `this.${key}` : null;
    }
    const name = owner.type === "Identifier" ? nameOf(owner) : "";
    return this.#spaces.has(name) || this.#objects.has(name)
      ? `${name}.${key}`
      : null;
  }

  /** The module's own functions that a name may mean. */
  own(name: string): readonly string[] {
    if (name.startsWith("this.")) {
      return this.#members.get(name.slice("this.".length)) ?? [];
    }
    const method = name.replace(".", ":");
    return this.#functions.has(method)
      ? [method]
      : this.#objects.get(name) ?? [];
  }

  /** The function of another module that a name may mean. */
  imports(name: string): HandedImport | null {
    const [space, member] = name.split(".", 2) as [string, string?];
    const specifier = this.#spaces.get(space);
    return specifier !== undefined && member !== undefined
      ? { specifier, name: member, isLookedFor: false }
      : this.#imports.get(name) ?? null;
  }
}

/** What is done with the value of a name. */
interface Use {
  /** Whether somebody gets it at once. */
  readonly isGiven: boolean;
  /** Whether somebody looks for it by what it is. */
  readonly isLookedFor: boolean;
  /** The names of what may call it. */
  readonly beside: readonly string[];
}

const KEPT: Use = { isGiven: false, isLookedFor: false, beside: [] };

/** Null where it is called, declared or read only. */
function useOf(found: Found): Use | null {
  let at = found;
  for (let up = at.around; up; at = up, up = at.around) {
    switch (up.type) {
      case "ConditionalExpression":
        if (at.key === "test") return null;
        continue;
      case "ChainExpression":
      case "ParenthesizedExpression":
      case "TSAsExpression":
      case "TSNonNullExpression":
      case "TSSatisfiesExpression":
      case "LogicalExpression":
      case "ArrayExpression":
      case "ObjectExpression":
      case "SpreadElement":
        continue;
      case "Property":
      case "ObjectProperty":
        if (at.key !== "value" || up.around?.type !== "ObjectExpression") {
          return null;
        }
        continue;
      case "CallExpression":
      case "NewExpression":
        return at.key === "arguments" ? givenTo(up.self, at.self) : null;
      case "MemberExpression":
        return at.key === "object" && keyName(up.self, "property") === "bind"
          ? { ...KEPT, isGiven: true }
          : null;
      case "AssignmentExpression":
        return at.key === "right" ? assignedTo(up.self) : null;
      case "BinaryExpression":
        return COMPARES.test(word(up.self, "operator"))
          ? { ...KEPT, isLookedFor: true }
          : null;
      case "VariableDeclarator":
        return at.key === "init" ? KEPT : null;
      case "PropertyDefinition":
        return at.key === "value" ? KEPT : null;
      case "ReturnStatement":
      case "YieldExpression":
        return KEPT;
      case "ArrowFunctionExpression":
        return at.key === "body" ? KEPT : null;
      default:
        return null;
    }
  }
  return null;
}

function givenTo(call: Node, argument: Node): Use | null {
  const callee = unwrap(one(call, "callee")!);
  if (isSeen(callee, many(call, "arguments").indexOf(argument))) return null;
  const beside = callee.type === "MemberExpression" ? rootOf(callee) : [];
  for (const it of many(call, "arguments")) {
    if (it === argument) break;
    if (unwrap(it).type === "Identifier") beside.push(nameOf(unwrap(it)));
  }
  const isLookedFor = LOOKS_FOR.test(calledName(callee));
  return { isGiven: true, isLookedFor, beside };
}

function assignedTo(assignment: Node): Use {
  const target = unwrap(one(assignment, "left")!);
  return target.type === "MemberExpression"
    ? { isGiven: true, isLookedFor: false, beside: rootOf(target) }
    : KEPT;
}

function isShorthand({ around, key }: Found): boolean {
  return key === "value" && around !== null &&
    field(around.self, "shorthand") === true;
}
