/** Follows one value through a module, to all the places that may get it: by expressions, calls and functions.
 * @module
 */
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
import type { Unit } from "../code/units.ts";
import { calleeName, callsItsArguments } from "../code/uses.ts";
import {
  COLLECTION_READS,
  HARMLESS_METHODS,
  onlyReads,
} from "../values/known_calls.ts";
import { isBrief, isLate } from "./late.ts";
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
import { VariableFlow } from "./flow_variables.ts";
import {
  importedBy,
  isOfModule,
  isOfNetwork,
  keepsNothing,
  readsAll,
  setsByIt,
} from "./flow_places.ts";

/** One value on its way. */
export class Flow extends VariableFlow {
  /** Follows a value until the worst is known; to the end where all that is taken of it is asked for. */
  of(value: Node, toTheEnd = false): number {
    this.start = value;
    this.push(value);
    this.#hands(value);
    this.#thrown(value);
    return this.toTheEnd(toTheEnd);
  }

  /** Follows an argument through the function that gets it. */
  ofParameter(parameter: Node): number {
    this.bind(parameterOf(parameter));
    return this.toTheEnd();
  }

  protected override step(node: Node): void {
    const up = this.code.roots.above(node);
    if (!up) return;
    const { node: parent, key } = up;
    const { type } = parent;
    if (setsByIt(parent, key, this.code)) return this.worst(HELD);
    if (ENDS.has(type)) return;
    if (type.startsWith("JSX")) this.#rendered(parent, key);
    if (MADE.has(type)) return this.push(parent, true);
    if (EXPRESSIONS.has(type)) return this.push(parent);
    switch (type) {
      case "ConditionalExpression":
        // Which of the two it is tells of it.
        return this.push(parent);
      case "SequenceExpression":
        return many(parent, "expressions").at(-1) === node
          ? this.push(parent)
          : undefined;
      case "Property":
        return this.push(this.code.resolved.parents.get(parent)!.node);
      case "MemberExpression":
        if (this.code.resolved.targets.has(parent)) return;
        if (this.code.roots.above(parent)?.key !== "callee") {
          const name = keyName(parent, "property") ?? "";
          this.taken.add(name);
          return this.push(parent, this.isData || COUNTS.test(name));
        }
        return this.push(parent);
      case "CallExpression":
      case "NewExpression":
        if (key === "arguments") return this.#given(parent, node);
        this.#hands(parent);
        return this.push(parent);
      case "TaggedTemplateExpression":
        this.worst(key === "quasi" ? PASSED : GONE);
        return this.push(parent);
      case "VariableDeclarator":
        return this.bind(one(parent, "id")!);
      case "AssignmentExpression":
        this.assign(one(parent, "left")!);
        return this.push(parent);
      case "AssignmentPattern":
        return this.bind(one(parent, "left")!);
      case "ForOfStatement":
        // It goes on for as long as something comes.
        if (flag(parent, "await")) return this.worst(HELD);
        return this.bindLoop(one(parent, "left")!);
      case "ForInStatement":
        return this.bindLoop(one(parent, "left")!);
      case "ReturnStatement":
      case "YieldExpression":
        return this.#returned(this.unitAround(parent));
      case "ArrowFunctionExpression":
        return this.#returned(this.units.byFunction.get(parent)!);
    }
    this.worst(HELD);
  }

