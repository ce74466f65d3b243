/** From an app's folder to a release on disk.
 * @module
 */
import type { Manifest } from "@flyhot/runtime/protocol";
import type { Host } from "../../host.ts";
import { joinPath } from "../../base/values.ts";
import { archiveOf } from "./archive.ts";
import { describeRelease, type PackOptions } from "./describe.ts";
import { DigestMeter } from "../digest.ts";

export type { PackOptions };

/** A release on disk. */
export interface PackedRelease {
  /** What it holds. */
  readonly manifest: Manifest;
  /** The archive: a temporary file. */
  readonly path: string;
  /** SHA-256 of the archive. */
  readonly sha256: string;
  /** Length of the archive in bytes. */
  readonly size: number;
  /** What was left out that somebody may miss, one sentence each. */
  readonly notes: readonly string[];
  /** Removes the temporary file. */
  dispose(): Promise<void>;
}

/**
 * Packs the files of an app into a release; the same files of the same version give the same bytes.
 *
 * Only short texts are held: of all else, one pass hashes, a second one writes and compares.
 *
 * @param options what to pack
 * @param host disk, and `deno` for the module graph
 * @param signal gives up early
 * @returns the release; to be disposed of
 * @throws {FlyhotError} `usage` if the app cannot be packed as it is, `not_found` if there is no `deno`, `conflict` if a file changed meanwhile
 */
export async function packRelease(
  options: PackOptions,
  host: Host,
  signal?: AbortSignal,
): Promise<PackedRelease> {
  const { manifest, notes, root, texts } = await describeRelease(
    options,
    host,
    signal,
  );
  const open = (path: string) => {
    const text = texts.get(path);
    return text === undefined
      ? host.files.open(joinPath(root, path))
      : Promise.resolve(ReadableStream.from([new TextEncoder().encode(text)]));
  };
  return { manifest, notes, ...await write(manifest, open, host, signal) };
}

async function write(
  manifest: Manifest,
  open: (path: string) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>,
  host: Host,
  signal?: AbortSignal,
): Promise<Pick<PackedRelease, "path" | "sha256" | "size" | "dispose">> {
  const folder = await host.files.makeTempDir();
  const dispose = () => host.files.remove(folder);
  try {
    const path = joinPath(folder, "release.tar.gz");
    const meter = new DigestMeter();
    const archive = archiveOf(manifest, open).pipeThrough(
      meter.through(),
      signal ? { signal } : {},
    );
    await host.files.write(path, archive);
    return { path, ...meter.result(), dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
