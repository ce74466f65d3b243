/** Which initializers of a module make values that can be kept, by the names that deno.json calls them.
 * @module
 */
import {
  flag,
  isClass,
  isFunction,
  isTypeOnly,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
  word,
} from "../code/nodes.ts";
import { foundOf } from "../code/tree.ts";
import type { Binding } from "../code/bindings.ts";
import type { Resolved } from "../code/scope.ts";
import { placeOf } from "../code/places.ts";
import { enumMembers } from "../values/enum_facts.ts";
import { isConstant, isWeak, namesIn } from "./kept_initializer.ts";

/** One initializer whose value can be kept. */
export interface Keepable {
  /** As deno.json has it behind `#`: `rooms`, `main.games`, `Cache.one`, `main.new Users`. */
  readonly name: string;
  /** What stands there. */
  readonly kind: "variable" | "local" | "static" | "expression";
  /** The initializer; null for a declaration without one. */
  readonly init: Node | null;
  /** The identifier of its variable; null for the others. */
  readonly id: Node | null;
  /** Where the initializer begins, or belongs if there is none. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
  /** How the value is read later: a name, or `this.#one` in a static initializer; null where it never changes. */
  readonly live: string | null;
  /** True for a weak collection or a symbol: kept without being named, if its text stays. */
  readonly byItself: boolean;
  /** True if the expression begins a statement. */
  readonly opensStatement: boolean;
  /** Where it is declared, 1-based. */
  readonly line: number;
  /** Where it is declared, 1-based. */
  readonly column: number;
}

/** A name that cannot be kept, and why. */
export interface NotKeepable {
  /** The name. */
  readonly name: string;
  /** Why: ends a sentence that begins with the name. */
  readonly why: string;
  /** Where it stands, 1-based. */
  readonly line: number;
}

/** What of a module can be kept. */
export interface KeepableNames {
  /** What can be kept, by name. */
  readonly found: ReadonlyMap<string, Keepable>;
  /** Names that somebody may try, and why they cannot be kept. */
  readonly refused: ReadonlyMap<string, NotKeepable>;
}

const LOOPS = /^(?:For(?:In|Of)?Statement|WhileStatement|DoWhileStatement)$/;

const PLAIN =
  /^(?:(?:Aggregate|Range|Reference|Syntax|Type)?Error|Response|Request|Headers|FormData|URL(?:SearchParams|Pattern)?|Date|RegExp|Promise|Text(?:En|De)coder|Blob|File|(?:Close|Custom|Message)?Event|DataView|Uint8Array|ArrayBuffer|AbortController)$/;

/**
 * Finds what of a module can be kept.
 *
 * @param program the root of its tree
 * @returns the initializers by name, and the names that cannot be kept
 */
export function keepableOf(program: Node): KeepableNames {
  return new Finder().find(program);
}

/** The variables of a module that can be kept. */
export function keepableBindings(
  { found }: KeepableNames,
  { bindings }: Resolved,
): Set<Binding> {
  const all = new Set<Binding>();
  for (const { id } of found.values()) {
    const binding = id && bindings.get(id);
    if (binding) all.add(binding);
  }
  return all;
}

/** Where the walk stands. */
interface Scope {
  /** The functions around, each with a dot. */
  readonly path: string;
  /** Whether it is inside of a function. */
  readonly inFunction: boolean;
  /** Whether it is inside of a block of the module's top level. */
  readonly inBlock: boolean;
  /** Whether it is inside of a loop. */
  readonly inLoop: boolean;
}

class Finder {
  readonly #found = new Map<string, Keepable>();
  readonly #refused = new Map<string, NotKeepable>();
  /** Expressions that are named by their variable, or begin a statement. */
  readonly #bound = new Set<Node>();
  readonly #openers = new Set<number>();

