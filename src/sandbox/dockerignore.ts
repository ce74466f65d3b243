/** Which files of a folder belong to an image, by `.dockerignore`.
 * @module
 */

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
 * Makes the test whether a path stays out of an image.
 *
 * Rules: {@link https://docs.docker.com/build/concepts/context/#dockerignore-files}; besides, `.git`, `node_modules` and
 * `.flyhot` stay out wherever they are.
 *
 * @param text the text of `.dockerignore`; empty for none
 * @returns tells of a path with `/` between names whether it stays out
 */
export function dockerignore(text: string): (path: string) => boolean {
  const rules = text.replace(/^\uFEFF/, "").split(/\r?\n/)
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .map((line) => ({
      back: line.startsWith("!"),
      line: line.replace(/^!/, ""),
    }))
    .map(({ back, line }) => ({ back, path: normalize(line) }))
    .filter(({ path }) => path !== "")
    .map(({ back, path }) => ({
      back,
      matches: new RegExp(`^${toRegExp(path)}(?:/|$)`, "u"),
    }));
  return (path) => {
    if (path.split("/").some(staysOut)) return true;
    let out = false;
    for (const { back, matches } of rules) {
      if (matches.test(path)) out = !back;
    }
    return out;
  };
}

function normalize(path: string): string {
  return path.split("/").filter((name) => !["", "."].includes(name.trim()))
    .join("/");
}

function toRegExp(pattern: string): string {
  return pattern.replaceAll(
    /\*\*\/|\*\*|\*|\?|\[[^\]]+\]|\\.|[^\w\s-]/gu,
    (part) => {
      if (part === "**/") return "(?:.*/)?";
      if (part === "**") return ".*";
      if (part === "*") return "[^/]*";
      if (part === "?") return "[^/]";
      if (part.startsWith("[") && part.length > 2) {
        return part.replaceAll(/[&~|(){}]/g, "\\$&");
      }
      const sign = part.length === 2 && part.startsWith("\\")
        ? part.slice(1)
        : part;
      return /[\\^$.*+?()[\]{}|/]/.test(sign) ? `\\${sign}` : sign;
    },
  );
}
