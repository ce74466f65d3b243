/** Brings content to the folder of its place, and keeps what lies there.
 * @module
 */
import { nativeFiles } from "../../../base/platform/native_files.ts";
import {
  BUFFER_BYTES,
  digestOf,
  writeChunks,
  writeWhole,
} from "../../unpack/write_checked.ts";
import { AbortController } from "../../../base/platform/globals.ts";

// A second name costs nothing and keeps mode, times and owner. Where the kernel gives none for the files of others,
// a copy is made, whole before it has its name.
/** Gives a file a second name. */
export async function link(from: string, to: string): Promise<void> {
  if (isLinked(from, to)) return;
  const copy = copyOf(to);
  const { mode, atime, mtime, uid, gid } = await nativeFiles.stat(from);
  await nativeFiles.copyFile(from, copy);
  await Deno.chown(copy, uid, gid).catch(() => {});
  if (mode !== null) await Deno.chmod(copy, mode & 0o7777);
  if (mtime) await Deno.utime(copy, atime ?? mtime, mtime);
  await Deno.rename(copy, to);
}

/** In this turn, unless the kernel gives none: a thread of its own takes longer to wake than the disk takes. */
function isLinked(from: string, to: string): boolean {
  try {
    Deno.linkSync(from, to);
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    return false;
  }
}

/** Where a copy grows until it is whole. */
export function copyOf(path: string): string {
  return `${path}.copy`;
}

/**
 * Writes new content beside its place, on the disk when this returns unless the file of the release itself may lie
 * there: then what lies there is what the hooks load. Returns what lies there, where it is that. Throws if the content has
 * another digest, or the disk refuses.
 */
export async function bringContent(
  from: string,
  to: string,
  { sha256, before, mayShare }: {
    readonly sha256: string | null;
    readonly before: Deno.FileInfo | null;
    readonly mayShare: boolean;
  },
): Promise<Deno.FileInfo | null> {
  const info = nativeFiles.statSync(from);
  const { size, mode, uid, gid, nlink } = info;
  if (
    mayShare && nlink === 1 &&
    (before === null ||
      before.mode === mode && before.uid === uid && before.gid === gid) &&
    shared(from, to)
  ) return info;
  if (size <= BUFFER_BYTES) {
    const bytes = nativeFiles.readFileSync(from);
    refuseOther(from, digestOf(bytes), sha256);
    writeWhole(to, bytes);
  } else {
    using source = await nativeFiles.open(from);
    const { signal } = new AbortController();
    refuseOther(from, await writeChunks(to, chunksOf(source), signal), sha256);
  }
  if (before !== null) {
    // Whoever could write the old file can write the new one, as far as this user may say so.
    if (before.uid !== Deno.uid() || before.gid !== Deno.gid()) {
      await Deno.chown(to, before.uid, before.gid).catch(() => {});
    }
    if (before.mode !== null) await Deno.chmod(to, before.mode & 0o7777);
  }
  using file = await nativeFiles.open(to);
  // On the disk before it is renamed, so that no rename can fail for want of room.
  await file.syncData();
  return null;
}

/** The file of the release is the file at the place: nothing is written twice. Refused where the kernel gives no second name. */
function shared(from: string, to: string): boolean {
  try {
    Deno.linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

function refuseOther(
  from: string,
  sha256: string,
  wanted: string | null,
): void {
  if (sha256 === wanted) return;
  throw new Error(`${from} has the SHA-256 ${sha256}, not ${wanted}`);
}

async function* chunksOf(file: Deno.FsFile): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (;;) {
    const length = await file.read(buffer);
    if (length === null) return;
    yield buffer.subarray(0, length);
  }
}
