/** What of dependencies a running process cannot take in.
 * @module
 */
import { packageOf } from "../packages.ts";
import { unlocked } from "../dependencies/package_changes.ts";
import { lockChanges } from "../settings/locked_versions.ts";
import type {
  Manifest,
  RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import type { Refusal } from "../../base/refusal.ts";
import { importLine } from "../lookup/declaration_line.ts";

/** Refuses what comes by URL and is new: no lock file and no cache of the process knows it. */
export function remoteRefusals(
  manifest: Manifest,
  running: RunningManifest,
  wanted: ReadonlySet<string>,
): Refusal[] {
  return addedRefusals(
    manifest,
    running,
    wanted,
    (name) => !/^(?:npm|jsr):/.test(name),
  );
}

/**
 * Refuses versions of packages that differ in the lock files, and packages that the process cannot load: where one side is
 * too old to tell its packages one by one.
 */
export function packageRefusals(
  manifest: Manifest,
  running: RunningManifest,
  wanted: ReadonlySet<string>,
): Refusal[] {
  const path = "deno.lock";
  const refusals = lockChanges(running.locked, manifest.locked).map(
    (change): Refusal => ({
      rule: "lock",
      path,
      line: 0,
      column: 0,
      subject: "",
      why: `${change}, and a running process keeps what it has loaded`,
      remedy: "",
    }),
  );
  return [
    ...refusals,
    ...addedRefusals(manifest, running, wanted, () => true),
  ];
}

/** The package that a specifier of a module means. */
function packageMeant(
  { modules }: Manifest,
  from: string,
  specifier: string,
): string {
  const { specifiers = {} } = modules[from]!;
  const target = Object.hasOwn(specifiers, specifier)
    ? specifiers[specifier]!
    : specifier;
  return packageOf(target);
}

function addedRefusals(
  manifest: Manifest,
  running: RunningManifest,
  wanted: ReadonlySet<string>,
  isAsked: (name: string) => boolean,
): Refusal[] {
  const refusals: Refusal[] = [];
  const known = new Set(running.external);
  const added = new Map<string, string>();
  for (const from of Object.keys(manifest.modules)) {
    const { external } = manifest.modules[from]!;
    if (external.length === 0 || !wanted.has(from)) continue;
    for (const specifier of external) {
      const name = packageOf(specifier);
      if (
        !name.startsWith("node:") && !known.has(name) && !added.has(name) &&
        isAsked(name)
      ) added.set(name, from);
    }
  }
  for (const [name, from] of [...added].sort(([a], [b]) => a < b ? -1 : 1)) {
    refusals.push({
      rule: "package",
      path: from,
      line: importLine(
        manifest.analysis?.[from],
        (specifier) => packageMeant(manifest, from, specifier) === name,
      ),
      column: 0,
      subject: "",
      ...manifest.packages && !Object.hasOwn(manifest.packages, name)
        ? unlocked(name)
        : { why: `adds ${name}, which needs a new image`, remedy: "" },
    });
  }
  return refusals;
}
