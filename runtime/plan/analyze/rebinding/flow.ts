/** Follows one value through a module, to all the places that may get it.
 * @module
 */
import type { PassedTo } from "../../../protocol/manifest/passing_facts.ts";
import type { Code } from "../effects.ts";
import type { Binding } from "../code/bindings.ts";
import {
  flag,
  isFunction,
  keyName,
  many,
  type Node,
  one,
  parameterOf,
  unwrap,
} from "../code/nodes.ts";
import { type Unit, unitAround, type Units } from "../code/units.ts";
import { calleeName, callsItsArguments } from "../code/uses.ts";
import {
  COLLECTION_READS,
  HARMLESS_METHODS,
  onlyReads,
} from "../values/known_calls.ts";
import { isBrief, isInLoop, isLate } from "./late.ts";
import {
  CONSUMERS,
  COUNTS,
  ENDS,
  EXPRESSIONS,
  GONE,
  HELD,
  MADE,
  PASSED,
  SENDING,
} from "./flow_ends.ts";
import {
  importedBy,
  isOfModule,
  isOfNetwork,
  keepsNothing,
  readsAll,
  setsByIt,
} from "./flow_places.ts";

/** One value on its way. */
export class Flow {
  readonly #code: Code;
  readonly #units: Units;
  readonly #members: ReadonlyMap<string, readonly Node[]>;
  readonly #seen = new Set<Node | Binding>();
  /** What was seen of what was made of it. */
  readonly #seenData = new Set<Node | Binding>();
  readonly #waiting: { readonly node: Node; readonly isData: boolean }[] = [];
  /** Whether what is followed is a number, a text or the like that was made of it. */
  #isData = false;
  readonly #to = new Map<string, PassedTo>();
  #fate: number = GONE;
  #start: Node | null = null;
  /** The members that are read of it, but for those that are called; empty text for a computed one. */
  readonly taken: Set<string> = new Set();

  constructor(
    code: Code,
    units: Units,
    members: ReadonlyMap<string, readonly Node[]>,
  ) {
    this.#code = code;
    this.#units = units;
    this.#members = members;
  }

  /** Follows a value until the worst is known; to the end where all that is taken of it is asked for. */
  of(value: Node, toTheEnd = false): number {
    this.#start = value;
    this.#push(value);
    this.#hands(value);
    this.#thrown(value);
    return this.#toTheEnd(toTheEnd);
  }

  /** Follows an argument through the function that gets it. */
  ofParameter(parameter: Node): number {
    this.#bind(parameterOf(parameter));
    return this.#toTheEnd();
  }

