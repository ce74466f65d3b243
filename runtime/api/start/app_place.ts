/** Where the app is, and what its configuration says to the runtime.
 * @module
 */
import { join, relative, resolve } from "node:path";
import { type AppConfig, readAppConfig } from "../../machine/app_config.ts";
import { type AppFolders, appFolders } from "../../release/app_root.ts";

/** An app. */
export interface AppPlace extends AppFolders {
  /** What its configuration says. */
  readonly config: AppConfig;
}

/** Finds the app: where somebody says that it is, else around its main module. */
export async function appPlace(
  said: string | undefined,
  folders: () => AppFolders = appFolders,
): Promise<AppPlace> {
  if (said !== undefined) {
    return { config: await readAppConfig(said), root: said, appFolder: "" };
  }
  const { root, appFolder } = folders();
  const folder = join(root, appFolder);
  const config = await readAppConfig(folder);
  const named = config.runtime?.root;
  if (named === undefined) return { config, root, appFolder };
  // As all paths in a file: from where the file is.
  const top = resolve(folder, named);
  return {
    config,
    root: top,
    appFolder: relative(top, folder).replaceAll("\\", "/"),
  };
}
