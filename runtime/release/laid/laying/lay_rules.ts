/** Where and over what a release's files may be laid; decisions only.
 * @module
 */
import { dirname } from "node:path";

/** What is known of the place where a program runs. */
export interface LayPlace {
  /** `FLY_IMAGE_REF`, or null where it is not set. */
  readonly imageRef: string | null;
  /** The app root. */
  readonly root: string;
  /** The nearest folder with a `.git`, the root or one above it, or null. */
  readonly gitAbove: string | null;
}

/** Whether files may be laid here. */
export type LayAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: string };

/** Decides whether files of a release may be laid over the app's own: only on a machine, never over a working tree. */
export function mayLayFiles(
  { imageRef, root, gitAbove }: LayPlace,
): LayAnswer {
  if (imageRef === null || imageRef.trim() === "") {
    return {
      ok: false,
      why:
        `Cannot lay files over ${root}: FLY_IMAGE_REF is not set, so this is not a machine and the files may be somebody's work; serve them with asset()`,
    };
  }
  if (gitAbove !== null) {
    return {
      ok: false,
      why:
        `Cannot lay files over ${root}: there is a .git in ${gitAbove}, so the files may be somebody's work; keep .git out of the image (.dockerignore)`,
    };
  }
  return { ok: true };
}

/** Finds the nearest `.git`. Returns the folder that has it, or null. */
export function gitAbove(
  root: string,
  exists: (path: string) => boolean,
): string | null {
  for (let folder = root;; folder = dirname(folder)) {
    if (exists(`${folder === "/" ? "" : folder}/.git`)) return folder;
    if (folder === dirname(folder)) return null;
  }
}

// Deno and Fly have read them already, or read them for the image only; and a restart must find those of the image.
const NEVER_LAID = [
  /^deno\.jsonc?$/,
  /^deno\.lock$/,
  /^package(?:-lock)?\.json$/,
  /^tsconfig\.json$/,
  /^import[-_.]?map\.jsonc?$/,
  /^(?:.+\.)?Dockerfile(?:\..+)?$/i,
  /^fly(?:\..+)?\.toml$/,
  /^\.(?:docker|git)ignore$/,
];
const NEVER_ENTERED = new Set([".git", ".flyhot", "node_modules"]);

/**
 * Decides whether a file may be laid over its place. Returns false for what Deno and Fly read at start, in any folder,
 * and for what does not belong to the app.
 */
export function mayLayPath(
  path: string,
  importMaps: ReadonlySet<string> = new Set(),
): boolean {
  const segments = path.split("/");
  const name = segments.at(-1)!;
  return !importMaps.has(path) &&
    !NEVER_LAID.some((never) => never.test(name)) &&
    !segments.some((segment) => NEVER_ENTERED.has(segment));
}

/** Says that a file cannot be written, and what to do. */
export function cannotLay(
  path: string,
  place: string,
  user: { readonly name: string | null; readonly uid: number | null },
  why: string,
): string {
  const uid = user.uid === null ? "" : ` (uid ${user.uid})`;
  const owner = user.name ?? user.uid ?? "<user>";
  return `Cannot lay ${path} over ${place} as user ${
    user.name ?? "without a name"
  }${uid}: ${why}; let the Dockerfile give the files to that user (COPY --chown=${owner} . .), or read ${path} with asset() and name it under "flyhot".assets in deno.json`;
}
