/** What the sandbox reads of a Dockerfile: how the image starts. Of its `RUN` and `COPY` lines only the modes of files are carried out.
 * @module
 */
import { posix } from "node:path";
import {
  dockerfileInstructions,
  wordsOf,
} from "../../config/files/dockerfile_lines.ts";
import { type ModeChange, modesOfCopy, modesOfRun } from "./file_modes.ts";

import { targetOfAll } from "../../config/files/image_folder.ts";

/** How an image starts. */
export interface ImageStart {
  /** What runs, before `cmd`. */
  readonly entrypoint: readonly string[];
  /** Its arguments, or what runs where there is no entrypoint. */
  readonly cmd: readonly string[];
  /** Its variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the app's folder is. */
  readonly workdir: string;
  /** The folder under that in which it starts; empty for that itself. */
  readonly folder: string;
  /** Whether it is made from Deno's own image, which puts `deno` before a bare subcommand. */
  readonly onDeno: boolean;
  /** The modes that files get, by their paths from the app's folder as if that were the root. */
  readonly modes: readonly ModeChange[];
}

/** How an image starts that has no Dockerfile. */
export const DEFAULT_START: ImageStart = {
  entrypoint: [],
  cmd: ["deno", "run", "-A", "main.ts"],
  env: {},
  workdir: "/app",
  folder: "",
  onDeno: false,
  modes: [],
};

/** How many stages are read: far more than anybody builds in. */
const STAGES_MAX = 200;
/** How long everything together may get by variables that hold variables. */
const EXPANDED_LENGTH_MAX = 4 * 1024 * 1024;

/** The stage that is being read; its variables are copied from the one it is made from. */
interface Stage {
  entrypoint: readonly string[];
  cmd: readonly string[];
  readonly env: Map<string, string>;
  workdir: string;
  folder: string;
  /** Where the app's folder was copied to; null for nowhere yet. */
  copied: string | null;
  onDeno: boolean;
  /** The modes that its lines set, by paths in the image. */
  readonly set: ModeChange[];
  /** The same by paths from the app's folder. */
  readonly modes: ModeChange[];
}

/** Reads how the last stage of a Dockerfile starts. */
export function parseDockerfile(
  text: string,
  buildArgs: Readonly<Record<string, string>> = {},
): ImageStart {
  const stages = new Map<string, Stage>();
  const modes: ModeChange[] = [];
  const args = new Map<string, string>();
  let stage = stageFrom(null);
  let room = EXPANDED_LENGTH_MAX + text.length;
  for (const { name: instruction, rest } of dockerfileInstructions(text)) {
    const value = expand(
      rest,
      (name) => stage.env.get(name) ?? args.get(name),
      room,
    );
    room -= value.length;
    switch (instruction) {
      case "FROM": {
        const words = wordsOf(value).filter((word) => !word.startsWith("--"));
        const [base = "", , alias = ""] = words;
        modes.push(...modesOf(stage));
        stage = stageFrom(stages.get(base) ?? null);
        if (!stages.has(base)) stage.onDeno = isDenoImage(base);
        if (alias !== "") stages.set(alias, stage);
        if (stages.size > STAGES_MAX) {
          throw new SyntaxError(
            `Cannot read the Dockerfile: it has more than ${STAGES_MAX} stages`,
          );
        }
        break;
      }
      case "ARG":
        for (const [name, said] of argOf(value, buildArgs)) {
          args.set(name, said);
        }
        break;
      case "ENV":
        for (const [name, said] of pairsOf(value)) stage.env.set(name, said);
        break;
      case "WORKDIR":
        stage.workdir = posix.resolve("/", stage.workdir, value);
        break;
      case "COPY":
      case "ADD": {
        stage.modes.push(...modesOfCopy(value));
        const target = targetOfAll(value);
        if (target !== null) {
          stage.copied ??= posix.resolve("/", stage.workdir, target);
        }
        break;
      }
      case "RUN":
        stage.set.push(...modesOfRun(value, stage.workdir));
        break;
      case "ENTRYPOINT":
        // Docker drops an inherited CMD with a new ENTRYPOINT.
        stage.entrypoint = commandOf(rest);
        stage.cmd = [];
        break;
      case "CMD":
        stage.cmd = commandOf(rest);
        break;
    }
  }
  modes.push(...modesOf(stage));
  const { copied, set: _, ...rest } = stage;
  const start = { ...rest, modes };
  const env = Object.fromEntries(stage.env);
  const folder = copied === null ? "" : posix.relative(copied, stage.workdir);
  return copied === null || folder.split("/")[0] === ".."
    ? { ...start, env }
    : { ...start, env, workdir: copied, folder };
}

function stageFrom(base: Stage | null): Stage {
  return base
    ? { ...base, env: new Map(base.env), set: [], modes: [] }
    : { ...DEFAULT_START, copied: null, env: new Map(), set: [], modes: [] };
}

