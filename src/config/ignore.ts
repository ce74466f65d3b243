/** Which files a release leaves out, by patterns as in `.dockerignore`.
 * @module
 */

/** One pattern, ready to be matched. */
interface IgnoreRule {
  /** True for `!pattern`, which takes files back in. */
  readonly back: boolean;
  /** Matches a path or one of the folders it lies in. */
  readonly matches: RegExp;
}

/**
 * Turns the text of a `.dockerignore` into its patterns: no comments, no empty lines.
 *
 * @param text the text of the file
 * @returns the patterns in order
 */
export function ignoreLines(text: string): string[] {
  return text.replace(/^\uFEFF/, "").split(/\r?\n/)
    .map((line) => line.startsWith("#") ? "" : line.trim())
    .filter((line) => line !== "");
}

/**
 * Makes the test whether a path is left out.
 *
 * The rules are those of
 * {@link https://docs.docker.com/build/concepts/context/#dockerignore-files | .dockerignore}: patterns start at the
 * root, `*` and `?` stay inside one name, `**` crosses folders, a folder takes all in it along, `!` takes back, and
 * the last pattern that matches decides.
 *
 * @param patterns the patterns in order
 * @returns tells whether a path (with `/` between names) is left out
 * @throws {SyntaxError} if a pattern cannot be read, naming it
 */
export function ignoreTest(
  patterns: readonly string[],
): (path: string) => boolean {
  const rules = patterns.map(readRule).filter((rule) => rule !== null);
  return (path) => {
    let out = false;
    for (const { back, matches } of rules) {
      if (out === back && matches.test(path)) out = !back;
    }
    return out;
  };
}

function readRule(pattern: string): IgnoreRule | null {
  const back = pattern.startsWith("!");
  const path = (back ? pattern.slice(1) : pattern).trim()
    .split("/").filter((name) => name !== "" && name !== ".").join("/");
  // A pattern for the root itself would leave nothing to pack; Docker ignores it too.
  if (path === "") return null;
  try {
    return { back, matches: new RegExp(`^${source(path)}(?:/|$)`, "u") };
  } catch (cause) {
    throw new SyntaxError(
      `Cannot read the ignore pattern "${pattern}": its brackets or backslashes do not match up`,
      { cause },
    );
  }
}

function source(pattern: string): string {
  let regExp = "";
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === "*" && pattern.charAt(at + 1) === "*") {
      at++;
      const whole = pattern.charAt(at + 1) === "/";
      if (whole) at++;
      regExp += whole ? "(?:.*/)?" : ".*";
    } else if (character === "*") {
      regExp += "[^/]*";
    } else if (character === "?") {
      regExp += "[^/]";
    } else if (character === "[") {
      const end = pattern.indexOf("]", at + 2);
      const set = pattern.slice(at + 1, end === -1 ? undefined : end);
      // An open bracket is left to the RegExp to refuse.
      regExp += `[${set.replaceAll(/[\[&~|(){}]/g, "\\$&")}`;
      if (end === -1) break;
      regExp += "]";
      at = end;
    } else if (character === "\\") {
      at++;
      if (at === pattern.length) throw new SyntaxError("a lone backslash");
      regExp += literal(pattern.charAt(at));
    } else {
      regExp += literal(character);
    }
  }
  return regExp;
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
