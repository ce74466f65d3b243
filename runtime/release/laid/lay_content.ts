/** Brings content to the folder of its place, and keeps what lies there.
 * @module
 */
import { AbortController } from "../../base/globals.ts";
import { BUFFER_BYTES, writeChunks } from "../unpack/write_checked.ts";

// A second name costs nothing and keeps mode, times and owner. Where the kernel gives none for the files of others,
// a copy is made, whole before it has its name.
/**
 * Gives a file a second name.
 *
 * @param from the file
 * @param to the name, which nothing has
 */
export async function link(from: string, to: string): Promise<void> {
  try {
    await Deno.link(from, to);
    return;
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
  const copy = copyOf(to);
  const { mode, atime, mtime, uid, gid } = await Deno.stat(from);
  await Deno.copyFile(from, copy);
  await Deno.chown(copy, uid, gid).catch(() => {});
  if (mode !== null) await Deno.chmod(copy, mode & 0o7777);
  if (mtime) await Deno.utime(copy, atime ?? mtime, mtime);
  await Deno.rename(copy, to);
}

/**
 * Where a copy grows until it is whole.
 *
 * @param path the name it gets then
 * @returns the name it has until then
 */
export function copyOf(path: string): string {
  return `${path}.copy`;
}

/**
 * Writes new content beside its place, on the disk when this returns.
 *
 * @param from the file with the content
 * @param to the file to make
 * @param wanted the digest that the content must have
 * @param before what lies at the place: its mode and owner are taken over
 * @throws {Error} if the content has another digest, or the disk refuses
 */
export async function copyContent(
  from: string,
  to: string,
  wanted: string | null,
  before: Deno.FileInfo | null,
): Promise<void> {
  using source = await Deno.open(from);
  const sha256 = await writeChunks(
    to,
    chunksOf(source),
    new AbortController().signal,
  );
  if (sha256 !== wanted) {
    throw new Error(`${from} has the SHA-256 ${sha256}, not ${wanted}`);
  }
  if (before !== null) {
    // Whoever could write the old file can write the new one, as far as this user may say so.
    if (before.uid !== Deno.uid() || before.gid !== Deno.gid()) {
      await Deno.chown(to, before.uid, before.gid).catch(() => {});
    }
    if (before.mode !== null) await Deno.chmod(to, before.mode & 0o7777);
  }
  using file = await Deno.open(to);
  // On the disk before it is renamed, so that no rename can fail for want of room.
  await file.syncData();
}

async function* chunksOf(file: Deno.FsFile): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (;;) {
    const length = await file.read(buffer);
    if (length === null) return;
    yield buffer.subarray(0, length);
  }
}
