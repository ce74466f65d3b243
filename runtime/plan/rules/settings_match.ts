/** Entries of `deno.json` that match nothing: most likely a name was changed or mistyped.
 * @module
 */
import type {
  Manifest,
  RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import type { ReleaseSettings } from "../../protocol/manifest/release_settings.ts";
import type { Consents } from "./consent.ts";
import { assetMatcher } from "../settings/settings.ts";
import type { View } from "../lookup/views.ts";

/** Finds entries that match nothing. */
export function unmatchedSettings(
  settings: ReleaseSettings,
  consents: Consents,
  { manifest, running, release, now }: {
    readonly manifest: Manifest;
    readonly running: Pick<RunningManifest, "holders" | "addresses">;
    readonly release: View;
    readonly now: View;
  },
): string[] {
  const warn = (key: string, entry: string, what: string) =>
    `"${key}": "${entry}" in deno.json matches no ${what}`;
  const isNamed = (entry: string) =>
    hasName(entry, release) || hasName(entry, now);
  const paths = Object.keys(manifest.files);
  return [
    ...settings.keep.filter(({ at }) => !isNamed(at)).map(({ at }) =>
      warn("keep", at, "variable")
    ),
    ...settings.startsAnew.filter((entry) => !isNamed(entry)).map((entry) =>
      warn("startsAnew", entry, "variable")
    ),
    ...settings.shared.filter((entry) => !isNamed(entry)).map((entry) =>
      warn("shared", entry, "export")
    ),
    ...settings.assets.filter((entry) => {
      const matches = assetMatcher([entry]);
      return !paths.some((path) => matches(path) !== null);
    }).map((entry) => warn("assets", entry, "file")),
    ...consents.unused(running).map((text) =>
      `consent "${text}" matches nothing`
    ),
  ];
}

/** Whether a module declares or exports a name; of what was not analyzed nothing is said. */
function hasName(entry: string, view: View): boolean {
  const hash = entry.indexOf("#");
  const path = entry.slice(0, hash);
  const name = entry.slice(hash + 1);
  const analysis = view.analysis(path);
  if (!analysis) return false;
  // As for what is made without a variable.
  if (analysis.kept?.some((it) => it.name === name)) return true;
  // Locals of functions are found by whoever keeps them.
  const first = name.split(/[. ]/)[0]!;
  return analysis.names?.includes(first) ??
    [
      ...Object.keys(analysis.exports ?? {}),
      ...(analysis.bindings ?? []).map((it) => it.name),
    ].some((known) => known === name || known === first);
}
