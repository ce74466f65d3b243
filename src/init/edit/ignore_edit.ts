/** Keeping folders out of images and repositories.
 * @module
 */

/** Adds folders to the text of a `.dockerignore` or `.gitignore`. */
export function ignoreFolders(
  text: string | null,
  folders: readonly string[],
): string {
  let after = text ?? "";
  const newline = after.includes("\r\n") ? "\r\n" : "\n";
  const lines = after.split(/\r?\n/).map((line) =>
    line.trim().replace(/^(?:\*\*\/|\/)/, "").replace(/\/(?:\*{1,2})?$/, "")
  );
  for (const folder of folders) {
    if (lines.includes(folder)) continue;
    if (after.trim() === "") after = "";
    else if (!after.endsWith("\n")) after += newline;
    after += folder + newline;
  }
  return after;
}
