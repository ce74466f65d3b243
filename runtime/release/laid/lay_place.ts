/** Where a file of a release belongs on the disk, and whether it may lie there.
 * @module
 */
import { join, sep } from "node:path";
import { isReleasePath } from "../../protocol/manifest/manifest.ts";

/** The place of a file. */
export interface Place {
  /** The path on the disk, without links in it. */
  readonly path: string;
  /** The folder it is in. */
  readonly folder: string;
  /** Folders that are missing, outermost first. */
  readonly missing: readonly string[];
  /** The device that the nearest folder is on. */
  readonly device: number;
  /** What lies there, or null. */
  readonly there: Deno.FileInfo | null;
}

/** What may not be laid at all: the release and the image do not agree about the kind of what is there. */
export class PlaceError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "PlaceError";
}

/**
 * Finds the place of a file.
 *
 * @param root the app root, without links in it
 * @param path the file's path under it
 * @returns its place
 * @throws {PlaceError} if a link leads out of the root, the place itself is a link, or a folder or a file is in the way
 */
export async function findPlace(root: string, path: string): Promise<Place> {
  const refused = (why: string) =>
    new PlaceError(`Cannot lay ${path} over its place under ${root}: ${why}`);
  if (!isReleasePath(path)) throw refused("it leads outside");
  const segments = path.split("/");
  const name = segments.pop()!;
  let folder = root;
  let device = (await Deno.lstat(root)).dev;
  const missing: string[] = [];
  for (const segment of segments) {
    const next = join(folder, segment);
    const there = missing.length > 0 ? null : await lstatOrNull(next);
    if (there === null) {
      missing.push(next);
      folder = next;
      continue;
    }
    folder = next;
    device = there.dev;
    if (there.isSymlink) {
      folder = await Deno.realPath(next).catch(() => {
        throw refused(`${next} is a link to nothing`);
      });
      if (folder !== root && !folder.startsWith(withSeparator(root))) {
        throw refused(`${next} is a link that leads out, to ${folder}`);
      }
      device = (await Deno.lstat(folder)).dev;
    } else if (!there.isDirectory) {
      throw refused(`${next} is a file, and the release has a folder there`);
    }
  }
  const place = join(folder, name);
  const there = missing.length > 0 ? null : await lstatOrNull(place);
  if (there?.isSymlink) throw refused("it is a link");
  if (there?.isDirectory) {
    throw refused("it is a folder, and the release has a file there");
  }
  if (there && !there.isFile) throw refused("it is not a regular file");
  return { path: place, folder, missing, device, there };
}

function withSeparator(root: string): string {
  return root.endsWith(sep) ? root : root + sep;
}

async function lstatOrNull(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) return null;
    throw error;
  }
}
