/** What runs in this process, as the planner wants to know it: the same record for this machine's own plan and for the command.
 * @module
 */
import { aliasDigests } from "../plan/config_keys.ts";
import { Slices } from "../base/in_slices.ts";
import { fingerprint } from "../protocol/fingerprint.ts";
import {
  type Manifest,
  PROTOCOL_VERSION,
  type RunningManifest,
} from "../protocol/manifest.ts";
import type { ModuleAnalysis } from "../protocol/module_analysis.ts";
import type { SeenEdge } from "../protocol/plan_fields.ts";
import { readReleaseSettings } from "../plan/settings.ts";
import { parseJsonc } from "../protocol/jsonc.ts";
import type { SeenImport } from "../modules/edges.ts";
import type { AppProcess } from "../process/process.ts";
import type { UpgradeContext } from "./context.ts";
import { packageAccess } from "../process/package_access.ts";
import { knownPackages } from "./known_packages.ts";

/** What is looked at. */
export type RunningContext = Pick<
  UpgradeContext,
  "appProcess" | "files" | "main" | "imageRef" | "laid"
>;

/**
 * Describes what runs.
 *
 * @param context the process and its files
 * @param about the release that it is compared with, so that nothing else has to be read; null to describe all of it
 * @returns the description
 */
export async function runningManifest(
  context: RunningContext,
  about: Manifest | null,
): Promise<RunningManifest> {
  const { appProcess, files, main, imageRef, laid } = context;
  const { release, modules } = appProcess;
  const { loaded, imports } = modules.current(main);
  const paths = new Set([
    ...about ? Object.keys(about.files) : await files.list(),
    ...loaded,
    ...Object.keys(release?.manifest.files ?? {}),
  ]);
  const digests = await currentDigests(paths, context);
  const analysis = await analysesOf(loaded, digests, about, context);
  const states = [...appProcess.holders, ...appProcess.families];
  // Each of these reads files of its own, and waits for them.
  const [
    config,
    configKeys,
    locked,
    lockedPackages,
    canAddPackages,
    packages,
    settings,
    print,
  ] = await Promise.all([
    files.config(),
    files.configKeys(),
    files.locked(),
    files.lockedPackages(),
    packageAccess(files, appProcess.root),
    knownPackages(appProcess, files),
    settingsOf(context),
    fingerprint(imageRef, release?.sha256 ?? null),
  ]);
  const slices = new Slices({ sliceMs: 4 });
  const live = targets(imports, true);
  const plain = targets(imports, false);
  if (slices.over) await slices.next();
  const edges = edgesOf(imports, analysis);
  if (slices.over) await slices.next();
  const specifiers = specifiersOf(imports);
  if (slices.over) await slices.next();
  return {
    protocol: PROTOCOL_VERSION,
    image_ref: imageRef,
    fingerprint: print,
    release_sha256: release?.sha256 ?? null,
    main,
    files: Object.fromEntries(digests),
    config,
    configKeys,
    aliases: aliasDigests(release?.manifest.configKeys ?? configKeys),
    locked: { ...locked, ...release?.manifest.locked },
    packages: {
      ...lockedPackages,
      ...Object.fromEntries(modules.packages.known),
    },
    canAddPackages,
    loaded: [...loaded].sort(),
    // The hooks have seen the main module too: all can be reloaded.
    ...modules.main === null ? {} : { boot: [] },
    live,
    plain,
    accepted: lists(acceptedBy(appProcess)),
    declined: declinedBy(appProcess),
    external: [...packages].sort(),
    holders: Object.fromEntries(
      states.map((
        [name, { definition: { version, module } }],
      ) => [name, { version, module }]),
    ),
    analysis: Object.fromEntries(analysis),
    edges,
    specifiers,
    canLayFiles: laid.refused === null
      ? { possible: true }
      : { possible: false, why: laid.refused },
    commonjs: [...loaded].filter((path) =>
      /\.c[jt]s$/.test(path) || analysis.get(path)?.commonjs === true ||
      modules.isRequired(path)
    ),
    foreign: modules.foreignImporters(),
    openSockets: appProcess.openSockets.byModule,
    packageSockets: appProcess.openSockets.ofPackages,
    lateReads: Object.fromEntries(
      [...appProcess.fileReads.lateReaders].map((
        [file, by],
      ) => [file, [...by]]),
    ),
    reads: Object.fromEntries(
      [...appProcess.fileReads.readers].map(([file, by]) => [file, [...by]]),
    ),
    settings,
    ...(release ? { releaseFiles: Object.keys(release.manifest.files) } : {}),
  };
}

