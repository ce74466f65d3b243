/** What reads files, wrapped: `node:fs` and `node:fs/promises`.
 * @module
 */
import { URL } from "../../base/platform/globals.ts";
import fs from "node:fs";
import promises from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type StandIn, standInFor } from "../../modules/packages/stand_ins.ts";
import type { FolderChange } from "./folder_change.ts";
import {
  type Call,
  folderAfter,
  type Leads,
  ledCallback,
  ledLater,
  ledNow,
  likeNative,
} from "./led_calls.ts";

type Table = Record<string, Call>;

const NOW = [
  "readFileSync",
  "openSync",
  "statSync",
  "lstatSync",
  "accessSync",
  "existsSync",
  "copyFileSync",
] as const;

const BY_CALLBACK = [
  "readFile",
  "open",
  "stat",
  "lstat",
  "access",
  "exists",
  "copyFile",
] as const;

const BY_PROMISE = [
  "readFile",
  "open",
  "stat",
  "lstat",
  "access",
  "copyFile",
] as const;

/** Puts wrappers in the place of what reads files by `node:fs`. */
export function wrapNode(leads: Leads): ReadonlyMap<string, StandIn> {
  const sync = fs as unknown as Table;
  const later = promises as unknown as Table;
  const close = (opened: unknown) =>
    typeof opened === "number" && fs.close(opened, () => {});
  for (const name of NOW) sync[name] = ledNow(sync[name]!, leads);
  for (const name of BY_CALLBACK) {
    sync[name] = ledCallback(
      sync[name]!,
      leads,
      name === "open" ? close : undefined,
    );
  }
  const closeHandle = (opened: unknown) =>
    void (opened as promises.FileHandle).close().catch(() => {});
  for (const name of BY_PROMISE) {
    later[name] = ledLater(
      later[name]!,
      leads,
      name === "open" ? closeHandle : undefined,
    );
  }
  sync.openAsBlob = ledLater(sync.openAsBlob!, leads);
  const { createReadStream } = sync;
  sync.createReadStream = likeNative((path: unknown, options: unknown) => {
    const file = leads.lead(path);
    // Else it opens the file a little later by the `open` above.
    const hasOwn = (options as { fs?: unknown } | undefined)?.fs !== undefined;
    return createReadStream!(hasOwn ? file : path, options);
  }, createReadStream!);
  sync.realpathSync = ledRealPath(sync.realpathSync!, leads);
  later.realpath = ledRealPathLater(later.realpath!, leads);
  wrapListings(sync, later, leads);
  return new Map([
    [
      "node:fs",
      standInFor("node:fs", [
        ...NOW,
        ...BY_CALLBACK,
        "openAsBlob",
        "watch",
        "watchFile",
        "createReadStream",
        "readdir",
        "readdirSync",
        "realpathSync",
      ]),
    ],
    [
      "node:fs/promises",
      standInFor("node:fs/promises", [...BY_PROMISE, "readdir", "realpath"]),
    ],
  ]);
}

function wrapListings(sync: Table, later: Table, leads: Leads): void {
  const { readdir, readdirSync } = sync;
  const readdirLater = later.readdir!;
  sync.readdirSync = likeNative((path: unknown, options: unknown) => {
    const change = leads.folder(path);
    const list = () => readdirSync!(path, options) as Listed[];
    return change === null ? list() : mergedNames(list, path, options, change);
  }, readdirSync!);
  later.readdir = likeNative(async (path: unknown, options: unknown) => {
    const { changes } = leads;
    const atFirst = leads.folder(path);
    let list: () => Listed[];
    try {
      const there = await readdirLater(path, options) as Listed[];
      list = () => there;
    } catch (error) {
      list = () => {
        throw error;
      };
    }
    const change = folderAfter(leads, path, atFirst, changes);
    return change === null ? list() : mergedNames(list, path, options, change);
  }, readdirLater);
  sync.readdir = likeNative((path: unknown, ...rest: unknown[]) => {
    const done = rest.at(-1);
    if (typeof done !== "function") return readdir!(path, ...rest);
    const options = rest.length > 1 ? rest[0] : undefined;
    const { changes } = leads;
    const atFirst = leads.folder(path);
    return readdir!(path, options, (error: unknown, there?: Listed[]) => {
      const change = folderAfter(leads, path, atFirst, changes);
      if (change === null) return done(error, there);
      let found: Listed[];
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
    });
  }, readdir!);
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

/**
 * Leads a call that returns where a file really is; one that is not at its place yet, or any more, is told to be there.
 */
export function ledRealPath(native: Call, leads: Leads): Call {
  return likeNative(
    (path: unknown, ...rest: unknown[]) =>
      realPath((file) => native(file, ...rest), path, leads.lead(path)),
    native,
  );
}

/** Leads a call that promises that. */
export function ledRealPathLater(native: Call, leads: Leads): Call {
  return likeNative(
    (path: unknown, ...rest: unknown[]) =>
      ledLater(
        async (file) => await realPath((at) => native(at, ...rest), path, file),
        leads,
      )(path),
    native,
  );
}

function realPath(native: Call, path: unknown, file: unknown): unknown {
  if (file === path || typeof file !== "string" || !fs.existsSync(file)) {
    return native(file);
  }
  return resolve(path instanceof URL ? fileURLToPath(path) : String(path));
}
