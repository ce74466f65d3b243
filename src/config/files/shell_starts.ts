/** The commands of a line or a script for a shell, with their places.
 * @module
 */
import { readCommand, type StartCommand } from "./start_command.ts";

/** A word of a command. */
interface ShellWord {
  /** What it says, without quotes. */
  readonly text: string;
  /** The offset of its first character, quotes among them. */
  readonly start: number;
  /** The offset behind its last one. */
  readonly end: number;
  /** The offset of what stands between its quotes, where that is written as it is meant; null for other words. */
  readonly inside: number | null;
}

/** A command of a line or a script. */
export interface ShellCommand {
  /** Its words; assignments and `exec` are among them. */
  readonly words: readonly ShellWord[];
  /** What leads to the next one: `&&`, `||`, `|`, `&` or `;`. */
  readonly then: string;
}

const OPERATORS = ["&&", "||", ";;", ";", "&", "|", "(", ")", "\n"];

/** Splits what a shell is given into commands. */
export function shellCommands(text: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: ShellWord[] = [];
  for (let at = 0; at <= text.length;) {
    const rest = text.charAt(at);
    const operator = at === text.length
      ? "\n"
      : OPERATORS.find((it) => text.startsWith(it, at));
    if (operator) {
      if (words.length > 0) {
        commands.push({
          words,
          then: /^(?:&&|\|\|?|&)$/.test(operator) ? operator : ";",
        });
      }
      words = [];
      at += operator.length;
    } else if (/\s/.test(rest) || text.startsWith("\\\n", at)) {
      at += rest === "\\" ? 2 : 1;
    } else if (rest === "#") {
      const end = text.indexOf("\n", at);
      at = end === -1 ? text.length : end;
    } else {
      const word = wordAt(text, at);
      words.push(word);
      at = word.end;
    }
  }
  return commands;
}

/** Reads the word that begins at an offset. */
function wordAt(text: string, start: number): ShellWord {
  let said = "";
  let at = start;
  let quoted = 0;
  let isPlain = true;
  for (; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "'" || character === '"') {
      quoted++;
      const end = endOfQuoted(text, at);
      const inner = text.slice(at + 1, end);
      if (character === '"' && /[\\`$]/.test(inner)) isPlain = false;
      said += inner;
      at = end;
    } else if (character === "\\") {
      isPlain = false;
      said += text.charAt(++at);
    } else if (/[<>]/.test(character) && text.charAt(at + 1) === "&") {
      said += character + text.charAt(++at);
    } else if (/[\s;&|()]/.test(character)) {
      break;
    } else said += character;
  }
  const end = Math.min(at, text.length);
  const isWhole = quoted === 1 && isPlain && said.length === end - start - 2;
  return { text: said, start, end, inside: isWhole ? start + 1 : null };
}

function endOfQuoted(text: string, start: number): number {
  const quote = text.charAt(start);
  for (let at = start + 1; at < text.length; at++) {
    if (text.charAt(at) === "\\" && quote === '"') at++;
    else if (text.charAt(at) === quote) return at;
  }
  return text.length;
}

/** Whether a command takes the shell's place: `exec` stands in it, behind what is assigned. */
export function isExec({ words }: ShellCommand): boolean {
  return words.find(({ text }) =>
    !/^\w+=/.test(text) && !/^(?:then|else|do|if)$/.test(text)
  )?.text === "exec";
}

/** Of the commands that start something, those that go on: what the shell ends with, what takes its place, and what it leaves running beside itself. What comes first, a migration say, has ended by then. */
export function lasting<
  T extends { readonly then: string; readonly exec: boolean },
>(found: readonly T[]): readonly T[] {
  const executed = found.some(({ exec }) => exec);
  return found.filter(({ then, exec }, at) =>
    then === "&" ||
    (executed ? exec : then === "||" || at === found.length - 1)
  );
}

/** A command that starts a module with Deno, where it stands in a text. */
export interface ShellStart {
  /** What was read off it. */
  readonly command: StartCommand;
  /** Its words as they are written. */
  readonly words: readonly string[];
  /** The offsets of each word, first and behind the last character. */
  readonly places: readonly (readonly [start: number, end: number])[];
  /** What leads to the next one. */
  readonly then: string;
  /** Whether it takes the shell's place. */
  readonly exec: boolean;
}

/** Finds the commands of a line or a script that start a module with Deno and go on, also within quotes. */
export function lastingStarts(text: string): readonly ShellStart[] {
  return lasting(startsIn(text, 0));
}

function startsIn(text: string, offset: number): readonly ShellStart[] {
  return shellCommands(text).flatMap((command) => {
    const { words, then } = command;
    const read = readCommand(words.map((it) => it.text));
    if (read) {
      return [{
        command: read,
        words: words.map(({ start, end }) => text.slice(start, end)),
        places: words.map(({ start, end }) =>
          [offset + start, offset + end] as const
        ),
        then,
        exec: isExec(command),
      }];
    }
    return words.flatMap(({ text: said, inside }) =>
      inside === null || !/\s/.test(said)
        ? []
        : lasting(startsIn(said, offset + inside)).map((it) => ({
          ...it,
          then,
          exec: isExec(command),
        }))
    );
  });
}
