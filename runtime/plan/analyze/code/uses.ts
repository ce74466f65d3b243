/** What is done with a value at the place where it is named.
 * @module
 */
import {
  CALLING_FUNCTIONS,
  CALLING_METHODS,
  MUTATORS,
  onlyReads,
  WRITING_FUNCTIONS,
} from "../values/known_calls.ts";
import {
  field,
  isWrapper,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
} from "./nodes.ts";
import { foundOf } from "./tree.ts";
import { ELEMENT, type Resolved } from "./scope.ts";

/** What is done with a value. */
export interface Use {
  /** The end of it: `call` if the result of a call goes nowhere that matters. */
  readonly how:
    | "call"
    | "construct"
    | "pass"
    | "write"
    | "read"
    | "extend"
    | "return";
  /** The members and calls on the way. */
  readonly path: readonly string[];
  /** The last call on the way. */
  readonly call: Node | null;
  /** Of `pass`: the call that gets it, and as which argument. */
  readonly given: { readonly call: Node; readonly index: number } | null;
  /** The outermost expression of the way. */
  readonly node: Node;
}

/** Tells what is done with the value of an expression, from the place where it stands. */
export function useOf(node: Node, resolved: Resolved): Use {
  // In the node itself: most analyses ask for the same ones.
  const found = foundOf(node);
  return (found.use ??= findUse(node, resolved)) as Use;
}

function findUse(node: Node, resolved: Resolved): Use {
  const { parents, targets } = resolved;
  const path: string[] = [];
  let call: Node | null = null;
  let isNew = false;
  let at = node;
  const end = (
    how: Use["how"],
    given: Use["given"] = null,
  ): Use => ({
    how: how === "read" && call && path.at(-1)!.endsWith("()")
      ? isNew ? "construct" : "call"
      : how,
    path,
    call,
    given,
    node: at,
  });
  if (targets.has(node)) return end("write");
  for (;;) {
    const up = parents.get(at);
    if (!up) return end("read");
    const parent = up.node;
    if (isWrapper(parent) || parent.type === "AwaitExpression") {
      at = parent;
      continue;
    }
    if (parent.type === "MemberExpression" && up.key === "object") {
      path.push(keyName(parent, "property") ?? ELEMENT);
      at = parent;
      isNew = false;
      if (targets.has(parent)) return end("write");
      continue;
    }
    const isCalled = (parent.type === "CallExpression" ||
      parent.type === "NewExpression") && up.key === "callee";
    if (
      isCalled ||
      parent.type === "TaggedTemplateExpression" && up.key === "tag" ||
      parent.type === "Decorator"
    ) {
      isNew = parent.type === "NewExpression";
      const last = path.at(-1);
      if (isNew) path.push("new()");
      else if (last === undefined || last.endsWith("()")) path.push("()");
      else if (isIndirect(path)) path.splice(-2, 2, `${path.at(-2)}()`);
      else path[path.length - 1] = `${last}()`;
      call = parent;
      at = parent;
      // A decorator's result belongs to what it decorates.
      if (parent.type === "Decorator") return end("read");
      continue;
    }
    return outcome(at, up.key, parent, resolved, end);
  }
}

/** `list.push.call(list, it)` calls `push`. */
function isIndirect(path: readonly string[]): boolean {
  const before = path.at(-2);
  return /^(?:call|apply)$/.test(path.at(-1)!) && before !== undefined &&
    !before.endsWith("()") && before !== ELEMENT;
}

function outcome(
  at: Node,
  key: string,
  parent: Node,
  resolved: Resolved,
  end: (how: Use["how"], given?: Use["given"]) => Use,
): Use {
  switch (parent.type) {
    case "CallExpression":
    case "NewExpression":
      return given(at, parent, resolved, end);
    case "SpreadElement":
    case "ArrayExpression":
    case "Property":
    case "ObjectExpression":
    case "ConditionalExpression":
    case "LogicalExpression": {
      if (parent.type === "Property" && key === "key") return end("read");
      if (parent.type === "ConditionalExpression" && key === "test") {
        return end("read");
      }
      // Inside of a literal it goes where the literal goes; spread, only its content does.
      const up = resolved.parents.get(parent);
      if (!up || parent.type === "SpreadElement") return end("read");
      return outcome(parent, up.key, up.node, resolved, end);
    }
    case "ClassDeclaration":
    case "ClassExpression":
      return end(key === "superClass" ? "extend" : "read");
    case "ReturnStatement":
    case "YieldExpression":
      return end("return");
    case "ArrowFunctionExpression":
      return end(key === "body" ? "return" : "read");
    case "AssignmentExpression": {
      if (key !== "right") return end("read");
      const left = unwrap(one(parent, "left")!);
      // Into a field of something else: whoever has that has it.
      return end(left.type === "MemberExpression" ? "pass" : "read");
    }
  }
  return end("read");
}

