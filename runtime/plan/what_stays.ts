/** What stays after an upgrade: files, holders, and the memory of modules that were replaced.
 * @module
 */
import { type Steps, Turns } from "../base/in_slices.ts";
import type {
  Manifest,
  RunningManifest,
} from "../protocol/manifest/manifest.ts";
import type { Plan } from "./plan.ts";
import { retainedMemory } from "../protocol/machine/retained_memory.ts";

/** The files that are the same in the release and whose modules stay, in path order. */
export function* unchangedFiles(
  manifest: Manifest,
  running: RunningManifest,
  reload: readonly string[],
): Steps<string[]> {
  const reloaded = new Set(reload);
  const unchanged: string[] = [];
  const turns = new Turns();
  for (const [path, { sha256 }] of Object.entries(manifest.files)) {
    if (turns.due) yield;
    if (
      Object.hasOwn(running.files, path) && running.files[path] === sha256 &&
      !reloaded.has(path)
    ) unchanged.push(path);
  }
  return unchanged.sort();
}

/** What becomes of each holder, by its name. */
export function holdersOf(
  running: RunningManifest,
  reload: readonly string[],
  gone: ReadonlySet<string>,
): Plan["holders"] {
  const reloaded = new Set(reload);
  return Object.fromEntries(
    Object.entries(running.holders).map(([name, { module }]) => [
      name,
      gone.has(module)
        ? "removed"
        : reloaded.has(module)
        ? "declared again"
        : "kept",
    ]),
  );
}

/** The memory that the old instances of reloaded modules keep, in bytes. */
export function retainedBytes(
  manifest: Manifest,
  reload: readonly string[],
): number {
  return retainedMemory({
    modules: reload.length,
    sourceBytes: reload.reduce(
      (sum, path) => sum + (manifest.files[path]?.size ?? 0),
      0,
    ),
  });
}