/**
 * The digests of what is at each place now, whoever put it there.
 *
 * @param paths the paths
 * @param context the process and its files
 * @returns digests by path, of the files that are there
 */
export async function currentDigests(
  paths: Iterable<string>,
  { appProcess: { release }, files, laid }: RunningContext,
): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const path of paths) {
    const inRelease = release && Object.hasOwn(release.manifest.files, path)
      ? release.manifest.files[path]!.sha256
      : null;
    // What the release in place has taken away is not there, whatever the image has.
    const isTakenAway = laid.files?.originalOf(path) !== undefined;
    const sha256 = inRelease ??
      (isTakenAway ? null : await files.digest(path));
    if (sha256 !== null) digests.set(path, sha256);
  }
  return digests;
}

async function analysesOf(
  loaded: ReadonlySet<string>,
  digests: ReadonlyMap<string, string>,
  about: Manifest | null,
  { appProcess: { release, imageAnalysis } }: RunningContext,
): Promise<Map<string, ModuleAnalysis>> {
  const found = new Map<string, ModuleAnalysis>();
  const unknown: string[] = [];
  const manifests = [about, release?.manifest ?? null];
  for (const path of loaded) {
    const sha256 = digests.get(path);
    const known = manifests.find((manifest) =>
      manifest?.analysis && Object.hasOwn(manifest.analysis, path) &&
      manifest.files[path]?.sha256 === sha256
    );
    if (known) found.set(path, known.analysis![path]!);
    else unknown.push(path);
  }
  for (const [path, analysis] of await imageAnalysis.of(unknown)) {
    found.set(path, analysis);
  }
  return found;
}

/** What the `deno.json` of the code that runs says. */
async function settingsOf({ appProcess: { release }, files }: RunningContext) {
  if (release?.manifest.settings) return release.manifest.settings;
  for (const name of ["deno.json", "deno.jsonc"]) {
    const text = await files.appText(name);
    if (text === null) continue;
    try {
      const said = parseJsonc(text) as { readonly flyhot?: unknown } | null;
      return readReleaseSettings(said?.flyhot);
    } catch {
      // The image was packed by somebody who was told; nothing else depends on it here.
      break;
    }
  }
  return readReleaseSettings(undefined);
}

function edgesOf(
  imports: ReadonlyMap<string, readonly SeenImport[]>,
  analysis: ReadonlyMap<string, ModuleAnalysis>,
): Record<string, SeenEdge[]> {
  return Object.fromEntries(
    [...imports].map(([from, seen]) => {
      const facts = analysis.get(from);
      const isStatic = (specifier: string) =>
        !facts || facts.commonjs === true ||
        (facts.imports ?? []).some((fact) =>
          fact.specifier === specifier && fact.dynamic !== true
        );
      return [
        from,
        // Whoever imports itself holds nothing that is not replaced with it.
        seen.filter(({ inside, to }) => inside && to !== from)
          .map(({ specifier, to, live }): SeenEdge => ({
            to,
            specifier,
            kind: live ? "live" : isStatic(specifier) ? "static" : "dynamic",
          })),
      ];
    }),
  );
}

function specifiersOf(
  imports: ReadonlyMap<string, readonly SeenImport[]>,
): Record<string, Record<string, string>> {
  return Object.fromEntries(
    [...imports].map(([from, seen]) => [
      from,
      Object.fromEntries(seen.map(({ specifier, to }) => [specifier, to])),
    ]),
  );
}

function targets(
  imports: ReadonlyMap<string, readonly SeenImport[]>,
  wanted: boolean,
): Record<string, string[]> {
  return Object.fromEntries(
    [...imports].map(([from, seen]): [string, string[]] => [
      from,
      [
        ...new Set(
          seen.filter(({ inside, live, to }) =>
            inside && live === wanted && to !== from
          ).map(({ to }) => to),
        ),
      ],
    ]).filter(([, to]) => to.length > 0),
  );
}

function lists(edges: ReadonlyMap<string, ReadonlySet<string>>) {
  return Object.fromEntries([...edges].map(([from, to]) => [from, [...to]]));
}

/** What modules accept without being reloaded, by importer. */
function acceptedBy(
  { hots }: AppProcess,
): Map<string, ReadonlySet<string>> {
  return new Map(
    [...hots.values()].filter(({ accepted }) => accepted.size > 0)
      .map(({ path, accepted }) => [path, new Set(accepted.keys())]),
  );
}

/** Why modules decline to be replaced, by path. */
function declinedBy({ hots }: AppProcess): Record<string, string> {
  return Object.fromEntries(
    [...hots.values()].flatMap(({ path, declined }) =>
      declined === null ? [] : [[path, declined]]
    ),
  );
}
