/** What runs in this process, as the planner wants to know it: the same record for this machine's own plan and for the command.
 * @module
 */
import { aliasDigests } from "../../plan/settings/config_keys.ts";
import { Slices, sortInSlices } from "../../base/in_slices.ts";
import { fingerprint } from "../../protocol/fingerprint.ts";
import {
  type Manifest,
  PROTOCOL_VERSION,
  type RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";
import type { SeenEdge } from "../../protocol/manifest/plan_fields.ts";
import { readReleaseSettings } from "../../plan/settings/settings.ts";
import { parseJsonc } from "../../protocol/json/jsonc.ts";
import type { SeenImport } from "../../modules/hooks/edges.ts";
import { consentAddress } from "../../process/servers/listen_key.ts";
import type { AppProcess } from "../../process/process.ts";
import type { UpgradeContext } from "../context.ts";
import { keptReach } from "./kept_reach.ts";
import { knownPackages } from "./known_packages.ts";

/** With room for the tables, which are made in one go. */
const SLICE_MS = 4;

/** What is looked at. */
export type RunningContext = Pick<
  UpgradeContext,
  "appProcess" | "files" | "main" | "imageRef" | "laid"
>;

/** Describes what runs. */
export async function runningManifest(
  context: RunningContext,
  about: Manifest | null,
): Promise<RunningManifest> {
  const { appProcess, files, main, imageRef, laid } = context;
  const { release, modules } = appProcess;
  const { loaded, imports } = await modules.currentInSlices(main);
  const paths = new Set([
    ...about ? Object.keys(about.files) : await files.list(),
    ...loaded,
    ...Object.keys(release?.manifest.files ?? {}),
  ]);
  const digests = await currentDigests(paths, context);
  const analysis = await analysesOf(loaded, digests, about, context);
  await appProcess.openSockets.settle();
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
    appProcess.packageAccess.ask(
      files,
      appProcess.root,
      about === null ? null : about.packages,
    ),
    knownPackages(appProcess, files),
    settingsOf(context),
    fingerprint(imageRef, release?.sha256 ?? null),
  ]);
  const slices = new Slices({ sliceMs: SLICE_MS });
  const live = await byImporter(imports, liveTargets, slices);
  const plain = await byImporter(imports, plainTargets, slices);
  const edges = await byImporter(imports, edgesIn(analysis), slices);
  const specifiers = await byImporter(imports, specifiersOf, slices);
  const commonjs: string[] = [];
  for (const path of loaded) {
    const isCommonJs = /\.c[jt]s$/.test(path) ||
      analysis.get(path)?.commonjs === true || modules.isRequired(path);
    if (isCommonJs) commonjs.push(path);
    if (slices.over) await slices.next();
  }
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
    loaded: await sortInSlices([...loaded]),
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
    canKeep: modules.keeping.isOn ? { possible: true } : {
      possible: false,
      why: modules.main === null
        ? "which needs the preload, or an image that names what it keeps"
        : "for which the parser could not be loaded",
    },
    ...modules.keeping.isOn
      ? { made: Object.fromEntries(appProcess.kept.made()) }
      : {},
    // Only people want to know it.
    ...modules.keeping.isOn && about === null
      ? {
        keptReach: await keptReach(
          appProcess,
          settings.keep.map(({ at }) => at),
        ),
      }
      : {},
    ...modules.keeping.settable.isOn
      ? {
        rebinds: rebindsOf(appProcess, loaded),
        started: await startedIn(appProcess, loaded, analysis),
      }
      : {},
    canLayFiles: laid.refused === null
      ? { possible: true }
      : { possible: false, why: laid.refused },
    commonjs,
    foreign: modules.foreignImporters(),
    openSockets: appProcess.openSockets.byModule,
    packageSockets: appProcess.openSockets.ofPackages,
    socketLines: appProcess.openSockets.lines,
    addresses: appProcess.servedAddresses.map(consentAddress),
    lateReads: Object.fromEntries(
      [...appProcess.fileReads.lateReaders].map((
        [file, by],
      ) => [file, [...by]]),
    ),
    reads: Object.fromEntries(
      [...appProcess.fileReads.readers].map(([file, by]) => [file, [...by]]),
    ),
    settings,
    startedWorkers: appProcess.workerScripts,
    seesNodeWorkers: true,
    ...(release ? { releaseFiles: Object.keys(release.manifest.files) } : {}),
  };
}

/** What can be set in every instance of each loaded module. */
function rebindsOf(
  { modules }: AppProcess,
  loaded: ReadonlySet<string>,
): Record<string, readonly string[]> {
  const { table, keeping } = modules;
  const found: Record<string, readonly string[]> = Object.create(null);
  const all = keeping.settable.byPath((url) => table?.pathOf(url) ?? null);
  for (const [path, module] of all) {
    const names = loaded.has(path) ? module.names : [];
    if (names.length > 0) found[path] = names;
  }
  return found;
}

