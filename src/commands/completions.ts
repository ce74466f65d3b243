/** `flyhot completions`: what a shell needs to complete command lines.
 * @module
 */
import { nearestName } from "../config/suggest.ts";
import { FlyhotError } from "../errors.ts";
import { type Command, defineCommand } from "./command.ts";
import { SUMMARIES } from "./summaries.ts";
import type { CommandShape } from "../config/command_shape.ts";
import { bashScript } from "../completions/bash_script.ts";
import { completedCommands } from "../completions/completed.ts";
import { fishScript } from "../completions/fish_script.ts";
import { zshScript } from "../completions/zsh_script.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
const SHELLS = Object.keys(SCRIPTS);

/** Makes `flyhot completions`. */
export function completionsCommand(
  commands: () => Promise<readonly CommandShape[]>,
): Command {
  return defineCommand({
    name: "completions",
    summary: SUMMARIES.completions,
    description: [
      "Writes the script to stdout; nothing is installed. It is made from the commands of this version: make it again after an update.",
    ],
    argument: {
      name: "shell",
      description: "The shell: bash, zsh or fish",
      choices: SHELLS,
    },
    flags: [],
    examples: [
      {
        title: "bash, in ~/.bashrc",
        command: "source <(flyhot completions bash)",
      },
      {
        title: "zsh, in ~/.zshrc after compinit",
        command: "source <(flyhot completions zsh)",
      },
      {
        title: "fish",
        command:
          "flyhot completions fish > ~/.config/fish/completions/flyhot.fish",
      },
    ],
    async run({ argument, answer }) {
      const shell = shellOf(argument);
      const script = SCRIPTS[shell](completedCommands(await commands()));
      answer({ text: script, json: { shell, script } });
      return 0;
    },
  });
}

function shellOf(argument: string | undefined): keyof typeof SCRIPTS {
  if (argument === "bash" || argument === "zsh" || argument === "fish") {
    return argument;
  }
  if (argument === undefined) {
    throw new FlyhotError(
      "usage",
      "Cannot tell which shell is meant: none is named",
      { hint: "for example: flyhot completions bash" },
    );
  }
  const near = nearestName(argument, SHELLS);
  throw new FlyhotError(
    "usage",
    `Cannot write completions for "${argument}": the shells are ${
      SHELLS.join(", ")
    }`,
    near === null ? {} : { hint: `did you mean ${near}?` },
  );
}
