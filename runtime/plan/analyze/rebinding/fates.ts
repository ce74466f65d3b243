/** What becomes of the result of a call: gone when its caller has ended, passed to somebody who may keep it, or held by the module. In doubt it is held.
 * @module
 */
import type { ImportUse } from "../../../protocol/manifest/rebind_facts.ts";
import type { Code } from "../effects.ts";
import type { Binding } from "../code/bindings.ts";
import {
  field,
  flag,
  isFunction,
  keyName,
  many,
  type Node,
  one,
  parameterOf,
  unwrap,
} from "../code/nodes.ts";
import { eachWithin } from "../code/tree.ts";
import { type Unit, unitAround, type Units } from "../code/units.ts";
import { calleeName } from "../code/uses.ts";
import type { Resolved } from "../code/scope.ts";
import { mayBeEndless } from "../pace/paced.ts";
import {
  COLLECTION_READS,
  HARMLESS_METHODS,
  onlyReads,
} from "../values/known_calls.ts";
import { isBrief, isLate } from "./late.ts";

/** What becomes of a value; the later ones are worse. */
const GONE = 0, PASSED = 1, HELD = 2;
const NAMES: readonly ImportUse["fate"][] = [undefined, "passed", "held"];

/** Functions of the platform that make something of what they get, and keep nothing of it. */
const CONSUMERS =
  /^(?:new )?(?:Response(?:\.\w+)?|Request|Headers|URL|URLSearchParams|Blob|FormData|Error|TypeError|RangeError|Date|Set|Map|console\.\w+|Number\.\w+|Math\.\w+|Deno\.(?:write\w+|remove|mkdir))$/;
/** Methods that send something away. */
const SENDING =
  /^(?:json|text|html|send|end|write|enqueue|respond|body|redirect|status|header)$/;
const EXPRESSIONS = new Set([
  "AwaitExpression",
  "UnaryExpression",
  "BinaryExpression",
  "LogicalExpression",
  "TemplateLiteral",
  "ArrayExpression",
  "SpreadElement",
  "ObjectExpression",
  "JSXExpressionContainer",
  "JSXElement",
  "JSXFragment",
  "JSXOpeningElement",
  "JSXAttribute",
  "JSXSpreadAttribute",
]);
const ENDS = new Set([
  "ExpressionStatement",
  "IfStatement",
  "WhileStatement",
  "DoWhileStatement",
  "ForStatement",
  "SwitchStatement",
  "SwitchCase",
  "ThrowStatement",
]);

/** Follows results through one module. */
export class Fates {
  readonly #code: Code;
  readonly #units: Units;
  readonly #members = new Map<string, Node[]>();

  /**
   * @param code the module
   * @param units its code
   */
  constructor(code: Code, units: Units) {
    this.#code = code;
    this.#units = units;
    eachWithin(code.resolved.program, ({ self, type }) => {
      if (type !== "MemberExpression") return;
      const name = keyName(self, "property") ?? "";
      const known = this.#members.get(name);
      if (known) known.push(self);
      else this.#members.set(name, [self]);
    });
  }

  /** What becomes of the value of an expression. */
  of(value: Node): ImportUse["fate"] {
    if (this.#handsState(value)) return "held";
    return NAMES[this.#flow().of(value)];
  }

  /** The members of an instance that are taken without being called, wherever it goes in the module. */
  takenOf(made: Node): string[] {
    const flow = this.#flow();
    flow.of(made, true);
    return [...flow.taken].sort();
  }

  /** The names of all members whose values are held, whatever they are members of; empty text for any. */
  heldMembers(): string[] {
    const found = new Set<string>();
    const { resolved, roots } = this.#code;
    for (const [name, members] of this.#members) {
      const isHeld = members.some((member) => {
        if (resolved.targets.has(member)) return false;
        const up = roots.above(member);
        return this.of(up?.key === "callee" ? up.node : member) === "held";
      });
      if (isHeld) found.add(name);
    }
    return [...found].sort();
  }

  #flow(): Flow {
    return new Flow(this.#code, this.#units, this.#members);
  }

  /** Whether a call is given what the module keeps: then it may put there what it makes. */
  #handsState(call: Node): boolean {
    const { roots, values } = this.#code;
    return many(call, "arguments").some((it) =>
      unwrap(it).type === "ThisExpression" ||
      roots.of(it).some(({ binding, specifier }) =>
        specifier === null && binding?.top === true &&
        !STATELESS.has(values.ofBinding(binding).kind)
      )
    );
  }
}

const STATELESS = new Set(["primitive", "frozen", "function", "class"]);

/** Whether a place is in a loop that waits and may go on for long, and a variable outside of it. */
function isInLoop(
  node: Node,
  declared: Node,
  { parents }: Resolved,
): boolean {
  for (let up = parents.get(node); up; up = parents.get(up.node)) {
    const { node: at } = up;
    if (isFunction(at)) return false;
    if (!/^(?:For|While|DoWhile)\w*Statement$/.test(at.type)) continue;
    if (at.start <= declared.start && declared.end <= at.end) return false;
    if (!flag(at, "await") && !mayBeEndless(at)) continue;
    let waits = flag(at, "await");
    eachWithin(at, ({ self, type }) => {
      waits ||= type === "AwaitExpression";
      return !isFunction(self);
    });
    if (waits) return true;
  }
  return false;
}

/** One value on its way. */
class Flow {
  readonly #code: Code;
  readonly #units: Units;
  readonly #members: ReadonlyMap<string, readonly Node[]>;
  readonly #seen = new Set<Node | Binding>();
  readonly #waiting: Node[] = [];
  #fate: number = GONE;
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
    this.#push(value);
    for (
      let node = this.#waiting.pop();
      node && (toTheEnd || this.#fate !== HELD);
      node = this.#waiting.pop()
    ) this.#step(node);
    return this.#fate;
  }