  find(program: Node): KeepableNames {
    this.#walk(program, {
      path: "",
      inFunction: false,
      inBlock: false,
      inLoop: false,
    });
    return { found: this.#found, refused: this.#refused };
  }

  #walk(node: Node, scope: Scope): void {
    const { tree, index, end } = foundOf(node);
    for (let at = index + 1; at < end;) {
      const child = tree[at]!;
      // Names and texts have nothing inside.
      if (child.end > at + 1) this.#visit(child.self, scope, null);
      at = child.end;
    }
  }

  #visit(node: Node, scope: Scope, given: string | null): void {
    if (isFunction(node)) {
      // A variable's name comes first: it is what somebody who reads the module calls the function.
      const name = given ?? nameOf(one(node, "id"));
      if (name === "") return;
      this.#walk(node, {
        path: `${scope.path}${name}.`,
        inFunction: true,
        inBlock: false,
        inLoop: scope.inLoop,
      });
      return;
    }
    if (isClass(node)) {
      this.#statics(node, scope, given ?? nameOf(one(node, "id")));
      return;
    }
    switch (node.type) {
      case "ImportDeclaration":
        return;
      case "ExportDefaultDeclaration": {
        const value = one(node, "declaration")!;
        const inner = unwrap(value);
        const anonymous = (isFunction(inner) || isClass(inner)) &&
          one(inner, "id") === null;
        return this.#visit(inner, scope, anonymous ? "default" : null);
      }
      case "VariableDeclaration":
        return this.#declaration(node, scope);
      case "ExpressionStatement":
        this.#openers.add(node.start);
        break;
      case "NewExpression":
        this.#expression(node, scope);
        break;
    }
    const isBlock = node.type === "BlockStatement" ||
      node.type === "SwitchStatement";
    this.#walk(
      node,
      LOOPS.test(node.type)
        ? { ...scope, inLoop: true }
        : isBlock && !scope.inFunction
        ? { ...scope, inBlock: true }
        : scope,
    );
  }

  #declaration(node: Node, scope: Scope): void {
    const kind = word(node, "kind");
    for (const declarator of many(node, "declarations")) {
      const id = one(declarator, "id")!;
      const init = one(declarator, "init");
      if (id.type !== "Identifier") {
        for (const name of namesIn(id)) {
          this.#refuse(
            scope.path + nameOf(name),
            "is taken out of another value: give that value a name",
            name,
          );
        }
        this.#walk(declarator, scope);
        continue;
      }
      const name = nameOf(id);
      if (kind !== "const" && kind !== "let" && kind !== "var") {
        this.#refuse(scope.path + name, "is disposed of by its block", id);
        this.#walk(declarator, scope);
        continue;
      }
      const inner = init ? unwrap(init) : null;
      if (inner) this.#bind(inner);
      const isCode = inner !== null && (isFunction(inner) || isClass(inner));
      if (inner && isCode) {
        this.#visit(inner, scope, name);
        continue;
      }
      // `var x;` leaves what was assigned before it; `const x` in a loop's head has no initializer.
      const isBare = init === null;
      if (inner && enumMembers(inner)) continue;
      if (!(isBare && kind !== "let") && !(inner && isConstant(kind, inner))) {
        this.#add({
          name: scope.path + name,
          kind: scope.inFunction ? "local" : "variable",
          init,
          id,
          start: init?.start ?? id.end,
          end: init?.end ?? id.end,
          live: kind === "const" ? null : name,
          byItself: inner !== null && kind === "const" && !scope.inFunction &&
            isWeak(inner),
          opensStatement: false,
          ...placeOf(id),
        }, scope);
      }
      if (init) this.#visit(init, scope, null);
    }
  }

  /** A value that is `await new Users()` has the name of its variable as well. */
  #bind(init: Node): void {
    let at = init;
    while (at.type === "AwaitExpression") at = unwrap(one(at, "argument")!);
    this.#bound.add(at);
  }

  #expression(node: Node, scope: Scope): void {
    const callee = one(node, "callee")!;
    if (callee.type !== "Identifier" || this.#bound.has(node)) return;
    // The others of the platform are values, made wherever they are needed.
    if (PLAIN.test(nameOf(callee))) return;
    this.#add({
      name: `${scope.path}new ${nameOf(callee)}`,
      kind: "expression",
      init: node,
      id: null,
      start: node.start,
      end: node.end,
      live: null,
      byItself: false,
      opensStatement: this.#openers.has(node.start),
      ...placeOf(node),
    }, scope);
  }

  #statics(node: Node, scope: Scope, name: string): void {
    if (name === "") return;
    for (const member of many(one(node, "body"), "body")) {
      if (
        member.type !== "PropertyDefinition" || isTypeOnly(member) ||
        !flag(member, "static") ||
        flag(member, "computed")
      ) continue;
      const key = one(member, "key")!;
      if (key.type !== "Identifier" && key.type !== "PrivateIdentifier") {
        continue;
      }
      const value = one(member, "value");
      const inner = value ? unwrap(value) : null;
      if (inner && (isFunction(inner) || isClass(inner))) continue;
      this.#add({
        name: `${scope.path}${name}.${nameOf(key)}`,
        kind: "static",
        init: value,
        id: null,
        start: value?.start ?? key.end,
        end: value?.end ?? key.end,
        live: `this.${nameOf(key)}`,
        byItself: inner !== null && !scope.inFunction && isWeak(inner),
        opensStatement: false,
        ...placeOf(key),
      }, scope);
    }
  }

  #add(it: Keepable, scope: Scope): void {
    if (scope.inLoop) {
      return this.#refuse(it.name, "is made in a loop", it);
    }
    if (scope.inBlock && it.kind !== "expression") {
      return this.#refuse(it.name, "is declared in a block", it);
    }
    const other = this.#found.get(it.name) ?? this.#refused.get(it.name);
    if (other) {
      this.#found.delete(it.name);
      return this.#refuse(
        it.name,
        `is there twice (line ${other.line} and ${it.line})`,
        it,
      );
    }
    this.#found.set(it.name, it);
  }

  #refuse(
    name: string,
    why: string,
    at: Node | Pick<Keepable, "line">,
  ): void {
    const line = "line" in at ? at.line : placeOf(at).line;
    this.#found.delete(name);
    this.#refused.set(name, { name, why, line });
  }
}
