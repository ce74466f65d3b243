/** Completions for fish.
 * @module
 */
import {
  type Completed,
  type CompletedCommand,
  type CompletedFlag,
  TOP_FLAGS,
} from "./completed.ts";

/** Writes the script that fish completes `flyhot` with. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = [
    ...TOP_FLAGS.map((flag) => flagLine("__flyhot_is", flag)),
    ...commands.map(({ name, summary }) =>
      line("__flyhot_is", "-a", name, "-d", quoted(summary))
    ),
    ...commands.flatMap(({ name, flags, argument }) => [
      ...flags.map((flag) => flagLine(`'__flyhot_is ${name}'`, flag)),
      ...(argument ? argumentLine(name, argument.completed) : []),
    ]),
  ];
  return `# Completions for flyhot, made by: flyhot completions fish
function __flyhot_is
  for word in (commandline -opc)[2..-1]
    if not string match -q -- '-*' $word
      test "$word" = "$argv"
      return
    end
  end
  test -z "$argv"
end

complete -c flyhot -f
${lines.join("\n")}
`;
}

function line(condition: string, ...words: readonly string[]): string {
  return `complete -c flyhot -n ${condition} ${words.join(" ")}`;
}

function flagLine(condition: string, flag: CompletedFlag): string {
  return line(
    condition,
    ...(flag.short === null ? [] : ["-s", flag.short.slice(1)]),
    "-l",
    flag.long.slice(2),
    ...(flag.value === null
      ? []
      : flag.completed.kind === "files"
      ? ["-r", "-F"]
      : ["-x", ...valueOf(flag.completed)]),
    "-d",
    quoted(flag.description),
  );
}

function argumentLine(name: string, completed: Completed): readonly string[] {
  const value = valueOf(completed);
  return value.length === 0 ? [] : [line(`'__flyhot_is ${name}'`, ...value)];
}

function valueOf(completed: Completed): readonly string[] {
  switch (completed.kind) {
    case "words":
      return ["-a", quoted(completed.words.join(" "))];
    case "files":
      return ["-F"];
    case "folders":
      return ["-a", quoted("(__fish_complete_directories)")];
    case "anything":
      return [];
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
