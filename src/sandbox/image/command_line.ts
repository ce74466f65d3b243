/** Command lines of machines: splitting, and paths that stand for a container's.
 * @module
 */

import { shownText } from "@flyhot/runtime/protocol";

/** Splits a command line into words as a POSIX shell would, without expanding anything. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const sign = line.charAt(at);
    if (quote === "'") {
      if (sign === "'") quote = "";
      else word = (word ?? "") + sign;
    } else if (sign === "\\" && at + 1 < line.length) {
      const next = line.charAt(++at);
      // Inside double quotes a backslash stays unless it escapes something.
      const kept = quote === '"' && !/["\\$`]/.test(next) ? "\\" : "";
      word = (word ?? "") + kept + next;
    } else if (quote === '"') {
      if (sign === '"') quote = "";
      else word = (word ?? "") + sign;
    } else if (sign === "'" || sign === '"') {
      quote = sign;
      word ??= "";
    } else if (/\s/.test(sign)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? "") + sign;
    }
  }
  if (quote !== "") {
    throw new SyntaxError(
      `Cannot read the command ${
        shownText(line.slice(0, 200))
      }: a ${quote} is not closed`,
    );
  }
  if (word !== null) words.push(word);
  return words;
}

/**
 * Makes a command for a container run in a folder that stands for the container's working folder.
 *
 * There is no chroot. What is translated: an argument that is the working folder or a path in it, also after `--flag=` and
 * as a `file://` URL; and, in the script of a shell's `-c`, every word that begins so. Nothing else: program text handed
 * to `deno eval` and absolute paths inside the app's own files are left alone. A program that uses relative paths needs no
 * translation, because every process starts in the folder.
 */
export function mapCommand(
  command: readonly string[],
  workdir: string,
  root: string,
): string[] {
  const folder = RegExp.escape(workdir);
  const path = new RegExp(`^(--?[\\w-]+=)?(file://)?${folder}(?=/|$)`);
  const word = new RegExp(
    `(^|[\\s"'=;&|(<>])(file://)?${folder}(?=[/\\s"';&|)<>]|$)`,
    "g",
  );
  const [program = ""] = command;
  const isShell = /(^|\/)(sh|bash|dash|ash)$/.test(program);
  return command.map((argument, i) => {
    if (isShell && /^-\w*c$/.test(command[i - 1] ?? "")) {
      return argument.replaceAll(
        word,
        (_, before: string, scheme = "") => before + scheme + root,
      );
    }
    return argument.replace(
      path,
      (_, flag = "", scheme = "") => flag + scheme + root,
    );
  });
}
