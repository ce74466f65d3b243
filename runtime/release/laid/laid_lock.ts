/** The lock of the process that may lay files: one on each disk, taken over from one that has ended.
 * @module
 */
import { nativeFiles } from "../../base/platform/native_files.ts";
import { TextDecoder, TextEncoder } from "../../base/platform/globals.ts";
import { readFile } from "node:fs/promises";
import { kill, pid } from "node:process";

/** Who has the lock. */
export interface LockOwner {
  /** The process. */
  readonly pid: number;
  /** When it started, as its computer counts; a later process with the same number has another. */
  readonly started: string;
}

/** What the lock file says. */
export interface LockRecord {
  /** Who has it, or null. */
  readonly owner: LockOwner | null;
  /** The image whose files are there. */
  readonly imageRef: string;
  /** When the first process began that ran on these files, in milliseconds since 1970. */
  readonly since: number;
}

/** What came of trying. */
export type LockOutcome =
  | { readonly held: true; readonly since: number }
  | { readonly held: false; readonly by: LockOwner };

/** Takes the lock, or says who has it. */
export async function takeLock(
  file: string,
  imageRef: string,
  startedAt: number,
): Promise<LockOutcome> {
  return await withFile(file, async (before, write) => {
    if (
      before?.owner && before.owner.pid !== pid && await isAlive(before.owner)
    ) return { held: false, by: before.owner };
    const since = before && before.imageRef === imageRef
      ? Math.min(before.since, startedAt)
      : startedAt;
    const owner = { pid, started: await startOf(pid) ?? "" };
    await write({ owner, imageRef, since });
    return { held: true, since };
  });
}

/** Gives the lock back, if it is this process's. */
export async function freeLock(file: string): Promise<void> {
  await withFile(file, async (before, write) => {
    if (before?.owner?.pid === pid) await write({ ...before, owner: null });
  });
}

// Two processes that find the same stale lock must not both take it: the file itself is locked while it is judged.
async function withFile<T>(
  path: string,
  act: (
    before: LockRecord | null,
    write: (record: LockRecord) => Promise<void>,
  ) => Promise<T>,
): Promise<T> {
  using file = await nativeFiles.open(path, {
    read: true,
    write: true,
    create: true,
  });
  await file.lock(true);
  return await act(parseLock(await textOf(file)), async (record) => {
    const bytes = new TextEncoder().encode(JSON.stringify(record));
    await file.seek(0, Deno.SeekMode.Start);
    await file.truncate();
    await file.write(bytes);
    await file.syncData();
  });
}

async function textOf(file: Deno.FsFile): Promise<string> {
  const buffer = new Uint8Array(4096);
  const length = await file.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, length ?? 0));
}

/** Reads a lock file's text. Returns what it says, or null if it is empty or was cut. */
export function parseLock(text: string): LockRecord | null {
  try {
    const { owner, imageRef, since } = JSON.parse(text) as {
      readonly owner?: Partial<LockOwner> | null;
      readonly imageRef?: unknown;
      readonly since?: unknown;
    };
    if (typeof imageRef !== "string" || typeof since !== "number") return null;
    return {
      owner: typeof owner?.pid === "number" &&
          typeof owner.started === "string"
        ? { pid: owner.pid, started: owner.started }
        : null,
      imageRef,
      since,
    };
  } catch {
    return null;
  }
}

async function isAlive({ pid, started }: LockOwner): Promise<boolean> {
  const now = await startOf(pid);
  if (now !== null && started !== "") return now === started;
  try {
    return kill(pid, 0);
  } catch (error) {
    return (error as { readonly code?: unknown }).code === "EPERM";
  }
}

/**
 * When a process started, so that it is not taken for another that got its number. Returns boot and clock ticks; null
 * where that cannot be told, and where there is no such process.
 */
export async function startOf(pid: number): Promise<string | null> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    ]);
    // The name before it is in parentheses and may hold anything, spaces too.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return `${boot.trim()}:${fields[19]}`;
  } catch {
    return null;
  }
}
