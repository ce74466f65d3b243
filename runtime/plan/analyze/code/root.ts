/** Where a value comes from, and each of several such places once.
 * @module
 */
import type { Binding } from "./bindings.ts";

/** Where a value comes from. */
export interface Root {
  /** The specifier, if it comes from an import. */
  readonly specifier: string | null;
  /** The exported name, or the module's own. */
  readonly name: string;
  /** The variable of this module, or the import's local name; null for `import()`. */
  readonly binding: Binding | null;
  /** The members from there: `items`, `get()`, `()` for a call, `new()`, `[]` for an element. */
  readonly path: readonly string[];
}

/** Each root once, and those of functions' variables only where they are asked for. */
export function picked(roots: readonly Root[], locals: boolean): Root[] {
  const wanted = locals
    ? roots
    : roots.filter((it) => it.specifier !== null || it.binding?.top !== false);
  return wanted.length <= FEW ? uniqueOfFew(wanted) : uniqueOfMany(wanted);
}

/** So many are compared with each other sooner than their keys are made. */
const FEW = 4;

function uniqueOfFew(roots: readonly Root[]): Root[] {
  const found: Root[] = [];
  for (const root of roots) {
    if (!found.some((it) => isSame(it, root))) found.push(root);
  }
  return found;
}

/** What is called from many places comes from many, over and over. */
function uniqueOfMany(roots: readonly Root[]): Root[] {
  const found = new Map<string, Root>();
  for (const root of roots) {
    const { specifier, name, path } = root;
    const key = `${specifier === null}\n${specifier}\n${name}\n${
      path.join(".")
    }`;
    if (!found.has(key)) found.set(key, root);
  }
  return [...found.values()];
}

function isSame(one: Root, other: Root): boolean {
  return one.name === other.name && one.specifier === other.specifier &&
    (one.path.length === 0 && other.path.length === 0 ||
      one.path.join(".") === other.path.join("."));
}
