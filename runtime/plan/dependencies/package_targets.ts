/** Where specifiers lead that only a `package.json` explains: `#aliases`, packages it depends on, members of a workspace.
 * @module
 */
/** A folder with a `package.json`. */
export interface PackageFolder {
  /** Its path from the root with a slash at the end; empty for the root, with `../` for what lies above it. */
  readonly folder: string;
  /** What its `package.json` says. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** Where a specifier leads: to a file of the app, by its path, or out of it, by a URL. */
export type PackageTarget =
  | { readonly path: string }
  | { readonly url: string };

/** What is a dependency by a path or a repository: it is there, but not as a package of a registry. */
export const LINKED = "linked";

/** Resolves by the `package.json` of the nearest folder, as Deno does. */
export class PackageTargets {
  readonly #folders: readonly PackageFolder[];
  readonly #byName = new Map<string, PackageFolder>();

  /**
   * Reads what they say.
   *
   * @param folders the folders that have a `package.json`
   */
  constructor(folders: Iterable<PackageFolder> = []) {
    this.#folders = [...folders].sort((a, b) =>
      depthOf(b.folder) - depthOf(a.folder)
    );
    for (const it of this.#folders) {
      const { name } = it.json;
      const isMember = !/^(?:\.\.\/)*$/.test(it.folder);
      if (isMember && typeof name === "string") {
        this.#byName.set(name, it);
      }
    }
  }

  /**
   * Where a specifier leads.
   *
   * @param specifier a bare one, or one that begins with `#`
   * @param from the path of the importing module
   * @returns null where no `package.json` knows it
   */
  resolve(
    specifier: string,
    from: string,
  ): PackageTarget | typeof LINKED | null {
    const near = this.#folders.filter(({ folder }) => isIn(from, folder));
    if (specifier.startsWith("#")) {
      const owner = near.find(({ json }) => isRecord(json.imports));
      const target = owner
        ? mapped(owner.json.imports as Record<string, unknown>, specifier)
        : null;
      if (!owner || target === null) return null;
      return target.startsWith("./")
        ? { path: owner.folder + target.slice(2) }
        : target.startsWith("#")
        ? null
        : this.resolve(target, from);
    }
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
    const subpath = specifier.slice(name.length);
    const wanted = near.map(({ json }) => dependency(json, name))
      .find((range) => range !== null);
    const url = typeof wanted === "string"
      ? requirement(name, wanted, subpath)
      : null;
    if (url !== null) return { url };
    const [nearest] = near;
    // A package may import itself, by what it exports.
    const member = nearest?.json.name === name &&
        nearest.json.exports !== undefined
      ? nearest
      : this.#byName.get(name);
    const file = member ? exported(member.json, subpath) : null;
    if (file !== null) return { path: member!.folder + file };
    return member === undefined && typeof wanted === "string" ? LINKED : null;
  }
}

/** How deep a folder lies; what is above the root lies less deep than that. */
function depthOf(folder: string): number {
  const names = folder.split("/").slice(0, -1);
  return names.length - 2 * names.filter((name) => name === "..").length;
}

/** Whether a path lies in a folder. */
function isIn(path: string, folder: string): boolean {
  const up = /^(?:\.\.\/)*/;
  const above = up.exec(folder)![0];
  const rest = up.exec(path)![0];
  if (folder === above) return rest.length <= above.length;
  return path.startsWith(folder);
}

/** What a `package.json` wants of a package. */
function dependency(
  json: Readonly<Record<string, unknown>>,
  name: string,
): string | null {
  const keys = [
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
  ];
  for (const key of keys) {
    const table = json[key];
    if (!isRecord(table) || !Object.hasOwn(table, name)) continue;
    const range = table[name];
    if (typeof range === "string") return range;
  }
  return null;
}

/** What an entry of `package.json` stands for, as Deno writes it into the lock file; null for what is not a package. */
function requirement(
  name: string,
  range: string,
  subpath: string,
): string | null {
  const alias = /^(npm|jsr):(.*)$/.exec(range);
  if (alias) {
    const [, scheme, rest = ""] = alias;
    // `jsr:^1.0.0` means the package of that name.
    return /^@?[a-z]/i.test(rest)
      ? `${scheme}:${rest}${subpath}`
      : `${scheme}:${name}@${rest}${subpath}`;
  }
  if (/^(?:workspace|file|link|git|https?):|\//.test(range)) return null;
  return `npm:${name}@${range}${subpath}`;
}

/** The file behind a package's name and a path in it. */
function exported(
  json: Readonly<Record<string, unknown>>,
  subpath: string,
): string | null {
  const { exports, main } = json;
  if (exports === undefined) {
    if (subpath !== "") return subpath.slice(1);
    return typeof main === "string" ? main.replace(/^\.\//, "") : "index.js";
  }
  const key = `.${subpath}`;
  const isTable = isRecord(exports) &&
    Object.keys(exports).some((it) => it.startsWith("."));
  const target = isTable
    ? mapped(exports, key)
    : key === "."
    ? chosen(exports)
    : null;
  return target?.startsWith("./") ? target.slice(2) : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Looks a key up in a table whose keys may have a `*`; the longest one in front of it wins. */
function mapped(
  table: Readonly<Record<string, unknown>>,
  key: string,
): string | null {
  if (Object.hasOwn(table, key)) return chosen(table[key]);
  const patterns = Object.keys(table).filter((it) => it.includes("*"))
    .sort((a, b) => b.indexOf("*") - a.indexOf("*"));
  for (const pattern of patterns) {
    const [before = "", after = ""] = pattern.split("*");
    if (
      key.length < pattern.length || !key.startsWith(before) ||
      !key.endsWith(after)
    ) continue;
    const star = key.slice(before.length, key.length - after.length);
    return chosen(table[pattern])?.replaceAll("*", star) ?? null;
  }
  return null;
}

/** What a target with conditions comes to in Deno. */
function chosen(target: unknown): string | null {
  if (typeof target === "string") return target;
  if (Array.isArray(target)) {
    return target.map(chosen).find((it) => it !== null) ?? null;
  }
  if (!isRecord(target)) return null;
  for (const [condition, value] of Object.entries(target)) {
    if (
      !["deno", "node", "import", "module-sync", "default"].includes(condition)
    ) {
      continue;
    }
    const found = chosen(value);
    if (found !== null) return found;
  }
  return null;
}
