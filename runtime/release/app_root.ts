/** Where the app's own files are.
 * @module
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { cwd } from "node:process";
import { fileURLToPath } from "node:url";

const CONFIG_FILES = ["deno.json", "deno.jsonc"];

/**
 * The app root: the nearest folder above the main module with a `deno.json`, else the main module's own.
 *
 * @returns an absolute path; the working directory where the main module is no file
 */
export function appRoot(): string {
  const { mainModule } = Deno;
  return mainModule.startsWith("file:")
    ? rootAbove(fileURLToPath(mainModule), existsSync)
    : cwd();
}

/**
 * Finds the app root above a main module.
 *
 * @param mainFile the main module, as an absolute path
 * @param exists tells whether a file is there
 * @returns an absolute path
 */
export function rootAbove(
  mainFile: string,
  exists: (path: string) => boolean,
): string {
  for (let folder = dirname(mainFile);; folder = dirname(folder)) {
    if (CONFIG_FILES.some((name) => exists(join(folder, name)))) return folder;
    if (folder === dirname(folder)) return dirname(mainFile);
  }
}