  #push(node: Node): void {
    if (this.#seen.has(node)) return;
    this.#seen.add(node);
    this.#waiting.push(node);
  }

  #worst(fate: number): void {
    this.#fate = Math.max(this.#fate, fate);
  }

  #step(node: Node): void {
    const up = this.#code.roots.above(node);
    if (!up) return;
    const { node: parent, key } = up;
    const { type } = parent;
    if (ENDS.has(type)) return;
    if (EXPRESSIONS.has(type)) return this.#push(parent);
    switch (type) {
      case "ConditionalExpression":
        return key === "test" ? undefined : this.#push(parent);
      case "SequenceExpression":
        return many(parent, "expressions").at(-1) === node
          ? this.#push(parent)
          : undefined;
      case "Property":
        return this.#push(this.#code.resolved.parents.get(parent)!.node);
      case "MemberExpression":
        if (this.#code.resolved.targets.has(parent)) return;
        if (this.#code.roots.above(parent)?.key !== "callee") {
          this.taken.add(keyName(parent, "property") ?? "");
        }
        return this.#push(parent);
      case "CallExpression":
      case "NewExpression":
        return key === "arguments"
          ? this.#given(parent, node)
          : this.#push(parent);
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
    if (call.type === "NewExpression") {
      return this.#worst(runs.classesOf(callee).length > 0 ? HELD : PASSED);
    }
    const own = runs.callees(callee);
    for (const unit of own) this.#bindParameter(unit, call, argument);
    if (callee.type !== "MemberExpression") {
      return this.#worst(own.length > 0 ? GONE : PASSED);
    }
    const method = keyName(callee, "property") ?? "";
    if (COLLECTION_READS.has(method) || HARMLESS_METHODS.has(method)) return;
    if (SENDING.test(method)) return;
    const object = unwrap(one(callee, "object")!);
    if (this.#isOfModule(object)) return this.#worst(HELD);
    const binding = resolved.bindings.get(object);
    if (binding && !binding.imported && binding.kind !== "parameter") {
      this.#hold(binding);
    }
    this.#worst(PASSED);
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
    eachWithin(node, ({ self }) => {
      // Whoever reads `arguments` reads all of them.
      if (self.type !== "Identifier" || field(self, "name") !== "arguments") {
        return;
      }
      this.#worst(HELD);
    });
  }

  /** Whether something is reached from the variables of the module, or from an instance. */
  #isOfModule(node: Node): boolean {
    let at = node;
    while (
      at.type === "MemberExpression" || at.type === "CallExpression"
    ) at = unwrap((one(at, "object") ?? one(at, "callee"))!);
    if (at.type === "ThisExpression" || at.type === "Super") return true;
    if (at.type === "Identifier" && !this.#code.resolved.bindings.has(at)) {
      return !/^(?:console)$/.test(String(field(at, "name")));
    }
    return this.#code.roots.of(node).some((root) =>
      root.specifier === null && root.binding?.top === true
    );
  }

  #assign(target: Node): void {
    const left = unwrap(target);
    if (left.type === "Identifier") {
      const binding = this.#code.resolved.bindings.get(left);
      return binding && !binding.top ? this.#hold(binding) : this.#worst(HELD);
    }
    if (left.type !== "MemberExpression" || this.#isOfModule(left)) {
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
    if (this.#seen.has(binding as unknown as Node)) return;
    this.#seen.add(binding as unknown as Node);
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
