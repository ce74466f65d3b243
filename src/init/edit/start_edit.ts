/** The edits that put the runtime into what an image starts: its ENTRYPOINT and CMD, or a script that these name.
 * @module
 */
import type { ImageStart } from "../../config/files/image_start.ts";
import { listOf, listText } from "../../config/files/image_start.ts";
import type { ShellStart } from "../../config/files/shell_starts.ts";
import {
  type ShellLookups,
  type ShellText,
  shellTextOf,
} from "../../config/files/shell_texts.ts";
import {
  allowsAll,
  hotCommand,
  PRELOAD,
  readCommand,
  shellLine,
  type StartCommand,
  watches,
} from "../../config/files/start_command.ts";
import type { FileEdit } from "../plan_types.ts";
import { type TextEdit, withEdits } from "./text_edits.ts";

/** What an image starts, with the runtime in it. */
interface HotStart {
  /** Edits of the Dockerfile. */
  readonly edits?: readonly TextEdit[];
  /** Scripts that it starts, edited. */
  readonly scripts?: readonly FileEdit[];
  /** In which ways modules are started. */
  readonly kinds?: readonly StartCommand["kind"][];
  /** The main module, as the command names it. */
  readonly main?: string;
  /** Why the command has to be another one. */
  readonly unsure?: string;
  /** What only a person can decide. */
  readonly steps?: readonly string[];
  /** What is worth knowing. */
  readonly notes?: readonly string[];
}

/** What runs programs without Deno, or may. */
const OTHERS = /^(?:node|npm|npx|yarn|pnpm|tsx|ts-node|bun|bunx)$/;

type Options = ShellLookups & {
  /** The main module. */
  readonly entry: string;
};

