/** What an image gives to a shell: a script, what a task says, a word of its command, or the whole line.
 * @module
 */
import { type ImageStart, listOf } from "./image_start.ts";
import { lastingStarts, type ShellStart } from "./shell_starts.ts";

/** Where an image gives something to a shell. */
export interface ShellText {
  readonly text: string;
  /** The commands in it that start a module with Deno and go on. */
  readonly starts: readonly ShellStart[];
  /** The script that it is the text of; null for none. */
  readonly path: string | null;
  /** The place of the word of a list that it is; null for no word. */
  readonly word: number | null;
  /** Whether a task says it. */
  readonly inTask: boolean;
}

/** What a shell is given may be found by. */
export interface ShellLookups {
  /** The command of a task; empty if there is none. */
  readonly task: (name: string) => string;
  /** The script of the app that a word names; null for none. */
  readonly script: (
    word: string,
  ) => { readonly path: string; readonly text: string } | null;
}

/** Finds what starts modules in what an image gives to a shell; a script without such a command counts, too. Null for nothing. */
export function shellTextOf(
  { instruction, words, parts, task }: ImageStart,
  lookups: ShellLookups,
): ShellText | null {
  const list = listOf(instruction.rest);
  const other = { path: null, word: null, inTask: false };
  const written = list ? parts.flatMap((it) => it.words) : words;
  const script = written.map(lookups.script).find((it) => it !== null);
  if (script) {
    const { text, path } = script;
    return { ...other, text, path, starts: lastingStarts(text) };
  }
  if (task !== null && parts.length === 1) {
    const text = lookups.task(task);
    const starts = lastingStarts(text);
    if (starts.length > 0) return { ...other, text, starts, inTask: true };
  }
  for (const [word, text] of (list ?? [instruction.rest]).entries()) {
    if (list && !/\s/.test(text)) continue;
    const starts = lastingStarts(text);
    if (starts.length > 0) {
      return { ...other, text, starts, word: list ? word : null };
    }
  }
  return null;
}
