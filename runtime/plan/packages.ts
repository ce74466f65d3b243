/** What an app imports from outside itself, package by package.
 * @module
 */
import type { Manifest } from "../protocol/manifest/manifest.ts";

const PACKAGE = /^(npm|jsr):\/?((?:@[^/@]+\/)?[^/@]+)(@[^/]+)?/;
const MENTIONED = /(?:npm:|jsr:|https?:\/\/)[^\s"'`]+/g;

/**
 * The package that a specifier belongs to: `jsr:/@std/path@1.1.6/posix` is a part of `jsr:@std/path@1.1.6`.
 *
 * @param specifier the specifier, as written or as resolved
 * @returns scheme, name and version for `npm:` and `jsr:`; anything else as it is
 */
export function packageOf(specifier: string): string {
  const match = PACKAGE.exec(specifier);
  if (!match) return specifier;
  const [, scheme, name, version = ""] = match;
  return `${scheme}:${name}${version}`;
}

/**
 * The packages that a text names: source code, an import map, a lock file.
 *
 * @param text the text
 * @returns the packages
 */
export function packagesIn(text: string): Set<string> {
  return new Set(
    [...text.matchAll(MENTIONED)].map(([specifier]) => packageOf(specifier)),
  );
}

/**
 * The packages that a release imports and that are not known yet.
 *
 * @param manifest the release
 * @param known the packages known
 * @returns the packages, sorted; what Deno itself brings (`node:`) is always known
 */
export function newPackages(
  manifest: Manifest,
  known: ReadonlySet<string>,
): string[] {
  const unknown = new Set<string>();
  for (const { external } of Object.values(manifest.modules)) {
    for (const specifier of external) {
      const name = packageOf(specifier);
      if (!name.startsWith("node:") && !known.has(name)) unknown.add(name);
    }
  }
  return [...unknown].sort();
}
