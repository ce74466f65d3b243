/** The main modules of an app, found where they are already written down.
 * @module
 */
import { parse as parseToml } from "@std/toml";
import {
  dockerfileInstructions,
  withoutEndSlashes,
} from "../../config/files/dockerfile_lines.ts";
import { taskIn } from "../../config/files/processes.ts";
import { isRecord } from "../../base/values.ts";

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
const STARTING_TASKS = ["serve", "server", "prod", "production", "dev"];

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
 * that names files of the app decides. Returns the main modules, or null if no source names one.
 */
export function findEntries(sources: EntrySources): FoundEntries | null {
  const flyhot = record(sources.denoJson?.flyhot);
  const { image, workdir } = imageCommand(sources.dockerfile ?? "");
  const processes = Object.values(processCommands(sources.flyToml));
  const { denoJson, packageJson } = sources;
  const inTasks = taskIn(denoJson, packageJson);
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
      () => processes.flatMap((command) => scriptsOf(command, inTasks)),
    ],
    ["Dockerfile", () => scriptsOf(image, inTasks)],
    [originOf("start"), () => scriptsOf(inTasks("start"), inTasks)],
    ["main.ts", () => ["main.ts"]],
    ...STARTING_TASKS.map((name): [string, () => string[]] => [
      originOf(name),
      () => scriptsOf(inTasks(name), inTasks),
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
        scripts().map((script) => underRoot(script, sources.root, workdir))
          .filter(sources.has),
      ),
    ].sort();
    if (entries.length > 0) return { entries, origin };
  }
  return null;
}

/** Finds the main modules in a command line: the first script after each `deno`, through tasks. */
export function scriptsOf(
  command: string,
  task: (name: string) => string = () => "",
): string[] {
  return scriptsIn(command, task, new Set());
}

/** Flags of `deno task` whose value is a word of its own. */
const TASK_VALUES = /^(?:--(?:cwd|config|filter)|-[cf])$/;

function scriptsIn(
  command: string,
  task: (name: string) => string,
  tasksSeen: Set<string>,
): string[] {
  const scripts: string[] = [];
  // Quotes and brackets only wrap words here: nested shells come out as one list of words.
  const words = command.split(/[\s"'`,[\]]+/).filter((word) => word !== "");
  let taken = false;
  let namesTask = false;
  for (const [index, word] of words.entries()) {
    const before = words[index - 1] ?? "";
    if (/(^|\/)deno$/.test(word) || /^(&&|\|\||;)$/.test(word)) {
      taken = namesTask = false;
    } else if (word === "task" && !taken) {
      namesTask = true;
    } else if (
      // Past the flags of `deno task` itself.
      namesTask && !word.startsWith("-") && !TASK_VALUES.test(before)
    ) {
      namesTask = false;
      // What follows is for the task.
      taken = true;
      if (tasksSeen.has(word)) continue;
      tasksSeen.add(word);
      scripts.push(...scriptsIn(task(word), task, tasksSeen));
    } else if (
      !taken && /^[^-].*\.[cm]?[jt]sx?;?$/.test(word) &&
      !/^--(preload|import|require)$|^-r$/.test(before)
    ) {
      taken = true;
      scripts.push(word.replace(/;$/, ""));
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

/** The command of the image, and its working folder. */
function imageCommand(
  dockerfile: string,
): { image: string; workdir: string } {
  let entrypoint = "";
  let cmd = "";
  let workdir = "/app";
  for (const [instruction, rest] of dockerfileInstructions(dockerfile)) {
    switch (instruction) {
      case "FROM":
        entrypoint = cmd = "";
        break;
      case "WORKDIR":
        workdir = rest.trim();
        break;
      case "ENTRYPOINT":
        entrypoint = rest;
        break;
      case "CMD":
        cmd = rest;
        break;
    }
  }
  return { image: `${entrypoint} ${cmd}`, workdir };
}

function underRoot(script: string, root: string, workdir: string): string {
  for (const folder of [root, workdir]) {
    const prefix = folder === "/" ? "/" : `${withoutEndSlashes(folder)}/`;
    if (script.startsWith(prefix)) script = script.slice(prefix.length);
  }
  return script.replaceAll(/(^|\/)(\.\/+)+/g, "$1");
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}
