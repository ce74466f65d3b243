/** Which declaration every identifier of a module refers to.
 * @module
 */
import {
  field,
  isFunction,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
  word,
} from "./nodes.ts";
import type { Binding, Scope } from "./bindings.ts";
import { referTo } from "./references.ts";
import { type Found, foundOf, knownOf, treeOf, upOf } from "./tree.ts";

/** The module with all its names resolved. */
export interface Resolved {
  /** The root of its tree. */
  readonly program: Node;
  /** The names at its top level. */
  readonly top: ReadonlyMap<string, Binding>;
  /** Those, and the names in its namespaces. */
  readonly moduleLevel: readonly Binding[];
  /** What an identifier refers to; a global one is not in here. */
  readonly bindings: {
    get(node: Node): Binding | undefined;
    has(node: Node): boolean;
  };
  /** All that is declared anywhere in it, in the order of the source. */
  readonly declared: readonly Binding[];
  /** The parent of every node, and the field it stands in. */
  readonly parents: {
    get(node: Node): { readonly node: Node; readonly key: string } | undefined;
  };
  /** Identifiers and member accesses that are assigned to, counted up or deleted. */
  readonly targets: { has(node: Node): boolean };
  /** Identifiers without a declaration, by name. */
  readonly globals: ReadonlyMap<string, readonly Node[]>;
  /** Every `import()`. */
  readonly importCalls: readonly Node[];
  /** Every `import.meta` and `new.target`. */
  readonly metas: readonly Node[];
}

/** The path of an element of a collection whose index is not known. */
export const ELEMENT = "[]";

/** Resolves the names of a module. */
export function resolveNames(program: Node): Resolved {
  const tree = treeOf(program);
  // What is found is kept in the nodes: twice, it would be found twice.
  let known = resolved.get(tree);
  if (!known) resolved.set(tree, known = new Resolver(tree).resolve());
  return known;
}

const resolved = new WeakMap<readonly Found[], Resolved>();

const bindings: Resolved["bindings"] = {
  get: (node) => (knownOf(node)?.binding ?? undefined) as Binding | undefined,
  has: (node) => (knownOf(node)?.binding ?? null) !== null,
};
const targets: Resolved["targets"] = {
  has: (node) => knownOf(node)?.isTarget === true,
};

