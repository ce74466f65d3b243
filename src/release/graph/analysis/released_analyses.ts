/** What a release says of its scripts: where nobody has packed an app before, only what changed since is parsed.
 * @module
 */
import type { Manifest, ModuleAnalysis } from "@flyhot/runtime/protocol";
import { digestOfText } from "../../digest.ts";
import {
  optionsBy,
  scriptKey,
  type ScriptSettings,
} from "./script_settings.ts";

/** What is read of a release: `analysis` as it was written, because the same files give the same bytes. */
type ReleasedAnalysis = Pick<
  Manifest,
  "files" | "analysis" | "analyzer"
>;

/** Finds the release that was published last; null where there is none, or none can be read. */
export type FindReleased = () => Promise<ReleasedAnalysis | null>;

/** Names an analyzer together with the settings that it goes by. */
export function analyzerDigest(
  edition: string,
  settings: ScriptSettings,
): string {
  const optionsOf = optionsBy(settings);
  const options = ["a.ts", "a.js"].map(optionsOf);
  return digestOfText(JSON.stringify([edition, options]));
}

/** Takes from a release what the same analyzer has found in its scripts, by their keys; nothing if it was another one. */
export function analysesOf(
  released: ReleasedAnalysis | null,
  analyzer: string,
  settings: ScriptSettings,
): Map<string, ModuleAnalysis> {
  const found = new Map<string, ModuleAnalysis>();
  if (released?.analyzer !== analyzer) return found;
  const optionsOf = optionsBy(settings);
  for (const [path, analysis] of Object.entries(released.analysis ?? {})) {
    if (!Object.hasOwn(released.files, path)) continue;
    const { sha256 } = released.files[path]!;
    found.set(scriptKey(path, sha256, optionsOf(path)), analysis);
  }
  return found;
}
