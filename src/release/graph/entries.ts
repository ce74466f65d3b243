/** The main modules of an app, found where they are already written down.
 * @module
 */
import { normalize } from "@std/path/posix";
import { parse as parseToml } from "@std/toml";
import { withoutEndSlashes } from "../../config/files/dockerfile_lines.ts";
import { imageFolder } from "../../config/files/image_folder.ts";
import { lastStage, listOf } from "../../config/files/image_start.ts";
import { taskIn } from "../../config/files/processes.ts";
import {
  isExec,
  lasting,
  type ShellCommand,
  shellCommands,
} from "../../config/files/shell_starts.ts";
import { shellLine } from "../../config/files/start_command.ts";
import { isRecord } from "../../base/values.ts";
import type { StartFiles } from "../files/start_files.ts";

/** The texts that may name a main module; null where there is no such file. */
export interface EntrySources {
  /** The app's folder, to read absolute paths by. */
  readonly root: string;
  /** `deno.json`, parsed. */
  readonly denoJson: Readonly<Record<string, unknown>> | null;
  /** `package.json`, parsed. */
  readonly packageJson?: Readonly<Record<string, unknown>> | null;
  /** The text of `fly.toml`. */
  readonly flyToml: string | null;
  /** The text of `Dockerfile`. */
  readonly dockerfile: string | null;
  /** Tasks and scripts that these start, where more than those of the app's folder are known. */
  readonly starts?: Pick<StartFiles, "task" | "script">;
  /** Tells whether the app has a file. */
  readonly has: (path: string) => boolean;
}

/** The main modules, and where their names were found. */
export interface FoundEntries {
  /** Paths under the app's folder, in path order. */
  readonly entries: readonly string[];
  /** For people, for example `fly.toml [processes]`. */
  readonly origin: string;
}

/** Tasks that start an app where no task `start` does. */
export const STARTING_TASKS: readonly string[] = [
  "serve",
  "server",
  "prod",
  "production",
  "dev",
];

/** Where a main module is looked for that nothing names, the likely ones first. */
const USUAL_NAMES = ["main", "server", "index"].flatMap((name) =>
  [".ts", ".tsx", ".js", ".mjs", ".jsx"].map((ending) => name + ending)
);

/** What a package exports as itself. */
function exportsOf(value: unknown): string[] {
  const root = isRecord(value) ? value["."] : value;
  return typeof root === "string" ? [root] : [];
}

/**
 * Finds the main modules: `"flyhot".entry` in deno.json, else the commands in `fly.toml [processes]`, else those in the
 * Dockerfile, else the task or script `start`, else `main.ts`, else the task `dev` and its like, else what deno.json
 * exports, else the `main` of package.json, else a file with a usual name, in the folder or in `src`. The first source
 * that names files of the app decides.
 */
export function findEntries(sources: EntrySources): FoundEntries | null {
  const flyhot = record(sources.denoJson?.flyhot);
  const image = imageCommand(sources.dockerfile ?? "");
  const { base, folder } = imageFolder(sources.dockerfile ?? "");
  const processes = Object.values(processCommands(sources.flyToml));
  const { denoJson, packageJson } = sources;
  const inRoot = taskIn(denoJson, packageJson);
  const inTasks = sources.starts?.task ?? inRoot;
  const scriptText = (word: string) =>
    sources.starts?.script(word)?.text ?? null;
  const tasks = record(denoJson?.tasks);
  const originOf = (name: string) =>
    Object.hasOwn(tasks, name)
      ? `deno.json tasks.${name}`
      : `package.json scripts.${name}`;
  const usual = ["", "src/"].flatMap((folder) =>
    USUAL_NAMES.map((name) => folder + name)
  ).find(sources.has);
  const places: [origin: string, scripts: () => string[]][] = [
    [
      `deno.json "flyhot".entry`,
      () => [flyhot.entry].flat().filter((entry) => typeof entry === "string"),
    ],
    [
      "fly.toml [processes]",
      () =>
        processes.flatMap((command) => scriptsOf(command, inTasks, scriptText)),
    ],
    ["Dockerfile", () => scriptsOf(image, inTasks, scriptText)],
    [originOf("start"), () => scriptsOf(inRoot("start"), inRoot)],
    ["main.ts", () => ["main.ts"]],
    ...STARTING_TASKS.map((name): [string, () => string[]] => [
      originOf(name),
      () => scriptsOf(inRoot(name), inRoot),
    ]),
    ["deno.json exports", () => exportsOf(denoJson?.exports)],
    [
      "package.json main",
      () => [packageJson?.main].filter((it) => typeof it === "string"),
    ],
    ["its name", () => usual === undefined ? [] : [usual]],
  ];
  for (const [origin, scripts] of places) {
    const entries = [
      ...new Set(
        scripts().flatMap((script) =>
          underRoot(script, sources.root, base, folder).find(sources.has) ?? []
        ),
      ),
    ].sort();
    if (entries.length > 0) return { entries, origin };
  }
  return null;
}