class Resolver {
  readonly #tree: readonly Found[];
  readonly #declared: Binding[] = [];
  readonly #importCalls: Node[] = [];
  readonly #metas: Node[] = [];
  #parameter: { readonly of: Node; readonly index: number } | null = null;
  readonly #moduleLevel: Binding[] = [];
  readonly #top: Scope = {
    parent: null,
    isFunction: true,
    prefix: "",
    names: new Map(),
  };

  constructor(tree: readonly Found[]) {
    this.#tree = tree;
  }

  resolve(): Resolved {
    const scopes = this.#declare();
    const globals = referTo(this.#tree, scopes);
    return {
      program: this.#tree[0]!.self,
      top: this.#top.names!,
      moduleLevel: this.#moduleLevel,
      bindings,
      declared: this.#declared,
      parents: { get: upOf },
      targets,
      globals,
      importCalls: this.#importCalls,
      metas: this.#metas,
    };
  }

  /** Every scope with the names it declares, so that hoisted ones are known before they are met; by the place of nodes. */
  #declare(): readonly Scope[] {
    const scopes: Scope[] = [this.#top];
    for (const found of this.#tree) {
      const { around } = found;
      if (around === null) continue;
      scopes.push(this.#scopeOf(found, around, scopes[around.index]!));
    }
    return scopes;
  }

  /** Declares what a node declares and returns the scope of its children. */
  #scopeOf({ self: node, type, key }: Found, around: Found, scope: Scope) {
    const parent = around.self;
    switch (type) {
      case "ImportDeclaration":
        this.#declareImports(node);
        return scope;
      case "ExportDefaultDeclaration": {
        const value = unwrap(one(node, "declaration")!);
        // What has no name is called by what it is exported as.
        if (
          value.type === "ObjectExpression" || value.type === "CallExpression"
        ) {
          this.#add(scope, node, "const", value, []);
        }
        return scope;
      }
      case "ImportExpression":
        this.#importCalls.push(node);
        return scope;
      case "MetaProperty":
        this.#metas.push(node);
        return scope;
      case "VariableDeclaration": {
        const kind = word(node, "kind");
        const target = kind === "var" ? functionScope(scope) : scope;
        for (const declarator of many(node, "declarations")) {
          const init = one(declarator, "init") ??
            (key === "left" ? one(parent, "right") : null);
          const path = key === "left" && init
            ? [parent.type === "ForInStatement" ? "key()" : ELEMENT]
            : [];
          this.#pattern(
            one(declarator, "id"),
            kind === "var" ? "var" : kind === "let" ? "let" : "const",
            target,
            init,
            path,
          );
        }
        return scope;
      }
      case "TSEnumDeclaration":
      case "TSModuleDeclaration": {
        const id = one(node, "id");
        if (id?.type === "Identifier") {
          const kind = node.type === "TSEnumDeclaration" ? "enum" : "namespace";
          // Two blocks of one namespace are one name.
          if (!scope.names?.has(nameOf(id))) {
            this.#add(scope, id, kind, node, []);
          }
        }
        const isNamespace = node.type === "TSModuleDeclaration";
        return opened(
          scope,
          isNamespace,
          isNamespace && scope.prefix !== null && id
            ? `${scope.prefix}${nameOf(id)}.`
            : null,
        );
      }
      case "TSImportEqualsDeclaration": {
        const id = one(node, "id");
        if (id) this.#add(scope, id, "const", null, []);
        return scope;
      }
      case "CatchClause": {
        const inner = opened(scope, false);
        this.#pattern(one(node, "param"), "catch", inner, null, []);
        return inner;
      }
      case "BlockStatement":
        // The body of a function is the scope of its parameters.
        return isFunction(parent) || parent.type === "CatchClause"
          ? scope
          : opened(scope, false);
      case "StaticBlock":
        return opened(scope, true);
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "SwitchStatement":
        return opened(scope, false);
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return this.#function(node, scope);
      case "ClassDeclaration":
      case "ClassExpression":
        return this.#class(node, scope);
    }
    return scope;
  }

  #function(node: Node, scope: Scope): Scope {
    const id = one(node, "id");
    if (node.type === "FunctionDeclaration" && id) {
      this.#add(scope, id, "function", node, []);
    }
    const inner = opened(scope, true);
    if (node.type === "FunctionExpression" && id) {
      this.#add(inner, id, "function", node, []);
    }
    // `this` as a parameter only serves types.
    const params = many(node, "params").filter((it) => nameOf(it) !== "this");
    for (const [index, parameter] of params.entries()) {
      const bare = parameter.type === "TSParameterProperty"
        ? one(parameter, "parameter")
        : parameter;
      this.#parameter = { of: node, index };
      this.#pattern(bare, "parameter", inner, null, []);
    }
    return inner;
  }

  #class(node: Node, scope: Scope): Scope {
    const id = one(node, "id");
    if (node.type === "ClassDeclaration" && id) {
      this.#add(scope, id, "class", node, []);
    }
    const inner = opened(scope, false);
    if (node.type === "ClassExpression" && id) {
      this.#add(inner, id, "class", node, []);
    }
    return inner;
  }

  #declareImports(node: Node): void {
    const specifier = String(field(one(node, "source")!, "value"));
    for (const item of many(node, "specifiers")) {
      if (word(item, "importKind") === "type") continue;
      const name = item.type === "ImportDefaultSpecifier"
        ? "default"
        : item.type === "ImportNamespaceSpecifier"
        ? "*"
        : nameOf(one(item, "imported"));
      this.#add(this.#top, one(item, "local")!, "import", null, [], {
        specifier,
        name,
      });
    }
  }

  #add(
    scope: Scope,
    node: Node,
    kind: Binding["kind"],
    value: Node | null,
    path: readonly string[],
    imported?: Binding["imported"],
  ): void {
    const name = node.type === "ExportDefaultDeclaration"
      ? "default"
      : nameOf(node);
    scope.names ??= new Map();
    const known = scope.names.get(name);
    if (known) {
      // `var x` twice, or a function of the same name: both values count.
      foundOf(node).binding = known;
      if (value) known.assigned.push(value);
      return;
    }
    const binding: Binding = {
      name,
      kind,
      top: scope.prefix !== null,
      label: `${scope.prefix ?? ""}${name}`,
      node,
      from: value ? { value, path } : null,
      references: [],
      assigned: [],
      ...(imported ? { imported } : {}),
      ...(kind === "parameter" && this.#parameter
        ? { parameter: { ...this.#parameter, path } }
        : {}),
    };
    scope.names.set(name, binding);
    if (binding.top) this.#moduleLevel.push(binding);
    this.#declared.push(binding);
    foundOf(node).binding = binding;
  }

  #pattern(
    node: Node | null,
    kind: Binding["kind"],
    scope: Scope,
    value: Node | null,
    path: readonly string[],
  ): void {
    if (!node) return;
    switch (node.type) {
      case "Identifier":
        return this.#add(scope, node, kind, value, path);
      case "AssignmentPattern":
        this.#pattern(one(node, "left"), kind, scope, value, path);
        bindings.get(one(node, "left")!)?.assigned.push(
          one(node, "right"),
        );
        return;
      case "RestElement":
        return this.#pattern(one(node, "argument"), kind, scope, null, path);
      case "ArrayPattern":
        for (const item of many(node, "elements")) {
          this.#pattern(item, kind, scope, value, [...path, ELEMENT]);
        }
        return;
      case "ObjectPattern":
        for (const item of many(node, "properties")) {
          if (item.type === "RestElement") {
            this.#pattern(item, kind, scope, value, path);
          } else {
            const name = keyName(item, "key") ?? ELEMENT;
            this.#pattern(one(item, "value"), kind, scope, value, [
              ...path,
              name,
            ]);
          }
        }
    }
  }
}

function opened(
  parent: Scope,
  isFunction: boolean,
  prefix: string | null = null,
): Scope {
  return { parent, isFunction, prefix, names: null };
}

function functionScope(scope: Scope): Scope {
  let at = scope;
  while (!at.isFunction && at.parent) at = at.parent;
  return at;
}
