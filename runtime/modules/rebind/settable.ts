/** Makes the functions and classes that a module exports settable from outside; no character of its own moves.
 * @module
 */
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
  /** What goes before it, on its first line. */
  readonly begin: string;
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
  const constants = new Set<Node>();
  for (const [name, node] of localExports(program)) {
    // What `export default x` exports is what x was then.
    if (name === "default" && isExpression(program)) continue;
    const at = unwrap(node);
    const local = at.type === "Identifier" ? nameOf(at) : "";
    const declaration = declared.get(local);
    if (!declaration) continue;
    found.set(name, local);
    if (word(declaration, "kind") === "const") constants.add(declaration);
  }
  if (found.size === 0) return null;
  let own = "$rebound";
  while (text.includes(own)) own += "_";
  let written = text;
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
    begin: `globalThis[Symbol.for(${
      JSON.stringify(REBIND_KEY.description)
    })]?.(${JSON.stringify(url)}, ${own});`,
    // A declaration is there before the first statement.
    end: `\n;function ${own}(${own}0, ${own}1, ${own}2) { switch (${own}0) { ${
      cases.join(" ")
    } } }`,
  };
}

/** Whether a module exports the value of an expression as its default. */
function isExpression(program: Node): boolean {
  return many(program, "body").some((statement) =>
    statement.type === "ExportDefaultDeclaration" &&
    !one(statement, "declaration")?.type.endsWith("Declaration")
  );
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