/**
 * Finds the main modules in a command line: the first script after each `deno`, through tasks and scripts for a shell.
 * What has ended when the next command begins, such as a migration, is none.
 */
export function scriptsOf(
  command: string,
  task: (name: string) => string = () => "",
  script: (word: string) => string | null = () => null,
): string[] {
  return scriptsIn(command, { task, script, seen: new Set() });
}

/** What commands lead to. */
interface Lookups {
  readonly task: (name: string) => string;
  readonly script: (word: string) => string | null;
  /** The tasks and scripts that were looked into. */
  readonly seen: Set<string>;
}

function scriptsIn(text: string, lookups: Lookups): string[] {
  const found = shellCommands(text).map((command) => ({
    then: command.then,
    exec: isExec(command),
    scripts: scriptsOfCommand(command, lookups),
  }));
  return lasting(found.filter(({ scripts }) => scripts.length > 0))
    .flatMap(({ scripts }) => scripts);
}

/** Flags of `deno task` whose value is a word of its own. */
const TASK_VALUES = /^(?:--(?:cwd|config|filter)|-[cf])$/;

function scriptsOfCommand({ words }: ShellCommand, lookups: Lookups) {
  const scripts: string[] = [];
  let taken = false;
  let namesTask = false;
  // Of Node's flags `-r` names a module; Deno's takes what is behind it for the main one.
  let loadsFirst = /^--(preload|import|require)$|^-r$/;
  const once = (key: string, text: () => string) => {
    if (lookups.seen.has(key)) return;
    lookups.seen.add(key);
    scripts.push(...scriptsIn(text(), lookups));
  };
  for (const [index, { text: word }] of words.entries()) {
    const before = words[index - 1]?.text ?? "";
    if (/\s/.test(word)) {
      // A shell within the shell.
      scripts.push(...scriptsIn(word, lookups));
    } else if (/(^|\/)deno$/.test(word)) {
      taken = namesTask = false;
      loadsFirst = /^--(preload|import|require)$/;
    } else if (word === "task" && !taken) {
      namesTask = true;
    } else if (
      // Past the flags of `deno task` itself.
      namesTask && !word.startsWith("-") && !TASK_VALUES.test(before)
    ) {
      namesTask = false;
      // What follows is for the task.
      taken = true;
      once(`task ${word}`, () => lookups.task(word));
    } else if (
      !taken && /^[^-].*\.[cm]?[jt]sx?$/.test(word) &&
      !loadsFirst.test(before)
    ) {
      taken = true;
      scripts.push(word);
    } else if (!taken && !word.startsWith("-")) {
      const inScript = lookups.script(word);
      if (inScript !== null) once(word, () => inScript);
    }
  }
  return scripts;
}

function processCommands(flyToml: string | null): Record<string, string> {
  if (flyToml === null) return {};
  try {
    const processes = record(parseToml(flyToml).processes);
    return Object.fromEntries(
      Object.entries(processes).map(([group, command]) => [
        group,
        [command].flat().join(" "),
      ]),
    );
  } catch {
    // A fly.toml that cannot be read is refused, with its place, by whoever needs more of it than a hint.
    return {};
  }
}

/** The command of the image, as a shell would read it. */
function imageCommand(dockerfile: string): string {
  const stage = lastStage(dockerfile);
  return ["ENTRYPOINT", "CMD"].map((name) => {
    const rest = stage.findLast((it) => it.name === name)?.rest ?? "";
    const words = listOf(rest);
    return words ? shellLine(words) : rest;
  }).join(" ");
}

/** Where under the app's folder a script may be that a command names. */
function underRoot(
  script: string,
  root: string,
  base: string,
  folder: string,
): readonly string[] {
  let path = script;
  for (const above of [root, base]) {
    const prefix = above === "/" ? "/" : `${withoutEndSlashes(above)}/`;
    if (path.startsWith(prefix)) path = path.slice(prefix.length);
  }
  const places = path === script ? [folder + path, path] : [path];
  return places.map((it) => normalize(it));
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}
