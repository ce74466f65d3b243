/** Which declaration every identifier of a module refers to.
 * @module
 */
import {
  eachChild,
  field,
  flag,
  isClass,
  isFunction,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
  upOf,
  word,
} from "./nodes.ts";

/** One declared name. */
export interface Binding {
  /** The name. */
  readonly name: string;
  /** What declares it. */
  readonly kind:
    | "import"
    | "var"
    | "let"
    | "const"
    | "function"
    | "class"
    | "parameter"
    | "catch"
    | "enum"
    | "namespace";
  /** True for a name of the module itself: at its top level, or in a namespace there. */
  readonly top: boolean;
  /** The name with that of its namespace: `Config.limit`. */
  readonly label: string;
  /** The identifier that declares it. */
  readonly node: Node;
  /** Of an import: the specifier and the exported name. */
  readonly imported?: { readonly specifier: string; readonly name: string };
  /** Of a parameter: of which function, which one, and the way into it. */
  readonly parameter?: {
    readonly of: Node;
    readonly index: number;
    readonly path: readonly string[];
  };
  /** What its value comes from, and the way from there; the function or class itself for a declaration. */
  from: { readonly value: Node; readonly path: readonly string[] } | null;
  /** The identifiers that refer to it, its declaration not among them. */
  readonly references: Node[];
  /** What is assigned to it elsewhere. */
  readonly assigned: (Node | null)[];
}

interface Scope {
  readonly parent: Scope | null;
  /** Where `var` goes. */
  readonly isFunction: boolean;
  /** Of the module: empty; of a namespace in it: its name and a dot; else null. */
  readonly prefix: string | null;
  readonly names: Map<string, Binding>;
}

/** The module with all its names resolved. */
export interface Resolved {
  /** The root of its tree. */
  readonly program: Node;
  /** The names at its top level. */
  readonly top: ReadonlyMap<string, Binding>;
  /** Those, and the names in its namespaces. */
  readonly moduleLevel: readonly Binding[];
  /** What an identifier refers to; a global one is not in here. */
  readonly bindings: ReadonlyMap<Node, Binding>;
  /** The parent of every node, and the field it stands in. */
  readonly parents: {
    get(node: Node): { readonly node: Node; readonly key: string } | undefined;
  };
  /** Identifiers and member accesses that are assigned to, counted up or deleted. */
  readonly targets: ReadonlySet<Node>;
  /** Identifiers without a declaration, by name. */
  readonly globals: ReadonlyMap<string, readonly Node[]>;
  /** Every `import()`. */
  readonly importCalls: readonly Node[];
  /** Every `import.meta` and `new.target`. */
  readonly metas: readonly Node[];
}

/** The path of an element of a collection whose index is not known. */
export const ELEMENT = "[]";

/**
 * Resolves the names of a module.
 *
 * @param program the root of its tree
 * @returns the tree with every identifier resolved
 */
export function resolveNames(program: Node): Resolved {
  return new Resolver(program).resolve();
}

class Resolver {
  readonly #program: Node;
  readonly #bindings = new Map<Node, Binding>();
  readonly #targets = new Set<Node>();
  readonly #globals = new Map<string, Node[]>();
  readonly #scopes = new Map<Node, Scope>();
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

  constructor(program: Node) {
    this.#program = program;
  }

  resolve(): Resolved {
    this.#declareIn(this.#program, this.#top);
    this.#visit(this.#program, this.#top);
    return {
      program: this.#program,
      top: this.#top.names,
      moduleLevel: this.#moduleLevel,
      bindings: this.#bindings,
      parents: { get: upOf },
      targets: this.#targets,
      globals: this.#globals,
      importCalls: this.#importCalls,
      metas: this.#metas,
    };
  }

