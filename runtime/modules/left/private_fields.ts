/** Lets classes of a module show the private fields of their instances, so that state behind them is found.
 * @module
 */
import { between, type Placed } from "../keep/placed.ts";
import {
  flag,
  isClass,
  many,
  nameOf,
  type Node,
  one,
} from "../../plan/analyze/code/nodes.ts";
import { treeOf } from "../../plan/analyze/code/tree.ts";

/** The name by which classes show the private fields of their instances. */
export const PRIVATE_KEY = Symbol.for("@flyhot/runtime.private");

/** Private fields, by their names with `#`: accessors, which read and write those of an instance. */
export type PrivateFields = object;

/** Takes what reads the private fields of the instances of a class; null for what is no instance. */
export type TakePrivate = (
  of: { readonly prototype: object },
  fields: (instance: object) => PrivateFields | null,
) => void;

const SHOW = "$kept_private";
const FIELD = /#[\p{ID_Start}$_]/u;

/** Whether a text may have classes with private fields. */
export function mayHavePrivate(text: string): boolean {
  return FIELD.test(text) && text.includes("class");
}

/** What goes into a text for it, and behind it. */
export function privateFields(
  text: string,
  program: Node,
): { readonly placed: readonly Placed[]; readonly end: string } {
  if (!mayHavePrivate(text)) return { placed: [], end: "" };
  let show = SHOW;
  while (text.includes(show)) show += "_";
  const placed = treeOf(program).flatMap(({ self }) => {
    const body = isClass(self) ? one(self, "body") : null;
    const names = many(body, "body").flatMap(fieldName);
    if (!body || names.length === 0) return [];
    const all = names.map((name) =>
      `get ${JSON.stringify(name)}() { return it.${name}; }, set ${
        JSON.stringify(name)
      }(to) { it.${name} = to; }`
    );
    return [
      between(
        body.end - 1,
        `static { ${show}(this, (it) => ${names[0]} in it ? { ${
          all.join(", ")
        } } : null); }`,
      ),
    ];
  });
  if (placed.length === 0) return { placed, end: "" };
  const key = JSON.stringify(PRIVATE_KEY.description);
  return {
    placed,
    end:
      `\n;function ${show}(of, fields) { globalThis[Symbol.for(${key})]?.(of, fields); }`,
  };
}

function fieldName(member: Node): string[] {
  const key = one(member, "key");
  return member.type === "PropertyDefinition" && !flag(member, "static") &&
      key?.type === "PrivateIdentifier"
    ? [nameOf(key)]
    : [];
}
