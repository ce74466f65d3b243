/** The packages outside the app that this process can already load.
 * @module
 */
import type { AppFiles } from "../../release/app_files.ts";
import { packageOf } from "../../plan/packages.ts";
import type { AppProcess } from "../../process/process.ts";

/** Collects the packages that were loaded, that the release in place imports, or that the image's files name. */
export async function knownPackages(
  appProcess: AppProcess,
  files: AppFiles,
): Promise<Set<string>> {
  const known = new Set<string>();
  for (const specifier of appProcess.modules.external) {
    known.add(packageOf(specifier));
  }
  const { modules = {} } = appProcess.release?.manifest ?? {};
  for (const path of Object.keys(modules)) {
    for (const specifier of modules[path]!.external) {
      known.add(packageOf(specifier));
    }
  }
  // A dependency that nothing has loaded yet is still one of the image if its files name it.
  for (const name of await files.packages()) known.add(name);
  return known;
}
