/** Where the specifiers of a release's modules lead, whatever the image's import map says.
 * @module
 */
import {
  importable,
  packageSpecifier,
} from "../../plan/dependencies/lock_file.ts";
import { bare, isOutside } from "../../plan/lookup/views.ts";
import type { ReleaseAliases } from "./release_aliases.ts";
import type { Manifest } from "../../protocol/manifest/manifest.ts";
import { own } from "../../base/own.ts";

/** What leads where it says by its own text. */
const OWN_TEXT = /^(?:\.{0,2}\/|file:|node:|data:|blob:)/;

/** Tells whether a specifier leads where it says by its own text, whatever a release says. Returns true if so. */
export function leadsByItself(specifier: string): boolean {
  return OWN_TEXT.test(specifier);
}

/** Where a specifier leads. */
export type Target =
  /** To a module of the app; the path has the query that stands in the specifier. */
  | { readonly kind: "module"; readonly path: string; readonly query: string }
  /** To a package: the exact one, and what the import map makes of the specifier. */
  | {
    readonly kind: "package";
    readonly exact: string | null;
    readonly mapped: string;
  };

/**
 * Where a specifier leads by the release. Returns null where it leads where it says by its own text, or the release
 * does not tell.
 */
export function targetInRelease(
  { modules, packages }: Pick<Manifest, "modules" | "packages">,
  path: string,
  specifier: string,
): Target | null {
  if (OWN_TEXT.test(specifier)) return null;
  const table = own(modules, path)?.specifiers;
  const target = own(table, specifier);
  if (target === undefined) return null;
  const it = packageSpecifier(target);
  if (it) {
    const exact = own(packages, target)?.exact ?? null;
    return {
      kind: "package",
      exact: exact === null ? null : importable(exact) + it.subpath,
      mapped: target,
    };
  }
  if (isOutside(target)) return null;
  const file = bare(target);
  return { kind: "module", path: file, query: target.slice(file.length) };
}

/**
 * Where a specifier leads by the aliases of the release. Returns null where it leads where it says by its own text, or
 * no alias knows it.
 */
export function targetByAlias(
  aliases: ReleaseAliases,
  path: string,
  specifier: string,
): Target | null {
  if (OWN_TEXT.test(specifier)) return null;
  const target = aliases.resolve(specifier, path);
  if (target === null) return null;
  if (isOutside(target)) {
    return { kind: "package", exact: null, mapped: target };
  }
  const file = bare(target);
  return { kind: "module", path: file, query: target.slice(file.length) };
}
