/** Whether a release that was packed elsewhere holds what the folder here holds.
 * @module
 */
import { shownText } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { joinPath } from "../base/values.ts";
import { digestOf } from "./digest.ts";

/** How many files an error names. */
const NAMED_MAX = 10;

/** Finds the files of a release that the folder does not hold like this. */
export async function differingFiles(
  files: Readonly<Record<string, string>>,
  root: string,
  host: Pick<Host, "files">,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const differing: string[] = [];
  for (const [path, sha256] of Object.entries(files)) {
    signal.throwIfAborted();
    const place = joinPath(root, path);
    // A path that leads out of the folder names nothing of it.
    const isInside = !path.startsWith("/") && !path.split("/").includes("..");
    const there = isInside ? await host.files.stat(place) : null;
    if (there?.kind !== "file") differing.push(`${path} (not here)`);
    else if ((await digestOf(await host.files.open(place))).sha256 !== sha256) {
      differing.push(path);
    }
  }
  return differing.sort();
}

/** Refuses to sign what differs from the folder. */
export function refuseDiffering(differing: readonly string[]): void {
  if (differing.length === 0) return;
  const named = differing.slice(0, NAMED_MAX).map(shownText).join(", ");
  const more = differing.length - NAMED_MAX;
  throw new FlyhotError(
    "conflict",
    `Cannot sign the release: what the image holds differs from this folder in ${named}${
      more > 0 ? ` and ${more} more` : ""
    }`,
    {
      hint:
        'build the image from this folder as it is, leave files made by the build out with "flyhot".exclude in deno.json, or use: flyhot hot --local',
    },
  );
}
