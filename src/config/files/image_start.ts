/** How an image starts its app: the last ENTRYPOINT and CMD of its Dockerfile.
 * @module
 */
import {
  type DockerfileInstruction,
  dockerfileInstructions,
} from "./dockerfile_lines.ts";
import { readCommand, shellWords, type StartCommand } from "./start_command.ts";

/** How an image starts an app. */
export interface ImageStart {
  /** The instruction that names what is started: `CMD`, or `ENTRYPOINT` where that does. */
  readonly instruction: DockerfileInstruction;
  /** The instructions that the words come from, with the words that each of them writes. */
  readonly parts: readonly ImageStartPart[];
  /** All words, those of a task in its place. */
  readonly words: readonly string[];
  /** Whether it is written as a JSON list. */
  readonly isList: boolean;
  /** What was read off it; null if it does not start a module in a way that is understood. */
  readonly command: StartCommand | null;
  /** The task or script that it names, whose words are among these; null for none. */
  readonly task: string | null;
}

/** An instruction and its words. */
interface ImageStartPart {
  readonly instruction: DockerfileInstruction;
  /** The words as they are written there. */
  readonly words: readonly string[];
}

/** Finds what an image starts; null where the base image decides. */
export function imageStart(
  dockerfile: string,
  task: (name: string) => string,
): ImageStart | null {
  const stage = lastStage(dockerfile);
  const parts = partsOf(stage);
  const last = parts.at(-1);
  if (!last) return null;
  const written = parts.flatMap(({ words }) => words);
  const named = taskOf(written);
  const inTask = named === null
    ? null
    : withTask(written, named, task(named.name), hasNode(stage));
  const words = inTask ?? written;
  const command = readCommand(words);
  const [first] = parts;
  const script = command && inTask === null ? command.script : null;
  const { instruction } = parts.length === 2 && script !== null &&
      script < first!.words.length
    ? first!
    : last;
  return {
    instruction,
    parts,
    words,
    isList: listOf(instruction.rest) !== null,
    command,
    task: inTask === null ? null : named!.name,
  };
}

/**
 * Finds what a process group of `fly.toml` starts: Fly gives its command to the image's ENTRYPOINT in the place of CMD,
 * without a shell. Null where that is more than one plain command. Its instruction is the last line of
 * {@linkcode processImage}.
 */
export function processStart(
  dockerfile: string,
  said: string,
  task: (name: string) => string,
): ImageStart | null {
  const image = processImage(dockerfile, said);
  return image === null ? null : imageStart(image.text, task);
}

/** A Dockerfile whose CMD is the command of a process group, and the offset where that begins. */
export function processImage(
  dockerfile: string,
  said: string,
): { readonly text: string; readonly from: number } | null {
  const words = shellWords(said);
  if (!words) return null;
  const image = `${dockerfile}\n`;
  return {
    text: `${image}CMD ${JSON.stringify(words)}`,
    from: image.length,
  };
}

/** The instructions that have a say: behind an ENTRYPOINT that a shell reads, a CMD has none. */
function partsOf(
  stage: readonly DockerfileInstruction[],
): readonly ImageStartPart[] {
  const part = (name: string) => {
    const instruction = stage.findLast((it) => it.name === name);
    if (!instruction) return null;
    const list = listOf(instruction.rest);
    return {
      instruction,
      isList: list !== null,
      words: list ?? shellWords(instruction.rest) ?? [],
    };
  };
  const entry = part("ENTRYPOINT");
  const cmd = part("CMD");
  if (!entry || entry.isList && entry.words.length === 0) {
    return cmd ? [cmd] : [];
  }
  if (!cmd || !entry.isList) return [entry];
  return cmd.isList ? [entry, cmd] : [cmd];
}

/** A task among words: its name, and where what starts it begins and ends. */
interface NamedTask {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Whether Deno runs it, as whose task `node` may be Deno, too. */
  readonly byDeno: boolean;
}

function taskOf(words: readonly string[]): NamedTask | null {
  const task = words.findIndex((word, index) =>
    word === "task" &&
    (index === 0 || /(?:^|\/)(?:deno|docker-entrypoint\.sh)$/.test(
      words[index - 1]!,
    ))
  );
  if (task !== -1) {
    const name = words.findIndex((word, at) =>
      at > task && !/^-/.test(word) &&
      !/^(?:--(?:cwd|config|filter)|-[cf])$/.test(words[at - 1]!)
    );
    const byName = task > 0 && /(?:^|\/)deno$/.test(words[task - 1]!);
    return name === -1 ? null : {
      name: words[name]!,
      from: byName ? task - 1 : task,
      to: name + 1,
      byDeno: true,
    };
  }
  const npm = words.findIndex((word) => /^(?:npm|yarn|pnpm)$/.test(word));
  const isRun = /^run(?:-script)?$/.test(words[npm + 1] ?? "");
  const name = npm === -1 ? undefined : words[npm + (isRun ? 2 : 1)];
  return name === undefined || name.startsWith("-") ? null : {
    name,
    from: npm,
    to: npm + (isRun ? 3 : 2),
    byDeno: false,
  };
}

/** The words with those of a task in its place; null where these are more than one plain command. */
function withTask(
  words: readonly string[],
  { from, to, byDeno }: NamedTask,
  said: string,
  hasNode: boolean,
): readonly string[] | null {
  const inTask = shellWords(said) ?? [];
  const command = inTask.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  const asDeno = byDeno && !hasNode && inTask[command] === "node" &&
      !inTask[command + 1]?.startsWith("-")
    ? inTask.toSpliced(command, 1, "deno", "run", "-A")
    : inTask;
  if (!byDeno && readCommand(asDeno) === null) return null;
  return inTask.length === 0
    ? byDeno ? [] : null
    : [...words.slice(0, from), ...asDeno, ...words.slice(to)];
}

/** Whether an image may have Node.js: then `node` in a task is that, and Deno elsewhere. */
function hasNode(stage: readonly DockerfileInstruction[]): boolean {
  return stage.some(({ name, rest }) =>
    name === "FROM"
      ? !/(?:^|[\s/])deno(?:land\/deno)?:/.test(rest)
      : name !== "CMD" && name !== "ENTRYPOINT" &&
        /(?<![-\w])node(?:js)?(?![-\w])/.test(rest)
  );
}

/** The instructions of the image that runs in the end. */
export function lastStage(
  dockerfile: string,
): readonly DockerfileInstruction[] {
  const all = [...dockerfileInstructions(dockerfile)];
  const from = all.findLastIndex(({ name }) => name === "FROM");
  return all.slice(Math.max(from, 0));
}

/** Writes the words of an instruction as a JSON list. */
export function listText(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(", ")}]`;
}

/** The words of an instruction that is written as a JSON list; null for one that a shell reads. */
export function listOf(rest: string): readonly string[] | null {
  if (!rest.startsWith("[")) return null;
  try {
    const value: unknown = JSON.parse(rest);
    return Array.isArray(value) && value.every((it) => typeof it === "string")
      ? value
      : null;
  } catch {
    return null;
  }
}
