/** Makes the functions and classes that a module exports settable from outside; no character of its own moves.
 * @module
 */
import { around, between, type Placed } from "../keep/placed.ts";
import { localExports } from "../../plan/analyze/exports.ts";
import {
  isClass,
  isFunction,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
  word,
} from "../../plan/analyze/code/nodes.ts";

/** The name by which modules hand out what can be set in them. */
export const REBIND_KEY = Symbol.for("@flyhot/runtime.rebind");

/** Reads what a module exports by a name, or sets it. */
export type SetExport = (
  name: string,
  isSet?: boolean,
  value?: unknown,
) => unknown;

/** Takes what can be set in a module, when its evaluation begins. */
export type TakeSettable = (url: string, set: SetExport) => void;

/** What makes a module settable. */
export interface Settable {
  /** The exported names. */
  readonly names: readonly string[];
  /** The text with variables in the place of constants; as long as before. */
  readonly text: string;
  /** What goes into it: at the beginning what tells of it. */
  readonly placed: readonly Placed[];
  /** What goes behind it. */
  readonly end: string;
}

/** Finds what can be set in a module; null for nothing. */
export function settable(
  text: string,
  program: Node,
  url: string,
): Settable | null {
  // A line for the shell has to be the first one.
  if (text.startsWith("#!")) return null;
  const declared = declaredIn(program);
  const found = new Map<string, string>();
  const nameless = namelessDefault(text, program);
  const constants = new Set<Node>();
  for (const [name, node] of localExports(program)) {
    // What `export default x` exports is what x was then.
    if (name === "default" && isExpression(program)) continue;
    if (name === "default" && nameless) continue;
    const at = unwrap(node);
    const local = at.type === "Identifier" ? nameOf(at) : "";
    const declaration = declared.get(local);
    if (!declaration) continue;
    found.set(name, local);
    if (word(declaration, "kind") === "const") constants.add(declaration);
  }
  if (nameless) found.set("default", nameless.name);
  if (found.size === 0) return null;
  let own = "$rebound";
  while (text.includes(own)) own += "_";
  let written = nameless?.text ?? text;
  for (const { start } of constants) {
    written = `${written.slice(0, start)}let  ${written.slice(start + 5)}`;
  }
  const cases = [...found].map(([name, local]) =>
    `case ${
      JSON.stringify(name)
    }: return ${own}1 ? ${local} = ${own}2 : ${local};`
  );
  return {
    names: [...found.keys()],
    text: written,
    placed: [
      between(
        0,
        `${nameless?.begin ?? ""}globalThis[Symbol.for(${
          JSON.stringify(REBIND_KEY.description)
        })]?.(${JSON.stringify(url)}, ${own});`,
      ),
      ...nameless?.placed ?? [],
    ],
    // A declaration is there before the first statement.
    end: `\n;function ${own}(${own}0, ${own}1, ${own}2) { switch (${own}0) { ${
      cases.join(" ")
    } } }`,
  };
}

/** Whether a module exports the value of an expression as its default. */
function isExpression(program: Node): boolean {
  return defaultOf(program)?.type.endsWith("Declaration") === false;
}

/** What a module exports as its default, where it says so. */
function defaultOf(program: Node): Node | null {
  const statement = many(program, "body").find(({ type }) =>
    type === "ExportDefaultDeclaration"
  );
  return statement ? one(statement, "declaration") : null;
}

/** A variable for a default export that has none, and is called `default`. */
interface Nameless {
  readonly name: string;
  /** The text, as long as before. */
  readonly text: string;
  readonly begin: string;
  readonly placed: readonly Placed[];
}

/** Gives a function that is the default export a variable; null where it has one, or is not a function. */
function namelessDefault(text: string, program: Node): Nameless | null {
  const value = defaultOf(program);
  if (!value || !isFunction(unwrap(value))) return null;
  // As what goes into texts to keep values: whoever wants to know the text of a function gets it without.
  let name = "$kept_default";
  while (text.includes(name)) name += "_";
  if (value.type === "FunctionDeclaration") {
    const written = text.slice(value.start);
    const word = /^(?:async\s+)?function(?:\s*\*)?/.exec(written)?.[0];
    if (one(value, "id") || word === undefined) return null;
    return {
      name,
      text,
      begin:
        `Object.defineProperty(${name}, "name", { value: "default", configurable: true });`,
      placed: [between(value.start + word.length, ` ${name}`)],
    };
  }
  const statement = many(program, "body").find((it) =>
    one(it, "declaration") === value
  )!;
  const word = /^export\s+default(?=[\s(])/.exec(text.slice(statement.start))
    ?.[0];
  if (word === undefined) return null;
  // Deno puts parentheses around functions; what else stands there would be a comment.
  const gap = text.slice(statement.start + word.length, value.start);
  const behind = text.slice(value.end, statement.end);
  const closing = /^[\s)]*/.exec(behind)![0].trimEnd();
  if (
    !/^[\s(]*$/.test(gap) || !/^\s*;?$/.test(behind.slice(closing.length)) ||
    gap.split("(").length !== closing.split(")").length
  ) return null;
  return {
    name,
    text: text.slice(0, statement.start) + word.replaceAll(/\S/g, " ") +
      text.slice(statement.start + word.length),
    begin: "",
    placed: around(
      { start: statement.start, end: value.end + closing.length },
      `let { default: ${name} } = { default:`,
      ` }; export { ${name} as default }`,
    ),
  };
}

/** The functions and classes that a module declares, by their names, each with what has to be a variable. */
function declaredIn(program: Node): Map<string, Node> {
  const found = new Map<string, Node>();
  for (const statement of many(program, "body")) {
    const declaration = /^Export(?:Named|Default)Declaration$/.test(
        statement.type,
      )
      ? one(statement, "declaration")
      : statement;
    if (!declaration) continue;
    if (declaration.type !== "VariableDeclaration") {
      const id = one(declaration, "id");
      if (id && /^(?:Function|Class)Declaration$/.test(declaration.type)) {
        found.set(nameOf(id), declaration);
      }
      continue;
    }
    for (const it of many(declaration, "declarations")) {
      const id = one(it, "id");
      const init = one(it, "init");
      if (id?.type !== "Identifier" || !init) continue;
      const value = unwrap(init);
      if (isFunction(value) || isClass(value)) {
        found.set(nameOf(id), declaration);
      }
    }
  }
  return found;
}
