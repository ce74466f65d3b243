/** Where the app's own files are.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
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
 * The app root, and the app's own folder in it: the nearest folder above the main module with a `deno.json`, else the
 * main module's own; a `"flyhot": { "root": ".." }` in that `deno.json` leads further up. Returns both; the working
 * directory where the main module is not a file.
 */
export function appFolders(): AppFolders {
  const { mainModule } = Deno;
  return mainModule.startsWith("file:")
    ? foldersOf(fileURLToPath(mainModule))
    : { root: cwd(), appFolder: "" };
}

/** The same for the main module of another process. */
export function foldersOf(mainFile: string): AppFolders {
  return foldersAbove(rootAbove(mainFile, existsSync), readText);
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
  try {
    const said = parseJsonc(text) as { flyhot?: { root?: unknown } } | null;
    const root = said?.flyhot?.root;
    return typeof root === "string" && /^\.\.(?:\/\.\.)*\/?$/.test(root)
      ? root.match(/\.\./g)!.length
      : 0;
  } catch {
    // Deno says better what is wrong with it.
    return 0;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Finds the app root above a main module. Returns an absolute path. */
export function rootAbove(
  mainFile: string,
  exists: (path: string) => boolean,
): string {
  for (let folder = dirname(mainFile);; folder = dirname(folder)) {
    if (CONFIG_FILES.some((name) => exists(join(folder, name)))) return folder;
    if (folder === dirname(folder)) return dirname(mainFile);
  }
}
