/** What a shell can complete of a command line.
 * @module
 */
import type { FlagSpec } from "../config/flags.ts";
import { type CommandShape, COMMON_FLAGS } from "../config/command_shape.ts";

/** What comes in one place of a command line. */
export type Completed =
  | {
    /** One of several words. */
    readonly kind: "words";
    readonly words: readonly string[];
  }
  | {
    /** Files, folders, or what no shell can know. */
    readonly kind: "files" | "folders" | "anything";
  };

/** A flag, as a shell sees it. */
export interface CompletedFlag {
  /** With hyphens in front. */
  readonly long: string;
  /** With a hyphen in front, or null. */
  readonly short: string | null;
  /** What it does. */
  readonly description: string;
  /** What its value is called; null where it takes none, or none is needed. */
  readonly value: string | null;
  /** What its value may be. */
  readonly completed: Completed;
  /** Whether it may be given more than once. */
  readonly repeatable: boolean;
}

/** A command, as a shell sees it. */
export interface CompletedCommand {
  readonly name: string;
  /** What it does. */
  readonly summary: string;
  /** Its flags, with those that every command has. */
  readonly flags: readonly CompletedFlag[];
  /** What its argument is called and may be, or null. */
  readonly argument:
    | { readonly name: string; readonly completed: Completed }
    | null;
}

/** What comes before any command. */
export const TOP_FLAGS: readonly CompletedFlag[] = [
  ...COMMON_FLAGS,
  {
    name: "version",
    type: "boolean",
    description: "Show the version",
  } as const,
].map(completedFlag);

/** Turns the table of commands into what shells complete, `help` with it; hidden ones are left out. */
export function completedCommands(
  commands: readonly CommandShape[],
): readonly CompletedCommand[] {
  const shown = commands.filter(({ hidden }) => !hidden);
  return [
    ...shown.map(({ name, summary, flags, argument }) => ({
      name,
      summary,
      flags: [...flags, ...COMMON_FLAGS].map(completedFlag),
      argument: argument
        ? { name: argument.name, completed: argumentOf(argument) }
        : null,
    })),
    {
      name: "help",
      summary: "Show the help of a command",
      flags: [],
      argument: {
        name: "command",
        completed: { kind: "words", words: shown.map(({ name }) => name) },
      },
    },
  ];
}

function completedFlag(flag: FlagSpec): CompletedFlag {
  const takesValue = flag.type !== "boolean" && flag.bare === undefined;
  const value = takesValue ? flag.value ?? "value" : null;
  return {
    long: `--${flag.name}`,
    short: flag.short ? `-${flag.short}` : null,
    description: flag.description,
    value,
    completed: { kind: value === "path" ? "files" : "anything" },
    repeatable: flag.repeatable ?? false,
  };
}

function argumentOf(
  { name, choices }: NonNullable<CommandShape["argument"]>,
): Completed {
  if (choices) return { kind: "words", words: choices };
  return { kind: name === "folder" ? "folders" : "anything" };
}