/** Puts the runtime in front of what an image starts; `at` says where that is written. */
export function hotStart(
  start: ImageStart,
  options: Options,
  at: string,
): HotStart {
  const { words, command } = start;
  if (!command) return hotShell(start, options, at);
  const hot = hotCommand(words, command);
  if ("unsure" in hot) {
    return {
      steps: [`Change the command in ${at}: ${hot.unsure}.`],
      unsure: hot.unsure,
    };
  }
  const isChanged = !isSame(words, hot.words) ||
    start.task !== null && command.runtime === null;
  const notes = [
    ...isChanged && start.task !== null ? [taskNote(start.task, at)] : [],
    ...watchNotes(at, words, command),
    ...rightsNotes(at, hot.words),
  ];
  return {
    edits: isChanged ? partEdits(start, hot.words) : [],
    kinds: [command.kind],
    main: words[command.script]!.replace(/^\.\//, ""),
    notes,
  };
}

function taskNote(task: string, at: string): string {
  return `the task ${task} stays as it is; ${at} now starts what it says, with the runtime in front`;
}

function watchNotes(
  at: string,
  words: readonly string[],
  { script }: StartCommand,
): readonly string[] {
  return watches(words, script)
    ? [
      `--watch goes from what ${at} starts: it would start the process anew with each file that an upgrade lays over its place`,
    ]
    : [];
}

function rightsNotes(at: string, words: readonly string[]): readonly string[] {
  return allowsAll(words) ? [] : [
    `${at} does not allow all (-A): the runtime needs to read, write, run, and reach network and environment`,
  ];
}

/** Writes words into the instructions that they come from: into the last one what the first leaves over. */
function partEdits(
  { parts, isList, task }: ImageStart,
  hot: readonly string[],
): readonly TextEdit[] {
  const edit = (part: ImageStart["parts"][number], words: readonly string[]) =>
    isSame(part.words, words) ? [] : [{
      start: part.instruction.start,
      end: part.instruction.end,
      text: `${part.instruction.name} ${
        isList || task !== null ? listText(runnable(words)) : shellLine(words)
      }`,
    }];
  const [entry, cmd] = parts;
  if (!cmd) return edit(entry!, hot);
  const { length } = entry!.words;
  if (isSame(entry!.words, hot.slice(0, length))) {
    return edit(cmd, hot.slice(length));
  }
  const tail = cmd.words.length;
  const script = readCommand(hot)?.script ?? 0;
  // Where the CMD has only what the module is given, it stays.
  const split = isSame(cmd.words, hot.slice(-tail)) &&
      script < hot.length - tail
    ? hot.length - tail
    : script;
  return [
    ...edit(entry!, hot.slice(0, split)),
    ...edit(cmd, hot.slice(split)),
  ];
}

/** A list is not read by a shell, which would take assignments. */
export function runnable(words: readonly string[]): readonly string[] {
  return /^[A-Za-z_]\w*=/.test(words[0] ?? "") ? ["env", ...words] : words;
}

/** What a shell starts: on the line of the Dockerfile, in a word of its, or in a script that it names. */
function hotShell(start: ImageStart, options: Options, at: string): HotStart {
  const { instruction } = start;
  const found = shellTextOf(start, options);
  if (!found || found.starts.length === 0) {
    return byHand(start, options, at, found?.path ?? null);
  }
  const { path, word, inTask, text } = found;
  const { after, ...rest } = hotText(
    found,
    (it) => path === null ? at : `${path}:${lineOf(text, it)}`,
  );
  if (after === text && !inTask) return rest;
  if (path !== null) {
    return { ...rest, scripts: [{ path, before: text, after }] };
  }
  const list = listOf(instruction.rest);
  const written = word !== null && list
    ? listText(list.with(word, after))
    : after;
  return {
    ...rest,
    edits: [{
      start: instruction.start,
      end: instruction.end,
      text: `${instruction.name} ${written}`,
    }],
    notes: [
      ...inTask ? [taskNote(start.task!, at)] : [],
      ...rest.notes ?? [],
    ],
  };
}

/** A text for a shell with the runtime in each command that goes on. */
function hotText(
  { text, starts }: ShellText,
  placeOf: (it: ShellStart) => string,
): Omit<HotStart, "edits" | "scripts"> & { readonly after: string } {
  const edits: TextEdit[] = [];
  const steps: string[] = [];
  const notes: string[] = [];
  for (const it of starts) {
    const hot = hotCommand(it.words, it.command);
    if ("unsure" in hot) {
      steps.push(`Change the command in ${placeOf(it)}: ${hot.unsure}.`);
      continue;
    }
    edits.push(...shellEdits(it, hot.words));
    notes.push(
      ...watchNotes(placeOf(it), it.words, it.command),
      ...rightsNotes(placeOf(it), hot.words),
    );
  }
  const [first] = starts;
  const main = first?.words[first.command.script] ?? "";
  return {
    after: withEdits(text, edits),
    kinds: [...new Set(starts.map(({ command }) => command.kind))],
    ...starts.length === 1 && /^[\w./-]+$/.test(main)
      ? { main: main.replace(/^\.\//, "") }
      : {},
    steps,
    notes,
  };
}

/** What was written over several lines stays so. */
function shellEdits(
  { command, words, places }: ShellStart,
  hot: readonly string[],
): readonly TextEdit[] {
  if (isSame(words, hot)) return [];
  if (
    command.runtime === null && command.kind === "run" &&
    !watches(words, command.script)
  ) {
    const [start] = places[command.script]!;
    return [{ start, end: start, text: `--preload ${PRELOAD} ` }];
  }
  return [{
    start: places[0]![0],
    end: places.at(-1)![1],
    text: hot.join(" "),
  }];
}

function lineOf(text: string, { places }: ShellStart): number {
  return text.slice(0, places[0]![0]).split("\n").length;
}

function byHand(
  { instruction, words }: ImageStart,
  { entry }: Options,
  at: string,
  script: string | null,
): HotStart {
  const said = `${instruction.name} ${instruction.rest.replace(/\s+/g, " ")}`;
  const program = words[0] ?? "";
  if (OTHERS.test(program)) {
    return {
      steps: [
        `Start the app by Deno: ${at} says ${said}, which another program starts. flyhot is for apps that Deno runs: FROM denoland/deno, and ${
          plainStart(entry)
        }`,
      ],
    };
  }
  return {
    steps: [
      script === null
        ? `Start the app with the preload: ${at} says ${said}, which does not say how Deno starts it (a program that deno compile made cannot be replaced). It needs ${
          plainStart(entry)
        } in an image that has Deno and the app's files.`
        : `Start the app with the preload: ${at} says ${said}, and ${script} does not say in one plain command how Deno starts it. It needs --preload ${PRELOAD} in front of the main module.`,
    ],
  };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, at) => word === b[at]);
}

/** The command of an image that starts a main module with the runtime in front. */
export function plainStart(entry: string): string {
  return `CMD ${listText(["deno", "run", "-A", "--preload", PRELOAD, entry])}`;
}
