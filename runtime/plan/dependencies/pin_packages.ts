/** The packages behind the specifiers of a release, as its lock file pins them.
 * @module
 */
import type { PinnedPackage } from "../../protocol/manifest/plan_fields.ts";
import {
  closureOf,
  closureText,
  exactPackage,
  type LockFile,
  packageSpecifier,
} from "./lock_file.ts";

/** Packages by specifier, as an import map resolves it. */
export type PinnedPackages = Readonly<Record<string, PinnedPackage>>;

/**
 * Pins packages.
 *
 * @param specifiers where imports lead; anything but `npm:` and `jsr:` is left out
 * @param lock the lock file
 * @param digest hashes a text
 * @returns the package behind each
 */
export function pinPackages(
  specifiers: Iterable<string>,
  lock: LockFile,
  digest: (text: string) => string,
): PinnedPackages {
  const pinned: Record<string, PinnedPackage> = Object.create(null);
  for (const specifier of [...new Set(specifiers)].sort()) {
    if (!packageSpecifier(specifier)) continue;
    const exact = exactPackage(specifier, lock);
    if (exact === null) {
      pinned[specifier] = { exact, closure: "", depends: [] };
      continue;
    }
    // A version that is written out in the code need not be in the lock file; then nothing is known of what is beneath.
    if (!lock.packages.has(exact)) {
      pinned[specifier] = { exact, closure: "", depends: [] };
      continue;
    }
    const closure = closureOf(exact, lock);
    const native = closure.filter((it) => lock.packages.get(it)?.native);
    pinned[specifier] = {
      exact,
      closure: digest(closureText(closure)),
      depends: closure.slice(0, -1),
      ...(native.length > 0 ? { native } : {}),
    };
  }
  return { ...pinned };
}
