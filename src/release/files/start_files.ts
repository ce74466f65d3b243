/** What images and process groups start besides modules: tasks, and scripts for a shell.
 * @module
 */
import { normalize } from "@std/path/posix";
import { joinPath } from "../../base/values.ts";
import { imageFolder, imageWords } from "../../config/files/image_folder.ts";
import { recordIn } from "../../config/files/json_text.ts";
import { processesOf, taskIn } from "../../config/files/processes.ts";
import type { ShellLookups } from "../../config/files/shell_texts.ts";
import type { Host } from "../../host.ts";

/** Tasks, and scripts for a shell. */
export interface StartFiles extends ShellLookups {
  /** The folder under the app's in which the image starts, with a slash at its end; empty for the app's own. */
  readonly folder: string;
}

/** Where to look. */
interface StartSources {
  readonly root: string;
  readonly flyToml: string | null;
  readonly dockerfile: string | null;
  readonly denoJson: Readonly<Record<string, unknown>>;
  readonly packageJson: Readonly<Record<string, unknown>> | null;
}

const SCRIPT_SIZE_MAX = 64 * 1024;

/** Reads the tasks and scripts that the image and `fly.toml` name. */
export async function readStartFiles(
  { root, flyToml, dockerfile, denoJson, packageJson }: StartSources,
  host: Pick<Host, "files">,
): Promise<StartFiles> {
  const { base, folder } = imageFolder(dockerfile ?? "");
  const inRoot = taskIn(denoJson, packageJson);
  let task = inRoot;
  if (folder !== "") {
    const json = async (name: string) =>
      recordIn(await host.files.readText(joinPath(root, folder + name)));
    const inFolder = taskIn(
      await json("deno.json") ?? await json("deno.jsonc"),
      await json("package.json"),
    );
    task = (name) => inFolder(name) || inRoot(name);
  }
  const words = [
    ...imageWords(dockerfile ?? ""),
    ...processesOf(flyToml).flatMap(([, command]) => command.split(/\s+/)),
  ];
  const scripts = new Map<string, { path: string; text: string }>();
  for (const word of new Set(words)) {
    if (!/^[\w./-]+$/.test(word) || /\.[cm]?[jt]sx?$|\/$/.test(word)) continue;
    for (const path of placesOf(word, base, folder)) {
      const file = await host.files.stat(joinPath(root, path));
      if (file?.kind !== "file" || file.size > SCRIPT_SIZE_MAX) continue;
      const text = await host.files.readText(joinPath(root, path));
      if (text === null || !isForShell(path, text)) continue;
      scripts.set(word, { path, text });
      break;
    }
  }
  return { folder, task, script: (word) => scripts.get(word) ?? null };
}

/** Where under the app's folder a word of a command may lead. */
function placesOf(
  word: string,
  base: string,
  folder: string,
): readonly string[] {
  const inApp = word.startsWith(`${base === "/" ? "" : base}/`)
    ? [word.slice(base === "/" ? 1 : base.length + 1)]
    : word.startsWith("/")
    ? []
    : [folder + word, word];
  // What is copied elsewhere keeps its name.
  const copied = /^(?:\/usr(?:\/local)?)?\/s?bin\/([^/]+)$/.exec(word)?.[1] ??
    /^\/([^/]+)$/.exec(word)?.[1];
  return [...inApp, ...copied === undefined ? [] : [copied]]
    .map((path) => normalize(path)).filter((path) => !path.startsWith("../"));
}

function isForShell(path: string, text: string): boolean {
  return text.startsWith("#!")
    ? /^#!.*\b(?:ba|da|a|z)?sh\b/.test(text)
    : /\.(?:ba)?sh$/.test(path);
}
