/** What a start does before it decides anything: takes the lock, puts the image's own files back.
 * @module
 */
import { nativeFiles } from "../../base/platform/native_files.ts";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { pid } from "node:process";
import { LaidFiles, type LaidFilesOptions } from "./laid_files.ts";
import { LOCK } from "./laid_journal.ts";
import { type LockOwner, takeLock } from "./laid_lock.ts";
import { type Restored, restoreImage } from "./restore_image.ts";

/** What came of {@linkcode openLaidFiles}. */
export type LaidFilesOutcome =
  | {
    readonly status: "open";
    readonly files: LaidFiles;
    readonly restored: Restored;
  }
  | { readonly status: "held"; readonly by: LockOwner; readonly why: string };

/**
 * Takes the lock and puts the image's own files back, before anything else is decided. Throws if the journal cannot be
 * read, or the disk refuses.
 */
export async function openLaidFiles(
  options: LaidFilesOptions,
): Promise<LaidFilesOutcome> {
  const { folder, imageRef, onStep } = options;
  const startedAt = options.startedAt ?? performance.timeOrigin;
  const lock = await takeLock(join(folder, LOCK), imageRef, startedAt);
  if (!lock.held) {
    return {
      status: "held",
      by: lock.by,
      why:
        `Cannot lay files over ${options.root}: process ${lock.by.pid} does so already, not this one (${pid}); serve changed files with asset(), or run one process`,
    };
  }
  const restored = await restoreImage(folder, onStep);
  const root = await nativeFiles.realPath(options.root);
  const files = new LaidFiles({ ...options, root }, lock.since);
  return { status: "open", files, restored };
}
