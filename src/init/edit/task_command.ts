/** How a task starts the app, for the image of an app that has none: with what the module is given, and what Deno is told besides permissions.
 * @module
 */
import {
  allowsAll,
  hotCommand,
  readCommand,
  shellWords,
} from "../../config/files/start_command.ts";
import { STARTING_TASKS } from "../../release/graph/entries.ts";

/** What a task says of how the app is started. */
interface TaskCommand {
  readonly name: string;
  /** The words of an image's command, with the runtime in front. */
  readonly words: readonly string[];
  /** The file of variables that it reads; null for none. */
  readonly envFile: string | null;
}

const ENV_FILE = /^--env(?:-file)?(?:=(.*))?$/;
/** What is for the computer of whoever works on the app, or part of allowing all. */
const LEFT_OUT =
  /^(?:--env(?:-file)?|--watch(?:-hmr|-exclude)?|--inspect(?:-brk|-wait)?|--reload|--(?:allow|deny|ignore)-[\w-]+|--no-prompt|--no-clear-screen)(?:=|$)|^-(?:A|P|r|[RWNESI]+)(?:=|$)/;

/** Finds the command of the first task that starts a main module in one plain command. */
export function taskCommand(
  entry: string,
  task: (name: string) => string,
): TaskCommand | null {
  for (const name of ["start", ...STARTING_TASKS]) {
    const words = shellWords(task(name)) ?? [];
    const command = readCommand(words);
    if (!command || command.runtime !== null) continue;
    if (words[command.script]!.replace(/^\.\//, "") !== entry) continue;
    const flags = words.slice(command.subcommand + 1, command.script)
      .filter((it) => it !== words[command.subcommand]);
    const files = flags.flatMap((it) => {
      const found = ENV_FILE.exec(it);
      return found ? [found[1] ?? ".env"] : [];
    });
    const kept = flags.filter((it) => !LEFT_OUT.test(it));
    const said = [
      ...words.slice(0, command.subcommand).filter((it) => it !== "deno"),
      "deno",
      command.kind === "run" ? "run" : "serve",
      ...allowsAll(kept) ? [] : ["-A"],
      ...kept,
      entry,
      ...words.slice(command.script + 1),
    ];
    const hot = hotCommand(said, readCommand(said)!);
    if ("unsure" in hot) continue;
    return { name, words: hot.words, envFile: files.at(-1) ?? null };
  }
  return null;
}
