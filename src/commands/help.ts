/** Help texts, made from the data of the commands.
 * @module
 */
import type { FlagSpec } from "../config/flags.ts";
import { wrap } from "../ui/format.ts";

const COLUMNS = 80;

/** What help is made from. */
interface HelpSource {
  readonly name: string;
  /** One line on it. */
  readonly summary: string;
  /** More on it. */
  readonly description: readonly string[];
  readonly argument?: { readonly name: string; readonly description: string };
  /** The one after it. */
  readonly secondArgument?: {
    readonly name: string;
    readonly description: string;
  };
  readonly flags: readonly FlagSpec[];
  readonly examples: readonly {
    readonly title: string;
    readonly command: string;
  }[];
}

/** Writes the help of one command. */
export function helpText(source: HelpSource): string {
  const args = [source.argument, source.secondArgument]
    .filter((it) => it !== undefined);
  const sections = [
    `${source.summary}.`,
    `Usage: flyhot ${source.name} [flags]${
      args.map(({ name }) => ` [${name}]`).join("")
    }`,
    ...source.description.map((it) => wrap(it, COLUMNS).join("\n")),
  ];
  if (args.length > 0) {
    const rows = args.map(({ name, description }) =>
      [name, description] as const
    );
    sections.push(
      `Argument${args.length > 1 ? "s" : ""}:\n${twoColumns(rows)}`,
    );
  }
  sections.push(`Flags:\n${twoColumns(source.flags.map(flagRow))}`);
  if (source.examples.length > 0) {
    const examples = source.examples.map((it) =>
      `  # ${it.title}\n  ${it.command}`
    );
    sections.push(`Examples:\n${examples.join("\n\n")}`);
  }
  return sections.join("\n\n");
}

/** Writes the overview of all commands. */
export function overviewText(
  commands: readonly { readonly name: string; readonly summary: string }[],
): string {
  return [
    "Upgrades running Deno programs on Fly.io without restarting them.",
    "Usage: flyhot <command> [flags]",
    `Commands:\n${twoColumns(commands.map((it) => [it.name, it.summary]))}`,
    `Flags:\n${
      twoColumns([
        ["-h, --help", "Show this help, or that of a command"],
        ["    --version", "Show the version"],
        ["    --json", "Answer with one JSON value on stdout"],
      ])
    }`,
    "Exit codes: 0 ok, 1 unexpected, 2 usage, 3 auth, 4 not found,\n5 locked or conflict, 6 network, 7 upgrade incomplete, 8 needs a cold deploy",
  ].join("\n\n");
}

function flagRow(flag: FlagSpec): readonly [string, string] {
  const short = flag.short ? `-${flag.short}, ` : "    ";
  const word = flag.value ?? (flag.type === "integer" ? "number" : "value");
  const value = flag.type === "boolean"
    ? ""
    : flag.bare === undefined
    ? ` <${word}>`
    : ` [${word}]`;
  const notes = [
    ...(flag.repeatable ? ["repeatable"] : []),
    ...(flag.default === undefined ? [] : [`default: ${flag.default}`]),
  ];
  return [
    `${short}--${flag.name}${value}`,
    flag.description + (notes.length > 0 ? ` (${notes.join("; ")})` : ""),
  ];
}

function twoColumns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([first]) => first.length)) + 4;
  return rows.flatMap(([first, second]) =>
    wrap(second, COLUMNS - left).map((line, index) =>
      (index === 0 ? `  ${first}` : "").padEnd(left) + line
    )
  ).join("\n");
}
