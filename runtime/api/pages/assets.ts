/** Files of the current release that are not modules: pages, stylesheets, images.
 * @module
 */
import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { appFolders } from "../../release/app_root.ts";
import { isReleasePath } from "../../protocol/manifest/manifest.ts";
import { appProcess } from "../../process/process.ts";

/**
 * The folder that holds the files of the current release, or of the base image where none is applied.
 *
 * Outside Fly that is the folder of the app's `deno.json`.
 *
 * It changes in the same turn as the code: ask each time, and do not keep it.
 *
 * @returns an absolute path
 *
 * @example
 * ```ts
 * import { assetRoot } from "@flyhot/runtime";
 *
 * assetRoot(); // "/app", later "/app/.flyhot/releases/3f9a2c1d77aa"
 * ```
 */
export function assetRoot(): string {
  const { release, fillFolder } = appProcess;
  if (release) fillFolder(release.folder, null);
  return rootFolder();
}

function rootFolder(): string {
  const root = appProcess.release?.folder ?? appProcess.root;
  if (root !== undefined && root !== null) {
    return join(root, appProcess.appFolder);
  }
  const folders = appFolders();
  return join(folders.root, folders.appFolder);
}

/**
 * Where a file of the current release is.
 *
 * A file that only an earlier release has is found there, so that pages opened before an upgrade still get what
 * they ask for.
 *
 * @param path its path under the app root, with `/` between segments
 * @returns an absolute path, whether or not there is such a file
 * @throws {TypeError} if the path leads outside the app root
 *
 * @example
 * ```ts ignore
 * import { asset } from "@flyhot/runtime";
 *
 * await Deno.readTextFile(asset("static/index.html"));
 * ```
 */
export function asset(path: string): string {
  if (!isReleasePath(path)) {
    throw new TypeError(
      `Cannot find the asset "${path}": give a path under the app root, without ".."`,
    );
  }
  const { release, root, appFolder, earlierFolders, fillFolder } = appProcess;
  if (release) fillFolder(release.folder, posix.join(appFolder, path));
  const current = join(rootFolder(), path);
  if (existsSync(current)) return current;
  for (const folder of earlierFolders.toReversed()) {
    fillFolder(folder, posix.join(appFolder, path));
    const earlier = join(folder, appFolder, path);
    if (existsSync(earlier)) return earlier;
  }
  if (release && root !== null) {
    const ofImage = join(root, appFolder, path);
    if (existsSync(ofImage)) return ofImage;
  }
  return current;
}
