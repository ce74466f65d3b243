/** The instructions of a Dockerfile, read in one pass.
 * @module
 */

/**
 * Reads the instructions of a Dockerfile: comments left out, lines that a backslash goes on joined.
 *
 * @param text the Dockerfile
 * @returns each instruction in capitals, with what follows it
 */
export function* dockerfileInstructions(
  text: string,
): Generator<[instruction: string, rest: string]> {
  let open: string[] = [];
  for (const line of lines(text)) {
    if (line.trimStart().startsWith("#")) continue;
    const trimmed = line.trimEnd();
    if (trimmed.endsWith("\\")) {
      open.push(trimmed.slice(0, -1));
      continue;
    }
    open.push(trimmed);
    const found = split(open.join(" "));
    open = [];
    if (found) yield found;
  }
  const found = split(open.join(" "));
  if (found) yield found;
}

function* lines(text: string): Generator<string> {
  for (let from = 0; from <= text.length;) {
    const end = text.indexOf("\n", from);
    yield text.slice(from, end === -1 ? text.length : end);
    if (end === -1) return;
    from = end + 1;
  }
}

function split(line: string): [string, string] | null {
  const whole = line.trim();
  const space = whole.search(/\s/);
  if (space === -1) return null;
  const instruction = whole.slice(0, space);
  return /^[A-Za-z]+$/.test(instruction)
    ? [instruction.toUpperCase(), whole.slice(space).trim()]
    : null;
}

/**
 * Leaves out the slashes at the end of a path.
 *
 * @param path the path
 * @returns the same without them; `/` stays
 */
export function withoutEndSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end--;
  return path.slice(0, end);
}