function given(
  at: Node,
  call: Node,
  resolved: Resolved,
  end: (how: Use["how"], given?: Use["given"]) => Use,
): Use {
  const index = many(call, "arguments").indexOf(at);
  const name = calleeName(call, resolved);
  if (name !== null) {
    if (WRITING_FUNCTIONS.has(name) || isWritingMethod(name)) {
      // Of `Object.freeze({ a })` the object is changed, not what stands in it: that goes where the object goes.
      const up = index === 0 && isLiteral(at) && resolved.parents.get(call);
      if (up) return outcome(call, up.key, up.node, resolved, end);
      return end(index === 0 ? "write" : "pass", { call, index });
    }
    // `Array.from(list, add)` calls what it is given besides.
    const isCalled = index > 0 && CALLING_FUNCTIONS.has(name);
    if (onlyReads(name) && index >= 0 && !isCalled) return end("read");
  }
  return end("pass", { call, index });
}

function isLiteral({ type }: Node): boolean {
  return type === "ObjectExpression" || type === "ArrayExpression";
}

/** `Array.prototype.push.call(list, it)`. */
function isWritingMethod(name: string): boolean {
  const method = /^\w+\.prototype\.(\w+)\.(?:call|apply)$/.exec(name)?.[1];
  return method !== undefined && MUTATORS.has(method);
}

/**
 * The name of a function of the platform that is called. Returns `Object.keys`, `new Map`; null if it is not one of the
 * platform's.
 */
export function calleeName(call: Node, resolved: Resolved): string | null {
  const written = writtenName(call);
  if (written === null) return null;
  let root = unwrap(one(call, "callee") ?? one(call, "tag")!);
  while (root.type === "MemberExpression") {
    root = unwrap(one(root, "object")!);
  }
  if (resolved.bindings.has(root)) return null;
  return written.replace(/^(new )?(?:globalThis|self|window)\./, "$1");
}

/**
 * The callee of a call as written, with `new` before a class. Returns `Deno.openKv`, `new DatabaseSync`; null if it is
 * not a name or members of one.
 */
export function writtenName(call: Node): string | null {
  const found = foundOf(call);
  return found.written === undefined
    ? found.written = findName(call)
    : found.written;
}

function findName(call: Node): string | null {
  let node = unwrap(one(call, "callee") ?? one(call, "tag") ?? call);
  const names: string[] = [];
  while (node.type === "MemberExpression") {
    const name = keyName(node, "property");
    if (name === null) return null;
    names.unshift(name);
    node = unwrap(one(node, "object")!);
  }
  if (node.type !== "Identifier") return null;
  names.unshift(nameOf(node));
  return `${call.type === "NewExpression" ? "new " : ""}${names.join(".")}`;
}

/**
 * Whether a call runs the functions it is given before it returns, as far as its name tells. Returns true for array
 * methods, promise reactions and the like.
 */
export function callsItsArguments(call: Node, resolved: Resolved): boolean {
  const name = calleeName(call, resolved);
  if (name !== null && CALLING_FUNCTIONS.has(name)) return true;
  if (callsSoon(call)) return true;
  const callee = one(call, "callee");
  const inner = callee ? unwrap(callee) : null;
  return inner?.type === "MemberExpression" &&
    CALLING_METHODS.has(keyName(inner, "property") ?? "");
}

const SOON = /^(?:\w+\.)?(?:nextTick|queueMicrotask|setImmediate)$/;

/** Whether a call runs a function as soon as the code around it is over: `setTimeout(init, 0)`, `process.nextTick(init)`. */
function callsSoon(call: Node): boolean {
  const name = writtenName(call);
  if (name === null || call.type !== "CallExpression") return false;
  if (SOON.test(name)) return true;
  if (!/^(?:\w+\.)?setTimeout$/.test(name)) return false;
  const after = many(call, "arguments")[1];
  return !after || after.type === "Literal" && field(after, "value") === 0;
}
