/** How an image starts its app: the last CMD or ENTRYPOINT of its Dockerfile.
 * @module
 */
import {
  type DockerfileInstruction,
  locatedInstructions,
} from "./dockerfile_lines.ts";
import { readCommand, shellWords, type StartCommand } from "./start_command.ts";

/** How an image starts an app. */
export interface ImageStart {
  /** The instruction: `CMD`, or `ENTRYPOINT` where that has it all. */
  readonly instruction: DockerfileInstruction;
  /** Its words. */
  readonly words: readonly string[];
  /** Whether it is written as a JSON list. */
  readonly isList: boolean;
  /** What was read off it; null if it does not start a module in a way that is understood. */
  readonly command: StartCommand | null;
  /** The task that it names, whose words these are; null for none. */
  readonly task: string | null;
}

/** Finds the last instruction of an image that starts something; null where the base image decides. */
export function imageStart(
  dockerfile: string,
  task: (name: string) => string,
): ImageStart | null {
  let found: DockerfileInstruction | null = null;
  for (const instruction of lastStage(dockerfile)) {
    if (instruction.name === "CMD") found = instruction;
    else if (
      instruction.name === "ENTRYPOINT" && /\bdeno\b/.test(instruction.rest) &&
      found?.name !== "CMD"
    ) found = instruction;
  }
  if (!found) return null;
  const list = listOf(found.rest);
  const words = list ?? shellWords(found.rest) ?? [];
  const at = words.findIndex((word, index) =>
    word === "task" && (index === 0 || /(?:^|\/)deno$/.test(words[index - 1]!))
  );
  const name = at === -1 ? null : words[at + 1] ?? null;
  if (name !== null) {
    const inTask = shellWords(task(name)) ?? [];
    return {
      instruction: found,
      words: inTask,
      isList: list !== null,
      command: readCommand(inTask),
      task: name,
    };
  }
  return {
    instruction: found,
    words,
    isList: list !== null,
    command: readCommand(words),
    task: null,
  };
}

/** The instructions of the image that runs in the end. */
export function lastStage(
  dockerfile: string,
): readonly DockerfileInstruction[] {
  const all = [...locatedInstructions(dockerfile)];
  const from = all.findLastIndex(({ name }) => name === "FROM");
  return all.slice(Math.max(from, 0));
}

function listOf(rest: string): readonly string[] | null {
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
