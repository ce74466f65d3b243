/** The lines that put the runtime into a Dockerfile.
 * @module
 */
import {
  imageStart,
  lastStage,
  listText,
} from "../../config/files/image_start.ts";
import {
  PRELOAD,
  PREPARE,
  SERVE,
  shellLine,
  type StartCommand,
} from "../../config/files/start_command.ts";
import { ownerTrouble, userOf } from "./image_user.ts";
import { hotStart, plainStart, runnable } from "./start_edit.ts";
import { type TextEdit, withEdits } from "./text_edits.ts";
import type { ShellLookups } from "../../config/files/shell_texts.ts";
import type { FileEdit } from "../plan_types.ts";

/** A Dockerfile with the runtime in it. */
interface HotDockerfile {
  /** The text; the same as before if nothing is missing. */
  readonly text: string;
  /** The scripts that it starts, with the runtime in them. */
  readonly scripts: readonly FileEdit[];
  /** What only a person can decide, a sentence each. */
  readonly steps: readonly string[];
  /** What is worth knowing, a sentence each. */
  readonly notes: readonly string[];
}

/** What is known besides the Dockerfile. */
interface DockerfileOptions extends ShellLookups {
  readonly path: string;
  /** In which ways the processes of `fly.toml` start modules; empty where it leaves that to the image. */
  readonly processes: readonly StartCommand["kind"][];
  /** The main module, where it is known. */
  readonly entry?: string | undefined;
}

/**
 * Puts the runtime into a Dockerfile: the command with the preload, and a line that fetches it while the image is
 * built.
 */
export function hotDockerfile(
  dockerfile: string,
  options: DockerfileOptions,
): HotDockerfile {
  const { path, task, processes, entry = "main.ts" } = options;
  const steps: string[] = [];
  const notes: string[] = [];
  const edits: TextEdit[] = [];
  const scripts: FileEdit[] = [];
  const specifiers = new Set(
    processes.map((kind) => kind === "run" ? PRELOAD : SERVE),
  );
  let prepared = processes.length > 0 ? entry : null;
  if (processes.length === 0) {
    const start = imageStart(dockerfile, task);
    const found = start
      ? hotStart(
        start,
        { ...options, entry },
        `${path}:${start.instruction.line}`,
      )
      : { steps: [`Say in ${path} what starts the app: ${plainStart(entry)}`] };
    steps.push(...found.steps ?? []);
    notes.push(...found.notes ?? []);
    edits.push(...found.edits ?? []);
    scripts.push(...found.scripts ?? []);
    for (const kind of found.kinds ?? []) {
      specifiers.add(kind === "run" ? PRELOAD : SERVE);
    }
    prepared = found.main ?? null;
  }
  const owner = ownerTrouble(dockerfile, path);
  // Of two lines in one place the one that is put there later comes first.
  if (prepared !== null) {
    // Whoever owns no folder of the app cannot write into it.
    const user = userOf(dockerfile);
    if (user === null || owner.ownsFolder) {
      const flags = ["run", "-A", "--no-lock"];
      const line = runLine(dockerfile, PREPARE, flags, [prepared]);
      if (line) edits.push(line);
    } else if (!dockerfile.includes("@flyhot/runtime@")) {
      notes.push(
        `starts are faster where the image is prepared, which ${user.name} (${path}:${user.line}) may not write down: make the app's folder theirs, and add behind COPY: RUN deno run -A --no-lock ${PREPARE} ${prepared}`,
      );
    }
  }
  for (const specifier of specifiers) {
    const line = runLine(dockerfile, specifier, ["cache", "--no-lock"], []);
    if (line) edits.push(line);
  }
  edits.push(...owner.edits);
  notes.push(...owner.notes);
  return { text: withEdits(dockerfile, edits), scripts, steps, notes };
}

/** A line that runs something of the runtime while the image is built: where it is in another version, or just in front of the command. */
function runLine(
  dockerfile: string,
  specifier: string,
  flags: readonly string[],
  behind: readonly string[],
): TextEdit | null {
  const stage = lastStage(dockerfile);
  const bare = /\/\w+$/.exec(specifier)![0];
  const pattern = new RegExp(`jsr:@flyhot/runtime(?:@[^/\\s"]*)?${bare}\\b`);
  const there = stage.find(({ name, rest }) =>
    name === "RUN" && pattern.test(rest)
  );
  if (there) {
    const text = dockerfile.slice(there.start, there.end);
    const wanted = text.replace(pattern, () => specifier);
    return wanted === text
      ? null
      : { start: there.start, end: there.end, text: wanted };
  }
  const isBare = /distroless/.test(
    stage.find(({ name }) => name === "FROM")?.rest ?? "",
  );
  const words = ["deno", ...flags, specifier, ...behind];
  const line = `RUN ${isBare ? listText(words) : shellLine(words)}\n`;
  const before = stage.find(({ name }) =>
    name === "CMD" || name === "ENTRYPOINT"
  );
  if (before) return { start: before.start, end: before.start, text: line };
  const end = dockerfile.length;
  return {
    start: end,
    end,
    text: dockerfile.endsWith("\n") || dockerfile === "" ? line : `\n${line}`,
  };
}

/** A Dockerfile for an app that has none; `said` is what a task says of its command, `folder` where in the image the app is. */
export function newDockerfile(
  entry: string,
  serve: boolean,
  denoVersion: string,
  { said = null, folder }: {
    readonly said?: readonly string[] | null;
    readonly folder?: string | undefined;
  } = {},
): string {
  const words = said
    ? runnable(said)
    : serve
    ? ["deno", "run", "-A", SERVE, entry]
    : ["deno", "run", "-A", "--preload", PRELOAD, entry];
  return `FROM denoland/deno:${denoVersion}
WORKDIR /app
COPY . .
${folder === undefined ? "" : `WORKDIR /app/${folder}\n`}RUN deno cache ${entry}
RUN deno cache --no-lock ${serve ? SERVE : PRELOAD}
RUN deno run -A --no-lock ${PREPARE} ${entry}
CMD ${listText(words)}
`;
}