  // First walk: every scope with the names it declares, so that hoisted ones are known before they are met.
  #declareIn(node: Node, scope: Scope): void {
    eachChild(node, (child, key) => {
      this.#declareIn(child, this.#declare(child, key, node, scope));
    });
  }

  /** Declares what a node declares and returns the scope of its children. */
  #declare(node: Node, key: string, parent: Node, scope: Scope): Scope {
    switch (node.type) {
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
          if (!scope.names.has(nameOf(id))) {
            this.#add(scope, id, kind, node, []);
          }
        }
        const isNamespace = node.type === "TSModuleDeclaration";
        return this.#open(
          node,
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
        const inner = this.#open(node, scope, false);
        this.#pattern(one(node, "param"), "catch", inner, null, []);
        return inner;
      }
      case "BlockStatement":
        // The body of a function is the scope of its parameters.
        return isFunction(parent) || parent.type === "CatchClause"
          ? scope
          : this.#open(node, scope, false);
      case "StaticBlock":
        return this.#open(node, scope, true);
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "SwitchStatement":
        return this.#open(node, scope, false);
    }
    if (isFunction(node)) {
      const id = one(node, "id");
      if (node.type === "FunctionDeclaration" && id) {
        this.#add(scope, id, "function", node, []);
      }
      const inner = this.#open(node, scope, true);
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
    if (isClass(node)) {
      const id = one(node, "id");
      if (node.type === "ClassDeclaration" && id) {
        this.#add(scope, id, "class", node, []);
      }
      const inner = this.#open(node, scope, false);
      if (node.type === "ClassExpression" && id) {
        this.#add(inner, id, "class", node, []);
      }
      return inner;
    }
    return scope;
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

  #open(
    node: Node,
    parent: Scope,
    isFunction: boolean,
    prefix: string | null = null,
  ): Scope {
    const scope: Scope = { parent, isFunction, prefix, names: new Map() };
    this.#scopes.set(node, scope);
    return scope;
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
    const known = scope.names.get(name);
    if (known) {
      // `var x` twice, or a function of the same name: both values count.
      this.#bindings.set(node, known);
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
    this.#bindings.set(node, binding);
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
        this.#bindings.get(one(node, "left")!)?.assigned.push(
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

  // Second walk: references.
  #visit(node: Node, scope: Scope): void {
    switch (node.type) {
      case "ImportDeclaration":
        return;
      case "ExportNamedDeclaration":
        // The names of `export { x } from` are those of the other module.
        if (one(node, "source")) return;
        break;
      case "AssignmentExpression":
        this.#target(one(node, "left"), one(node, "right"));
        break;
      case "UpdateExpression":
        this.#target(one(node, "argument"), null);
        break;
      case "UnaryExpression":
        if (word(node, "operator") === "delete") {
          this.#target(one(node, "argument"), null);
        }
        break;
      case "ForInStatement":
      case "ForOfStatement": {
        const left = one(node, "left");
        if (left && left.type !== "VariableDeclaration") {
          this.#target(left, null);
        }
        break;
      }
    }
    eachChild(node, (child, key) => {
      if (child.type === "Identifier" || child.type === "JSXIdentifier") {
        if (this.#isReference(child, key, node)) this.#refer(child, scope);
        return;
      }
      this.#visit(child, this.#scopes.get(child) ?? scope);
    });
  }

  #isReference(child: Node, key: string, parent: Node): boolean {
    if (this.#bindings.has(child)) return false;
    switch (parent.type) {
      case "MemberExpression":
        return key === "object" || flag(parent, "computed");
      case "Property":
      case "MethodDefinition":
      case "PropertyDefinition":
      case "AccessorProperty":
        return key !== "key" || flag(parent, "computed");
      case "ExportSpecifier":
        return key === "local";
      case "ExportAllDeclaration":
      case "LabeledStatement":
      case "BreakStatement":
      case "ContinueStatement":
      case "MetaProperty":
      case "ImportAttribute":
      case "TSEnumMember":
      case "TSModuleDeclaration":
        return key === "initializer";
      case "JSXAttribute":
      case "JSXNamespacedName":
      case "JSXClosingElement":
        return false;
      case "JSXOpeningElement":
        // A tag in lower case is text, not a name.
        return !/^[a-z]/.test(word(child, "name"));
      case "JSXMemberExpression":
        return key === "object";
    }
    return true;
  }

  #refer(node: Node, scope: Scope): void {
    const name = word(node, "name");
    for (let at: Scope | null = scope; at; at = at.parent) {
      const binding = at.names.get(name);
      if (!binding) continue;
      binding.references.push(node);
      this.#bindings.set(node, binding);
      if (this.#targets.has(node)) binding.assigned.push(this.#valueOf(node));
      return;
    }
    const found = this.#globals.get(name);
    if (found) found.push(node);
    else this.#globals.set(name, [node]);
  }

  #valueOf(target: Node): Node | null {
    const up = upOf(target);
    return up?.node.type === "AssignmentExpression" && up.key === "left"
      ? one(up.node, "right")
      : null;
  }

  #target(node: Node | null, value: Node | null): void {
    if (!node) return;
    const inner = unwrap(node);
    switch (inner.type) {
      case "Identifier":
      case "MemberExpression":
        this.#targets.add(inner);
        return;
      case "AssignmentPattern":
        return this.#target(one(inner, "left"), value);
      case "RestElement":
        return this.#target(one(inner, "argument"), value);
      case "ArrayPattern":
        for (const item of many(inner, "elements")) this.#target(item, null);
        return;
      case "ObjectPattern":
        for (const item of many(inner, "properties")) {
          this.#target(
            item.type === "RestElement" ? item : one(item, "value"),
            null,
          );
        }
    }
  }
}

function functionScope(scope: Scope): Scope {
  let at = scope;
  while (!at.isFunction && at.parent) at = at.parent;
  return at;
}
