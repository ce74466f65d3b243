/** Where a value comes from: which import or variable of the module, and over which members.
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
} from "./nodes.ts";
import { type Holder, Holders } from "./functions/holders.ts";
import { storedIn } from "./functions/stored.ts";
import type { Binding } from "./bindings.ts";
import { ELEMENT, type Resolved } from "./scope.ts";
import type { ClassUnits, Units } from "./units.ts";
import type { Use } from "./uses.ts";
import { picked, type Root } from "./root.ts";
import { before, isElement, member, stepsOf, type Way, wayOf } from "./way.ts";

const STEPS_MAX = 400;
const PATH_MAX = 12;
const READS_ELEMENTS = new Set(["values", "entries", "from", "all"]);
const NO_LOCALS: ReadonlySet<Binding> = new Set();

/** Follows values to their roots, through locals, literals, parameters and what functions of the module return. */
export class Roots extends Holders {
  readonly #resolved: Resolved;
  readonly #units: Units;
  readonly #locals: ReadonlySet<Binding>;
  /** By the way of a use: most analyses ask for the same ones. */
  readonly #known = new Map<readonly string[], RootsOfWay>();
  /** What is being followed. */
  readonly #seen: Binding[] = [];
  #steps = 0;
  #found: Root[] = [];

  /**
   * @param resolved the module
   * @param units its code
   * @param locals variables of functions that may be asked for as well
   */
  constructor(
    resolved: Resolved,
    units: Units,
    locals: ReadonlySet<Binding> = NO_LOCALS,
  ) {
    super(resolved, units);
    this.#resolved = resolved;
    this.#units = units;
    this.#locals = locals;
  }

  /** The roots of an expression. Returns its roots; none for what is made here or not known. */
  of(node: Node, path: readonly string[] = [], locals = false): Root[] {
    return picked(this.#follow(node, wayOf(path, null)), locals);
  }

  /** The roots of what is on the way of a use. */
  along(
    node: Node,
    { path }: Pick<Use, "path">,
    locals = false,
  ): readonly Root[] {
    let known = this.#known.get(path);
    if (!known) {
      known = {
        all: this.#follow(node, wayOf(path, null)),
        own: null,
        withLocals: null,
      };
      this.#known.set(path, known);
    }
    return locals
      ? known.withLocals ??= picked(known.all, true)
      : known.own ??= picked(known.all, false);
  }

  /** The roots of what a use reaches. */
  ofUse(
    node: Node,
    use: Pick<Use, "how" | "path" | "given">,
    locals = false,
  ): readonly Root[] {
    const last = use.path.at(-1);
    if (use.how !== "write" || use.given || last === undefined) {
      return this.along(node, use, locals);
    }
    // What a field held before, or is given, is not changed by that.
    return this.of(node, use.path.slice(0, -1), locals).map((root) =>
      named({ ...root, path: [...root.path, last] })
    );
  }

  #follow(node: Node, way: Way | null): Root[] {
    this.#steps = 0;
    this.#seen.length = 0;
    this.#found = [];
    this.#of(node, way);
    return this.#found;
  }

