/** The functions of `node:fs` by which a file goes away or is written over, under whatever name they are imported.
 * @module
 */
import { constants } from "node:fs";
import fs from "node:fs";
import { registerHooks } from "node:module";
import promises from "node:fs/promises";

/** Replaces a method by one that is told of its arguments first. */
export type Patch = (
  of: object,
  method: string,
  before: (...args: unknown[]) => void,
) => void;

/** What is told of the place that is about to change. */
export type Keep = (path: unknown) => void;

/** Those that change what stands at their first argument. */
const AT_FIRST = ["unlink", "rm", "rmdir", "truncate", "writeFile"];
/** Those that change what stands at their second one. */
const AT_SECOND = ["rename", "copyFile", "cp"];

/** Patches the functions of `node:fs` and `node:fs/promises`, in all their forms. */
export function patchNodeFs(patch: Patch, keep: Keep): void {
  const first = (path: unknown) => keep(path);
  const second = (_: unknown, path: unknown) => keep(path);
  const opened = (path: unknown, flags: unknown) => isOver(flags) && keep(path);
  const patchForm = (of: object, suffix: string): void => {
    for (const name of AT_FIRST) patch(of, name + suffix, first);
    for (const name of AT_SECOND) patch(of, name + suffix, second);
    patch(of, `open${suffix}`, opened);
  };
  patchForm(fs, "");
  patchForm(fs, "Sync");
  patchForm(promises, "");
  patch(fs, "createWriteStream", (path, options) => {
    const flags = typeof options === "object" && options !== null &&
        "flags" in options
      ? options.flags
      : "w";
    if (isOver(flags)) keep(path);
  });
}

/** Lets modules that name a function in their import have the patched one too; those loaded before keep what they have. */
export function patchNodeFsImports(): void {
  const urls = new Map([
    ["node:fs", facadeOf("node:fs", fs)],
    ["node:fs/promises", facadeOf("node:fs/promises", promises)],
  ]);
  const facades = new Set(urls.values());
  registerHooks({
    resolve(specifier, context, next) {
      const name = specifier.startsWith("node:")
        ? specifier
        : `node:${specifier}`;
      const url = urls.get(name);
      const isOwn = facades.has(context.parentURL ?? "");
      // What is required is the very object that is patched.
      const isRequired = [...context.conditions ?? []].includes("require");
      return url === undefined || isOwn || isRequired
        ? next(specifier, context)
        : { url, shortCircuit: true };
    },
  });
}

/** A module with the names of another, whose functions are those that the object has when they are called. */
function facadeOf(name: string, of: object): string {
  const lines = Object.entries(of).flatMap(([key, value]) => {
    if (!/^[A-Za-z_$][\w$]*$/.test(key) || key === "default") return [];
    // Classes are made with `new`, which needs the very one.
    const isPlain = typeof value === "function" && /^[a-z]/.test(key);
    return `export const ${key} = ${
      isPlain ? `(...args) => it.${key}(...args)` : `it.${key}`
    };`;
  });
  const text = [
    `import it from "${name}";`,
    "export default it;",
    ...lines,
  ].join("\n");
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

function isOver(flags: unknown): boolean {
  return typeof flags === "number"
    ? (flags & constants.O_TRUNC) !== 0
    : typeof flags === "string" && flags.startsWith("w");
}
