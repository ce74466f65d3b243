/** Which files of a folder belong to an image, by `.dockerignore`.
 * @module
 */
import { ignoreLines, ignoreTest } from "../../config/ignore.ts";

// Never part of an image here: history, caches of other platforms, and what flyhot unpacks at run time.
const ALWAYS = new Set([".git", "node_modules", ".flyhot"]);

/**
 * Tells whether a folder of this name stays out whatever `.dockerignore` says.
 *
 * @param name the folder's name
 * @returns true for `.git`, `node_modules` and `.flyhot`
 */
export function staysOut(name: string): boolean {
  return ALWAYS.has(name);
}

/**
 * Makes the test whether a path stays out of an image: by the patterns, and `.git`, `node_modules` and `.flyhot`
 * wherever they are.
 *
 * @param text the text of `.dockerignore`; empty for none
 * @returns tells of a path with `/` between names whether it stays out
 * @throws {SyntaxError} if a pattern cannot be read, naming it
 */
export function dockerignore(text: string): (path: string) => boolean {
  const isOut = ignoreTest(ignoreLines(text));
  return (path) => path.split("/").some(staysOut) || isOut(path);
}
