/** Keeping unpacked releases out of images and repositories.
 * @module
 */

const FOLDER = ".flyhot";

/**
 * Adds `.flyhot` to the text of a `.dockerignore` or `.gitignore`. Returns the new text; the same if a line leaves the
 * folder out already.
 */
export function ignoreReleases(text: string | null): string {
  if (text === null || text.trim() === "") return `${FOLDER}\n`;
  const isThere = text.split(/\r?\n/).some((line) =>
    /^(?:\*\*\/|\/)?\.flyhot(?:\/(?:\*{1,2})?)?$/.test(line.trim())
  );
  if (isThere) return text;
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  return (text.endsWith("\n") ? text : text + newline) + FOLDER + newline;
}