/** What evaluations have run of the loaded modules, as far as it was noted. */
async function startedIn(
  { modules, evaluatedCode }: AppProcess,
  loaded: ReadonlySet<string>,
  analysis: ReadonlyMap<string, ModuleAnalysis>,
): Promise<Record<string, readonly number[]>> {
  evaluatedCode.settle();
  const { table, coverage, keeping } = modules;
  const found: Record<string, readonly number[]> = Object.create(null);
  const noted = await coverage.ran();
  const all = keeping.settable.byPath((url) => table?.pathOf(url) ?? null);
  for (const path of table ? loaded : []) {
    const place = table!.placeOf(path);
    // By another name it is another instance, which has run something else.
    if (all.get(path)?.places.every((it) => it === place) !== true) continue;
    const ran = noted.get(table!.current(place));
    // Where the numbers of the analysis are of another text, nobody knows what they mean.
    if (ran && ran.shape === analysis.get(path)?.rebind?.pieces?.shape) {
      found[path] = ran.pieces;
    }
  }
  return found;
}

/** The digests of what is at each place now, whoever put it there. */
export async function currentDigests(
  paths: Iterable<string>,
  { appProcess: { release }, files, laid }: RunningContext,
): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  const slices = new Slices({ sliceMs: SLICE_MS });
  for (const path of paths) {
    // What is known already is awaited without a turn for anybody else.
    if (slices.over) await slices.next();
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
  const slices = new Slices({ sliceMs: SLICE_MS });
  for (const path of loaded) {
    if (slices.over) await slices.next();
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

/** A table of what is made of each importer's imports, in slices; without those of which nothing is made. */
async function byImporter<T>(
  imports: ReadonlyMap<string, readonly SeenImport[]>,
  make: (seen: readonly SeenImport[], from: string) => T | null,
  slices: Slices,
): Promise<Record<string, T>> {
  // Not by assignment to an object that inherits: a module may be called __proto__.
  const made: Record<string, T> = Object.create(null);
  for (const [from, seen] of imports) {
    const value = make(seen, from);
    if (value !== null) made[from] = value;
    if (slices.over) await slices.next();
  }
  return made;
}

function edgesIn(analysis: ReadonlyMap<string, ModuleAnalysis>) {
  return (seen: readonly SeenImport[], from: string): readonly SeenEdge[] => {
    const facts = analysis.get(from);
    let known = EDGES.get(seen);
    if (!known || known.facts !== facts) {
      EDGES.set(seen, known = { facts, edges: edgesOf(seen, from, facts) });
    }
    return known.edges;
  };
}

/** By what was seen, which is the same list until the module imports something else, and the facts of the module. */
const EDGES = new WeakMap<readonly SeenImport[], {
  readonly facts: ModuleAnalysis | undefined;
  readonly edges: readonly SeenEdge[];
}>();

function edgesOf(
  seen: readonly SeenImport[],
  from: string,
  facts: ModuleAnalysis | undefined,
): SeenEdge[] {
  const named = facts && facts.commonjs !== true ? staticOf(facts) : null;
  const isStatic = (specifier: string) => named?.has(specifier) ?? true;
  // Whoever imports itself holds nothing that is not replaced with it.
  return seen.filter(({ inside, to }) => inside && to !== from)
    .map(({ specifier, to, live }): SeenEdge => ({
      to,
      specifier,
      kind: live ? "live" : isStatic(specifier) ? "static" : "dynamic",
    }));
}

/** What modules import by their text, by the facts of them, which are the same from one release to the next. */
const STATIC = new WeakMap<ModuleAnalysis, ReadonlySet<string>>();

function staticOf(facts: ModuleAnalysis): ReadonlySet<string> {
  let named = STATIC.get(facts);
  if (!named) {
    named = new Set(
      (facts.imports ?? []).filter((it) => it.dynamic !== true)
        .map(({ specifier }) => specifier),
    );
    STATIC.set(facts, named);
  }
  return named;
}

const specifiersOf = rememberedBySeen((seen): Record<string, string> =>
  Object.fromEntries(seen.map(({ specifier, to }) => [specifier, to]))
);
const liveTargets = rememberedBySeen(targets(true));
const plainTargets = rememberedBySeen(targets(false));

function targets(wanted: boolean) {
  return (seen: readonly SeenImport[], from: string): string[] | null => {
    const to = new Set<string>();
    for (const it of seen) {
      if (it.inside && it.live === wanted && it.to !== from) to.add(it.to);
    }
    return to.size === 0 ? null : [...to];
  };
}

/** Remembers what was made of a list: each is of one module, and the same until that module imports something else. */
function rememberedBySeen<T>(
  make: (seen: readonly SeenImport[], from: string) => T,
): typeof make {
  const known = new WeakMap<readonly SeenImport[], { readonly made: T }>();
  return (seen, from) => {
    let it = known.get(seen);
    if (!it) known.set(seen, it = { made: make(seen, from) });
    return it.made;
  };
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
