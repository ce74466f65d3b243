/** State in functions that only callbacks run: of those that run once, and of those that run for each connection.
 * @module
 */
import {
  eachChild,
  isFunction,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
  word,
} from "@flyhot/runtime/plan";
import { calleeOf, nodesIn, type SyntaxTree } from "../syntax_tree.ts";

/** When the only callbacks that lead to a function run: while the app starts, by a timer of its, or as often as somebody asks. */
type RunsWhen = "start" | "timer" | "often";

const AT_START =
  /^(?:then|catch|finally|listen|ready|whenReady|queueMicrotask|nextTick)$/;
const BY_TIMER = /^(?:setTimeout|setImmediate)$/;
const SUBSCRIBES = /^(?:on|once|addListener|addEventListener)$/;
const STARTS = /^(?:listening|ready|load)$/;
const CONNECTS = /^connect(?:ion)?$/;

/** Tells when a function of a module runs that nothing calls while the module is evaluated. */
export function runsWhen(name: string, tree: SyntaxTree): RunsWhen {
  return whenOf(name, tree, new Set());
}

function whenOf(
  name: string,
  tree: SyntaxTree,
  seen: Set<string>,
): RunsWhen {
  if (seen.has(name)) return "start";
  seen.add(name);
  const found = new Set<RunsWhen>();
  for (const node of nodesIn(tree.program)) {
    if (node.type !== "Identifier" || nameOf(node) !== name) continue;
    const up = tree.parents.get(node);
    if (!up || isDeclaration(up, node)) continue;
    const isCall = up.type === "CallExpression" && one(up, "callee") === node;
    if (!isCall && up.type !== "CallExpression") return "often";
    found.add(isCall ? whenAround(up, tree, seen) : whenCalledBack(up));
  }
  if (found.size === 0 || found.has("often")) return "often";
  return found.has("timer") ? "timer" : "start";
}

function isDeclaration(up: Node, node: Node): boolean {
  return one(up, "id") === node ||
    up.type === "MemberExpression" && one(up, "object") !== node ||
    up.type === "Property" && one(up, "value") !== node;
}

/** When the code around a call runs. */
function whenAround(
  call: Node,
  tree: SyntaxTree,
  seen: Set<string>,
): RunsWhen {
  let at: Node | undefined = tree.parents.get(call);
  while (at && !isFunction(at)) at = tree.parents.get(at);
  if (!at) return "start";
  const up = tree.parents.get(at);
  const name = nameOf(one(at, "id")) ||
    (up?.type === "VariableDeclarator" ? nameOf(one(up, "id")) : "");
  if (name !== "") return whenOf(name, tree, seen);
  return up?.type === "CallExpression" ? whenCalledBack(up) : "often";
}

/** When what a call is given runs. */
function whenCalledBack(call: Node): RunsWhen {
  const method = calledName(call);
  if (AT_START.test(method)) return "start";
  if (BY_TIMER.test(method)) return "timer";
  return SUBSCRIBES.test(method) && STARTS.test(eventOf(call))
    ? "start"
    : "often";
}

function calledName(call: Node): string {
  const callee = unwrap(one(call, "callee")!);
  return callee.type === "MemberExpression"
    ? keyName(callee, "property") ?? ""
    : calleeOf(call);
}

function eventOf(call: Node): string {
  const [event] = many(call, "arguments");
  return event?.type === "Literal"
    ? String((event as { value?: unknown }).value)
    : "";
}

/** A variable that each connection has for itself. */
interface ConnectionState {
  readonly name: string;
  /** Where it is declared. */
  readonly node: Node;
}

/** Finds what connections have for themselves: variables of their handlers that other functions inside of these change. */
export function connectionState(tree: SyntaxTree): readonly ConnectionState[] {
  const found = new Map<Node, ConnectionState>();
  for (const call of nodesIn(tree.program)) {
    if (
      call.type !== "CallExpression" ||
      !/^on$|Listener$/.test(calledName(call)) ||
      !CONNECTS.test(eventOf(call))
    ) continue;
    const handler = many(call, "arguments")[1];
    for (const fn of handler ? handlersFrom(unwrap(handler), tree) : []) {
      for (const it of changedInside(fn)) found.set(it.node, it);
    }
  }
  return [...found.values()];
}

/** A handler, and the functions of its module that it hands the socket to. */
function handlersFrom(handler: Node, tree: SyntaxTree): Node[] {
  const first = isFunction(handler)
    ? handler
    : functionNamed(nameOf(handler), tree);
  if (!first) return [];
  const socket = nameOf(many(first, "params")[0] ?? null);
  const found = [first];
  for (const node of nodesIn(first)) {
    if (node.type !== "CallExpression" || socket === "") continue;
    if (nameOf(many(node, "arguments")[0] ?? null) !== socket) continue;
    const fn = functionNamed(nameOf(one(node, "callee")), tree);
    if (fn && !found.includes(fn)) found.push(fn);
  }
  return found;
}

function functionNamed(name: string, { program }: SyntaxTree): Node | null {
  if (name === "") return null;
  for (const node of nodesIn(program)) {
    if (
      node.type === "FunctionDeclaration" && nameOf(one(node, "id")) === name
    ) {
      return node;
    }
    const init = node.type === "VariableDeclarator" ? one(node, "init") : null;
    if (init && isFunction(init) && nameOf(one(node, "id")) === name) {
      return init;
    }
  }
  return null;
}

const MADE = /^(?:NewExpression|ArrayExpression|ObjectExpression)$/;

/** The variables of a function that functions inside of it assign to, or that hold what these may change. */
function changedInside(fn: Node): ConnectionState[] {
  const declared = new Map<string, { node: Node; isMade: boolean }>();
  const used = new Set<string>();
  const assigned = new Set<string>();
  const visit = (node: Node, depth: number): void => {
    if (node.type === "VariableDeclarator" && depth === 0) {
      const id = one(node, "id");
      const init = one(node, "init");
      if (id?.type === "Identifier") {
        declared.set(nameOf(id), {
          node: id,
          isMade: init !== null && MADE.test(unwrap(init).type),
        });
      }
    }
    if (depth > 0) {
      const target = node.type === "AssignmentExpression"
        ? one(node, "left")
        : node.type === "UpdateExpression"
        ? one(node, "argument")
        : null;
      if (target?.type === "Identifier") assigned.add(nameOf(target));
      if (node.type === "Identifier") used.add(word(node, "name"));
    }
    eachChild(
      node,
      (child) => visit(child, depth + (isFunction(child) ? 1 : 0)),
    );
  };
  visit(fn, 0);
  return [...declared].flatMap(([name, { node, isMade }]) =>
    assigned.has(name) || isMade && used.has(name) ? [{ name, node }] : []
  );
}
