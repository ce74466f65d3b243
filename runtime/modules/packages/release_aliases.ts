/** Where a specifier leads that only a run tells, by the configuration of a release: import map, scopes, members.
 * @module
 */
import {
  type PackageFolder,
  PackageTargets,
} from "../../plan/dependencies/package_targets.ts";
import { parseJsonc } from "../../protocol/json/jsonc.ts";

/** One `deno.json`, or the import map that it names. */
interface Config {
  /** Its folder under the root, with a slash at the end; empty for the root. */
  readonly folder: string;
  readonly imports: Table;
  readonly scopes: ReadonlyMap<string, Table>;
  readonly name: string | null;
  readonly exports: Table;
}

type Table = ReadonlyMap<string, string>;

/** The aliases of a release. */
export class ReleaseAliases {
  /** The innermost first. */
  readonly #configs: readonly Config[];
  readonly #main: Config | undefined;
  readonly #packages: PackageTargets;

  /**
   * @param paths the configuration files of the release
   * @param appFolder the folder of the app under the release's root; empty for the root
   * @param read the text of one of its files, or null
   */
  constructor(
    paths: Iterable<string>,
    appFolder: string,
    read: (path: string) => string | null,
  ) {
    const configs: Config[] = [];
    const folders: PackageFolder[] = [];
    for (const path of paths) {
      if (/(?:^|\/)package\.json$/.test(path)) {
        const json = parsed(read(path));
        const folder = path.slice(0, path.lastIndexOf("/") + 1);
        if (json) folders.push({ folder, json });
      }
      if (!/(?:^|\/)deno\.jsonc?$/.test(path)) continue;
      const config = configOf(path, read);
      if (config) configs.push(config);
    }
    this.#configs = configs.sort((a, b) => b.folder.length - a.folder.length);
    this.#packages = new PackageTargets(folders);
    const app = appFolder === "" ? "" : `${appFolder}/`;
    this.#main = this.#configs.find(({ folder }) => app.startsWith(folder));
  }

  /**
   * Where a bare specifier leads. Returns a path under the root with what the alias adds to it, a URL outside of the
   * app, or null where no alias knows it.
   */
  resolve(specifier: string, from: string): string | null {
    const near = this.#configs.filter(({ folder }) => from.startsWith(folder));
    const main = this.#main;
    for (const config of main ? [...near, main] : near) {
      const found = mapped(config, specifier, from);
      if (found !== null) return inFolder(config.folder, found);
    }
    for (const { name, exports, folder } of this.#configs) {
      if (name === null || !(specifier + "/").startsWith(name + "/")) continue;
      const target = exports.get(`.${specifier.slice(name.length)}`);
      if (target !== undefined) return inFolder(folder, target);
    }
    const target = this.#packages.resolve(specifier, from);
    // Packages come by their specifiers, in the versions of the lock file.
    return target !== null && typeof target === "object" && "path" in target
      ? target.path
      : null;
  }
}

function configOf(
  path: string,
  read: (path: string) => string | null,
): Config | null {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const said = parsed(read(path));
  if (!said) return null;
  const file = typeof said.importMap === "string" ? said.importMap : null;
  const named = file === null
    ? null
    : parsed(read(inFolder(folder, file) ?? ""));
  const map = said.imports === undefined && named ? named : said;
  const scopes = Object.entries(record(map.scopes)).map((
    [scope, table],
  ): [string, Table] => [inFolder(folder, scope) ?? scope, tableOf(table)]);
  return {
    folder,
    imports: tableOf(map.imports),
    scopes: new Map(scopes.sort(([a], [b]) => b.length - a.length)),
    name: typeof said.name === "string" ? said.name : null,
    exports: typeof said.exports === "string"
      ? new Map([[".", said.exports]])
      : tableOf(said.exports),
  };
}

/** By the innermost scope that knows it, else by the imports for all. */
function mapped(
  { scopes, imports }: Config,
  specifier: string,
  from: string,
): string | null {
  for (const [scope, table] of scopes) {
    if (from !== scope && !(scope.endsWith("/") && from.startsWith(scope))) {
      continue;
    }
    const found = lookUp(table, specifier);
    if (found !== null) return found;
  }
  return lookUp(imports, specifier);
}

function lookUp(table: Table, specifier: string): string | null {
  const exact = table.get(specifier);
  if (exact !== undefined) return exact;
  let best = "";
  for (const key of table.keys()) {
    if (
      key.endsWith("/") && specifier.startsWith(key) && key.length > best.length
    ) best = key;
  }
  if (best !== "") return table.get(best)! + specifier.slice(best.length);
  // A package is a prefix of what is in it.
  for (const [key, target] of table) {
    if (
      /^(?:npm|jsr):/.test(target) && specifier.startsWith(`${key}/`)
    ) return target + specifier.slice(key.length);
  }
  return null;
}

/** A target as a path under the root; what leads out of the app stays as it is. */
function inFolder(folder: string, target: string): string | null {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return target;
  const segments = folder.split("/").slice(0, -1);
  for (const segment of target.split("/")) {
    if (segment === "..") {
      if (segments.pop() === undefined) return null;
    } else if (segment !== "." && segment !== "") segments.push(segment);
  }
  const path = segments.join("/");
  return target.endsWith("/") && path !== "" ? `${path}/` : path;
}

function tableOf(value: unknown): Table {
  return new Map(
    Object.entries(record(value)).filter((entry): entry is [string, string] =>
      typeof entry[1] === "string"
    ),
  );
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
    ? value as Readonly<Record<string, unknown>>
    : {};
}

function parsed(text: string | null): Readonly<Record<string, unknown>> | null {
  if (text === null) return null;
  try {
    return record(parseJsonc(text));
  } catch {
    // Deno could not start with it either.
    return null;
  }
}
