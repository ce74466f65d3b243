/** Which files a release leaves out, by patterns as in `.dockerignore`.
 * @module
 */
import { shownText } from "@flyhot/runtime/protocol";
import { globTest } from "./glob.ts";

/** One pattern, ready to be matched. */
interface IgnoreRule {
  /** True for `!pattern`, which takes files back in. */
  readonly back: boolean;
  /** Matches a path or one of the folders it lies in. */
  readonly matches: (path: string) => boolean;
}

/** Turns the text of a `.dockerignore` into its patterns: no comments, no empty lines. */
export function ignoreLines(text: string): string[] {
  return text.replace(/^\uFEFF/, "").split(/\r?\n/)
    .map((line) => line.startsWith("#") ? "" : line.trim())
    .filter((line) => line !== "");
}

/**
 * Makes the test whether a path is left out.
 *
 * The rules are those of {@link https://docs.docker.com/build/concepts/context/#dockerignore-files | .dockerignore}:
 * patterns start at the root, `*` and `?` stay inside one name, `**` crosses folders, a folder takes all in it along, `!`
 * takes back, and the last pattern that matches decides.
 */
export function ignoreTest(
  patterns: readonly string[],
): (path: string) => boolean {
  const rules = patterns.map(readRule).filter((rule) => rule !== null);
  return (path) => {
    let out = false;
    for (const { back, matches } of rules) {
      if (out === back && matches(path)) out = !back;
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
    return { back, matches: globTest(path) };
  } catch (cause) {
    throw new SyntaxError(
      `Cannot read the ignore pattern "${
        shownText(pattern.slice(0, 200))
      }": its brackets or backslashes do not match up`,
      { cause },
    );
  }
}
