/** What names in the code that runs stand for when that code is replaced.
 * @module
 */
import type { RunningManifest } from "../../protocol/manifest/manifest.ts";
import { targetOf } from "../../plan/lookup/views.ts";

/**
 * What a name in a module stands for: something of a module that is replaced, something that stays, or a variable of a
 * function, of which nobody knows what it holds.
 */
export type NamesOf = (
  path: string,
  name: string,
) => "replaced" | "stays" | "local";

/** Tells what names stand for. */
export function namesOf(
  { analysis = {}, specifiers = {} }: RunningManifest,
  replaced: ReadonlySet<string>,
  kept: ReadonlySet<string>,
): NamesOf {
  return (path, name) => {
    const facts = Object.hasOwn(analysis, path) ? analysis[path] : undefined;
    if (!facts) return "replaced";
    for (const { specifier, locals = [] } of facts.imports ?? []) {
      if (!locals.includes(name)) continue;
      const table = Object.hasOwn(specifiers, path)
        ? specifiers[path]
        : undefined;
      const target = targetOf(path, specifier, table);
      return target !== null && replaced.has(target) ? "replaced" : "stays";
    }
    if (!(facts.names ?? []).includes(name)) return "local";
    // What is assigned to a variable afterwards is another one in the new code.
    const isAssigned = facts.bindings?.some((it) =>
      it.name === name && it.why === "written"
    );
    return kept.has(`${path}#${name}`) && !isAssigned ? "stays" : "replaced";
  };
}
