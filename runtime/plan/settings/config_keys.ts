/** What Deno reads of a configuration file when it starts, key by key.
 * @module
 */
import { parseJsonc } from "../../protocol/json/jsonc.ts";

/** The keys of a `deno.json` that decide where specifiers lead, and nothing else. */
export const RESOLUTION_KEYS: ReadonlySet<string> = new Set([
  "imports",
  "scopes",
  "importMap",
  "exports",
  "name",
  "workspace",
  "aliases",
]);

/** The keys of a `package.json` that decide where specifiers lead; its lock file says to which version. */
export const PACKAGE_RESOLUTION_KEYS: ReadonlySet<string> = new Set([
  "dependencies",
  "devDependencies",
  "optionalDependencies",
  "peerDependencies",
  "overrides",
  "imports",
  "exports",
  "name",
  "workspaces",
]);

/**
 * Whether a file only serves those who build or run an image: no process reads it.
 *
 * @param path its path
 * @returns true for `fly.toml`, Dockerfiles and what Docker leaves out
 */
export function isImageFile(path: string): boolean {
  return /^(?:fly(?:\.[\w-]+)?\.toml|Dockerfile(?:\.[\w-]+)?|\.dockerignore)$/
    .test(path);
}

const DENO_KEYS = [
  ...RESOLUTION_KEYS,
  "nodeModulesDir",
  "vendor",
  "unstable",
  "links",
  "permissions",
];
const PACKAGE_KEYS = [
  "dependencies",
  "optionalDependencies",
  "peerDependencies",
  "overrides",
  "type",
  "imports",
  "exports",
  "name",
  "workspaces",
];
/** Of `compilerOptions`, what changes the code that runs; the rest only concerns `deno check`. */
const EMIT_KEYS = [
  "jsx",
  "jsxFactory",
  "jsxFragmentFactory",
  "jsxImportSource",
  "jsxImportSourceTypes",
  "jsxPrecompileSkipElements",
  "experimentalDecorators",
  "emitDecoratorMetadata",
  "verbatimModuleSyntax",
  "useDefineForClassFields",
];
/** What limits a `tsconfig.json` to some files. */
const SCOPE_KEYS = ["include", "files", "exclude", "references"];

/**
 * Takes a configuration file apart into what a running process cannot pick up.
 *
 * @param path the file's path
 * @param text its text; a `deno.json` may have comments
 * @returns canonical text by key, to be hashed; a file of another name than `deno.json`, `package.json` and `tsconfig.json` is one key `*`
 */
export function startKeys(path: string, text: string): Record<string, string> {
  const isDeno = /(?:^|\/)deno\.jsonc?$/.test(path);
  const isTsconfig = isTsconfigPath(path);
  if (!isDeno && !isTsconfig && !/(?:^|\/)package\.json$/.test(path)) {
    return { "*": text };
  }
  let source: unknown;
  try {
    source = parseJsonc(text);
  } catch {
    // Deno would not start with it either; whole, it still tells a change.
    return { "*": text };
  }
  if (typeof source !== "object" || source === null) return { "*": text };
  const said = source as Record<string, unknown>;
  if (isTsconfig) return tsconfigKeys(said);
  const keys: Record<string, string> = Object.create(null);
  for (const key of isDeno ? DENO_KEYS : PACKAGE_KEYS) {
    if (key === "aliases") continue;
    if (!Object.hasOwn(said, key)) continue;
    const value = said[key];
    if (isDeno && isDefault(key, value)) continue;
    // In whichever order its flags stand.
    keys[key] = canonical(
      key === "unstable" && Array.isArray(value) ? value.toSorted() : value,
    );
  }
  const aliases = isDeno ? aliasesOf(said) : "";
  if (aliases !== "") keys.aliases = aliases;
  return isDeno ? { ...keys, ...optionKeys(said) } : keys;
}

