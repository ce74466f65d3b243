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

/** Reads the instructions of a Dockerfile: comments left out, lines that a backslash goes on joined. */
export function* dockerfileInstructions(
  text: string,
): Generator<DockerfileInstruction> {
  const escape = escapeOf(text);
  const goesOnAt = new RegExp(`(?:^|[^${escape}])${escape}$`);
  let open: string[] = [];
  let begun = { line: 0, start: 0 };
  let end = 0;
  const close = (): DockerfileInstruction | null => {
    const found = split(open.join(" "));
    open = [];
    return found && { name: found[0], rest: found[1], ...begun, end };
  };
  let heredocs: Heredoc[] = [];
  for (const { text: said, line, start } of lines(text)) {
    const [heredoc] = heredocs;
    if (heredoc) {
      end = start + said.trimEnd().length;
      if (!isEndOf(heredoc, said)) continue;
      heredocs.shift();
      if (heredocs.length > 0) continue;
      const found = close();
      if (found) yield found;
      continue;
    }
    if (said.trimStart().startsWith("#")) continue;
    // Docker passes over empty lines, too, where a line goes on.
    if (open.length > 0 && said.trim() === "") continue;
    if (open.length === 0) begun = { line, start };
    const trimmed = said.trimEnd();
    end = start + trimmed.length;
    const goesOn = goesOnAt.test(trimmed);
    open.push(goesOn ? trimmed.slice(0, -1) : trimmed);
    if (goesOn) continue;
    heredocs = heredocsIn(open.join(" "));
    if (heredocs.length > 0) continue;
    const found = close();
    if (found) yield found;
  }
  const found = close();
  if (found) yield found;
}

/** A text that follows an instruction, up to a line of its name. */
interface Heredoc {
  readonly name: string;
  /** Whether tabs at the beginning of lines do not count. */
  readonly isIndented: boolean;
}

function heredocsIn(line: string): Heredoc[] {
  if (!line.includes("<<") || !/^\s*(?:RUN|COPY|ADD)\s/i.test(line)) return [];
  return wordsOf(line).flatMap((word) => {
    const [, indent, name = ""] = /^\d*<<(-?)([^<]+)$/.exec(word) ?? [];
    const [, , quoted = name] = /^(["'])(.*)\1$/.exec(name) ?? [];
    return quoted === "" ? [] : [{ name: quoted, isIndented: indent === "-" }];
  });
}

function isEndOf({ name, isIndented }: Heredoc, line: string): boolean {
  const said = line.replace(/\r$/, "");
  return (isIndented ? said.replace(/^\t+/, "") : said) === name;
}

/** By which character lines go on, as a directive on the first lines may say; for a regular expression. */
function escapeOf(text: string): string {
  for (const { text: said } of lines(text)) {
    const [, name, value] = /^#\s*([a-z]+)\s*=\s*(\S+)\s*$/i.exec(said) ?? [];
    if (name === undefined) break;
    if (name.toLowerCase() === "escape" && value === "`") return "`";
  }
  return "\\\\";
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

/** Splits at blanks outside of quotes; quotes and backslashes stay. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let start = -1;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    const isBlank = quote === "" && /\s/.test(character);
    if (isBlank && start !== -1) {
      words.push(text.slice(start, at));
      start = -1;
    }
    if (isBlank) continue;
    if (start === -1) start = at;
    if (character === "\\" && quote !== "'") at++;
    else if (quote === "" && (character === '"' || character === "'")) {
      quote = character;
    } else if (character === quote) quote = "";
  }
  if (start !== -1) words.push(text.slice(start));
  return words;
}

/** Leaves out the slashes at the end of a path. */
export function withoutEndSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end--;
  return path.slice(0, end);
}
