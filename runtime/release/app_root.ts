/** Where the app's own files are.
 * @module
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { cwd } from "node:process";
import { fileURLToPath } from "node:url";
import { parseJsonc } from "../protocol/json/jsonc.ts";

const CONFIG_FILES = ["deno.json", "deno.jsonc"];

/** Where the app is, and what of what lies around it belongs to it. */
export interface AppFolders {
  /** The app root: an absolute path. */
  readonly root: string;
  /** The path of the app's own folder under it, with `/` between segments; empty where both are the same. */
  readonly appFolder: string;
}

/**
 * The app root, and the app's own folder in it: the nearest folder above the main module whose `deno.json` says
 * `"flyhot"`, else the nearest with any, else the main module's own; a `"flyhot": { "root": ".." }` in that `deno.json`
 * leads further up. Returns both; the working directory where the main module is not a file.
 */
export function appFolders(): AppFolders {
  const { mainModule } = Deno;
  return mainModule.startsWith("file:")
    ? foldersOf(fileURLToPath(mainModule))
    : { root: cwd(), appFolder: "" };
}

/** The same for the main module of another process. */
export function foldersOf(mainFile: string): AppFolders {
  return foldersAbove(rootAbove(mainFile, readText), readText);
}

/** Reads how far up the app root lies above the app's folder. */
export function foldersAbove(
  folder: string,
  read: (path: string) => string | null,
): AppFolders {
  for (const name of CONFIG_FILES) {
    const text = read(join(folder, name));
    if (text === null) continue;
    const levels = levelsUp(text);
    let root = folder;
    for (let level = 0; level < levels; level++) root = dirname(root);
    return { root, appFolder: relative(root, folder).replaceAll("\\", "/") };
  }
  return { root: folder, appFolder: "" };
}

/** How many folders up a `deno.json` says that the root is; nothing but `..` counts. */
function levelsUp(text: string): number {
  const root = flyhotIn(text)?.root;
  return typeof root === "string" && /^\.\.(?:\/\.\.)*\/?$/.test(root)
    ? root.match(/\.\./g)!.length
    : 0;
}

/** What a `deno.json` says under `"flyhot"`; null for nothing. */
function flyhotIn(text: string): { readonly root?: unknown } | null {
  try {
    const said = parseJsonc(text) as { flyhot?: unknown } | null;
    const flyhot = said?.flyhot;
    return typeof flyhot === "object" ? flyhot : null;
  } catch {
    // Deno says better what is wrong with it.
    return null;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/**
 * Finds the app root above a main module. A member of a workspace has a `deno.json` of its own; that its repository is
 * one app says only the one of the repository. Returns an absolute path.
 */
export function rootAbove(
  mainFile: string,
  read: (path: string) => string | null,
): string {
  let nearest: string | null = null;
  for (let folder = dirname(mainFile);; folder = dirname(folder)) {
    for (const name of CONFIG_FILES) {
      const text = read(join(folder, name));
      if (text === null) continue;
      if (flyhotIn(text)) return folder;
      nearest ??= folder;
    }
    if (folder === dirname(folder)) return nearest ?? dirname(mainFile);
  }
}
