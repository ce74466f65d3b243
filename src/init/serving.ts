/** Finding the statement with which a program begins to serve.
 * @module
 */
import { many, nameOf, type Node, one, unwrap } from "@flyhot/runtime/plan";
import {
  calleeOf,
  countName,
  isMainTest,
  nodesIn,
  type Span,
  type SyntaxTree,
} from "./syntax_tree.ts";

/** What is served with. */
export type ServeCall = "Deno.serve" | "Oak";

/** The statement with which a program begins to serve. */
interface Serving {
  /** What is served with. */
  readonly call: ServeCall;
  /** The whole statement, and the `if (import.meta.main)` around it. */
  readonly statement: Span;
  /** What answers requests: an expression, for Oak the name of the application. */
  readonly handler: string;
  /** The address to listen on, as properties of an object. */
  readonly options: readonly string[];
}

/** What was found, or why it is better left to a person. */
type FoundServing = Serving | { readonly unsure: readonly string[] };

const DEFAULT_PORT = "8000";

/** Finds the one statement with which a program begins to serve. */
export function findServing(tree: SyntaxTree, isOak: boolean): FoundServing {
  const call: ServeCall = isOak ? "Oak" : "Deno.serve";
  const name = isOak ? "listen() of the Oak application" : "Deno.serve()";
  const calls = [...nodesIn(tree.program)].filter((node) =>
    node.type === "CallExpression" &&
    (isOak
      ? /^[^.]+\.listen$/.test(calleeOf(node))
      : calleeOf(node) === "Deno.serve")
  );
  const [first] = calls;
  if (!first) return { unsure: [`it does not call ${name}`] };
  if (calls.length > 1) {
    return { unsure: [`it calls ${name} ${calls.length} times`] };
  }
  const statement = statementAround(tree, first);
  if (typeof statement === "string") {
    return { unsure: [`its call of ${name} ${statement}`] };
  }
  const found = isOak ? oakArguments(tree, first) : denoArguments(tree, first);
  return typeof found === "string"
    ? { unsure: [found.replaceAll("%", name)] }
    : { call, statement, ...found };
}

type Arguments = Pick<Serving, "handler" | "options">;

function oakArguments(tree: SyntaxTree, call: Node): Arguments | string {
  const [first, ...others] = many(call, "arguments");
  const options = !first
    ? [portOf(DEFAULT_PORT)]
    : others.length > 0
    ? "are not one object"
    : readOptions(tree, first);
  return typeof options === "string"
    ? `the options of % ${options}`
    : { handler: calleeOf(call).replace(/\.listen$/, ""), options };
}

function denoArguments(tree: SyntaxTree, call: Node): Arguments | string {
  const given = many(call, "arguments");
  const [first, second] = given;
  const handler = second ?? first;
  if (!first || !handler || given.length > 2) {
    return `% has ${given.length} arguments`;
  }
  if (unwrap(handler).type === "ObjectExpression") {
    return "the handler of % stands in its options";
  }
  const options = second ? readOptions(tree, first) : [portOf(DEFAULT_PORT)];
  return typeof options === "string"
    ? `the options of % ${options}`
    : { handler: textOf(tree, handler), options };
}

/** The statement that a call is, or what else it is part of. */
function statementAround(tree: SyntaxTree, call: Node): Node | string {
  const { parents, program } = tree;
  let at = parents.get(call)!;
  if (at.type === "AwaitExpression") at = parents.get(at)!;
  if (at.type === "VariableDeclarator") {
    const name = nameOf(one(at, "id"));
    if (name === "" || countName(program, name) > 1) {
      return `is kept in ${name || "a pattern"}, which is used elsewhere`;
    }
    at = parents.get(at)!;
    if (many(at, "declarations").length > 1) return LARGER;
  } else if (at.type !== "ExpressionStatement") return LARGER;
  const up = parents.get(at)!;
  if (up === program) return at;
  return mainGuard(up, tree) ?? "stands inside a function or block";
}

const LARGER = "is part of a larger expression";

/** The `if (import.meta.main)` whose only content is the statement. */
function mainGuard(
  around: Node,
  { parents, program }: SyntaxTree,
): Node | null {
  let at = around;
  if (at.type === "BlockStatement") {
    if (many(at, "body").length > 1) return null;
    at = parents.get(at)!;
  }
  return at.type === "IfStatement" && isMainTest(one(at, "test")!) &&
      one(at, "alternate") === null && parents.get(at) === program
    ? at
    : null;
}

/** The port and host name that options say, or what else is in them. */
function readOptions(
  tree: SyntaxTree,
  node: Node,
): readonly string[] | string {
  const object = unwrap(node);
  if (object.type !== "ObjectExpression") return "are not written out";
  const options: string[] = [];
  let hasPort = false;
  for (const property of many(object, "properties")) {
    const value = one(property, "value");
    const key = one(property, "key");
    if (
      property.type !== "Property" || key?.type !== "Identifier" || !value ||
      value.type === "FunctionExpression"
    ) return "are more than names and values";
    const name = nameOf(key);
    if (name !== "port" && name !== "hostname") {
      return `have ${textOf(tree, property).split("\n")[0]}`;
    }
    const text = selfContained(tree, value);
    if (text === null) {
      return `compute ${name} in a way that is not understood`;
    }
    if (name === "port") hasPort = true;
    options.push(name === "port" ? portOf(text) : `hostname: ${text}`);
  }
  return hasPort ? options : [portOf(DEFAULT_PORT), ...options];
}

const UNDERSTOOD = new Set(["Deno", "env", "get", "Number", "parseInt"]);

/** An expression's text, if it needs nothing of the module around it. */
function selfContained(tree: SyntaxTree, value: Node): string | null {
  const at = unwrap(value);
  if (at.type === "Identifier") return constant(tree, nameOf(at));
  const isKnown = [...nodesIn(at)].every((node) =>
    node.type !== "Identifier" || UNDERSTOOD.has(nameOf(node))
  );
  return isKnown ? textOf(tree, at) : null;
}

/** What `const name = …` says on the top level, if that needs nothing else of the module. */
function constant(tree: SyntaxTree, name: string): string | null {
  for (const statement of many(tree.program, "body")) {
    if (
      statement.type !== "VariableDeclaration" ||
      (statement as { kind?: unknown }).kind !== "const"
    ) continue;
    for (const declarator of many(statement, "declarations")) {
      const value = one(declarator, "init");
      if (nameOf(one(declarator, "id")) === name && value) {
        return selfContained(tree, value);
      }
    }
  }
  return null;
}

function textOf({ source }: SyntaxTree, { start, end }: Node): string {
  return source.slice(start, end);
}

/** The port: what the environment says, else the one that is written down. */
function portOf(value: string): string {
  return /^\d[\d_]*$/.test(value)
    ? `port: Number(Deno.env.get("PORT") ?? ${value})`
    : `port: ${value}`;
}
