/** Files that modules name without importing them: by `new URL("../words.txt", import.meta.url)`, or by half of a path.
 * @module
 */
import { isSecretLike } from "@flyhot/runtime/plan";
import { isScript } from "../graph/analysis/analyze.ts";

/** What modules name, as paths from the app's folder; a folder ends with a slash. */
export interface NamedFiles {
  /** Code: workers' scripts, and folders of which `import()` takes what it is told. */
  readonly code: ReadonlySet<string>;
  /** All else. */
  readonly data: ReadonlySet<string>;
}

const URL_OF =
  /\bnew\s+URL\(\s*(["'`])(\.{1,2}\/[^"'`$\\]*)\1\s*,\s*import\.meta\.url\b/g;
const RESOLVED = /\bimport\.meta\.resolve\(\s*(["'`])(\.{1,2}\/[^"'`$\\]*)\1/g;
const COMPUTED = /\bimport\(\s*`(\.{1,2}\/[^`$\\]*\/)[^`$\\/]*\$\{/g;

/** Finds what the texts of modules name. */
export function namedFiles(
  texts: Iterable<readonly [path: string, text: string]>,
): NamedFiles {
  const code = new Set<string>();
  const data = new Set<string>();
  for (const [path, text] of texts) {
    if (!text.includes("import")) continue;
    const add = (to: Set<string> | null, name: string) => {
      const found = fromFolder(path, name.replace(/[?#].*$/, ""));
      if (found === null || isElsewhere(found)) return;
      (to ?? (isScript(found) ? code : data)).add(found);
    };
    for (const [, , name] of text.matchAll(URL_OF)) add(null, name!);
    for (const [, , name] of text.matchAll(RESOLVED)) add(null, name!);
    for (const [, name] of text.matchAll(COMPUTED)) add(code, name!);
  }
  return { code, data };
}

/** The path of what a module names, from the app's folder; null for the app's folder, and for one that it lies in. */
function fromFolder(module: string, name: string): string | null {
  const parts = module.split("/").slice(0, -1);
  for (const part of name.split("/")) {
    if (part === ".") continue;
    if (part !== "..") parts.push(decoded(part));
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push("..");
  }
  const path = parts.join("/");
  return path === "" || /^(?:\.\.\/?)+$/.test(path) ? null : path;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What tools make again, and what does not belong into a release. */
function isElsewhere(path: string): boolean {
  return /(?:^|\/)(?:node_modules|\.git)\//.test(path) || isSecretLike(path);
}

/** Of files by path, those that are named, or lie in a folder that is. */
export function amongNamed(
  paths: Iterable<string>,
  named: Iterable<string>,
): string[] {
  const all = [...named].map((it) => it.replace(/\/$/, ""));
  return [...paths].filter((path) =>
    all.some((it) => path === it || path.startsWith(`${it}/`))
  );
}

/** Of the first names of paths, those that a text has in quotes: `serveDir(request, { fsRoot: "dist" })`. */
export function mentioned(
  names: ReadonlySet<string>,
  texts: Iterable<string>,
): string[] {
  const found = new Set<string>();
  for (const text of texts) {
    for (const name of names) {
      if (found.has(name) || !text.includes(name)) continue;
      const quoted = [`"`, `'`, "`"].some((quote) =>
        ["", "./", "/"].some((before) =>
          text.includes(`${quote}${before}${name}${quote}`) ||
          text.includes(`${quote}${before}${name}/`)
        )
      );
      if (quoted) found.add(name);
    }
  }
  return [...found].sort();
}
