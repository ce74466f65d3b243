/** The command that starts an app, word by word: which module it runs, and how the runtime gets in front of that.
 * @module
 */
import { VERSION } from "../../version.ts";

/** What starts the runtime before the main module. */
export const PRELOAD = `jsr:@flyhot/runtime@${VERSION}/preload`;
/** What serves a default export in the place of `deno serve`. */
export const SERVE = `jsr:@flyhot/runtime@${VERSION}/serve`;

/** What writes down, while an image is built, what each start would have to find out of the app's scripts. */
export const PREPARE = `jsr:@flyhot/runtime@${VERSION}/prepare`;

/** How an app is started. */
export interface StartCommand {
  /** `run` and `serve` of `deno`, or the runtime's own `serve`. */
  readonly kind: "run" | "serve" | "hot serve";
  /** The place of the main module among the words. */
  readonly script: number;
  /** The place of the subcommand among the words; that of `deno` where there is none. */
  readonly subcommand: number;
  /** The specifier of the runtime that is there already; null for none. */
  readonly runtime: string | null;
}

const SCRIPT = /^[^-].*\.[cm]?[jt]sx?$/;
const OWN = /^jsr:@flyhot\/runtime(?:@[^/]*)?\/(preload|serve)$/;
const OWN_FLAG = /^--preload=(jsr:@flyhot\/runtime.*)$/;
/** Flags whose value is a word of its own; `-r`, `--env-file` and `--v8-flags` take one only behind `=`. */
const WITH_VALUE =
  /^(?:--(?:preload|import|require|port|host|config|import-map|cert|location|lock|seed)|-c)$/;

/** What Deno is called by: itself, or by the entry point of its image. */
const DENO = /(?:^|\/)(?:deno|docker-entrypoint\.sh)$/;

/** Reads how a command starts the app; null if that cannot be told. */
export function readCommand(words: readonly string[]): StartCommand | null {
  const named = words.findIndex((word, at) =>
    (word === "run" || word === "serve") &&
    (at === 0 || DENO.test(words[at - 1]!))
  );
  const subcommand = named === -1 ? bareRun(words) : named;
  if (subcommand === -1) return null;
  let runtime: string | null = null;
  let isServe = false;
  for (let at = subcommand + 1; at < words.length; at++) {
    const word = words[at]!;
    const own = OWN.exec(word);
    const flag = OWN_FLAG.exec(word);
    if (flag) runtime = flag[1]!;
    else if (own) {
      runtime = word;
      isServe = own[1] === "serve";
    } else if (!WITH_VALUE.test(words[at - 1]!) && SCRIPT.test(word)) {
      const kind = isServe
        ? "hot serve"
        : words[subcommand] === "serve"
        ? "serve"
        : "run";
      return { kind, script: at, subcommand, runtime };
    } else if (
      named === -1 && !word.startsWith("-") && !WITH_VALUE.test(words[at - 1]!)
    ) return null;
  }
  return null;
}

/** Where `deno main.ts` stands, which is `deno run main.ts`: the place of `deno`; -1 for anything else. */
function bareRun(words: readonly string[]): number {
  return words.findIndex((word) => /(?:^|\/)deno$/.test(word));
}

/** A command with the runtime in front, or why a person has to write it. */
type HotCommand = { readonly words: readonly string[] } | {
  readonly unsure: string;
};

/** What starts a process anew whenever a file changes, as upgrades do. */
const WATCHES = /^--watch(?:-hmr|-exclude)?(?:=|$)/;

/** Whether a command starts its process anew whenever a file changes. */
export function watches(words: readonly string[], to: number): boolean {
  return words.slice(0, to).some((word) => WATCHES.test(word));
}

/** Puts the runtime in front of the main module, and takes out what would end the process with each upgrade. */
export function hotCommand(
  words: readonly string[],
  command: StartCommand,
): HotCommand {
  const isOwn = (word: string, at: number) =>
    at < command.script && WATCHES.test(word);
  const kept = words.filter((word, at) => !isOwn(word, at));
  const left = words.length - kept.length;
  return withRuntime(kept, { ...command, script: command.script - left });
}

function withRuntime(
  words: readonly string[],
  command: StartCommand,
): HotCommand {
  const { kind, script, subcommand, runtime } = command;
  if (words.includes("--parallel")) {
    return {
      unsure:
        "it has --parallel, and each of those processes would have state of its own: start one process to a machine, and take --parallel out",
    };
  }
  if (runtime !== null) {
    const wanted = kind === "hot serve" ? SERVE : PRELOAD;
    // A file or a range that somebody wrote on purpose stays.
    return {
      words: words.map((word) => word.replace(runtime, wanted)),
    };
  }
  if (kind === "run") {
    const hot = words.toSpliced(script, 0, "--preload", PRELOAD);
    return {
      words: words[subcommand] === "run"
        ? hot
        : hot.toSpliced(subcommand + 1, 0, "run"),
    };
  }
  const address: string[] = [];
  const flags: string[] = [];
  for (let at = subcommand + 1; at < script; at++) {
    const word = words[at]!;
    if (/^--(?:port|host)$/.test(word)) address.push(word, words[++at] ?? "");
    else if (/^--(?:port|host)=/.test(word)) address.push(word);
    else if (word !== "--open") flags.push(word);
  }
  return {
    words: [
      ...words.slice(0, subcommand),
      "run",
      ...flags,
      SERVE,
      words[script]!,
      ...address,
      ...words.slice(script + 1),
    ],
  };
}

/** Splits a command line into words as a shell would; null if it is more than one plain command. */
export function shellWords(line: string): readonly string[] | null {
  const words: string[] = [];
  const pattern =
    /\s*(?:"([^"\\$`]*)"|'([^']*)'|([^\s"'\\$`|&;<>()*?]+))(?=\s|$)|\s+$/y;
  while (pattern.lastIndex < line.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(line);
    if (!match) return null;
    const word = match[1] ?? match[2] ?? match[3];
    if (word !== undefined) words.push(word);
    if (pattern.lastIndex === at) return null;
  }
  return words;
}

/** Writes words as a shell reads them. */
export function shellLine(words: readonly string[]): string {
  return words.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
  ).join(" ");
}

/** What the permissions of a command leave out that the runtime needs. */
export function allowsAll(words: readonly string[]): boolean {
  return words.some((word) =>
    /^(?:-[a-zA-Z]*A[a-zA-Z]*|--allow-all)$/.test(word)
  );
}
