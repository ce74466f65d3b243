/** Where a value comes from: which import or variable of the module, and over which members.
 * @module
 */
import { CALLING_METHODS } from "../values/known_calls.ts";
import {
  field,
  isFunction,
  keyName,
  many,
  type Node,
  one,
  unwrap,
} from "./nodes.ts";
import { NamedFunctions } from "./named_functions.ts";
import type { Binding } from "./bindings.ts";
import { ELEMENT, type Resolved } from "./scope.ts";
import type { ClassUnits, Units } from "./units.ts";
import type { Use } from "./uses.ts";

/** Where a value comes from. */
export interface Root {
  /** The specifier, if it comes from an import. */
  readonly specifier: string | null;
  /** The exported name, or the module's own. */
  readonly name: string;
  /** The variable of this module, or the import's local name; null for `import()`. */
  readonly binding: Binding | null;
  /** The members from there: `items`, `get()`, `()` for a call, `new()`, `[]` for an element. */
  readonly path: readonly string[];
}

/** A variable that holds something, and under which members. */
interface Holder {
  readonly binding: Binding;
  readonly members: readonly string[];
}

const STEPS_MAX = 400;
const HOLDERS_MAX = 4;
const READS_ELEMENTS = new Set(["values", "entries", "from", "all"]);

/** Follows values to their roots, through locals, literals, parameters and what functions of the module return. */
export class Roots extends NamedFunctions {
  readonly #resolved: Resolved;
  readonly #units: Units;
  readonly #locals: ReadonlySet<Binding>;
  #steps = 0;

  /**
   * @param resolved the module
   * @param units its code
   * @param locals variables of functions that count as roots as well
   */
  constructor(
    resolved: Resolved,
    units: Units,
    locals: ReadonlySet<Binding> = new Set(),
  ) {
    super(resolved, units);
    this.#resolved = resolved;
    this.#units = units;
    this.#locals = locals;
  }

