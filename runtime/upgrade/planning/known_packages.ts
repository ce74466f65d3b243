/** The packages outside the app that this process can already load.
 * @module
 */
import { Slices } from "../../base/in_slices.ts";
import type { AppFiles } from "../../release/app_files.ts";
import { packageOf } from "../../plan/packages.ts";
import type { AppProcess } from "../../process/process.ts";

/** Collects the packages that were loaded, that the release in place imports, or that the image's files name. */
export async function knownPackages(
  appProcess: AppProcess,
  files: AppFiles,
): Promise<Set<string>> {
  const known = new Set<string>();
  const slices = new Slices();
  for (const specifier of appProcess.modules.external) {
    known.add(packageOf(specifier));
  }
  for (
    const { external } of Object.values(
      appProcess.release?.manifest.modules ?? {},
    )
  ) {
    for (const specifier of external) known.add(packageOf(specifier));
    if (slices.over) await slices.next();
  }
  // A dependency that nothing has loaded yet is still one of the image if its files name it.
  for (const name of await files.packages()) known.add(name);
  return known;
}
