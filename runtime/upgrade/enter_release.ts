/** Which release this process says that it runs.
 * @module
 */
import type { AppProcess } from "../process/process.ts";
import type { UnpackedRelease } from "../release/unpack/folders.ts";
import type { WantedRelease } from "../release/wanted.ts";

/** Assets of so many earlier releases stay available to open pages. */
const EARLIER_FOLDERS_MAX = 3;

/** Says that a release is in. */
export function enterRelease(
  appProcess: AppProcess,
  wanted: WantedRelease,
  release: UnpackedRelease | null,
): () => void {
  const { release: before, earlierFolders } = appProcess;
  const folder = before?.folder;
  if (folder !== undefined && folder !== release?.folder) {
    appProcess.earlierFolders = [
      ...earlierFolders.filter((earlier) => earlier !== folder),
      folder,
    ].slice(-EARLIER_FOLDERS_MAX);
  }
  appProcess.ran.add(release?.sha256 ?? null);
  appProcess.release = release && {
    wanted: wanted,
    sha256: release.sha256,
    manifest: release.manifest,
    folder: release.folder,
    appliedAt: new Date().toISOString(),
  };
  return () => {
    appProcess.release = before;
    appProcess.earlierFolders = earlierFolders;
  };
}
