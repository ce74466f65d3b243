/** From an app's folder to the manifest of its release: what it holds, before anything is packed.
 * @module
 */
import { serviceChecksOf } from "../service_checks.ts";
import {
  type Manifest,
  type ModuleEdges,
  PROTOCOL_VERSION,
  ProtocolError,
  type ReleaseFile,
  type ReleaseSettings,
} from "@flyhot/runtime/protocol";
import {
  lockedVersions,
  pinPackages,
  readLockFile,
  readReleaseSettings,
} from "@flyhot/runtime/plan";
import { FlyhotError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { countScripts } from "../graph/analysis/analyze_scripts.ts";
import {
  analyzerOf,
  CACHED_FROM,
  hasAnalyses,
  openAnalyses,
} from "../graph/analysis/analysis_cache.ts";
import { asideNotes, collectFiles } from "../files/collect.ts";
import {
  configDigests,
  type ConfigFiles,
  configKeyDigests,
  readConfigFiles,
} from "../files/config_files.ts";
import { packagesAbove } from "../graph/packages_above.ts";
import { digestOfText } from "../digest.ts";
import { findEntries } from "../graph/entries.ts";
import { workerSpecifiers } from "../graph/worker_specifiers.ts";
import { readGraph } from "../graph/graph.ts";
import { layOut } from "../files/layout.ts";
import { joinContents, readContents } from "../files/contents.ts";
import { describedVersion, isDirty } from "../files/working_tree.ts";

/** Options of {@linkcode describeRelease}. */
export interface PackOptions {
  /** The app's folder. */
  readonly root: string;
  /** The Fly app. */
  readonly app: string;
  /** The app's own version, for people. Default `version` in deno.json, else what `git describe` says, else `0.0.0`. */
  readonly version?: string;
  /** The image that the folder is a part of. Default `local:<digest of the content>`, with `-dirty` where git has changes. */
  readonly sourceImageRef?: string;
  /** The main modules of the process groups. Default: found in deno.json, fly.toml or Dockerfile. */
  readonly entries?: readonly string[];
  /** Patterns of files that belong to the release whatever else leaves them out. */
  readonly include?: readonly string[];
  /** Patterns of files that do not, as in `.dockerignore`. */
  readonly exclude?: readonly string[];
  /** Leave out what git ignores. Default false. */
  readonly gitIgnored?: boolean;
  /** Finds the release that was published last, asked where nothing else is known of many scripts. Default nobody does. */
  readonly released?: () => Promise<
    Pick<Manifest, "files" | "analysis" | "analyzer"> | null
  >;
  /** Whether somebody vouches for the release. Default: if deno.json names `publicKeys` */
  readonly signs?: boolean;
}

/** A release before it is written. */
interface DescribedRelease {
  /** What it holds. */
  readonly manifest: Manifest;
  /** Its main modules, as paths under the app's folder. */
  readonly entries: readonly string[];
  /** What was left out that somebody may miss, one sentence each. */
  readonly notes: readonly string[];
  /** The folder that its paths are under. */
  readonly root: string;
  /** The short ones of its texts, byte for byte. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Finds, hashes and analyzes the files of an app. */
export async function describeRelease(
  options: PackOptions,
  host: Host,
  signal?: AbortSignal,
): Promise<DescribedRelease> {
  const collected = await collectFiles(options, host, signal);
  const config = await readConfigFiles(
    options.root,
    host,
    collected.files.keys(),
    await packagesAbove(options.root, host),
  );
  const appEntries = entriesOf(
    options,
    config,
    new Map([
      ...collected.files,
      ...collected.aside,
      ...collected.generated,
      ...collected.links.map((path) => [path, 0] as const),
    ]),
  );
  // Deno reads the graph while the app's own files are read here.
  const graph = readGraph(
    { root: options.root, entries: appEntries, packages: config.targets },
    host,
    signal,
  );
  // Whatever is wrong with it is said once both are there.
  graph.catch(() => {});
  const analyses = {
    app: options.app,
    signs: options.signs === true || config.signs,
    settings: config,
    ...(options.released ? { released: options.released } : {}),
  };
  // An app of few scripts may reach many beside its folder.
  let known = countScripts(collected.files.keys()) >= CACHED_FROM ||
      await hasAnalyses(analyses, host)
    ? await openAnalyses(analyses, host)
    : undefined;
  const readAt = (
    folder: string,
    found: Iterable<readonly [path: string, size: number]>,
    isReached: (path: string) => boolean,
  ) =>
    readContents(found, {
      folder,
      config,
      host,
      isReached,
      ...(known ? { known } : {}),
      signal,
    });
  const [ofApp, modulesOfApp] = await settled([
    readAt(options.root, collected.files, () => false),
    graph,
  ]);
  const layout = await layOut(
    {
      ...options,
      collected,
      config,
      modules: modulesOfApp,
      texts: new Map(
        [...ofApp.texts].filter(([path]) => Object.hasOwn(modulesOfApp, path)),
      ),
    },
    host,
    signal,
  );
  const { root, sizes, modules, appFolder } = layout;
  const entries = appEntries.map((entry) => appFolder + entry);
  refuseMissing(modules, sizes);
  const isReached = (path: string) => Object.hasOwn(modules, path);
  const own = new Set([...ofApp.digests.keys()].map((it) => appFolder + it));
  const seen = new Set(
    [...ofApp.analysis.keys()].map((it) => appFolder + it),
  );
  // What lies elsewhere, and what was left out as long as nobody knew whether it is imported.
  const others = [...sizes].filter(([path]) =>
    !own.has(path) || isReached(path) && !seen.has(path)
  );
  if (countScripts(others.map(([path]) => path)) >= CACHED_FROM) {
    known ??= await openAnalyses(analyses, host);
  }
  const beside = await readAt(root, others, isReached);
  await known?.save();
  const contents = joinContents(ofApp, appFolder, beside);
  const files: Readonly<Record<string, ReleaseFile>> = Object.fromEntries(
    [...sizes.keys()].map((path) => [path, {
      ...contents.digests.get(path)!,
      kind: Object.hasOwn(modules, path)
        ? "module"
        : layout.isConfig(path)
        ? "config"
        : "asset",
    }]),
  );
  const analysis = Object.fromEntries(
    [...sizes.keys()].flatMap((path) => {
      const found = contents.analysis.get(path);
      return found ? [[path, found]] : [];
    }),
  );
  const workers = await workerSpecifiers(
    {
      root: options.root,
      // Those beside the app's folder are not its own.
      analysis: new Map(
        Object.entries(analysis).filter(([path]) => path.startsWith(appFolder))
          .map(([path, it]) => [path.slice(appFolder.length), it]),
      ),
      isListed: (path) => isReached(appFolder + path),
      packages: config.targets,
    },
    host,
    signal,
  );
  const configFiles = new Map(
    Object.entries(files).filter(([path]) => layout.isConfig(path)).map((
      [path, { sha256 }],
    ) => [path, sha256]),
  );
  const version = options.version ?? versionOf(config.denoJson) ??
    await describedVersion(root, host, signal) ?? "0.0.0";
  const dirty = options.gitIgnored === true &&
    options.sourceImageRef === undefined && await isDirty(root, host, signal);
  const local = `${localRef(files)}${dirty ? "-dirty" : ""}`;
  const checks = serviceChecksOf(config.flyToml);
  const analyzer = countScripts(sizes.keys()) >= CACHED_FROM
    ? await analyzerOf(config, host)
    : null;
  const manifest: Manifest = {
    protocol: PROTOCOL_VERSION,
    app: options.app,
    version,
    source_image_ref: options.sourceImageRef ?? local,
    entries,
    files,
    modules,
    config: await configDigests(root, configFiles, host),
    locked: lockedVersions(layout.lockText),
    analysis,
    settings: settingsOf(config.denoJson),
    configKeys: await configKeyDigests(root, configFiles.keys(), host),
    packages: pinPackages(
      Object.values(modules).flatMap(({ external }) => external),
      readLockFile(layout.lockText),
      digestOfText,
    ),
    ...(Object.keys(workers).length > 0
      ? {
        workerSpecifiers: Object.fromEntries(
          Object.entries(layout.underRoot(workers)).map((
            [path, { specifiers = {} }],
          ) => [path, specifiers]),
        ),
      }
      : {}),
    commonjs: Object.keys(analysis).filter((path) => analysis[path]?.commonjs),
    ...(analyzer === null ? {} : { analyzer }),
    ...(checks.length > 0 ? { checks } : {}),
    ...(appFolder === "" ? {} : { appFolder: appFolder.slice(0, -1) }),
  };
  return {
    manifest,
    entries: appEntries,
    notes: [
      ...layout.notes,
      ...asideNotes(layout.aside),
      ...(dirty ? ["the working tree has changes that are not committed"] : []),
    ],
    root,
    texts: contents.texts,
  };
}

/** Waits for both, so that nothing goes on when one has failed; the graph's failure says more. */
async function settled<A, B>(
  [one, other]: readonly [Promise<A>, Promise<B>],
): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([one, other]);
  if (second.status === "rejected") throw second.reason;
  if (first.status === "rejected") throw first.reason;
  return [first.value, second.value];
}

function versionOf({ version }: ConfigFiles["denoJson"]): string | null {
  return typeof version === "string" && version !== "" ? version : null;
}

/** What `deno.json` says about state; what it says wrongly is said before anything is packed. */
function settingsOf(denoJson: ConfigFiles["denoJson"]): ReleaseSettings {
  try {
    return readReleaseSettings(denoJson.flyhot);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new FlyhotError("usage", cause.message, {
      hint: `see "flyhot" in the README`,
      cause,
    });
  }
}

function entriesOf(
  options: PackOptions,
  config: ConfigFiles,
  files: ReadonlyMap<string, number>,
): readonly string[] {
  const given = options.entries?.map((entry) => entry.replace(/^(\.\/)+/, ""));
  for (const entry of given ?? []) {
    if (files.has(entry)) continue;
    throw new FlyhotError(
      "usage",
      `Cannot pack ${options.root}: its main module ${entry} is missing or left out`,
      { hint: `correct "flyhot".entry in deno.json, or .dockerignore` },
    );
  }
  if (given && given.length > 0) return [...new Set(given)].sort();
  const found = findEntries({
    ...config,
    root: options.root,
    has: (path) => files.has(path),
  });
  if (found) return found.entries;
  throw new FlyhotError(
    "usage",
    `Cannot pack ${options.root}: no main module is named in deno.json, fly.toml or Dockerfile, and there is no main.ts`,
    { hint: `name it under "flyhot".entry in deno.json` },
  );
}

function refuseMissing(
  modules: Readonly<Record<string, ModuleEdges>>,
  files: ReadonlyMap<string, number>,
): void {
  for (const path of Object.keys(modules)) {
    if (files.has(path)) continue;
    const importer = Object.entries(modules).find(([, edges]) =>
      edges.static.includes(path) || edges.dynamic.includes(path)
    )?.[0];
    throw new FlyhotError(
      "usage",
      `Cannot pack ${
        importer ?? path
      }: it imports ${path}, which is left out (ignored or excluded, it or a link on the way)`,
      { hint: "take it back in with include, or change the import" },
    );
  }
}

function localRef(files: Readonly<Record<string, ReleaseFile>>): string {
  const lines = Object.entries(files).map(([path, { sha256 }]) =>
    `${sha256}  ${path}\n`
  );
  return `local:${digestOfText(lines.join("")).slice(0, 12)}`;
}