/** The modes that a stage sets in the app's folder; they go with its files into later ones. */
function modesOf({ copied, workdir, set, modes }: Stage): ModeChange[] {
  const base = copied ?? workdir;
  const inside = set.flatMap((it) => {
    const path = posix.relative(base, it.path);
    return path.split("/")[0] === ".." ? [] : [{ ...it, path: `/${path}` }];
  });
  return [...modes, ...inside];
}

function isDenoImage(base: string): boolean {
  const [repository = ""] = base.split(/[:@]/, 1);
  return repository === "deno" || repository === "denoland/deno" ||
    repository.endsWith("/denoland/deno");
}

/**
 * Puts together what a machine runs, in the order that Fly's init gives: `exec` beats everything, `entrypoint` and `cmd`
 * replace those of the image.
 */
export function startCommand(
  start: ImageStart,
  init: {
    readonly exec?: readonly string[];
    readonly entrypoint?: readonly string[];
    readonly cmd?: readonly string[];
  } = {},
): readonly string[] {
  if (init.exec && init.exec.length > 0) return init.exec;
  const entrypoint = init.entrypoint && init.entrypoint.length > 0
    ? init.entrypoint
    : start.entrypoint;
  const cmd = init.cmd && init.cmd.length > 0 ? init.cmd : start.cmd;
  const command = [...entrypoint, ...cmd];
  const [first = ""] = command;
  const bare = start.onDeno && entrypoint.length === 0 &&
    (first.startsWith("-") || SUBCOMMANDS.has(first));
  return bare ? ["deno", ...command] : command;
}

const SUBCOMMANDS = new Set([
  "bench",
  "bundle",
  "cache",
  "check",
  "eval",
  "install",
  "repl",
  "run",
  "serve",
  "task",
  "test",
]);

function commandOf(text: string): readonly string[] {
  if (text.startsWith("[")) {
    try {
      const words: unknown = JSON.parse(text);
      if (
        Array.isArray(words) && words.every((word) => typeof word === "string")
      ) {
        return words;
      }
    } catch {
      // Docker reads what is not a JSON list as the shell form.
    }
  }
  return ["/bin/sh", "-c", text];
}

function argOf(
  text: string,
  buildArgs: Readonly<Record<string, string>>,
): [name: string, value: string][] {
  const equals = text.indexOf("=");
  const name = equals === -1 ? text : text.slice(0, equals);
  if (Object.hasOwn(buildArgs, name)) return [[name, buildArgs[name]!]];
  return equals === -1 ? [] : [[name, unquote(text.slice(equals + 1))]];
}

function pairsOf(text: string): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (const word of wordsOf(text)) {
    const equals = word.indexOf("=");
    const name = word.slice(0, Math.max(0, equals));
    if (/^[A-Za-z_]\w*$/.test(name)) {
      pairs.push([name, unquote(word.slice(equals + 1))]);
    }
  }
  if (pairs.length > 0) return pairs;
  // The old form: a name, a space, and all the rest.
  const [name = "", ...words] = text.trim().split(/\s+/);
  return name === "" ? [] : [[name, words.join(" ")]];
}

function unquote(text: string): string {
  const quote = text.charAt(0);
  const isQuoted = text.length > 1 && (quote === '"' || quote === "'") &&
    text.endsWith(quote);
  return (isQuoted ? text.slice(1, -1) : text).replaceAll(/\\(.)/g, "$1");
}

function expand(
  text: string,
  known: (name: string) => string | undefined,
  lengthMax: number,
): string {
  const pieces: string[] = [];
  let length = 0;
  const add = (piece: string) => {
    length += piece.length;
    if (length > lengthMax) {
      throw new SyntaxError(
        "Cannot read the Dockerfile: its variables hold each other and get too long",
      );
    }
    pieces.push(piece);
  };
  let copied = 0;
  let noBraceFrom = Infinity;
  for (
    let at = text.indexOf("$");
    at !== -1;
    at = text.indexOf("$", Math.max(at + 1, copied))
  ) {
    const isBraced = text[at + 1] === "{";
    const name = /^\w*/.exec(text.slice(at + (isBraced ? 2 : 1), at + 300))![0];
    if (name === "") continue;
    let end = at + (isBraced ? 2 : 1) + name.length;
    let fallback = "";
    if (isBraced) {
      const close = at >= noBraceFrom ? -1 : text.indexOf("}", end);
      if (close === -1) {
        noBraceFrom = Math.min(noBraceFrom, at);
        continue;
      }
      const rest = text.slice(end, close);
      if (rest !== "" && !rest.startsWith(":-")) continue;
      fallback = rest.slice(2);
      end = close + 1;
    }
    const isEscaped = text[at - 1] === "\\" && at - 1 >= copied;
    add(text.slice(copied, isEscaped ? at - 1 : at));
    add(isEscaped ? text.slice(at, end) : known(name) ?? fallback);
    copied = end;
  }
  add(text.slice(copied));
  return pieces.join("");
}
