/** Files that cannot be laid over their place, on a machine that may not write there.
 * @module
 */
import type { RunningManifest } from "../../protocol/manifest/manifest.ts";
import type { ReleaseSettings } from "../../protocol/manifest/release_settings.ts";
import type { Changes } from "../changes.ts";
import type { Refusal } from "../../base/refusal.ts";
import { assetMatcher } from "../settings/settings.ts";

/** Refuses changed files that would stay as they are. */
export function fileRefusals(
  changes: Changes,
  settings: ReleaseSettings,
  running: RunningManifest,
  isServed: (path: string) => boolean,
): Refusal[] {
  const { canLayFiles } = running;
  if (!canLayFiles || canLayFiles.possible) return [];
  const isAsset = assetMatcher(settings.assets);
  const loaded = new Set(running.loaded);
  const refuse = (path: string, what: string): Refusal => ({
    rule: "files",
    path,
    line: 0,
    column: 0,
    subject: "",
    why: `${what}, and cannot be laid over its place: ${
      canLayFiles.why ?? "the machine may not write there"
    }`,
    remedy:
      `COPY --chown=<user of the app> in the Dockerfile, or name it in deno.json if only asset() reads it: "assets": ["${path}"]`,
  });
  return [
    ...changes.files.filter((path) => !isServed(path) && isAsset(path) === null)
      .map((path) => refuse(path, "has changed")),
    ...changes.removed.filter((path) =>
      !loaded.has(path) && isAsset(path) === null
    ).map((path) => refuse(path, "is gone from the release")),
  ];
}