  /** It is an argument. */
  #given(call: Node, argument: Node): void {
    const { resolved, runs } = this.code;
    this.push(call);
    const callee = unwrap(one(call, "callee")!);
    const name = calleeName(call, resolved);
    if (name !== null) {
      return CONSUMERS.test(name) || onlyReads(name)
        ? undefined
        : this.worst(PASSED);
    }
    const list = many(call, "arguments");
    const index = list.indexOf(argument);
    const imported = call.type === "CallExpression"
      ? importedBy(callee, resolved)
      : null;
    if (
      imported &&
      list.slice(0, index + 1).every(({ type }) => type !== "SpreadElement")
    ) return this.passTo({ ...imported, index });
    if (call.type === "NewExpression") {
      return this.worst(runs.classesOf(callee).length > 0 ? HELD : PASSED);
    }
    const own = runs.callees(callee);
    for (const unit of own) this.#bindParameter(unit, call, argument);
    if (callee.type !== "MemberExpression") {
      const isKnown = own.length > 0 || this.#resolves(callee);
      return this.worst(isKnown ? GONE : PASSED);
    }
    const method = keyName(callee, "property") ?? "";
    if (COLLECTION_READS.has(method) || HARMLESS_METHODS.has(method)) return;
    if (SENDING.test(method)) return;
    const object = unwrap(one(callee, "object")!);
    if (method === "emit" && isOfNetwork(object, this.code)) return;
    if (this.enters(object, true)) return;
    if (isOfModule(object, this.code)) return this.worst(HELD);
    const binding = resolved.bindings.get(object);
    if (binding && !binding.imported && binding.kind !== "parameter") {
      this.hold(binding);
    }
    this.worst(PASSED);
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
    const { resolved, runs } = this.code;
    const imported = importedBy(component, resolved);
    if (imported) this.passTo({ ...imported, index: 0 });
    for (const { node } of runs.callees(component)) {
      const [first] = many(node, "params");
      if (first) this.bind(parameterOf(first));
      if (readsAll(node)) this.worst(HELD);
    }
  }

  /** Whether it is called to settle a promise: the value goes where that goes. */
  #resolves(callee: Node): boolean {
    const { resolved, roots } = this.code;
    const binding = resolved.bindings.get(callee);
    const { parameter, from } = binding ?? {};
    if (parameter) {
      const up = roots.above(parameter.of);
      if (up?.key !== "arguments") return false;
      this.push(up.node);
      return calleeName(up.node, resolved) === "new Promise";
    }
    const made = from ? unwrap(from.value) : null;
    if (
      made?.type !== "CallExpression" ||
      calleeName(made, resolved) !== "Promise.withResolvers"
    ) return false;
    this.push(made);
    return true;
  }

  /** Functions that a call is given get what the called one has. */
  #hands(call: Node): void {
    if (!/^(?:Call|New)Expression$/.test(call.type)) return;
    const { resolved, runs } = this.code;
    for (const [index, given] of many(call, "arguments").entries()) {
      const it = unwrap(one(given, "argument") ?? given);
      if (isLate(it, this.code)) continue;
      const own = isFunction(it)
        ? [it]
        : runs.callees(it).map(({ node }) => node);
      for (const fn of own) this.#bindAll(fn);
      if (own.length > 0 || index > 0 || !callsItsArguments(call, resolved)) {
        continue;
      }
      if (it.type !== "Literal" && !keepsNothing(it, resolved)) {
        this.worst(isOfModule(it, this.code) ? HELD : PASSED);
      }
    }
  }

  #bindAll(fn: Node): void {
    for (const it of many(fn, "params")) this.bind(parameterOf(it));
    if (readsAll(fn)) this.worst(HELD);
  }

  /** What is thrown meanwhile tells of it as well, where that is held. */
  #thrown(value: Node): void {
    const { parents } = this.code.resolved;
    for (let up = parents.get(value); up && !isFunction(up.node);) {
      const handler = up.node.type === "TryStatement" && up.key === "block"
        ? one(up.node, "handler")
        : null;
      const thrown = handler ? one(handler, "param") : null;
      if (thrown) {
        const flow = new Flow(this.code, this.units, this.members);
        flow.bind(thrown);
        if (flow.toTheEnd() === HELD) this.worst(HELD);
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
        this.bind(parameterOf(it));
      }
    }
    if (readsAll(node)) this.worst(HELD);
  }

  /** A function returns it: so have its callers, wherever the function goes. */
  #returned({ kind, node }: Unit): void {
    if (kind !== "function") return;
    const named = this.code.roots.nameOfFunction(node);
    this.#goes(node);
    for (const reference of named?.references ?? []) {
      if (reference !== named!.node) this.#goes(reference);
    }
  }

  /** A function whose results are followed stands at a place. */
  #goes(fn: Node): void {
    const { roots } = this.code;
    const up = roots.above(fn);
    if (!up || isLate(fn, this.code)) return;
    const { node: parent, key } = up;
    switch (parent.type) {
      case "CallExpression":
      case "NewExpression":
        return key === "callee" ? this.push(parent) : this.#handed(fn, parent);
      case "Property":
      case "MethodDefinition":
      case "PropertyDefinition":
        return this.#calledAs(keyName(parent, "key"));
      case "AssignmentExpression": {
        const left = unwrap(one(parent, "left")!);
        return left.type === "MemberExpression"
          ? this.#calledAs(keyName(left, "property"))
          : this.worst(HELD);
      }
      case "ReturnStatement":
        return this.#made(this.unitAround(parent));
      case "ArrowFunctionExpression":
        return this.#made(this.units.byFunction.get(parent)!);
      case "VariableDeclarator":
        // The name that it has anyway.
        return isFunction(fn) && one(parent, "id")!.type === "Identifier"
          ? undefined
          : this.worst(HELD);
      case "BinaryExpression":
      case "UnaryExpression":
      case "ExpressionStatement":
      case "ExportSpecifier":
      case "ExportNamedDeclaration":
      case "ExportDefaultDeclaration":
      case "Program":
        return;
    }
    if (fn.type !== "FunctionDeclaration") this.worst(HELD);
  }

  /** A function is an argument: whoever calls it has what it returns. */
  #handed(fn: Node, call: Node): void {
    const { resolved, runs, roots } = this.code;
    // Back to where it comes from.
    if (call === this.start) return;
    if (isBrief(fn, resolved)) return this.push(call);
    const own = call.type === "CallExpression"
      ? runs.callees(one(call, "callee")!)
      : [];
    if (own.length === 0) return this.worst(HELD);
    this.push(call);
    const list = many(call, "arguments");
    const index = list.indexOf(fn);
    for (const { node } of own) {
      const parameter = many(node, "params")[index];
      const name = parameter && parameterOf(parameter);
      const binding = name?.type === "Identifier"
        ? resolved.bindings.get(name)
        : undefined;
      if (!binding || list.some((it) => it.type === "SpreadElement")) {
        return this.worst(HELD);
      }
      for (const reference of binding.references) {
        if (reference === binding.node) continue;
        const above = roots.above(reference);
        if (above?.key === "callee") this.push(above.node);
        else this.worst(HELD);
      }
    }
  }

  /** A function returns the function: outside of the module that is the affair of whoever calls it. */
  #made({ node }: Unit): void {
    if (this.code.roots.callsOf(node).length > 0) this.worst(HELD);
  }

  /** The function is called by a member of this name. */
  #calledAs(name: string | null): void {
    if (name === null) return this.worst(HELD);
    for (const member of this.members.get(name) ?? []) {
      const above = this.code.roots.above(member);
      this.push(above?.key === "callee" ? above.node : member);
    }
  }
}
