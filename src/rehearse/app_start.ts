/** How an app is started for a rehearsal: as its own files say, with the runtime in front of it.
 * @module
 */
import { parse as parseToml } from "@std/toml";
import { imageStart } from "../config/files/image_start.ts";
import { recordIn } from "../config/files/json_text.ts";
import { processesOf, taskIn } from "../config/files/processes.ts";
import {
  hotCommand,
  readCommand,
  shellWords,
  type StartCommand,
} from "../config/files/start_command.ts";
import { FlyhotError } from "../errors.ts";
import { isRecord } from "../base/values.ts";

/** The files of a version that say how it is started; null where there is no such file. */
export interface StartFiles {
  /** `fly.toml` */
  readonly flyToml: string | null;
  /** `Dockerfile` */
  readonly dockerfile: string | null;
  /** `deno.json` or `deno.jsonc` */
  readonly denoJson: string | null;
  /** The text of its `package.json`. */
  readonly packageJson?: string | null;
  /** Whether a module of it reads a variable `PORT`. */
  readonly readsPort: boolean;
  /** The text of a module; null where there is none. */
  readonly module: (path: string) => Promise<string | null>;
}

/** How an app is started. */
export interface AppStart {
  readonly command: readonly string[];
  /** The port that it listens on; null where it listens on `PORT`. */
  readonly port: number | null;
  /** What `fly.toml` sets for it. */
  readonly env: Readonly<Record<string, string>>;
}

const DEFAULT_PORT = 8000;

/** Tells how a version is started. */
export async function appStart(
  files: StartFiles,
  deno: string,
  group: string | null = null,
): Promise<AppStart> {
  const found = startWords(files, group);
  if (!found) {
    throw new FlyhotError(
      "usage",
      "Cannot tell how the app is started: neither fly.toml, nor the Dockerfile, nor the task start of deno.json names a module for deno run or deno serve, and there is no main.ts",
      {
        hint: 'say it in deno.json: "tasks": { "start": "deno run -A app.ts" }',
      },
    );
  }
  const { words, command } = found;
  const source = await files.module(words[command.script] ?? "") ??
    (found.isGuess ? null : "");
  if (source === null) {
    throw new FlyhotError(
      "usage",
      `Cannot start the app: it has no ${words[command.script]}`,
      {
        hint: 'say it in deno.json: "tasks": { "start": "deno run -A app.ts" }',
      },
    );
  }
  const startsRuntime = command.runtime !== null ||
    /\breapply\s*\(/.test(source);
  const hot = startsRuntime ? { words } : hotCommand(words, command);
  if ("unsure" in hot) {
    throw new FlyhotError("usage", `Cannot start the app: ${hot.unsure}`, {
      hint:
        "start it by deno run in the CMD of the Dockerfile, or with reapply() in the main module",
    });
  }
  const now = readCommand(hot.words);
  const at = now?.subcommand ?? command.subcommand;
  const { env, internalPort } = flyValues(files.flyToml);
  return {
    command: [deno, ...hot.words.slice(at)],
    port: now?.kind === "hot serve"
      ? portIn(hot.words) ?? DEFAULT_PORT
      : files.readsPort
      ? null
      : internalPort ?? portNamedIn(source) ?? DEFAULT_PORT,
    env,
  };
}

function startWords(
  { flyToml, dockerfile, denoJson, packageJson = null }: StartFiles,
  wanted: string | null,
): {
  readonly words: readonly string[];
  readonly command: StartCommand;
  readonly isGuess: boolean;
} | null {
  const task = taskIn(recordIn(denoJson), recordIn(packageJson));
  const groups = processesOf(flyToml);
  const group = groups.find(([name]) => name === (wanted ?? "app")) ??
    (wanted === null ? groups[0] : undefined);
  if (wanted !== null && !group) throw noSuchGroup(wanted, groups);
  const lines = [
    ...(group ? [shellWords(group[1])] : []),
    dockerfile === null ? null : imageStart(dockerfile, task)?.words ?? null,
    shellWords(task("start")),
  ];
  for (const line of lines) {
    if (!line) continue;
    const words = throughTask(line, task);
    const command = readCommand(words);
    if (command) return { words, command, isGuess: false };
  }
  const words = ["run", "-A", "main.ts"];
  const command = readCommand(words);
  return command && { words, command, isGuess: true };
}

function noSuchGroup(
  wanted: string,
  groups: ReturnType<typeof processesOf>,
): FlyhotError {
  const names = groups.map(([name]) => name).join(", ");
  return new FlyhotError(
    "usage",
    `Cannot start the process group ${wanted}: [processes] in fly.toml names ${
      names === "" ? "none" : names
    }`,
    {
      hint: names === ""
        ? "leave --group out"
        : `name one of them: --group ${groups[0]![0]}`,
    },
  );
}

/** The words of a task that a process group names. */
function throughTask(
  words: readonly string[],
  task: (name: string) => string,
): readonly string[] {
  const at = words.indexOf("task");
  const name = at === -1 ? undefined : words[at + 1];
  return name === undefined ? words : shellWords(task(name)) ?? words;
}

function flyValues(
  flyToml: string | null,
): { env: Record<string, string>; internalPort: number | null } {
  let value: Record<string, unknown> = {};
  try {
    value = flyToml === null ? {} : parseToml(flyToml);
  } catch {
    // As above.
  }
  const env = Object.fromEntries(
    Object.entries(isRecord(value.env) ? value.env : {})
      // Where it listens is up to the rehearsal.
      .filter(([name]) => name !== "PORT")
      .map(([name, it]) => [name, String(it)]),
  );
  const services = [
    value.http_service,
    ...(Array.isArray(value.services) ? value.services : []),
  ].filter(isRecord);
  const port = services.map(({ internal_port }) => internal_port)
    .find((it) => typeof it === "number");
  return { env, internalPort: port ?? null };
}

/** As `Deno.serve({ port: 8080 })` and `server.listen(8080)` say it. */
function portNamedIn(source: string): number | null {
  const match = /\bport:\s*(\d{2,5})\b|\.listen\(\s*(\d{2,5})\b/.exec(source);
  return match ? Number(match[1] ?? match[2]) : null;
}

function portIn(words: readonly string[]): number | null {
  for (const [at, word] of words.entries()) {
    const match = /^--port(?:=(\d+))?$/.exec(word);
    if (!match) continue;
    const text = match[1] ?? words[at + 1] ?? "";
    if (/^\d+$/.test(text)) return Number(text);
  }
  return null;
}