/** What says nothing else than a file without it: `"unstable": []`, `"vendor": false`. */
function isDefault(key: string, value: unknown): boolean {
  if (key === "vendor") return value === false;
  return typeof value === "object" && value !== null &&
    Object.keys(value).length === 0;
}

function tsconfigKeys(said: Record<string, unknown>): Record<string, string> {
  const keys = optionKeys(said);
  // Which files they are for counts where there are any.
  const files = Object.keys(keys).length === 0
    ? []
    : Object.entries(said).filter(([key]) => SCOPE_KEYS.includes(key));
  if (files.length > 0) keys.files = canonical(Object.fromEntries(files));
  return keys;
}

/** Options of JSX concern fewer modules than the others. */
function optionKeys(
  { compilerOptions }: Record<string, unknown>,
): Record<string, string> {
  const { jsx = [], compilerOptions: others = [] } = Object.groupBy(
    Object.entries(emitOptions(compilerOptions)),
    ([key]) => key.startsWith("jsx") ? "jsx" : "compilerOptions",
  );
  const keys: Record<string, string> = Object.create(null);
  if (jsx.length > 0) keys.jsx = canonical(Object.fromEntries(jsx));
  if (others.length > 0) {
    keys.compilerOptions = canonical(Object.fromEntries(others));
  }
  return keys;
}

/** Whether a file is a `tsconfig.json`, whose options Deno translates by. Returns true if so. */
export function isTsconfigPath(path: string): boolean {
  return /(?:^|\/)tsconfig\.json$/.test(path);
}

/** Of compiler options, those that change the code that runs. */
export function emitOptions(options: unknown): Record<string, unknown> {
  if (typeof options !== "object" || options === null) return {};
  return Object.fromEntries(
    Object.entries(options).filter(([key]) => EMIT_KEYS.includes(key)),
  );
}

/** What of an import map leads into the app, by which specifiers are led that only a run tells. */
function aliasesOf({ imports, scopes }: Record<string, unknown>): string {
  const inside = (table: unknown) =>
    Object.entries(typeof table === "object" && table !== null ? table : {})
      .filter(([, to]) => typeof to === "string" && /^\.{0,2}\//.test(to));
  const tables: [scope: string, table: unknown][] = [
    ["", imports],
    ...Object.entries(
      typeof scopes === "object" && scopes !== null ? scopes : {},
    ),
  ];
  const found = tables.map(([scope, table]) => [scope, inside(table)] as const)
    .filter(([, table]) => table.length > 0)
    .map(([scope, table]) => ({ scope, table: Object.fromEntries(table) }));
  return found.length === 0 ? "" : canonical(found);
}

function canonical(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, entry: unknown) =>
      typeof entry === "object" && entry !== null && !Array.isArray(entry)
        ? Object.fromEntries(
          Object.entries(entry).sort(([a], [b]) => a < b ? -1 : 1),
        )
        : entry,
  ) ?? "";
}

/** What decides where specifiers lead that only a run tells. */
export function aliasDigests(
  keys: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Record<string, string> {
  const found: [path: string, digests: string][] = [];
  for (const [path, table] of Object.entries(keys)) {
    if (isImageFile(path)) continue;
    const digests = aliasKeys(path).map((key) =>
      Object.hasOwn(table, key) ? table[key] : ""
    );
    found.push([path, digests.join(" ")]);
  }
  return Object.fromEntries(found);
}

function aliasKeys(path: string): readonly string[] {
  return /(?:^|\/)package\.json$/.test(path)
    ? ["imports", "exports", "name", "*"]
    : ["aliases", "exports", "importMap", "*"];
}

/** Whether what decides that differs between two states of an app. Returns true if something differs. */
export function aliasesDiffer(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  isSame: (path: string) => boolean,
): boolean {
  return Object.entries(after).some(([path, digests]) =>
    Object.hasOwn(before, path) ? before[path] !== digests : !isSame(path)
  );
}
