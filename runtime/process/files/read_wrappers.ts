/** What reads files, wrapped: `Deno`, `fetch` and `node:fs`.
 * @module
 */
import { URL } from "../../base/platform/globals.ts";
import fs from "node:fs";
import promises from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type StandIn, standInFor } from "../../modules/packages/stand_ins.ts";
import { type FolderChange, mergedEntries } from "./folder_change.ts";

/** Where to read. */
export interface Leads {
  /** The file to read in the place of one that is asked for. */
  lead(path: unknown): unknown;
  /** What is in a folder besides or instead of what is at its place. */
  folder(path: unknown): FolderChange | null;
}

type Call = (path: unknown, ...rest: unknown[]) => unknown;
type Table = Record<string, Call>;

const DENO = [
  "readTextFile",
  "readTextFileSync",
  "readFile",
  "readFileSync",
  "open",
  "openSync",
  "stat",
  "statSync",
  "lstat",
  "lstatSync",
  "copyFile",
  "copyFileSync",
] as const;

const NODE = [
  "readFile",
  "readFileSync",
  "open",
  "openSync",
  "stat",
  "statSync",
  "lstat",
  "lstatSync",
  "access",
  "accessSync",
  "exists",
  "existsSync",
  "createReadStream",
  "copyFile",
  "copyFileSync",
] as const;

const NODE_PROMISES = [
  "readFile",
  "open",
  "stat",
  "lstat",
  "access",
  "copyFile",
] as const;

/**
 * Puts wrappers in the place of what reads files.
 *
 * @param leads where to read
 * @returns the modules to import in the place of the platform's, by the URLs of those they stand for
 */
export function wrapReads(leads: Leads): ReadonlyMap<string, StandIn> {
  wrapDeno(leads);
  wrapFetch(leads);
  return wrapNode(leads);
}

function wrapDeno(leads: Leads): void {
  const deno = Deno as unknown as Table;
  for (const name of DENO) {
    const native = deno[name]!;
    deno[name] = (path, ...rest) =>
      native(writes(rest[0]) ? path : leads.lead(path), ...rest);
  }
  for (const name of ["realPath", "realPathSync"]) {
    const native = deno[name]!;
    deno[name] = (path) => realPath(native, path, leads);
  }
  const { readDir, readDirSync } = Deno;
  Deno.readDir = (path) => {
    const change = leads.folder(path);
    if (change === null) return readDir(path);
    return (async function* () {
      const there: Deno.DirEntry[] = [];
      try {
        for await (const entry of readDir(path)) there.push(entry);
      } catch (error) {
        if (change.added.size === 0) throw error;
      }
      yield* mergedEntries(there, change);
    })();
  };
  Deno.readDirSync = (path) => {
    const change = leads.folder(path);
    if (change === null) return readDirSync(path);
    let there: Deno.DirEntry[] = [];
    try {
      there = [...readDirSync(path)];
    } catch (error) {
      if (change.added.size === 0) throw error;
    }
    return mergedEntries(there, change);
  };
}

/** A file of the release that is not at its place yet is told to be there. */
function realPath(native: Call, path: unknown, leads: Leads): unknown {
  const file = leads.lead(path);
  if (file === path || typeof file !== "string" || !fs.existsSync(file)) {
    return native(file);
  }
  return resolve(path instanceof URL ? fileURLToPath(path) : String(path));
}

function wrapFetch(leads: Leads): void {
  const native = globalThis.fetch;
  const wrapped = (
    input: Request | URL | string,
    init?: RequestInit,
  ): Promise<Response> => {
    const url = input instanceof URL || typeof input === "string"
      ? String(input)
      : "";
    if (!url.startsWith("file:")) return native(input, init);
    const file = leads.lead(new URL(url));
    return native(typeof file === "string" ? pathToFileURL(file) : input, init);
  };
  globalThis.fetch = Object.defineProperties(
    wrapped,
    Object.getOwnPropertyDescriptors(native),
  ) as typeof globalThis.fetch;
}

