/** What a Dockerfile says of the modes of files: the one thing of `RUN` and `COPY` lines that is carried out, since images that start by a script need it.
 * @module
 */
import { posix } from "node:path";
import { listOf } from "../../config/files/image_start.ts";
import { wordsOf } from "../../config/files/dockerfile_lines.ts";
import { shellCommands } from "../../config/files/shell_starts.ts";

/** A mode that files get while an image is built. */
export interface ModeChange {
  /** As `chmod` takes it: `755`, `u+x,g-w`. */
  readonly mode: string;
  /** An absolute path in the image, which may have `*` and `?` in it. */
  readonly path: string;
  /** Whether it goes for all that is below. */
  readonly isDeep: boolean;
}

/** What is said where a program cannot be run: of what images have, the sandbox has only some. */
export const NOT_CARRIED_OUT =
  "the sandbox copies the app's folder and sets the modes of its files; no other RUN or COPY line of a Dockerfile is carried out, and programs are those of this computer";

const OCTAL = /^0?[0-7]{3}$/;
const CLAUSE = /^([ugoa]*)([+=-])([rwxX]*)$/;

/** Reads what a `RUN` line does to the modes of files, in a folder of the image. */
export function modesOfRun(rest: string, workdir: string): ModeChange[] {
  const list = listOf(rest);
  const commands = list
    ? [list]
    : shellCommands(rest).map(({ words }) => words.map(({ text }) => text));
  let folder = workdir;
  return commands.flatMap((words) => {
    const [program = "", ...given] = words;
    if (program === "cd" && given.length === 1) {
      folder = posix.resolve(folder, given[0]!);
    }
    if (posix.basename(program) !== "chmod") return [];
    // `-x` takes something away, it is no flag.
    const isFlag = (it: string) => /^--?[A-Zacfhlvq][\w-]*$/.test(it);
    const [mode = "", ...paths] = given.filter((it) => !isFlag(it));
    if (!isMode(mode)) return [];
    const isDeep = given.some((it) => /^-\w*R|^--recursive$/.test(it));
    return paths.map((it) => ({
      mode,
      path: posix.resolve(folder, it),
      isDeep,
    }));
  });
}

/** Reads what `COPY --chmod=` says of files of the app's folder, by their paths from there. */
export function modesOfCopy(rest: string): ModeChange[] {
  const words = wordsOf(rest);
  const mode = words.flatMap((it) => /^--chmod=(.+)$/.exec(it)?.[1] ?? []).at(
    -1,
  );
  if (mode === undefined || !isMode(mode)) return [];
  if (words.some((it) => it.startsWith("--from="))) return [];
  const plain = words.filter((it) => !it.startsWith("--"));
  const sources = (listOf(plain.join(" ")) ?? plain).slice(0, -1);
  return sources.map((it) => ({
    mode,
    path: posix.resolve("/", it),
    isDeep: true,
  }));
}

function isMode(mode: string): boolean {
  return OCTAL.test(mode) || mode.split(",").every((it) => CLAUSE.test(it));
}

/** Whether a change is about a file. */
export function isChanged({ path, isDeep }: ModeChange, file: string): boolean {
  const pattern = path.split("").map((it) =>
    it === "*" ? "[^/]*" : it === "?" ? "[^/]" : it.replace(/\W/u, "\\$&")
  ).join("");
  const end = isDeep ? "(?:/|$)" : "$";
  return new RegExp(`^${path === "/" ? "" : pattern}${end}`).test(file);
}

/** What a mode becomes. */
export function changedMode(before: number, mode: string): number {
  if (OCTAL.test(mode)) return parseInt(mode, 8);
  let now = before & 0o777;
  for (const clause of mode.split(",")) {
    const [, who = "", sign = "", rights = ""] = CLAUSE.exec(clause) ?? [];
    const whom = ["u", "g", "o"].reduce(
      (sum, it, at) =>
        who === "" || who.includes("a") || who.includes(it)
          ? sum | 0o700 >> at * 3
          : sum,
      0,
    );
    const runs = rights.includes("x") || rights.includes("X") && now & 0o111;
    const each = (rights.includes("r") ? 0o444 : 0) |
      (rights.includes("w") ? 0o222 : 0) | (runs ? 0o111 : 0);
    if (sign === "+") now |= each & whom;
    else if (sign === "-") now &= ~(each & whom);
    else now = now & ~whom | each & whom;
  }
  return now;
}
