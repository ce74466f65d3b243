/** Where in an image the app is, and in which of its folders the image starts.
 * @module
 */
import { withoutEndSlashes, wordsOf } from "./dockerfile_lines.ts";
import { lastStage, listOf } from "./image_start.ts";

/** Folders of an image. */
interface ImageFolder {
  /** Where the app's folder is copied to; absolute. */
  readonly base: string;
  /** The working folder under it, with a slash at its end; empty for the app's own. */
  readonly folder: string;
}

/** What fly.io's own templates have. */
const USUAL = "/app";

/** Finds the folder that the app is copied to, and the one that the image starts in. */
export function imageFolder(dockerfile: string): ImageFolder {
  let workdir = USUAL;
  let base: string | null = null;
  for (const { name, rest } of lastStage(dockerfile)) {
    if (name === "WORKDIR") workdir = under(workdir, rest.trim());
    else if (name === "COPY" || name === "ADD") {
      const target = targetOfAll(rest);
      if (target !== null) base ??= under(workdir, target);
    }
  }
  const prefix = base === "/" ? "/" : `${base}/`;
  return base !== null && workdir !== base && workdir.startsWith(prefix)
    ? { base, folder: `${workdir.slice(prefix.length)}/` }
    : { base: workdir, folder: "" };
}

/** Where a COPY takes all of the app's folder, or of a folder of another image; null where it takes something else. */
export function targetOfAll(rest: string): string | null {
  const words = wordsOf(rest).filter((word) => !word.startsWith("--"));
  const [source = "", target, ...more] = listOf(words.join(" ")) ?? words;
  const isAll = /^\.\/?$/.test(source) ||
    /--from=/.test(rest) && source.startsWith("/");
  return isAll && target !== undefined && more.length === 0 ? target : null;
}

/** The words with which an image starts, of its ENTRYPOINT and its CMD. */
export function imageWords(dockerfile: string): readonly string[] {
  const stage = lastStage(dockerfile);
  return ["ENTRYPOINT", "CMD"].flatMap((name) => {
    const rest = stage.findLast((it) => it.name === name)?.rest ?? "";
    return (listOf(rest) ?? [rest]).flatMap((word) =>
      word.split(/[\s"';&|()]+/).filter((it) => it !== "")
    );
  });
}

function under(folder: string, path: string): string {
  const joined = path.startsWith("/") ? path : `${folder}/${path}`;
  const parts: string[] = [];
  for (const part of joined.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return withoutEndSlashes(`/${parts.join("/")}`);
}
