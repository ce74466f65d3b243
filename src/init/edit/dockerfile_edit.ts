/** The lines that put the runtime into a Dockerfile.
 * @module
 */
import { imageStart, lastStage } from "../../config/files/image_start.ts";
import {
  allowsAll,
  hotCommand,
  PRELOAD,
  PREPARE,
  SERVE,
  shellLine,
  type StartCommand,
} from "../../config/files/start_command.ts";

/** A Dockerfile with the runtime in it. */
export interface HotDockerfile {
  /** The text; the same as before if nothing is missing. */
  readonly text: string;
  /** What only a person can decide, a sentence each. */
  readonly steps: readonly string[];
  /** What is worth knowing, a sentence each. */
  readonly notes: readonly string[];
}

/** What is known besides the Dockerfile. */
export interface DockerfileOptions {
  /** The command of a task; empty if there is none. */
  readonly task: (name: string) => string;
  /** What the processes of `fly.toml` start; empty where it leaves that to the image. */
  readonly processes: readonly StartCommand[];
  /** The main module, where it is known. */
  readonly entry?: string | undefined;
}

/** What runs programs without Deno, or may. */
const OTHERS = /^(?:node|npm|npx|yarn|pnpm|tsx|ts-node|bun|bunx)$/;

/**
 * Puts the runtime into a Dockerfile: the command with the preload, and a line that fetches it while the image is
 * built.
 */
export function hotDockerfile(
  dockerfile: string,
  { task, processes, entry = "main.ts" }: DockerfileOptions,
): HotDockerfile {
  const steps: string[] = [];
  const notes: string[] = [];
  const start = imageStart(dockerfile, task);
  const edits: { start: number; end: number; text: string }[] = [];
  const specifiers = new Set(
    processes.map(({ kind }) => kind === "run" ? PRELOAD : SERVE),
  );
  let prepared = processes.length > 0 ? entry : null;
  if (start === null && processes.length === 0) {
    steps.push(
      `Say in the Dockerfile what starts the app: ${plainStart(entry)}`,
    );
  }
  if (start && processes.length === 0) {
    const { instruction, words, command, isList } = start;
    const at = `Dockerfile:${instruction.line}`;
    const hot = command && hotCommand(words, command);
    if (!command || !hot) {
      steps.push(
        OTHERS.test(words[0] ?? "")
          ? `Start the app by Deno: ${at} says ${instruction.name} ${instruction.rest}, which another program starts. flyhot is for apps that Deno runs: FROM denoland/deno, and ${
            plainStart(entry)
          }`
          : `Start the app with the preload: ${at} says ${instruction.name} ${instruction.rest}, which is not one plain deno run or deno serve. It needs --preload ${PRELOAD} in front of the main module.`,
      );
    } else if ("unsure" in hot) {
      steps.push(`Change the command in ${at}: ${hot.unsure}.`);
    } else {
      specifiers.add(command.kind === "run" ? PRELOAD : SERVE);
      prepared = words[command.script]!.replace(/^\.\//, "");
      if (
        !isSame(words, hot.words) ||
        start.task !== null && command.runtime === null
      ) {
        edits.push({
          start: instruction.start,
          end: instruction.end,
          text: `${instruction.name} ${
            isList || start.task !== null
              ? `[${hot.words.map((word) => JSON.stringify(word)).join(", ")}]`
              : shellLine(hot.words)
          }`,
        });
        if (start.task !== null) {
          notes.push(
            `the task ${start.task} stays as it is; ${at} now starts what it says, with the runtime in front`,
          );
        }
      }
      if (!allowsAll(hot.words)) {
        notes.push(
          `${at} does not allow all (-A): the runtime needs to read, write, run, and reach network and environment`,
        );
      }
    }
  }
  // Of two lines in one place the one that is put there later comes first.
  if (prepared !== null) {
    // Whoever owns no folder of the app cannot write into it.
    const user = otherUser(dockerfile);
    if (user === null) {
      const flags = ["run", "-A", "--no-lock"];
      const line = runLine(dockerfile, PREPARE, flags, [prepared]);
      if (line) edits.push(line);
    } else if (!dockerfile.includes("@flyhot/runtime@")) {
      notes.push(
        `starts are faster where the image is prepared, which ${user.name} (Dockerfile:${user.line}) may not write down: make the app's folder theirs, and add behind COPY: RUN deno run -A --no-lock ${PREPARE} ${prepared}`,
      );
    }
  }
  for (const specifier of specifiers) {
    const line = runLine(dockerfile, specifier, ["cache", "--no-lock"], []);
    if (line) edits.push(line);
  }
  const owner = ownerTrouble(dockerfile);
  if (owner) {
    edits.push(...owner.edits);
    notes.push(owner.note);
  }
  return { text: applied(dockerfile, edits), steps, notes };
}

/** A line that runs something of the runtime while the image is built: where it is in another version, or just in front of the command. */
function runLine(
  dockerfile: string,
  specifier: string,
  flags: readonly string[],
  behind: readonly string[],
) {
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
  const line = `RUN ${
    isBare
      ? `[${words.map((word) => JSON.stringify(word)).join(", ")}]`
      : shellLine(words)
  }\n`;
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

/** The user that an image runs as who is not root: its name, and the line that says so. */
function otherUser(dockerfile: string) {
  const user = lastStage(dockerfile).findLast(({ name }) => name === "USER");
  const name = user?.rest.split(":")[0]?.trim() ?? "root";
  return user && name !== "root" && name !== "0"
    ? { name, line: user.line }
    : null;
}

/** A user who owns none of the app's files cannot lay new ones over them. */
function ownerTrouble(dockerfile: string) {
  const stage = lastStage(dockerfile);
  const user = otherUser(dockerfile);
  if (!user || user.name.startsWith("$")) return null;
  const { name } = user;
  const copies = stage.filter((it) =>
    (it.name === "COPY" || it.name === "ADD") && !/--chown=/.test(it.rest)
  );
  const isHandedOver = stage.some((it) =>
    it.name === "RUN" && /\bchown\b/.test(it.rest)
  );
  if (copies.length === 0 || isHandedOver) return null;
  return {
    edits: copies.map((it) => {
      const at = it.start + it.name.length;
      return { start: at, end: at, text: ` --chown=${name}:${name}` };
    }),
    note:
      `the app runs as ${name} (Dockerfile:${user.line}), who must own its files so that upgrades can lay new ones over them: COPY --chown`,
  };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, at) => word === b[at]);
}

function applied(
  text: string,
  edits: readonly { start: number; end: number; text: string }[],
): string {
  let result = text;
  for (
    const edit of edits.toSorted((a, b) => b.start - a.start || b.end - a.end)
  ) {
    result = result.slice(0, edit.start) + edit.text + result.slice(edit.end);
  }
  return result;
}

/** A Dockerfile for an app that has none. */
export function newDockerfile(
  entry: string,
  serve: boolean,
  denoVersion: string,
): string {
  const words = serve
    ? ["deno", "run", "-A", SERVE, entry]
    : ["deno", "run", "-A", "--preload", PRELOAD, entry];
  return `FROM denoland/deno:${denoVersion}
WORKDIR /app
COPY . .
RUN deno cache ${entry}
RUN deno cache --no-lock ${serve ? SERVE : PRELOAD}
RUN deno run -A --no-lock ${PREPARE} ${entry}
CMD ${`[${words.map((word) => JSON.stringify(word)).join(", ")}]`}
`;
}

function plainStart(entry: string): string {
  return `CMD ["deno", "run", "-A", "--preload", "${PRELOAD}", ${
    JSON.stringify(entry)
  }]`;
}
