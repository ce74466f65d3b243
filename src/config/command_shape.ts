/** What a command looks like from outside: its name, flags and examples, as data.
 * @module
 */
import type { FlagSpec } from "./flags.ts";

/** One line of the examples in a command's help. */
interface Example {
  /** What it is for. */
  readonly title: string;
  /** What to type. */
  readonly command: string;
}

/** The argument of a command. */
interface ArgumentShape {
  /** Its name; `folder` is completed as one. */
  readonly name: string;
  /** What it says. */
  readonly description: string;
  /** All that it may be; left out where it may be anything. */
  readonly choices?: readonly string[];
}

/** What a command looks like from outside. */
export interface CommandShape {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What else there is to know, a paragraph each. */
  readonly description: readonly string[];
  /** Its argument, where it takes one; it may always be left out. */
  readonly argument?: ArgumentShape;
  /** A second one, which may follow the first. */
  readonly secondArgument?: ArgumentShape;
  /** Its flags, without those that every command has. */
  readonly flags: readonly FlagSpec[];
  readonly examples: readonly Example[];
  /** Whether the list of commands leaves it out. */
  readonly hidden?: boolean;
}

/** The flags that every command has. */
export const COMMON_FLAGS = [
  {
    name: "json",
    type: "boolean",
    description: "Answer with one JSON value on stdout",
  },
  {
    name: "help",
    type: "boolean",
    short: "h",
    description: "Show this help",
  },
] as const satisfies readonly FlagSpec[];
