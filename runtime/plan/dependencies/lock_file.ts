/** What a lock file pins: the exact version behind each requirement, and all that it depends on.
 * @module
 */
import { parseJsonc } from "../../protocol/json/jsonc.ts";

/** One package at one version. */
export interface LockedPackage {
  /** The exact packages it depends on, as `npm:qs@6.14.1`; peers are part of the text as in the lock file. */
  readonly dependencies: readonly string[];
  /** True for one that is built where it is installed, or made for one kind of machine: a native add-on. */
  readonly native: boolean;
  /** True for one that is made for kinds of machine that Fly does not have: it is never installed there. */
  readonly foreign: boolean;
}

/** A lock file. */
export interface LockFile {
  /** The exact package by requirement: `npm:qs@^6.13` to `npm:qs@6.14.1`. */
  readonly pinned: ReadonlyMap<string, string>;
  /** What is known of each exact package. */
  readonly packages: ReadonlyMap<string, LockedPackage>;
}

/** A specifier of a package, taken apart. */
export interface PackageSpecifier {
  /** `npm` or `jsr`. */
  readonly scheme: "npm" | "jsr";
  /** The name, with its scope. */
  readonly name: string;
  /** What stands behind the name: a version, a range, a tag; empty for none. */
  readonly version: string;
  /** The path inside the package, with a slash in front; empty for the package itself. */
  readonly subpath: string;
}

const SPECIFIER =
  /^(npm|jsr):\/?((?:@[^/@\s]+\/)?[^/@\s]+)(?:@([^/]*))?(\/.*)?$/;

/**
 * Takes a specifier apart.
 *
 * @param specifier as written or as an import map resolves it
 * @returns its pieces; null for anything but `npm:` and `jsr:`
 */
export function packageSpecifier(specifier: string): PackageSpecifier | null {
  const match = SPECIFIER.exec(specifier);
  if (!match) return null;
  const [, scheme, name, version = "", subpath = ""] = match;
  return {
    scheme: scheme as "npm" | "jsr",
    name: name!,
    version,
    // `npm:/zod@4/` leads to the package itself.
    subpath: subpath === "/" ? "" : subpath,
  };
}

/** An exact package without the peers that the lock file notes behind its version: what can be imported. */
export function importable(exact: string): string {
  return exact.replace(/^(npm:@?[^@]+@[^_]+)_.*$/, "$1");
}

/** The name of an exact package, with its scheme: `npm:qs`. */
export function nameOf(exact: string): string {
  return exact.replace(/^((?:npm|jsr):@?[^@]+)@.*$/, "$1");
}

/** The version of an exact package, without its peers. */
export function versionOf(exact: string): string {
  return importable(exact).slice(nameOf(exact).length + 1);
}

/**
 * Reads a lock file (versions 4 and 5).
 *
 * @param text its text
 * @returns what it pins; empty for a text that is not such a lock file
 */
export function readLockFile(text: string): LockFile {
  const pinned = new Map<string, string>();
  const packages = new Map<string, LockedPackage>();
  // Where there is none, to be told so by the parser takes longer than all else.
  if (text === "") return { pinned, packages };
  try {
    const lock = record(parseJsonc(text));
    for (
      const [requirement, version] of Object.entries(record(lock.specifiers))
    ) {
      const name = packageSpecifier(requirement);
      if (!name || typeof version !== "string") continue;
      pinned.set(requirement, `${name.scheme}:${name.name}@${version}`);
    }
    const npm = record(lock.npm);
    const versions = onlyVersions(Object.keys(npm));
    for (const [key, value] of Object.entries(npm)) {
      const it = record(value);
      packages.set(`npm:${key}`, {
        dependencies: [
          ...texts(it.dependencies),
          ...texts(it.optionalDependencies),
        ]
          .map((name) => npmDependency(name, versions)).filter((name) =>
            name !== null
          ),
        native: isNative(it),
        foreign: isForeign(it),
      });
    }
    for (const [key, value] of Object.entries(record(lock.jsr))) {
      const it = record(value);
      packages.set(`jsr:${key}`, {
        dependencies: texts(it.dependencies).map((name) =>
          jsrDependency(name, pinned)
        ).filter((name) => name !== null),
        native: false,
        foreign: false,
      });
    }
  } catch {
    // Deno refuses to start with a broken lock file; here it only means that nothing is pinned.
    return { pinned: new Map(), packages: new Map() };
  }
  return { pinned, packages };
}

