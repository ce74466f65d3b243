/**
 * The pages of the reference, made from the code. Nothing here reads a file.
 *
 * @module
 */

import { loadAll } from "../../src/commands/table.ts";
import { overviewText } from "../../src/commands/help.ts";
import { DEFAULTS } from "../../src/config/resolve.ts";
import { EXIT_CODES } from "../../src/errors.ts";
import { type Member, membersOf } from "./interface_members.ts";
import {
  COMMAND_VARIABLES,
  MACHINE_VARIABLES,
  SHARED_VARIABLES,
  type Variables,
} from "./variables.ts";

/** Where what is said about the keys stands. */
export const SOURCES = {
  command: "src/config/files/deno_json.ts",
  release: "runtime/protocol/manifest/release_settings.ts",
  runtime: "runtime/protocol/manifest/runtime_options.ts",
  reapply: "runtime/machine/settings.ts",
} as const;

/** The text of each of {@linkcode SOURCES}. */
export type SourceTexts = Readonly<Record<keyof typeof SOURCES, string>>;

const MADE =
  "<!-- Made by scripts/reference.ts from the code: change it there, then run deno task reference. -->";

/** What each exit code means, and what to do. */
const EXIT_MEANINGS = {
  ok: ["done, or nothing to do", "nothing"],
  unexpected: [
    "a mistake in flyhot, or of a kind that has no code",
    "report it",
  ],
  usage: [
    "the command line, `deno.json` or `fly.toml` cannot be read",
    "correct what the message names",
  ],
  auth: [
    "a token, a key or a signature is missing, wrong or expired",
    "log in, or set what the hint names",
  ],
  not_found: [
    "an app, a machine, a bucket, an image or a release is not there",
    "check the name; `flyhot doctor`",
  ],
  conflict: [
    "somebody else deploys, or changed the same object first",
    "wait, or look at `flyhot lock`",
  ],
  network: [
    "a service cannot be reached or has trouble, after retries",
    "try again",
  ],
  incomplete: [
    "machines failed, and are back on the code from before; or `rehearse` found a difference, `status` something wrong",
    "read what it says of each machine",
  ],
  cold: [
    "the change cannot go hot, and nothing has happened",
    "do what the refusal says, or `fly deploy`",
  ],
} as const satisfies Record<
  keyof typeof EXIT_CODES,
  readonly [meaning: string, remedy: string]
>;

/** What holds where `deno.json` says nothing. */
const KEY_DEFAULTS: Readonly<Record<string, string>> = {
  endpoint: DEFAULTS.endpoint,
  region: DEFAULTS.region,
  maxConcurrency: `${DEFAULTS.maxConcurrency}`,
  canary: `${DEFAULTS.canary}`,
  timeout: `${DEFAULTS.timeoutSeconds}`,
  suspendTimeout: `${DEFAULTS.suspendTimeoutSeconds}`,
};

/** Writes the reference of the command. */
export async function commandPage(): Promise<string> {
  const shown = (await loadAll()).filter((it) => !it.hidden);
  return [
    "# The command",
    MADE,
    fenced(overviewText(shown)),
    "## Exit codes",
    table(
      ["code", "kind", "what it says", "what to do"],
      Object.entries(EXIT_CODES).map(([kind, code]) => [
        `${code}`,
        `\`${kind}\``,
        ...EXIT_MEANINGS[kind as keyof typeof EXIT_CODES],
      ]),
    ),
    'With `--json`, an error is `{ "error": { "code", "message", "hint", "exit_code" } }` on standard output.',
    ...shown.flatMap((it) => [`## ${it.name}`, fenced(it.help)]),
  ].join("\n\n") + "\n";
}

/** Writes the reference of the configuration. */
export function configurationPage(sources: SourceTexts): string {
  const ofRuntime = new Set(
    membersOf(sources.runtime, "RuntimeOptions").map((it) => it.name),
  );
  return [
    "# Configuration",
    MADE,
    "A flag comes before `deno.json`, that before `fly.toml`, that before the environment. `flyhot plan --verbose` prints every value and where it came from.",
    '## `deno.json`, key `"flyhot"`: the command',
    keyTable(membersOf(sources.command, "DenoJsonConfig"), KEY_DEFAULTS),
    '## `deno.json`, key `"flyhot"`: the state of the app',
    "Read from the release that is applied; at a start, from the image or the release that is taken.",
    keyTable(membersOf(sources.release, "ReleaseSettings"), {}),
    '## `deno.json`, key `"flyhot"."runtime"`',
    "For programs that the preload starts; `reapply()` takes the same options and three that are not plain values.",
    keyTable(
      membersOf(sources.reapply, "ReapplyOptions")
        .filter((it) => ofRuntime.has(it.name)),
      {},
    ),
    "## `fly.toml`",
    "`app`, `primary_region`, `[env]`, `[processes]`, `[build] image`, and the HTTP checks, which decide whether new code stays where no module declares `health()`.",
    "## Environment",
    "### Command and machines",
    variableTable(SHARED_VARIABLES),
    "### The command",
    variableTable(COMMAND_VARIABLES),
    "### Machines",
    variableTable(MACHINE_VARIABLES),
  ].join("\n\n") + "\n";
}

function keyTable(
  members: readonly Member[],
  defaults: Readonly<Record<string, string>>,
): string {
  return table(
    ["key", "what", "default"],
    members.map(({ name, text }) => {
      const [what = "", rest] = text.split(" Default ");
      const known = defaults[name] ?? rest?.replace(/\.$/, "") ?? "";
      return [`\`${name}\``, what.replace(/\.$/, ""), known];
    }),
  );
}

function variableTable(variables: Variables): string {
  return table(
    ["variable", "what"],
    Object.entries(variables).map(([name, what]) => [`\`${name}\``, what]),
  );
}

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  return [head, head.map(() => "--"), ...rows]
    .map((row) =>
      `| ${row.map((it) => it.replaceAll("|", "\\|")).join(" | ")} |`
    )
    .join("\n");
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}