  /** The imported functions that get it. */
  get to(): PassedTo[] {
    return [...this.#to.values()];
  }

  #toTheEnd(all = false): number {
    for (
      let next = this.#waiting.pop();
      next && (all || this.#fate !== HELD);
      next = this.#waiting.pop()
    ) {
      this.#isData = next.isData;
      this.#step(next.node);
    }
    this.#isData = false;
    return this.#fate;
  }

  /** Whether something was seen before, as what it is now. */
  #isSeen(it: Node | Binding, isData = this.#isData): boolean {
    if (this.#seen.has(it) || isData && this.#seenData.has(it)) return true;
    (isData ? this.#seenData : this.#seen).add(it);
    return false;
  }

  #push(node: Node, isData = this.#isData): void {
    if (!this.#isSeen(node, isData)) this.#waiting.push({ node, isData });
  }

  #worst(fate: number): void {
    // Who is passed a number or a text has nothing of the code that gave it.
    if (fate === PASSED && this.#isData) return;
    this.#fate = Math.max(this.#fate, fate);
  }

  #step(node: Node): void {
    const up = this.#code.roots.above(node);
    if (!up) return;
    const { node: parent, key } = up;
    const { type } = parent;
    if (setsByIt(parent, key, this.#code)) return this.#worst(HELD);
    if (ENDS.has(type)) return;
    if (type.startsWith("JSX")) this.#rendered(parent, key);
    if (MADE.has(type)) return this.#push(parent, true);
    if (EXPRESSIONS.has(type)) return this.#push(parent);
    switch (type) {
      case "ConditionalExpression":
        // Which of the two it is tells of it.
        return this.#push(parent);
      case "SequenceExpression":
        return many(parent, "expressions").at(-1) === node
          ? this.#push(parent)
          : undefined;
      case "Property":
        return this.#push(this.#code.resolved.parents.get(parent)!.node);
      case "MemberExpression":
        if (this.#code.resolved.targets.has(parent)) return;
        if (this.#code.roots.above(parent)?.key !== "callee") {
          const name = keyName(parent, "property") ?? "";
          this.taken.add(name);
          return this.#push(parent, this.#isData || COUNTS.test(name));
        }
        return this.#push(parent);
      case "CallExpression":
      case "NewExpression":
        if (key === "arguments") return this.#given(parent, node);
        this.#hands(parent);
        return this.#push(parent);
      case "TaggedTemplateExpression":
        this.#worst(key === "quasi" ? PASSED : GONE);
        return this.#push(parent);
      case "VariableDeclarator":
        return this.#bind(one(parent, "id")!);
      case "AssignmentExpression":
        this.#assign(one(parent, "left")!);
        return this.#push(parent);
      case "AssignmentPattern":
        return this.#bind(one(parent, "left")!);
      case "ForOfStatement":
        // It goes on for as long as something comes.
        if (flag(parent, "await")) return this.#worst(HELD);
        return this.#bindLoop(one(parent, "left")!);
      case "ForInStatement":
        return this.#bindLoop(one(parent, "left")!);
      case "ReturnStatement":
      case "YieldExpression":
        return this.#returned(this.#unitAround(parent));
      case "ArrowFunctionExpression":
        return this.#returned(this.#units.byFunction.get(parent)!);
    }
    this.#worst(HELD);
  }

  #unitAround(node: Node): Unit {
    return unitAround(node, this.#code.resolved, this.#units);
  }

  /** It is an argument. */
  #given(call: Node, argument: Node): void {
    const { resolved, runs } = this.#code;
    this.#push(call);
    const callee = unwrap(one(call, "callee")!);
    const name = calleeName(call, resolved);
    if (name !== null) {
      return CONSUMERS.test(name) || onlyReads(name)
        ? undefined
        : this.#worst(PASSED);
    }
    const list = many(call, "arguments");
    const index = list.indexOf(argument);
    const imported = call.type === "CallExpression"
      ? importedBy(callee, resolved)
      : null;
    if (
      imported &&
      list.slice(0, index + 1).every(({ type }) => type !== "SpreadElement")
    ) return this.#passTo({ ...imported, index });
    if (call.type === "NewExpression") {
      return this.#worst(runs.classesOf(callee).length > 0 ? HELD : PASSED);
    }
    const own = runs.callees(callee);
    for (const unit of own) this.#bindParameter(unit, call, argument);
    if (callee.type !== "MemberExpression") {
      const isKnown = own.length > 0 || this.#resolves(callee);
      return this.#worst(isKnown ? GONE : PASSED);
    }
    const method = keyName(callee, "property") ?? "";
    if (COLLECTION_READS.has(method) || HARMLESS_METHODS.has(method)) return;
    if (SENDING.test(method)) return;
    const object = unwrap(one(callee, "object")!);
    if (method === "emit" && isOfNetwork(object, this.#code)) return;
    if (isOfModule(object, this.#code)) return this.#worst(HELD);
    const binding = resolved.bindings.get(object);
    if (binding && !binding.imported && binding.kind !== "parameter") {
      this.#hold(binding);
    }
    this.#worst(PASSED);
  }

  /** A function of another module gets it. */
  #passTo({ specifier, name, index }: PassedTo): void {
    const key = `${specifier}\n${name}\n${index}`;
    // As such it is more than what was made of it.
    if (this.#to.has(key) && this.#isData) return;
    this.#to.set(key, {
      specifier,
      name,
      index,
      ...this.#isData ? { data: true } : {},
    });
  }

  /** A component gets what is in its attributes, and between its tags. */
  #rendered(parent: Node, key: string): void {
    const opening = parent.type === "JSXOpeningElement"
      ? parent
      : parent.type === "JSXElement" && key === "children"
      ? one(parent, "openingElement")
      : null;
    const component = opening && one(opening, "name");
    if (component?.type !== "JSXIdentifier") return;
    const { resolved, runs } = this.#code;
    const imported = importedBy(component, resolved);
    if (imported) this.#passTo({ ...imported, index: 0 });
    for (const { node } of runs.callees(component)) {
      const [first] = many(node, "params");
      if (first) this.#bind(parameterOf(first));
      if (readsAll(node)) this.#worst(HELD);
    }
  }

  /** Whether it is called to settle a promise: the value goes where that goes. */
  #resolves(callee: Node): boolean {
    const { resolved, roots } = this.#code;
    const binding = resolved.bindings.get(callee);
    const { parameter, from } = binding ?? {};
    if (parameter) {
      const up = roots.above(parameter.of);
      if (up?.key !== "arguments") return false;
      this.#push(up.node);
      return calleeName(up.node, resolved) === "new Promise";
    }
    const made = from ? unwrap(from.value) : null;
    if (
      made?.type !== "CallExpression" ||
      calleeName(made, resolved) !== "Promise.withResolvers"
    ) return false;
    this.#push(made);
    return true;
  }

  /** Functions that a call is given get what the called one has. */
  #hands(call: Node): void {
    if (!/^(?:Call|New)Expression$/.test(call.type)) return;
    const { resolved, runs } = this.#code;
    for (const [index, given] of many(call, "arguments").entries()) {
      const it = unwrap(one(given, "argument") ?? given);
      if (isLate(it, this.#code)) continue;
      const own = isFunction(it)
        ? [it]
        : runs.callees(it).map(({ node }) => node);
      for (const fn of own) this.#bindAll(fn);
      if (own.length > 0 || index > 0 || !callsItsArguments(call, resolved)) {
        continue;
      }
      if (it.type !== "Literal" && !keepsNothing(it, resolved)) {
        this.#worst(isOfModule(it, this.#code) ? HELD : PASSED);
      }
    }
  }

  #bindAll(fn: Node): void {
    for (const it of many(fn, "params")) this.#bind(parameterOf(it));
    if (readsAll(fn)) this.#worst(HELD);
  }

  /** What is thrown meanwhile tells of it as well, where that is held. */
  #thrown(value: Node): void {
    const { parents } = this.#code.resolved;
    for (let up = parents.get(value); up && !isFunction(up.node);) {
      const handler = up.node.type === "TryStatement" && up.key === "block"
        ? one(up.node, "handler")
        : null;
      const thrown = handler ? one(handler, "param") : null;
      if (thrown) {
        const flow = new Flow(this.#code, this.#units, this.#members);
        flow.#bind(thrown);
        if (flow.#toTheEnd() === HELD) this.#worst(HELD);
      }
      up = parents.get(up.node);
    }
  }

  #bindParameter({ node }: Unit, call: Node, argument: Node): void {
    const list = many(call, "arguments");
    const index = list.indexOf(argument);
    const parameters = many(node, "params");
    const isOpen = list.slice(0, index + 1).some((it) =>
      it.type === "SpreadElement"
    );
    for (const [at, it] of parameters.entries()) {
      if (isOpen || at === index || it.type === "RestElement" && at < index) {
        this.#bind(parameterOf(it));
      }
    }
    if (readsAll(node)) this.#worst(HELD);
  }

  #assign(target: Node): void {
    const left = unwrap(target);
    if (left.type === "Identifier") {
      const binding = this.#code.resolved.bindings.get(left);
      return binding && !binding.top ? this.#hold(binding) : this.#worst(HELD);
    }
    if (left.type !== "MemberExpression" || isOfModule(left, this.#code)) {
      return this.#worst(HELD);
    }
    let root = left;
    while (root.type === "MemberExpression") {
      root = unwrap(one(root, "object")!);
    }
    const binding = this.#code.resolved.bindings.get(root);
    if (!binding) return this.#worst(HELD);
    this.#worst(PASSED);
    if (binding.kind !== "parameter" && !binding.imported) this.#hold(binding);
  }

  #bindLoop(left: Node): void {
    if (left.type !== "VariableDeclaration") return this.#assign(left);
    for (const it of many(left, "declarations")) this.#bind(one(it, "id")!);
  }

  #bind(pattern: Node): void {
    const at = parameterOf(pattern);
    switch (at.type) {
      case "Identifier": {
        const binding = this.#code.resolved.bindings.get(at) ??
          this.#declared(at);
        return binding ? this.#hold(binding) : this.#worst(HELD);
      }
      case "RestElement":
        return this.#bind(one(at, "argument")!);
      case "ArrayPattern":
        return many(at, "elements").forEach((it) => this.#bind(it));
      case "ObjectPattern":
        this.taken.add("");
        return many(at, "properties").forEach((it) =>
          this.#bind(it.type === "RestElement" ? it : one(it, "value")!)
        );
    }
    this.#worst(HELD);
  }

  #declared(node: Node): Binding | undefined {
    return this.#code.resolved.declared.find((it) => it.node === node);
  }

  /** A variable has it: so has all that uses the variable. */
  #hold(binding: Binding): void {
    if (this.#isSeen(binding)) return;
    if (binding.top) return this.#worst(HELD);
    const home = this.#unitAround(binding.node);
    for (const reference of binding.references) {
      if (
        !this.#isWithin(reference, home) ||
        isInLoop(reference, binding.node, this.#code.resolved)
      ) return this.#worst(HELD);
      if (!this.#code.resolved.targets.has(reference)) this.#push(reference);
    }
  }

  /** Whether a place is in some code, or in functions that do not outlive it. */
  #isWithin(node: Node, home: Unit): boolean {
    let unit: Unit | null = this.#unitAround(node);
    while (unit && unit !== home) {
      if (!isFunction(unit.node) || !isBrief(unit.node, this.#code.resolved)) {
        return false;
      }
      unit = unit.parent;
    }
    return unit === home;
  }

  /** A function returns it: so have its callers, wherever the function goes. */
  #returned({ kind, node }: Unit): void {
    if (kind !== "function") return;
    const named = this.#code.roots.nameOfFunction(node);
    this.#goes(node);
    for (const reference of named?.references ?? []) {
      if (reference !== named!.node) this.#goes(reference);
    }
  }

  /** A function whose results are followed stands at a place. */
  #goes(fn: Node): void {
    const { roots } = this.#code;
    const up = roots.above(fn);
    if (!up || isLate(fn, this.#code)) return;
    const { node: parent, key } = up;
    switch (parent.type) {
      case "CallExpression":
      case "NewExpression":
        return key === "callee" ? this.#push(parent) : this.#handed(fn, parent);
      case "Property":
      case "MethodDefinition":
      case "PropertyDefinition":
        return this.#calledAs(keyName(parent, "key"));
      case "AssignmentExpression": {
        const left = unwrap(one(parent, "left")!);
        return left.type === "MemberExpression"
          ? this.#calledAs(keyName(left, "property"))
          : this.#worst(HELD);
      }
      case "ReturnStatement":
        return this.#made(this.#unitAround(parent));
      case "ArrowFunctionExpression":
        return this.#made(this.#units.byFunction.get(parent)!);
      case "VariableDeclarator":
        // The name that it has anyway.
        return isFunction(fn) && one(parent, "id")!.type === "Identifier"
          ? undefined
          : this.#worst(HELD);
      case "BinaryExpression":
      case "UnaryExpression":
      case "ExpressionStatement":
      case "ExportSpecifier":
      case "ExportNamedDeclaration":
      case "ExportDefaultDeclaration":
      case "Program":
        return;
    }
    if (fn.type !== "FunctionDeclaration") this.#worst(HELD);
  }

  /** A function is an argument: whoever calls it has what it returns. */
  #handed(fn: Node, call: Node): void {
    const { resolved, runs, roots } = this.#code;
    // Back to where it comes from.
    if (call === this.#start) return;
    if (isBrief(fn, resolved)) return this.#push(call);
    const own = call.type === "CallExpression"
      ? runs.callees(one(call, "callee")!)
      : [];
    if (own.length === 0) return this.#worst(HELD);
    this.#push(call);
    const list = many(call, "arguments");
    const index = list.indexOf(fn);
    for (const { node } of own) {
      const parameter = many(node, "params")[index];
      const name = parameter && parameterOf(parameter);
      const binding = name?.type === "Identifier"
        ? resolved.bindings.get(name)
        : undefined;
      if (!binding || list.some((it) => it.type === "SpreadElement")) {
        return this.#worst(HELD);
      }
      for (const reference of binding.references) {
        if (reference === binding.node) continue;
        const above = roots.above(reference);
        if (above?.key === "callee") this.#push(above.node);
        else this.#worst(HELD);
      }
    }
  }

  /** A function returns the function: outside of the module that is the affair of whoever calls it. */
  #made({ node }: Unit): void {
    if (this.#code.roots.callsOf(node).length > 0) this.#worst(HELD);
  }

  /** The function is called by a member of this name. */
  #calledAs(name: string | null): void {
    if (name === null) return this.#worst(HELD);
    for (const member of this.#members.get(name) ?? []) {
      const above = this.#code.roots.above(member);
      this.#push(above?.key === "callee" ? above.node : member);
    }
  }
}
