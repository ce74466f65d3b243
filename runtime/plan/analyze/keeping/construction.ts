/** What making an instance runs, besides the constructor and the fields: methods that only construction calls are part of it,
 * though they stand beside it.
 * @module
 */
import {
  field,
  flag,
  isFunction,
  keyName,
  many,
  nameOf,
  type Node,
  one,
} from "../code/nodes.ts";
import { eachWithin } from "../code/tree.ts";

/** What making an instance runs. */
export interface Construction {
  /** Methods that only construction calls, and static ones that make the instance: their texts count. */
  readonly helpers: readonly Node[];
  /** Where it names what it uses: the helpers, the constructor, the fields and what the class extends. */
  readonly code: readonly Node[];
}

const LOOP = /^(?:For|While|DoWhile)/;

/** Finds out what making an instance of a class runs. */
export function constructionOf(cls: Node): Construction {
  const methods = new Map<string, Node>();
  const begins: Node[] = [];
  const others: Node[] = [];
  const factories: Node[] = [];
  for (const member of many(one(cls, "body"), "body")) {
    const value = one(member, "value");
    const name = keyName(member, "key");
    if (!value) continue;
    const isStatic = flag(member, "static");
    if (member.type !== "MethodDefinition") {
      // What runs later is a function of the instance's own.
      (isStatic || isFunction(value) ? others : begins).push(value);
    } else if (isStatic) {
      (makesOwn(value, cls) ? factories : others).push(value);
    } else if (field(member, "kind") === "constructor") begins.push(value);
    else if (field(member, "kind") === "method" && name !== null) {
      methods.set(name, value);
    } else others.push(value);
  }
  begins.push(...factories);
  const helpers = new Set<string>();
  const later = new Set<string>();
  const waiting = [...begins];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    eachCall(next, (name, isLater) => {
      if (isLater) later.add(name);
      else if (methods.has(name) && !helpers.has(name)) {
        helpers.add(name);
        waiting.push(methods.get(name)!);
      }
    });
  }
  // What is called later too is a method like any other, and instances follow that.
  const rest = [...others];
  for (const [name, method] of methods) {
    if (!helpers.has(name)) rest.push(method);
  }
  for (let next = rest.pop(); next; next = rest.pop()) {
    eachMention(next, (name) => later.add(name));
    for (const name of later) {
      if (helpers.delete(name)) rest.push(methods.get(name)!);
    }
  }
  for (const name of later) helpers.delete(name);
  const found = [...factories, ...[...helpers].map((it) => methods.get(it)!)];
  // A function that makes a class is a matter of its methods too, which instances follow.
  const above = one(cls, "superClass");
  const isNamed = above?.type === "Identifier";
  return {
    helpers: found,
    code: [...new Set([...begins, ...found]), ...isNamed ? [above] : []],
  };
}

/** Calls a function with every node that runs with a piece of code, but for the functions inside of it. */
export function eachRun(code: Node, visit: (node: Node) => void): void {
  eachWithin(code, ({ self }) => {
    if (self !== code && isFunction(self)) return false;
    visit(self);
  });
}

/** The methods of `this` that some code calls: at once, or by functions inside of it and in loops that wait. */
function eachCall(
  code: Node,
  visit: (name: string, isLater: boolean) => void,
): void {
  const waits = flag(code, "async");
  eachWithin(code, (found) => {
    const { self, type } = found;
    const isInner = self !== code && isFunction(self) ||
      waits && LOOP.test(type);
    if (isInner) {
      eachMention(self, (name) => visit(name, true));
      return false;
    }
    if (type !== "CallExpression") return;
    const callee = one(self, "callee");
    const name = callee?.type === "MemberExpression" &&
        /^(?:ThisExpression|Super|Identifier)$/.test(
          one(callee, "object")?.type ?? "",
        )
      ? keyName(callee, "property")
      : null;
    if (name !== null) visit(name, false);
  });
}

function eachMention(code: Node, visit: (name: string) => void): void {
  eachWithin(code, ({ self, type }) => {
    if (type !== "MemberExpression") return;
    const name = keyName(self, "property");
    if (name !== null) visit(name);
  });
}

function makesOwn(method: Node, cls: Node): boolean {
  const own = nameOf(one(cls, "id"));
  let makes = false;
  eachRun(method, (node) => {
    if (node.type !== "NewExpression") return;
    const callee = one(node, "callee");
    if (
      callee?.type === "ThisExpression" ||
      callee?.type === "Identifier" && own !== "" && nameOf(callee) === own
    ) makes = true;
  });
  return makes;
}
