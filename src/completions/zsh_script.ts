/** Completions for zsh.
 * @module
 */
import {
  type Completed,
  type CompletedCommand,
  type CompletedFlag,
  TOP_FLAGS,
} from "./completed.ts";

/** Writes the script that zsh completes `flyhot` with: as a file `_flyhot` in `fpath`, or sourced after `compinit`. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name, summary }) =>
    `    ${quoted(`${name}:${summary}`)}`
  );
  return `#compdef flyhot
# Completions for flyhot, made by: flyhot completions zsh
_flyhot_commands() {
  local -a commands=(
${names.join("\n")}
  )
  _describe -t commands command commands
}

_flyhot() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C \\
${TOP_FLAGS.map((flag) => `    ${flagSpec(flag)} \\`).join("\n")}
    '1: :_flyhot_commands' \\
    '*:: :->rest'
  [[ $state == rest ]] || return
  case $words[1] in
${commands.map(commandCase).join("\n")}
  esac
}

if [[ $funcstack[1] == _flyhot ]]; then
  _flyhot "$@"
else
  compdef _flyhot flyhot
fi
`;
}

function commandCase({ name, flags, argument }: CompletedCommand): string {
  const specs = flags.map(flagSpec);
  if (argument) {
    const message = argument.name.replaceAll(":", "\\:");
    specs.push(quoted(`1:${message}:${action(argument.completed)}`));
  }
  return `    ${name})\n      _arguments \\\n${
    specs.map((spec) => `        ${spec}`).join(" \\\n")
  }\n      ;;`;
}

function flagSpec(flag: CompletedFlag): string {
  const { short, long, description, value, repeatable } = flag;
  // Brackets end a description, wherever they stand.
  const said = `[${description.replaceAll(/[[\]\\]/g, "\\$&")}]`;
  const rest = value === null
    ? quoted(said)
    : quoted(`${said}:${value}:${action(flag.completed)}`);
  const longForm = value === null ? long : `${long}=`;
  if (short === null) {
    return `${repeatable ? "'*'" : ""}${longForm}${rest}`;
  }
  const shortForm = value === null ? short : `${short}+`;
  const others = repeatable ? "'*'" : quoted(`(${short} ${long})`);
  return `${others}{${shortForm},${longForm}}${rest}`;
}

function action(completed: Completed): string {
  switch (completed.kind) {
    case "words":
      return `(${completed.words.join(" ")})`;
    case "files":
      return "_files";
    case "folders":
      return "_files -/";
    case "anything":
      return " ";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