  /** The roots of an expression. Returns its roots; none for what is made here or not known. */
  of(node: Node, path: readonly string[] = []): Root[] {
    this.#steps = 0;
    return unique(this.#of(node, path, new Set()));
  }

  /** The roots of what a use reaches. */
  ofUse(node: Node, use: Pick<Use, "how" | "path" | "given">): Root[] {
    const last = use.path.at(-1);
    if (use.how !== "write" || use.given || last === undefined) {
      return this.of(node, use.path);
    }
    // What a field held before, or is given, is not changed by that.
    return this.of(node, use.path.slice(0, -1)).map((root) =>
      named({ ...root, path: [...root.path, last] })
    );
  }

  #of(node: Node, path: readonly string[], seen: Set<Binding>): Root[] {
    // Deep nests of aliases are not worth the time; a path of twelve members says enough.
    if (++this.#steps > STEPS_MAX || path.length > 12) return [];
    const at = unwrap(node);
    const go = (next: Node | null, way = path) =>
      next ? this.#of(next, way, seen) : [];
    switch (at.type) {
      case "Identifier":
      case "JSXIdentifier":
        return this.#identifier(at, path, seen);
      case "MemberExpression":
        return go(one(at, "object"), [
          keyName(at, "property") ?? ELEMENT,
          ...path,
        ]);
      case "CallExpression":
        return this.#call(at, path, seen);
      case "NewExpression":
        return go(one(at, "callee"), ["new()", ...path]);
      case "TaggedTemplateExpression":
        return go(one(at, "tag"), ["()", ...path]);
      case "AwaitExpression":
      case "YieldExpression":
        return go(one(at, "argument"));
      case "AssignmentExpression":
        return go(one(at, "right"));
      case "LogicalExpression":
        return [...go(one(at, "left")), ...go(one(at, "right"))];
      case "ConditionalExpression":
        return [...go(one(at, "consequent")), ...go(one(at, "alternate"))];
      case "SequenceExpression":
        return go(many(at, "expressions").at(-1) ?? null);
      case "ArrayExpression": {
        const [first, ...rest] = path;
        if (first === undefined) return [];
        return many(at, "elements").flatMap((item) =>
          // The array itself is a new one; only what it holds comes from elsewhere.
          !isElement(first)
            ? []
            : item.type === "SpreadElement"
            ? go(one(item, "argument"))
            : go(item, rest)
        );
      }
      case "ObjectExpression":
        return this.#literal(at, path, seen);
      case "ImportExpression": {
        const source = one(at, "source");
        const specifier = source?.type === "Literal"
          ? field(source, "value")
          : null;
        return typeof specifier === "string"
          ? [named({ specifier, name: "*", binding: null, path })]
          : [];
      }
      case "ClassDeclaration":
      case "ClassExpression": {
        const of = this.#units.classes.get(at) ?? null;
        return path[0] === "new()"
          ? this.#field(of, path.slice(1), seen, false)
          : this.#field(of, path, seen, true);
      }
      case "ThisExpression": {
        const unit = this.#units.around.get(at);
        const of = unit?.class ?? null;
        if (!of) return this.#literalOf(at, path, seen);
        const fields = this.#field(of, path, seen, unit?.isStatic === true);
        const binding = unit?.isStatic ? of?.binding : null;
        return binding?.top
          ? [{ specifier: null, name: binding.label, binding, path }, ...fields]
          : fields;
      }
    }
    return [];
  }

  #identifier(
    node: Node,
    path: readonly string[],
    seen: Set<Binding>,
  ): Root[] {
    const binding = this.#resolved.bindings.get(node);
    if (!binding) return [];
    if (binding.imported) {
      const { specifier, name } = binding.imported;
      return [named({ specifier, name, binding, path })];
    }
    const roots: Root[] = binding.top || this.#locals.has(binding)
      ? [{ specifier: null, name: binding.label, binding, path }]
      : [];
    if (seen.has(binding)) return roots;
    seen.add(binding);
    if (binding.kind === "class" && binding.from) {
      roots.push(...this.#of(binding.from.value, path, seen));
    }
    if (binding.kind === "parameter") {
      roots.push(...this.#arguments(binding, path, seen));
      for (const other of binding.assigned) {
        if (other) roots.push(...this.#of(other, path, seen));
      }
    } else if (
      binding.from && binding.kind !== "function" && binding.kind !== "class"
    ) {
      const { value, path: way } = binding.from;
      roots.push(...this.#of(value, [...way, ...path], seen));
      for (const other of binding.assigned) {
        if (other) roots.push(...this.#of(other, path, seen));
      }
    } else {
      for (const other of binding.assigned) {
        if (other && !isFunction(other)) {
          roots.push(...this.#of(other, path, seen));
        }
      }
    }
    seen.delete(binding);
    return roots;
  }

  #call(node: Node, path: readonly string[], seen: Set<Binding>): Root[] {
    const callee = unwrap(one(node, "callee")!);
    const first = many(node, "arguments")[0];
    if (callee.type === "MemberExpression") {
      const object = one(callee, "object")!;
      const name = keyName(callee, "property") ?? ELEMENT;
      const isGlobal = unwrap(object).type === "Identifier" &&
        !this.#resolved.bindings.has(unwrap(object));
      if (isGlobal) {
        return first && READS_ELEMENTS.has(name)
          ? isElement(path[0] ?? "") ? this.#of(first, path, seen) : []
          : first && /^(?:assign|freeze|seal|resolve)$/.test(name)
          ? this.#of(first, path, seen)
          : [];
      }
      return this.#of(object, [`${name}()`, ...path], seen);
    }
    const unit = this.functionOf(callee);
    if (unit) {
      return unit.returns.flatMap((value) => this.#of(value, path, seen));
    }
    return this.#of(callee, ["()", ...path], seen);
  }

  #literal(node: Node, path: readonly string[], seen: Set<Binding>): Root[] {
    const [first, ...rest] = path;
    if (first === undefined) return [];
    const name = first.replace(/\(\)$/, "");
    const way = first === name ? rest : ["()", ...rest];
    return many(node, "properties").flatMap((item) => {
      if (item.type === "SpreadElement") {
        return this.#of(one(item, "argument")!, path, seen);
      }
      const key = keyName(item, "key");
      const value = one(item, "value");
      return value && (key === name || isElement(first)) && !isFunction(value)
        ? this.#of(value, way, seen)
        : [];
    });
  }

  /** What `this` is in a method of an object literal: the variable that holds the object, and what its members were made of. */
  #literalOf(
    self: Node,
    path: readonly string[],
    seen: Set<Binding>,
  ): Root[] {
    let at: Node | undefined = self;
    while (at && !(isFunction(at) && at.type !== "ArrowFunctionExpression")) {
      at = this.#resolved.parents.get(at)?.node;
    }
    const method = at && this.#resolved.parents.get(at);
    if (method?.node.type !== "Property" || method.key !== "value") return [];
    const literal = this.#resolved.parents.get(method.node)!.node;
    const held = this.#holdersOf(literal);
    const roots = held.length === 0 || held.some((it) => seen.has(it.binding))
      ? []
      : this.#literal(literal, path, seen);
    for (const { binding, members } of held) {
      if (!binding.top && !this.#locals.has(binding)) continue;
      const way = [...members, ...path];
      roots.push({ specifier: null, name: binding.label, binding, path: way });
    }
    return roots;
  }

  /** The variables that hold what an expression makes, and under which members; where a function returns it, those of its calls. */
  #holdersOf(made: Node, depth = 0): Holder[] {
    if (depth > HOLDERS_MAX) return [];
    const members: string[] = [];
    let up = this.above(made);
    while (up?.node.type === "Property" && up.key === "value") {
      members.unshift(keyName(up.node, "key") ?? ELEMENT);
      const outer = this.#resolved.parents.get(up.node)!.node;
      if (outer.type !== "ObjectExpression") return [];
      up = this.above(outer);
    }
    if (!up) return [];
    const within = (it: Holder) => ({
      ...it,
      members: [...it.members, ...members],
    });
    const { node, key } = up;
    if (node.type === "AwaitExpression") {
      return this.#holdersOf(node, depth + 1).map(within);
    }
    const isReturned = node.type === "ReturnStatement" ||
      node.type === "ArrowFunctionExpression" && key === "body";
    if (isReturned) {
      const unit = this.#units.byFunction.get(this.#functionAround(node)!);
      return (unit ? this.callsOf(unit.node) : []).flatMap((call) =>
        this.#holdersOf(call, depth + 1).map(within)
      );
    }
    const id = node.type === "VariableDeclarator" && key === "init"
      ? one(node, "id")
      : node.type === "AssignmentExpression" && key === "right"
      ? one(node, "left")
      : node.type === "ExportDefaultDeclaration"
      ? node
      : null;
    const binding = id && this.#resolved.bindings.get(id);
    if (!binding) return [];
    const handed = binding.top
      ? []
      : binding.references.flatMap((it) => this.#holdersOf(it, depth + 1));
    return [{ binding, members: [] }, ...handed].map(within);
  }

  #functionAround(node: Node): Node | null {
    let at: Node | undefined = node;
    while (at && !isFunction(at)) at = this.#resolved.parents.get(at)?.node;
    return at ?? null;
  }

  /** What a field of an instance, or of a class, was made of. */
  #field(
    of: ClassUnits | null,
    path: readonly string[],
    seen: Set<Binding>,
    isStatic: boolean,
  ): Root[] {
    const [first, ...rest] = path;
    if (!of || first === undefined) return [];
    const name = first.replace(/\(\)$/, "");
    const way = first === name ? rest : ["()", ...rest];
    return this.fields.valuesOf(of, name, isStatic).flatMap((value) =>
      isFunction(unwrap(value)) ? [] : this.#of(value, way, seen)
    );
  }

  /** What a parameter is given, as far as it can be told: by calls in this module, by `forEach` and its like. */
  #arguments(
    binding: Binding,
    path: readonly string[],
    seen: Set<Binding>,
  ): Root[] {
    const { of, index, path: way } = binding.parameter!;
    const full = [...way, ...path];
    const roots: Root[] = [];
    for (const call of this.callsOf(of)) {
      const given = many(call, "arguments")[index];
      if (given && given.type !== "SpreadElement") {
        roots.push(...this.#of(given, full, seen));
      }
    }
    const up = this.#resolved.parents.get(of);
    if (up?.node.type === "CallExpression" && up.key === "arguments") {
      const callee = unwrap(one(up.node, "callee")!);
      const method = callee.type === "MemberExpression"
        ? keyName(callee, "property")
        : null;
      if (method !== null && CALLING_METHODS.has(method)) {
        const isPromise = /^(?:then|catch|finally)$/.test(method);
        const element = method.startsWith("reduce") ? 1 : 0;
        if (index === element) {
          roots.push(
            ...this.#of(
              one(callee, "object")!,
              isPromise ? full : [ELEMENT, ...full],
              seen,
            ),
          );
        }
      }
    }
    return roots;
  }
}

function isElement(step: string): boolean {
  return step === ELEMENT || /^(?:\d+|at\(\)|find\(\)|values\(\))$/.test(step);
}

/** A member of a namespace is the export of that name. */
function named(root: Root): Root {
  const [first, ...rest] = root.path;
  if (root.name !== "*" || first === undefined || first === ELEMENT) {
    return root;
  }
  const name = first.replace(/\(\)$/, "");
  if (name === "" || name === "new") return root;
  return { ...root, name, path: first === name ? rest : ["()", ...rest] };
}

function unique(roots: Root[]): Root[] {
  if (roots.length < 2) return roots;
  const seen = new Set<string>();
  return roots.filter((root) => {
    const key = `${root.specifier}\n${root.name}\n${root.path.join(".")}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
