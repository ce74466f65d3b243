/** Lets a module hand out the classes that its lines do not show: behind another statement, in parentheses, in an object.
 * @module
 */
import {
  isClass,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
} from "../../plan/analyze/code/nodes.ts";
import { CLASSES_KEY, classNames } from "../hooks/module_source.ts";

const CLASS = /\bclass(?=\s*\{|\s+extends\b|\s+[\w$]+(?:\s*\{|\s+extends\b))/g;

/** Whether a text may have classes that its lines do not show. */
export function mayHideClasses(text: string): boolean {
  return text.includes("class") &&
    (text.match(CLASS)?.length ?? 0) > classNames(text).length;
}

/** What goes behind a text for it. */
export function hiddenClasses(
  text: string,
  program: Node,
  url: string,
): string {
  if (!mayHideClasses(text)) return "";
  const shown = new Set(classNames(text));
  const hidden = many(program, "body").flatMap((statement) => {
    const declared = one(statement, "declaration") ?? statement;
    return isClass(declared)
      ? [nameOf(one(declared, "id"))]
      : many(declared, "declarations").flatMap(classesIn);
  }).filter((name) => name !== "" && !shown.has(name));
  if (hidden.length === 0) return "";
  const getters = hidden.map((name) =>
    `${JSON.stringify(name)}: () => ${name}`
  );
  const key = JSON.stringify(CLASSES_KEY.description);
  return `\n;globalThis[Symbol.for(${key})]?.(${JSON.stringify(url)}, { ${
    getters.join(", ")
  } });`;
}

/** What names the classes that a variable gets as its first value. */
function classesIn(declarator: Node): string[] {
  const name = nameOf(one(declarator, "id"));
  const init = one(declarator, "init");
  if (name === "" || init === null) return [];
  const value = unwrap(init);
  if (isClass(value)) return [name];
  return many(value, "properties").flatMap((property) => {
    const key = keyName(property, "key");
    const member = one(property, "value");
    return key !== null && member && isClass(unwrap(member)) &&
        /^[\w$]+$/.test(key)
      ? [`${name}.${key}`]
      : [];
  });
}