/**
 * The exact package that a specifier leads to.
 *
 * @param specifier a specifier of a package
 * @param lock the lock file
 * @returns it, as `npm:qs@6.14.1`; null where neither the lock file nor the specifier tells
 */
export function exactPackage(specifier: string, lock: LockFile): string | null {
  const it = packageSpecifier(specifier);
  if (!it) return null;
  const bare = `${it.scheme}:${it.name}`;
  const locked =
    lock.pinned.get(`${bare}@${it.version === "" ? "*" : it.version}`) ??
      lock.pinned.get(bare);
  if (locked !== undefined) return locked;
  return /^\d+\.\d+\.\d+[^\s|]*$/.test(it.version)
    ? `${bare}@${it.version}`
    : null;
}

/**
 * All that a package depends on, however deep, leaves first and itself last.
 *
 * @param exact the package
 * @param lock the lock file
 * @returns exact packages
 */
export function closureOf(exact: string, lock: LockFile): string[] {
  const closed = new Set<string>();
  const opened = new Set<string>([exact]);
  const walk: { exact: string; next: number }[] = [{ exact, next: 0 }];
  for (let at = walk.at(-1); at; at = walk.at(-1)) {
    const next = lock.packages.get(at.exact)?.dependencies[at.next++];
    if (next === undefined) {
      closed.add(at.exact);
      walk.pop();
    } else if (!opened.has(next)) {
      opened.add(next);
      walk.push({ exact: next, next: 0 });
    }
  }
  return [...closed];
}

/**
 * What two closures are compared by: a registry never gives out other content for a version.
 *
 * @param closure exact packages
 * @returns text to be hashed, the same in whatever order
 */
export function closureText(closure: readonly string[]): string {
  return closure.toSorted().join("\n");
}

/** A lock file leaves the version out where it holds only one of that name. */
function onlyVersions(keys: readonly string[]): Map<string, string | null> {
  const versions = new Map<string, string | null>();
  for (const key of keys) {
    const name = nameOf(`npm:${key}`).slice("npm:".length);
    versions.set(name, versions.has(name) ? null : key);
  }
  return versions;
}

function npmDependency(
  text: string,
  versions: ReadonlyMap<string, string | null>,
): string | null {
  // An alias: `old-name@npm:name@1.0.0`.
  const name = text.replace(/^@?[^@]+@npm:/, "");
  if (/^@?[^@]+@/.test(name)) return `npm:${name}`;
  const key = versions.get(name);
  return typeof key === "string" ? `npm:${key}` : null;
}

function jsrDependency(
  text: string,
  pinned: ReadonlyMap<string, string>,
): string | null {
  const exact = pinned.get(text);
  if (exact !== undefined) return exact;
  // Without a range, the only one of that name is meant.
  const found = [...pinned].filter(([requirement]) =>
    requirement.startsWith(`${text}@`)
  ).map(([, locked]) => locked);
  return found[0] ?? null;
}

/** Scripts that run when it is installed, or one kind of machine. */
function isNative(it: Readonly<Record<string, unknown>>): boolean {
  return !isForeign(it) &&
    (it.scripts === true || texts(it.os).length > 0 ||
      texts(it.cpu).length > 0);
}

function isForeign(it: Readonly<Record<string, unknown>>): boolean {
  const systems = texts(it.os);
  return systems.length > 0 && !systems.includes("linux");
}

function texts(value: unknown): string[] {
  return Array.isArray(value)
    ? value.filter((item) => typeof item === "string")
    : [];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Readonly<Record<string, unknown>>
    : {};
}
