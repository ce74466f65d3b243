/** Which files of a folder belong to an image, by `.dockerignore`.
 * @module
 */
import { ignoreLines, ignoreTest } from "../../config/ignore.ts";

// Never part of an image here: history, caches of other platforms, and what flyhot unpacks at run time.
const ALWAYS = new Set([".git", "node_modules", ".flyhot"]);

/** Whether a folder of this name stays out whatever `.dockerignore` says. */
export function staysOut(name: string): boolean {
  return ALWAYS.has(name);
}

/**
 * Makes the test whether a path stays out of an image: by the patterns, and `.git`, `node_modules` and `.flyhot` wherever
 * they are.
 */
export function dockerignore(text: string): (path: string) => boolean {
  const isOut = ignoreTest(ignoreLines(text));
  return (path) => path.split("/").some(staysOut) || isOut(path);
}
