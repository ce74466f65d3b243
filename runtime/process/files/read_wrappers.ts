/** What reads files, wrapped: `Deno` and `fetch`; with {@linkcode wrapNode}, all of it.
 * @module
 */
import { URL } from "../../base/platform/globals.ts";
import { pathToFileURL } from "node:url";
import type { StandIn } from "../../modules/packages/stand_ins.ts";
import { mergedEntries } from "./folder_change.ts";
import {
  type Call,
  folderAfter,
  type Leads,
  ledLater,
  ledNow,
} from "./led_calls.ts";
import { ledRealPath, ledRealPathLater, wrapNode } from "./node_wrappers.ts";

type Table = Record<string, Call>;

const DENO = [
  "readTextFile",
  "readFile",
  "open",
  "stat",
  "lstat",
  "copyFile",
] as const;

/** Puts wrappers in the place of what reads files. */
export function wrapReads(leads: Leads): ReadonlyMap<string, StandIn> {
  wrapDeno(leads);
  wrapFetch(leads);
  return wrapNode(leads);
}

function wrapDeno(leads: Leads): void {
  const deno = Deno as unknown as Table;
  const close = (opened: unknown) =>
    opened instanceof Deno.FsFile && opened.close();
  for (const name of DENO) {
    deno[name] = ledLater(deno[name]!, leads, close);
    deno[`${name}Sync`] = ledNow(deno[`${name}Sync`]!, leads);
  }
  deno.realPath = ledRealPathLater(deno.realPath!, leads);
  deno.realPathSync = ledRealPath(deno.realPathSync!, leads);
  const { readDir, readDirSync } = Deno;
  Deno.readDir = (path) => {
    const { changes } = leads;
    const atFirst = leads.folder(path);
    return {
      async *[Symbol.asyncIterator]() {
        const there: Deno.DirEntry[] = [];
        let failed: { readonly error: unknown } | null = null;
        try {
          for await (const entry of readDir(path)) there.push(entry);
        } catch (error) {
          failed = { error };
        }
        const change = folderAfter(leads, path, atFirst, changes);
        if (failed && !change?.added.size) throw failed.error;
        yield* change === null ? there : mergedEntries(there, change);
      },
    };
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

function wrapFetch(leads: Leads): void {
  const native = globalThis.fetch;
  const read = ledLater(
    async (file, asked, init) =>
      await native(
        typeof file === "string"
          ? pathToFileURL(file)
          : asked as Request | URL | string,
        init as RequestInit,
      ),
    leads,
    (opened) => void (opened as Response).body?.cancel().catch(() => {}),
  );
  const wrapped = (
    input: Request | URL | string,
    init?: RequestInit,
  ): Promise<Response> => {
    const url = input instanceof URL || typeof input === "string"
      ? String(input)
      : "";
    if (!url.startsWith("file:")) return native(input, init);
    return read(new URL(url), input, init) as Promise<Response>;
  };
  globalThis.fetch = Object.defineProperties(
    wrapped,
    Object.getOwnPropertyDescriptors(native),
  ) as typeof globalThis.fetch;
}
