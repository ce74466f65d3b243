/**
 * Rewrites the bare specifiers of a package the way `deno publish` does, since
 * no import map travels with a JSR package.
 *
 * @module
 */

import { findSpecifiers } from "./source_text.ts";

/** Bare names of an import map with the `jsr:` or `npm:` specifier of each. */
export type BareSpecifiers = ReadonlyMap<string, string>;

/** Says what a specifier means outside of its workspace. */
export function resolveBare(specifier: string, bare: BareSpecifiers): string {
  const exact = bare.get(specifier);
  if (exact !== undefined) return exact;
  // The longest name wins, as in an import map.
  let slash = specifier.lastIndexOf("/");
  while (slash > 0) {
    const target = bare.get(specifier.slice(0, slash));
    if (target !== undefined) return target + specifier.slice(slash);
    slash = specifier.lastIndexOf("/", slash - 1);
  }
  return specifier;
}

/** Rewrites the bare import specifiers of a module. */
export function unfurl(source: string, bare: BareSpecifiers): string {
  let text = "";
  let at = 0;
  for (const { start, end, specifier } of findSpecifiers(source)) {
    text += source.slice(at, start) + resolveBare(specifier, bare);
    at = end;
  }
  return text + source.slice(at);
}
