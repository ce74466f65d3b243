/** Completions for bash, 3.2 and later.
 * @module
 */
import {
  type Completed,
  type CompletedCommand,
  type CompletedFlag,
  TOP_FLAGS,
} from "./completed.ts";

/** Writes the script that bash completes `flyhot` with. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  return `# Completions for flyhot, made by: flyhot completions bash
_flyhot() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local command= flags= kind= words= index
  # Bash takes --flag=value for three words.
  if [[ $current == "=" ]]; then
    current=
  elif [[ $previous == "=" ]]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    if [[ \${COMP_WORDS[index]} != -* ]]; then
      command=\${COMP_WORDS[index]}
      break
    fi
  done
  case $command in
    "")
      flags="${flagWords(TOP_FLAGS)}"
      kind=words words="${commands.map(({ name }) => name).join(" ")}"
      ;;
${commands.map(commandCase).join("\n")}
  esac
  if [[ $current == -* && $kind != value_* ]]; then
    kind=words words=$flags
  fi
  local IFS=$' \\t\\n'
  case \${kind#value_} in
    words) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    files)
      IFS=$'\\n'
      COMPREPLY=($(compgen -f -- "$current"))
      compopt -o filenames 2>/dev/null
      ;;
    folders)
      IFS=$'\\n'
      COMPREPLY=($(compgen -d -- "$current"))
      compopt -o filenames 2>/dev/null
      ;;
    *) COMPREPLY=() ;;
  esac
}
complete -F _flyhot flyhot
`;
}

function commandCase({ name, flags, argument }: CompletedCommand): string {
  const lines = [
    `    ${name})`,
    `      flags="${flagWords(flags)}"`,
    ...(argument ? [`      ${assignment("", argument.completed)}`] : []),
  ];
  const valued = flags.filter(({ value }) => value !== null);
  if (valued.length > 0) {
    lines.push("      case $previous in");
    for (const flag of valued) {
      lines.push(
        `        ${names(flag).join("|")}) ${
          assignment("value_", flag.completed)
        } ;;`,
      );
    }
    lines.push("      esac");
  }
  return [...lines, "      ;;"].join("\n");
}

function assignment(prefix: string, completed: Completed): string {
  return completed.kind === "words"
    ? `kind=${prefix}words words="${completed.words.join(" ")}"`
    : `kind=${prefix}${completed.kind}`;
}

function flagWords(flags: readonly CompletedFlag[]): string {
  return flags.map(({ long }) => long).join(" ");
}

function names({ short, long }: CompletedFlag): readonly string[] {
  return short === null ? [long] : [short, long];
}
