/** Puts the image's own files back at a start, whatever a process before was killed in.
 * @module
 */
import { nativeFiles } from "../../base/platform/native_files.ts";
import { dirname, join } from "node:path";
import { Slices } from "../../base/in_slices.ts";
import { sha256OfFile } from "../file_digests.ts";
import {
  ignoreMissing,
  JOURNAL,
  type JournalEntry,
  readJournal,
  STORE,
} from "./laid_journal.ts";
import { lstat } from "./lstat.ts";

/** What a start has put back. */
export interface Restored {
  /** The paths that have the image's content again. */
  readonly restored: readonly string[];
  /** The paths that the app wrote itself after they were laid; they stay as they are. */
  readonly kept: readonly string[];
}

/** Called after each change to the disk, with its name: tests end the process there. */
export type OnStep = (step: string) => void;

/**
 * Puts back what the journal names, then removes the journal. May be interrupted anywhere and run again. Throws if the
 * journal cannot be read, or the disk refuses.
 */
export async function restoreImage(
  folder: string,
  onStep: OnStep = () => {},
): Promise<Restored> {
  const journal = await readJournal(folder);
  const restored: string[] = [];
  const kept: string[] = [];
  const slices = new Slices();
  for (const temp of journal?.temps ?? []) {
    await Deno.remove(temp).catch(ignoreMissing);
    onStep(`restore: removed ${temp}`);
    if (slices.over) await slices.next();
  }
  for (const entry of journal?.entries ?? []) {
    const outcome = await restoreEntry(entry, join(folder, STORE), onStep);
    if (outcome === "restored") restored.push(entry.path);
    if (outcome === "kept") kept.push(entry.path);
    if (slices.over) await slices.next();
  }
  for (const made of (journal?.folders ?? []).toReversed()) {
    await removeIfEmpty(made);
    onStep(`restore: removed ${made}`);
  }
  await Deno.remove(join(folder, JOURNAL)).catch(ignoreMissing);
  onStep("restore: removed the journal");
  await Deno.remove(join(folder, STORE), { recursive: true })
    .catch(ignoreMissing);
  await Deno.remove(join(folder, `${JOURNAL}.new`)).catch(ignoreMissing);
  onStep("restore: removed the store");
  return { restored, kept };
}

async function restoreEntry(
  { place, original, backup, laid }: JournalEntry,
  store: string,
  onStep: OnStep,
): Promise<"restored" | "kept" | "untouched"> {
  const there = await lstat(place);
  // An empty file too: what was laid a moment before the power went may have got its name and no bytes.
  if (original === null || backup === null) {
    if (!there) return "untouched";
    if (!there.isFile) return "kept";
    if (there.size > 0 && !laid.includes(await sha256OfFile(place))) {
      return "kept";
    }
    await Deno.remove(place);
    onStep(`restore: removed ${place}`);
    return "restored";
  }
  const from = join(store, backup);
  const saved = await lstat(from);
  // Originals are kept before anything is laid, and are moved back whole: without one, it lies at its place.
  if (!saved) return "untouched";
  if (there?.ino === saved.ino && there.dev === saved.dev) return "untouched";
  if (there && !there.isFile) return "kept";
  if (there && there.size > 0) {
    const digest = await sha256OfFile(place);
    if (digest === original) return "untouched";
    if (!laid.includes(digest)) return "kept";
  }
  await Deno.mkdir(dirname(place), { recursive: true });
  await Deno.rename(from, place);
  onStep(`restore: put ${place} back`);
  return "restored";
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    for await (const _ of nativeFiles.readDir(folder)) return;
    await Deno.remove(folder);
  } catch (error) {
    ignoreMissing(error);
  }
}
