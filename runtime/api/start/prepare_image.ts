/** Prepares the scripts of an image while it is built.
 * @module
 */
import { resolve } from "node:path";
import { ModuleLoading } from "../../modules/hooks/hooks.ts";
import { ModuleTable } from "../../modules/module_table.ts";
import { folderUrl } from "../../modules/module_urls.ts";
import { prepareScripts } from "../../modules/prepared/prepare_scripts.ts";
import { isForDevelopment, isScriptPath } from "../../plan/paths.ts";
import { AppFiles } from "../../release/app_files.ts";
import { foldersOf } from "../../release/app_root.ts";
import { leavePrepared } from "../../modules/prepared/prepared_file.ts";
import { appPlace } from "./app_place.ts";

/** What was prepared. */
export interface PreparedImage {
  /** Where it is written down. */
  readonly file: string;
  /** How many scripts. */
  readonly scripts: number;
  /** How many of them need no transpiling either. */
  readonly erasable: number;
}

/** Prepares the scripts of the app around a main module. */
export async function prepareImage(main = "main.ts"): Promise<PreparedImage> {
  const { root, appFolder, config } = await appPlace(
    undefined,
    () => foldersOf(resolve(main)),
  );
  const modules = new ModuleLoading();
  modules.table = new ModuleTable(
    folderUrl(root),
    folderUrl(resolve(root, ".flyhot", "releases")),
  );
  modules.install();
  try {
    const paths = await new AppFiles(root, { appFolder }).list();
    const scripts = await prepareScripts(
      modules,
      paths.filter((path) => isScriptPath(path) && !isForDevelopment(path)),
      config.rebind === true,
    );
    return {
      file: await leavePrepared(root, scripts),
      scripts: scripts.size,
      erasable: [...scripts.values()].filter(({ isErasable }) => isErasable)
        .length,
    };
  } finally {
    modules.uninstall();
  }
}
