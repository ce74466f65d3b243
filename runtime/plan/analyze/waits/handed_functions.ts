/** Functions that functions of a module make and hand to somebody who may call them later: `schedule("* * * * *", () => poll())`.
 * @module
 */
import { namesIn } from "../keeping/kept_initializer.ts";
import {
  isClass,
  isFunction,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
} from "../code/nodes.ts";
import { type Found, treeOf } from "../code/tree.ts";
import { calledName, isInFunction, isSeen, rootOf } from "./hands.ts";
import { oncePer } from "./once.ts";

/** Where one is handed on. */
export interface Handed {
  /** The function, or an object or a list with functions in it. */
  readonly node: Node;
  /** The names of what may call it: whose method it is given to, and what is given ahead of it. */
  readonly beside: readonly string[];
  /** Whether only the process knows whether it is a function: what a call has returned, or a part of that. */
  readonly isUnsure: boolean;
}

/** What is called so keeps what it is given, whatever becomes of what it returns. */
const KEEPS =
  /^(?:on|once|every|use|push|unshift|put|enqueue|defer|(?:on|add|append|attach|bind|handle|hook|insert|listen|observe|prepend|register|schedule|set|subscribe|watch)(?![a-z])\w*)$/;

/** What is called so keeps no function, though nobody asks for what it returns: to look at all calls would cost more than it finds. */
const KEEPS_NONE =
  /^(?:abort|assert\w*|cancel|clear\w*|close|debug|delete|destroy|end|equal|error|fail|info|log|ok|ping|publish|reject|remove\w*|resolve|send\w*|trace|update|warn|write\w*|\w+(?:Array|Buffer|Decoder|Encoder|Error|Event|Params|View)|Array|Blob|Date|Error|File|Headers|Map|RegExp|Request|Response|Set|URL)$/;

/** What is called so returns no function. */
const GIVES_DATA =
  /^(?:BigInt|Boolean|Date|Number|String|Symbol|entries|format|has|includes|join|keys|now|parse|slice|stringify|trim|values|(?:is|to)[A-Z]\w*)$/;

/** What is given to a constructor by its class. */
const SUPER = "Super";
/** So deep in what is given functions are looked for. */
const DEPTH = 2;

/** Finds where the functions of a program hand on functions that they have made. */
export const handedFunctions: (program: Node) => readonly Handed[] = oncePer(
  handedIn,
);

function handedIn(program: Node): Handed[] {
  const tree = treeOf(program);
  const made = madeIn(tree);
  const all: Handed[] = [];
  for (const found of tree) {
    // Nearly all nodes hand on nothing: what is cheap to ask comes first.
    if (HANDING.has(found.type) && isInFunction(found)) {
      all.push(...handedAt(found, made));
    }
  }
  return all;
}

/** What hands something on. */
const HANDING = new Set([
  "AssignmentExpression",
  "CallExpression",
  "NewExpression",
]);
/** What gives a name to something. */
const NAMING = new Set([
  "AssignmentExpression",
  "AssignmentPattern",
  "ForStatement",
  "FunctionDeclaration",
  "VariableDeclarator",
]);

function handedAt(found: Found, made: Made): Handed[] {
  const node = found.self;
  if (node.type === "AssignmentExpression") {
    return handedByAssigning(node, made);
  }
  if (node.type !== "CallExpression" && node.type !== "NewExpression") {
    return [];
  }
  const callee = unwrap(one(node, "callee")!);
  if (callee.type === SUPER) return [];
  const beside = callee.type === "MemberExpression" ? rootOf(callee) : [];
  const keeps = mayKeep(calledName(callee), found);
  const all: Handed[] = [];
  for (const [at, given] of many(node, "arguments").entries()) {
    if (isSeen(callee, at)) continue;
    const isSpread = given.type === "SpreadElement";
    const value = unwrap(isSpread ? one(given, "argument")! : given);
    const isMade = holdsMade(value, made, DEPTH);
    if (isMade || keeps && !isSpread && mayBeMade(value, made)) {
      all.push({
        node: isSpread ? one(given, "argument")! : given,
        beside: [...beside],
        isUnsure: !isMade,
      });
    }
    if (!isMade && value.type === "Identifier") beside.push(nameOf(value));
  }
  return all;
}

/** Whether what is called may be called for nothing but to keep what it is given. */
function mayKeep(name: string, { type, around }: Found): boolean {
  if (KEEPS.test(name)) return true;
  if (KEEPS_NONE.test(name)) return false;
  const dropped = around?.type === "AwaitExpression" ? around.around : around;
  return type === "NewExpression" || dropped?.type === "ExpressionStatement";
}