function wrapNode(leads: Leads): ReadonlyMap<string, StandIn> {
  const sync = fs as unknown as Table;
  const later = promises as unknown as Table;
  for (const name of NODE) sync[name] = led(sync[name]!, leads);
  for (const name of NODE_PROMISES) later[name] = led(later[name]!, leads);
  const { readdir, readdirSync, realpathSync } = fs;
  const readdirLater = promises.readdir as unknown as Call;
  sync.readdirSync = (path, options) => {
    const change = leads.folder(path);
    return change === null
      ? (readdirSync as unknown as Call)(path, options)
      : mergedNames(
        () => (readdirSync as unknown as Call)(path, options) as Listed[],
        path,
        options,
        change,
      );
  };
  later.readdir = async (path, options) => {
    const change = leads.folder(path);
    if (change === null) return await readdirLater(path, options);
    let there: unknown;
    let failed: unknown;
    try {
      there = await readdirLater(path, options);
    } catch (error) {
      failed = error;
    }
    return mergedNames(
      () => {
        if (there === undefined) throw failed;
        return there as Listed[];
      },
      path,
      options,
      change,
    );
  };
  sync.readdir = likeNative((path: unknown, ...rest: unknown[]) => {
    const change = leads.folder(path);
    if (change === null) return (readdir as unknown as Call)(path, ...rest);
    const done = rest.at(-1) as (error: unknown, found?: unknown) => void;
    const options = rest.length > 1 ? rest[0] : undefined;
    (readdir as unknown as Call)(
      path,
      options,
      (error: unknown, there?: Listed[]) => {
        let found: unknown;
        try {
          found = mergedNames(
            () => {
              if (there === undefined || error) throw error;
              return there;
            },
            path,
            options,
            change,
          );
        } catch (cause) {
          return done(cause);
        }
        done(null, found);
      },
    );
  }, readdir) as Call;
  sync.realpathSync = likeNative(
    (path: unknown, ...rest: unknown[]) =>
      realPath(
        (file) => (realpathSync as unknown as Call)(file, ...rest),
        path,
        leads,
      ),
    realpathSync,
  ) as Call;
  const realpathLater = later.realpath!;
  later.realpath = async (path, ...rest) =>
    await realPath((file) => realpathLater(file, ...rest), path, leads);
  return new Map([
    [
      "node:fs",
      standInFor("node:fs", [
        ...NODE,
        "readdir",
        "readdirSync",
        "realpathSync",
      ]),
    ],
    [
      "node:fs/promises",
      standInFor("node:fs/promises", [
        ...NODE_PROMISES,
        "readdir",
        "realpath",
      ]),
    ],
  ]);
}

function led(native: Call, leads: Leads): Call {
  return likeNative(
    (path: unknown, ...rest: unknown[]) =>
      native(writes(rest[0]) ? path : leads.lead(path), ...rest),
    native,
    (promised) => (path: unknown, ...rest: unknown[]) =>
      promised(leads.lead(path), ...rest),
  ) as Call;
}

function likeNative(
  wrapped: unknown,
  native: unknown,
  promised?: (native: Call) => Call,
): unknown {
  const properties: Record<PropertyKey, PropertyDescriptor> = Object
    .getOwnPropertyDescriptors(native);
  // By `promisify`: that of `fs.exists` is a function of its own.
  const own = properties[promisify.custom]?.value;
  if (typeof own === "function" && promised) {
    properties[promisify.custom] = { value: promised(own as Call) };
  }
  delete properties.prototype;
  return Object.defineProperties(wrapped, properties);
}

/** What `readdir` gives. */
type Listed = string | fs.Dirent;

function mergedNames(
  native: () => Listed[],
  path: unknown,
  options: unknown,
  { added, removed }: FolderChange,
): Listed[] {
  const folder = path instanceof URL ? fileURLToPath(path) : String(path);
  const asked = typeof options === "object" && options !== null
    ? options as { recursive?: boolean; withFileTypes?: boolean }
    : {};
  let there: Listed[] = [];
  try {
    there = native();
  } catch (error) {
    if (added.size === 0) throw error;
  }
  const nameOf = (entry: Listed) =>
    typeof entry === "string"
      ? entry
      : asked.recursive
      ? join(entry.parentPath, entry.name).slice(resolve(folder).length + 1)
      : entry.name;
  const names = new Set(there.map(nameOf));
  const found = there.filter((entry) => !removed.has(nameOf(entry)));
  for (const [name, file] of added) {
    if (names.has(name) || (!asked.recursive && name.includes("/"))) continue;
    found.push(
      asked.withFileTypes
        ? direntOf(name, join(folder, name, ".."), file !== null)
        : name,
    );
  }
  return found;
}

function direntOf(
  name: string,
  parentPath: string,
  isFile: boolean,
): fs.Dirent {
  const own = {
    name: basename(name),
    parentPath,
    path: parentPath,
    isFile: () => isFile,
    isDirectory: () => !isFile,
    isSymbolicLink: () => false,
  };
  const properties: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(
    own,
  );
  return Object.create(fs.Dirent.prototype, properties);
}

/** What is opened to be written is the file itself. */
function writes(options: unknown): boolean {
  if (typeof options === "number") return (options & 3) !== 0;
  if (typeof options === "string") {
    return /^(?:[aw]x?s?\+?|r\+|rs\+)$/.test(options);
  }
  if (typeof options !== "object" || options === null) return false;
  const { flag, flags } = options as { flag?: unknown; flags?: unknown };
  return ["write", "append", "truncate", "create", "createNew"].some((name) =>
    Reflect.get(options, name) === true
  ) || (flag !== undefined && writes(flag)) ||
    (flags !== undefined && writes(flags));
}
