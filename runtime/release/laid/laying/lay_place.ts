/** Where a file of a release belongs on the disk, and whether it may lie there.
 * @module
 */
import { nativeFiles } from "../../../base/platform/native_files.ts";
import { join, sep } from "node:path";
import { isReleasePath } from "../../../protocol/manifest/manifest.ts";
import { lstatSync } from "../lstat.ts";

/** A folder that files may be laid in. */
export interface Folder {
  /** Its path on the disk, without links in it. */
  readonly folder: string;
  /** Folders that are missing, outermost first. */
  readonly missing: readonly string[];
  /** The device that the nearest folder is on. */
  readonly device: number;
}

/** The place of a file. */
export interface Place extends Folder {
  /** The path on the disk, without links in it. */
  readonly path: string;
  /** What lies there, or null. */
  readonly there: Deno.FileInfo | null;
}

/** What may not be laid at all: the release and the image do not agree about the kind of what is there. */
export class PlaceError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "PlaceError";
}

/**
 * Finds the place of a file. Throws if a link leads out of the root, the place itself is a link, or a folder or a file
 * is in the way.
 */
export function findPlace(
  root: string,
  path: string,
  known: Map<string, Folder | string> = new Map(),
): Place {
  const refused = (why: string) =>
    new PlaceError(`Cannot lay ${path} over its place under ${root}: ${why}`);
  if (!isReleasePath(path)) throw refused("it leads outside");
  const end = path.lastIndexOf("/");
  const under = path.slice(0, Math.max(end, 0));
  const found = known.get(under) ?? findFolder(root, under);
  known.set(under, found);
  if (typeof found === "string") throw refused(found);
  const { folder, missing, device } = found;
  const place = join(folder, path.slice(end + 1));
  const there = missing.length > 0 ? null : lstatSync(place);
  if (there?.isSymlink) throw refused("it is a link");
  if (there?.isDirectory) {
    throw refused("it is a folder, and the release has a file there");
  }
  if (there && !there.isFile) throw refused("it is not a regular file");
  return { path: place, folder, missing, device, there };
}

/**
 * The file that a link under the root leads to. Returns the file's path, without links in it; null if there is no link,
 * or one that leads to nothing.
 */
export function linkedPlace(root: string, path: string): string | null {
  const place = join(root, path);
  if (!lstatSync(place)?.isSymlink) return null;
  try {
    return nativeFiles.realPathSync(place);
  } catch {
    return null;
  }
}

/** Where a folder of a release is on the disk; a text says why nothing may be laid in it. */
function findFolder(root: string, under: string): Folder | string {
  let folder = root;
  let device = nativeFiles.lstatSync(root).dev;
  const missing: string[] = [];
  for (const segment of under === "" ? [] : under.split("/")) {
    const next = join(folder, segment);
    const there = missing.length > 0 ? null : lstatSync(next);
    folder = next;
    if (there === null) {
      missing.push(next);
      continue;
    }
    device = there.dev;
    if (there.isSymlink) {
      try {
        folder = nativeFiles.realPathSync(next);
      } catch {
        return `${next} is a link to nothing`;
      }
      if (folder !== root && !folder.startsWith(withSeparator(root))) {
        return `${next} is a link that leads out, to ${folder}`;
      }
      device = nativeFiles.lstatSync(folder).dev;
    } else if (!there.isDirectory) {
      return `${next} is a file, and the release has a folder there`;
    }
  }
  return { folder, missing, device };
}

function withSeparator(root: string): string {
  return root.endsWith(sep) ? root : root + sep;
}