/** `socket.onmessage = () => {}`; what is assigned to `this` is the object's own. */
function handedByAssigning(node: Node, made: Made): Handed[] {
  const target = unwrap(one(node, "left")!);
  const value = one(node, "right")!;
  if (
    target.type !== "MemberExpression" || !holdsMade(unwrap(value), made, 0)
  ) return [];
  const owner = unwrap(one(target, "object")!);
  return owner.type === "ThisExpression"
    ? []
    : [{ node: value, beside: rootOf(target), isUnsure: false }];
}

/** Whether something may be a function that a function has made: the result of a call, or a part of it. */
function mayBeMade(node: Node, made: Made): boolean {
  switch (node.type) {
    case "Identifier":
      return made.unsure.has(nameOf(node));
    case "MemberExpression":
      return rootOf(node).some((it) =>
        made.unsure.has(it) || made.names.has(it) || made.classes.has(it)
      ) || isUnsure(unwrap(one(node, "object")!));
    default:
      return isUnsure(node);
  }
}

/** Whether nobody can tell from the text what an expression is. */
function isUnsure(node: Node): boolean {
  if (node.type === "AwaitExpression") {
    return isUnsure(unwrap(one(node, "argument")!));
  }
  if (node.type === "NewExpression") return true;
  return node.type === "CallExpression" &&
    !GIVES_DATA.test(calledName(unwrap(one(node, "callee")!)));
}

function holdsMade(node: Node, made: Made, depth: number): boolean {
  if (isFunction(node)) return true;
  const holds = (it: Node | null, deeper: number) =>
    it !== null && holdsMade(unwrap(it), made, deeper);
  switch (node.type) {
    case "Identifier":
      return made.names.has(nameOf(node));
    case "ConditionalExpression":
      return holds(one(node, "consequent"), depth) ||
        holds(one(node, "alternate"), depth);
    case "LogicalExpression":
      return holds(one(node, "left"), depth) ||
        holds(one(node, "right"), depth);
    case "CallExpression": {
      const callee = unwrap(one(node, "callee")!);
      return calledName(callee) === "bind" ||
        callee.type === "Identifier" && made.makers.has(nameOf(callee));
    }
    case "ArrayExpression":
      return depth > 0 &&
        many(node, "elements").some((it) => holds(it, depth - 1));
    case "ObjectExpression":
      return depth > 0 &&
        many(node, "properties").some((it) =>
          holds(one(it, "value"), depth - 1)
        );
    default:
      return false;
  }
}

/** What makes functions, or stands for what was made. */
interface Made {
  /** The names of functions that functions make, and of what they make with functions in it. */
  readonly names: Set<string>;
  /** The names of functions that return such. */
  readonly makers: Set<string>;
  /** The names of what calls have returned to functions, and of parts of it. */
  readonly unsure: Set<string>;
  /** The names of classes. */
  readonly classes: Set<string>;
}

/** Functions and classes. */
const DECLARING = new Set([
  "ArrowFunctionExpression",
  "ClassDeclaration",
  "ClassExpression",
  "FunctionDeclaration",
  "FunctionExpression",
]);

function madeIn(tree: readonly Found[]): Made {
  const made: Made = {
    names: new Set(),
    makers: new Set(),
    unsure: new Set(),
    classes: new Set(),
  };
  for (const { self, type, around } of tree) {
    if (!DECLARING.has(type)) continue;
    if (isClass(self)) made.classes.add(nameOf(one(self, "id")));
    if (isFunction(self) && around && returnsMade(self)) {
      const name = nameOf(
        one(self, "id") ??
          (around.type === "VariableDeclarator"
            ? one(around.self, "id")
            : null),
      );
      if (name !== "") made.makers.add(name);
    }
  }
  for (const found of tree) {
    if (!NAMING.has(found.type)) continue;
    const { self } = found;
    const value = one(self, "init") ??
      (/^Assignment(?:Expression|Pattern)$/.test(self.type)
        ? one(self, "right")
        : null);
    const target = one(self, "id") ?? unwrap(one(self, "left") ?? self);
    if (value && isInFunction(found)) {
      const isPattern = /Pattern$/.test(target.type);
      if (isPattern || isUnsure(unwrap(value))) {
        for (const it of namesIn(target)) made.unsure.add(nameOf(it));
      }
    }
    const name = self.type === "FunctionDeclaration"
      ? nameOf(one(self, "id"))
      : value && holdsMade(unwrap(value), made, DEPTH)
      ? nameOf(one(self, "id") ?? unwrap(one(self, "left") ?? value))
      : "";
    if (name !== "" && isInFunction(found)) made.names.add(name);
  }
  return made;
}

/** Whether a function returns one, at its end. */
function returnsMade(fn: Node): boolean {
  const body = unwrap(one(fn, "body")!);
  if (isFunction(body)) return true;
  const last = many(body, "body").at(-1);
  const returned = last?.type === "ReturnStatement"
    ? one(last, "argument")
    : null;
  return returned !== null && isFunction(unwrap(returned));
}
