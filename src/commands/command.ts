/** What a command is: data from which its reader and its help are made, and what it does.
 * @module
 */
import { type CommandShape, COMMON_FLAGS } from "../config/command_shape.ts";
import { type FlagSpec, type FlagValues, readFlags } from "../config/flags.ts";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import type { Answer } from "../ui/answer.ts";
import type { Reporter } from "../ui/reporter.ts";
import { helpText } from "./help.ts";

/** What a command works with. */
export interface CommandEnvironment {
  readonly host: Host;
  /** Who is told what happens. */
  readonly reporter: Reporter;
  /** Aborted when the person interrupts. */
  readonly signal: AbortSignal;
  /** Gives the answer, once. */
  readonly answer: (answer: Answer) => void;
}

/** What a command's `run` is handed. */
interface CommandContext<F extends readonly FlagSpec[]>
  extends CommandEnvironment {
  readonly flags: FlagValues<F>;
  /** The argument, for commands that take one. */
  readonly argument: string | undefined;
  /** The second argument, for commands that take two. */
  readonly secondArgument: string | undefined;
  /** Whether the answer is to be JSON. */
  readonly json: boolean;
}

/** How to define a command. */
interface CommandSpec<F extends readonly FlagSpec[]> extends CommandShape {
  /** Its flags, without those that every command has. */
  readonly flags: F;
  /** Does it; returns the exit code. */
  readonly run: (context: CommandContext<F>) => Promise<number>;
}

/** A command. */
export interface Command extends CommandShape {
  readonly help: string;
  /** Reads the arguments after its name, and does it; returns the exit code. */
  readonly run: (
    args: readonly string[],
    environment: CommandEnvironment,
  ) => Promise<number>;
}

/** Defines a command. */
export function defineCommand<const F extends readonly FlagSpec[]>(
  spec: CommandSpec<F>,
): Command {
  const help = helpText({ ...spec, flags: [...spec.flags, ...COMMON_FLAGS] });
  return {
    ...spec,
    help,
    async run(args, environment) {
      const { flags, common, words } = readFlags(
        args,
        spec.flags,
        COMMON_FLAGS,
      );
      if (common.help) {
        environment.answer({ text: help, json: { help } });
        return 0;
      }
      const allowed = [spec.argument, spec.secondArgument]
        .filter((it) => it !== undefined).length;
      const [argument, secondArgument] = words;
      const surplus = words[allowed];
      if (surplus !== undefined) {
        throw new FlyhotError(
          "usage",
          `Cannot read "${surplus}": ${spec.name} takes ${
            ["no argument", "only one argument", "only two arguments"][allowed]
          }`,
          { hint: `see: flyhot ${spec.name} --help` },
        );
      }
      return await spec.run({
        ...environment,
        flags,
        argument,
        secondArgument,
        json: common.json,
      });
    },
  };
}