  #add(
    specifier: string | null,
    name: string,
    binding: Binding | null,
    way: Way | null,
  ): void {
    const root = { specifier, name, binding, path: stepsOf(way) };
    this.#found.push(specifier === null ? root : named(root));
  }

  #of(node: Node, way: Way | null): void {
    // Deep nests of aliases are not worth the time; a path of twelve members says enough.
    if (
      ++this.#steps > STEPS_MAX || way !== null && way.length > PATH_MAX
    ) return;
    const at = unwrap(node);
    switch (at.type) {
      case "Identifier":
      case "JSXIdentifier":
        return this.#identifier(at, way);
      case "MemberExpression":
        return this.#of(
          one(at, "object")!,
          before(keyName(at, "property") ?? ELEMENT, way),
        );
      case "CallExpression":
        return this.#call(at, way);
      case "NewExpression":
        this.#content(at, way);
        return this.#of(one(at, "callee")!, before("new()", way));
      case "TaggedTemplateExpression":
        return this.#of(one(at, "tag")!, before("()", way));
      case "AwaitExpression":
      case "YieldExpression":
        return this.#maybe(one(at, "argument"), way);
      case "AssignmentExpression":
        return this.#of(one(at, "right")!, way);
      case "LogicalExpression":
        this.#of(one(at, "left")!, way);
        return this.#of(one(at, "right")!, way);
      case "ConditionalExpression":
        this.#of(one(at, "consequent")!, way);
        return this.#of(one(at, "alternate")!, way);
      case "SequenceExpression":
        return this.#maybe(many(at, "expressions").at(-1) ?? null, way);
      case "ArrayExpression":
        // The array itself is a new one; only what it holds comes from elsewhere.
        if (way === null || !isElement(way.step)) return;
        for (const item of many(at, "elements")) {
          if (item.type === "SpreadElement") {
            this.#of(one(item, "argument")!, way);
          } else this.#of(item, way.rest);
        }
        return;
      case "ObjectExpression":
        return this.#literal(at, way);
      case "ImportExpression": {
        const source = one(at, "source");
        const specifier = source?.type === "Literal"
          ? field(source, "value")
          : null;
        if (typeof specifier === "string") {
          this.#add(specifier, "*", null, way);
        }
        return;
      }
      case "ClassDeclaration":
      case "ClassExpression": {
        const of = this.#units.classes.get(at) ?? null;
        this.#above(of, way);
        return way?.step === "new()"
          ? this.#field(of, way.rest, false)
          : this.#field(of, way, true);
      }
      case "ThisExpression": {
        const unit = this.#units.around.get(at);
        const of = unit?.class ?? null;
        if (!of) return this.#literalOf(at, way);
        const binding = unit?.isStatic ? of.binding : null;
        if (binding?.top) this.#add(null, binding.label, binding, way);
        this.#above(of, unit?.isStatic ? way : before("new()", way));
        return this.#field(of, way, unit?.isStatic === true);
      }
      case "Super": {
        const unit = this.#units.around.get(at);
        const above = unit?.class?.superClass;
        // What `super()` runs is part of the construction.
        if (!unit || !above || way === null || way.step === "()") return;
        return this.#of(above, unit.isStatic ? way : before("new()", way));
      }
    }
  }

  /** What a collection of the platform is made of. */
  #content(node: Node, way: Way | null): void {
    const callee = unwrap(one(node, "callee")!);
    const [given] = many(node, "arguments");
    if (
      !given || way === null || callee.type !== "Identifier" ||
      this.#resolved.bindings.has(callee)
    ) return;
    const { step, rest } = way;
    const kind = nameOf(callee);
    if (/^(?:Weak)?Map$/.test(kind)) {
      if (step === "get()" || step === "values()") {
        this.#of(given, before(ELEMENT, before("1", rest)));
      } else if (isElement(step)) this.#of(given, before(ELEMENT, rest));
    } else if (kind === "Set" && isElement(step)) {
      this.#of(given, before(ELEMENT, rest));
    }
  }

  #maybe(node: Node | null, way: Way | null): void {
    if (node) this.#of(node, way);
  }

  #identifier(node: Node, way: Way | null): void {
    const binding = this.#resolved.bindings.get(node);
    if (!binding) return;
    if (binding.imported) {
      const { specifier, name } = binding.imported;
      return this.#add(specifier, name, binding, way);
    }
    if (binding.top || this.#locals.has(binding)) {
      this.#add(null, binding.label, binding, way);
    }
    if (this.#seen.includes(binding)) return;
    this.#seen.push(binding);
    const { kind, from } = binding;
    if (way !== null) this.#stored(binding, way);
    if (kind === "class" && from) this.#of(from.value, way);
    if (kind === "parameter") {
      this.#arguments(binding, way);
      for (const other of binding.assigned) this.#maybe(other, way);
    } else if (from && kind !== "function" && kind !== "class") {
      this.#of(from.value, wayOf(from.path, way));
      for (const other of binding.assigned) this.#maybe(other, way);
    } else {
      for (const other of binding.assigned) {
        if (other && !isFunction(other)) this.#of(other, way);
      }
    }
    this.#seen.pop();
  }

  /** What was put into what a variable holds. */
  #stored(binding: Binding, way: Way): void {
    const stored = storedIn(binding, this.#resolved);
    if (stored.length === 0) return;
    const { name, rest } = member(way);
    const isAny = isElement(way.step);
    for (const { key, value } of stored) {
      if (isFunction(unwrap(value))) continue;
      if (key === name || isAny || key === ELEMENT && way.step === "get()") {
        // Of a pair it is the value.
        const isPair = rest?.step === "1";
        const inner = way.step === "get()" ? way.rest : rest;
        this.#of(value, isPair ? rest.rest : inner);
      }
    }
  }

  #call(node: Node, way: Way | null): void {
    const callee = unwrap(one(node, "callee")!);
    const first = many(node, "arguments")[0];
    if (callee.type === "MemberExpression") {
      const object = one(callee, "object")!;
      const name = keyName(callee, "property") ?? ELEMENT;
      const inner = unwrap(object);
      const isGlobal = inner.type === "Identifier" &&
        !this.#resolved.bindings.has(inner);
      if (!isGlobal) return this.#of(object, before(`${name}()`, way));
      const passes = READS_ELEMENTS.has(name)
        ? isElement(way?.step ?? "")
        : /^(?:assign|freeze|seal|resolve)$/.test(name);
      return first && passes ? this.#of(first, way) : undefined;
    }
    const unit = this.functionOf(callee);
    if (!unit) return this.#of(callee, before("()", way));
    for (const value of unit.returns) this.#of(value, way);
  }

  #literal(node: Node, way: Way | null): void {
    if (way === null) return;
    const { name, rest } = member(way);
    const isAny = isElement(way.step);
    for (const item of many(node, "properties")) {
      if (item.type === "SpreadElement") {
        this.#of(one(item, "argument")!, way);
        continue;
      }
      const value = one(item, "value");
      if (
        value && !isFunction(value) &&
        (isAny || keyName(item, "key") === name)
      ) this.#of(value, rest);
    }
  }

  /** What `this` is in a method of an object literal: the variable that holds the object, and what its members were made of. */
  #literalOf(self: Node, way: Way | null): void {
    let at: Node | undefined = self;
    while (at && !(isFunction(at) && at.type !== "ArrowFunctionExpression")) {
      at = this.#resolved.parents.get(at)?.node;
    }
    const method = at && this.#resolved.parents.get(at);
    if (method?.node.type !== "Property" || method.key !== "value") {
      for (const { value, holders } of at ? this.givenAsThis(at) : []) {
        this.#of(value, way);
        this.#held(holders, way);
      }
      return;
    }
    const literal = this.#resolved.parents.get(method.node)!.node;
    const held = this.holdersOfLiteral(literal);
    const isNew = held.length > 0 &&
      !held.some((it) => this.#seen.includes(it.binding));
    if (isNew) this.#literal(literal, way);
    this.#held(held, way);
  }

  #held(held: readonly Holder[], way: Way | null): void {
    for (const { binding, members } of held) {
      if (!binding.top && !this.#locals.has(binding)) continue;
      this.#add(null, binding.label, binding, wayOf(members, way));
    }
  }

  /** What a class has from the one that it extends. */
  #above(of: ClassUnits | null, way: Way | null): void {
    if (!of?.superClass || way === null) return;
    const isNew = way.step === "new()";
    const first = isNew ? way.rest : way;
    const name = first && member(first).name;
    const own = isNew ? of.methods : of.statics;
    if (name === null || !own.has(name)) this.#of(of.superClass, way);
  }

  /** What a field of an instance, or of a class, was made of. */
  #field(of: ClassUnits | null, way: Way | null, isStatic: boolean): void {
    if (!of || way === null) return;
    const { name, rest } = member(way);
    for (const value of this.fields.valuesOf(of, name, isStatic)) {
      if (!isFunction(unwrap(value))) this.#of(value, rest);
    }
  }

  /** What a parameter is given, as far as it can be told: by calls in this module, by `forEach` and its like. */
  #arguments(binding: Binding, way: Way | null): void {
    const { of, index, path } = binding.parameter!;
    const full = wayOf(path, way);
    for (const call of this.callsOf(of)) {
      const given = many(call, "arguments")[index];
      if (given && given.type !== "SpreadElement") this.#of(given, full);
    }
    const object = this.elementsGiven(of, index);
    if (object) return this.#of(object, before(ELEMENT, full));
    const reaction = index === 0 ? this.methodGiven(of) : null;
    if (reaction && /^(?:then|catch|finally)$/.test(reaction.name)) {
      this.#of(reaction.object, full);
    }
  }
}

/** What is known of one way. */
interface RootsOfWay {
  readonly all: readonly Root[];
  own: readonly Root[] | null;
  withLocals: readonly Root[] | null;
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
