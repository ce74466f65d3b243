/** Whether and how this process lays files of releases over those of its image.
 * @module
 */
import { nativeFiles } from "../../../base/platform/native_files.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { errorText } from "../../../base/error_text.ts";
import type { LaidFiles } from "../laid_files.ts";
import { gitAbove, mayLayFiles } from "./lay_rules.ts";
import { openLaidFiles } from "../open_laid_files.ts";

/** What this process lays over the files of its image. */
export interface Laying {
  /** The files, or null where nothing can be laid. */
  readonly files: LaidFiles | null;
  /** Why nothing can be laid here, or null where it can. */
  readonly refused: string | null;
}

/**
 * Puts back what an earlier process has left, and takes the right to lay files where this is a machine. Returns the
 * files, or why there are none.
 */
export async function openLaying(
  root: string,
  imageRef: string,
): Promise<Laying> {
  const git = gitAbove(root, existsSync);
  const may = mayLayFiles({ imageRef, root, gitAbove: git });
  if (!may.ok) return { files: null, refused: may.why };
  const folder = join(root, ".flyhot");
  try {
    await Deno.mkdir(folder, { recursive: true });
    const [own, app] = [
      await nativeFiles.stat(folder),
      await nativeFiles.stat(root),
    ];
    if (own.dev !== app.dev) {
      return {
        files: null,
        refused: `${folder} is on another disk than the app`,
      };
    }
    const outcome = await openLaidFiles({ root, folder, imageRef });
    return outcome.status === "open"
      ? { files: outcome.files, refused: null }
      : { files: null, refused: outcome.why };
  } catch (error) {
    return {
      files: null,
      refused: `${folder} cannot be written (${errorText(error)})`,
    };
  }
}
