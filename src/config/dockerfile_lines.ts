/** The instructions of a Dockerfile, read in one pass.
 * @module
 */

/** One instruction of a Dockerfile and where it stands. */
export interface DockerfileInstruction {
  /** Its name in capitals. */
  readonly name: string;
  /** What follows it, lines that a backslash goes on joined. */
  readonly rest: string;
  /** The line that it begins on, from 1. */
  readonly line: number;
  /** The offset of its first character. */
  readonly start: number;
  /** The offset behind its last one, the line's end not among them. */
  readonly end: number;
}

/**
 * Reads the instructions of a Dockerfile: comments left out, lines that a backslash goes on joined.
 *
 * @param text the Dockerfile
 * @returns each instruction in capitals, with what follows it
 */
export function* dockerfileInstructions(
  text: string,
): Generator<[instruction: string, rest: string]> {
  for (const { name, rest } of locatedInstructions(text)) yield [name, rest];
}

/**
 * Reads the instructions of a Dockerfile with their places.
 *
 * @param text the Dockerfile
 * @returns each instruction in its order
 */
export function* locatedInstructions(
  text: string,
): Generator<DockerfileInstruction> {
  let open: string[] = [];
  let begun = { line: 0, start: 0 };
  let end = 0;
  const close = (): DockerfileInstruction | null => {
    const found = split(open.join(" "));
    open = [];
    return found && { name: found[0], rest: found[1], ...begun, end };
  };
  for (const { text: said, line, start } of lines(text)) {
    if (said.trimStart().startsWith("#")) continue;
    if (open.length === 0) begun = { line, start };
    const trimmed = said.trimEnd();
    end = start + trimmed.length;
    const goesOn = trimmed.endsWith("\\");
    open.push(goesOn ? trimmed.slice(0, -1) : trimmed);
    if (goesOn) continue;
    const found = close();
    if (found) yield found;
  }
  const found = close();
  if (found) yield found;
}

function* lines(text: string) {
  let line = 1;
  for (let start = 0; start <= text.length; line++) {
    const end = text.indexOf("\n", start);
    yield {
      text: text.slice(start, end === -1 ? text.length : end),
      line,
      start,
    };
    if (end === -1) return;
    start = end + 1;
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
