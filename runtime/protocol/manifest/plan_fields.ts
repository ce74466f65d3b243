/** What manifests carry for the planner: how specifiers resolve, what modules do, what a machine has seen and can do.
 * @module
 */
import {
  boolean,
  count,
  listOf,
  maybe,
  nullable,
  object,
  oneOf,
  type Reader,
  recordOf,
  string,
} from "../json/parse.ts";
import type { ModuleAnalysis } from "./module_analysis.ts";
import { moduleAnalysis } from "./read_analysis.ts";
import { type ReleaseSettings, releaseSettings } from "./release_settings.ts";

/** One package of a release, behind a specifier that modules of the app import. */
export interface PinnedPackage {
  /** The exact package: `npm:qs@6.14.1`; null where no lock file and no version tells. */
  readonly exact: string | null;
  /** Digest of the package and of all that it depends on. */
  readonly closure: string;
  /** What it depends on, however deep, as exact packages. */
  readonly depends: readonly string[];
  /** Which of these are native add-ons. */
  readonly native?: readonly string[];
}

/** What a process has of one exact package. */
export type LoadedPackage = Pick<PinnedPackage, "closure" | "depends">;

/** What a manifest carries for the planner; everything may be missing in a release of an older command. */
export interface ManifestPlanFields {
  /** What `deno.json` says about state. */
  readonly settings?: ReleaseSettings;
  /** Digests of what is read at start, by file and key; see {@linkcode startKeys}. */
  readonly configKeys?: Readonly<
    Record<string, Readonly<Record<string, string>>>
  >;
  /** Scripts that are CommonJS though their name does not say so. */
  readonly commonjs?: readonly string[];
  /** The path of the app's folder under the release's root, where these are not the same. */
  readonly appFolder?: string;
  /** Where the specifiers of scripts lead that workers load and no module of the app imports, by script. */
  readonly workerSpecifiers?: Readonly<
    Record<string, Readonly<Record<string, string>>>
  >;
  /** The packages behind the `npm:` and `jsr:` specifiers of its modules, by specifier as an import map resolves it. */
  readonly packages?: Readonly<Record<string, PinnedPackage>>;
  /** Digest of the analyzer that its analysis is from, and of the settings it went by; left out where scripts are few. */
  readonly analyzer?: string;
}

/** One import that a machine has seen. */
export interface SeenEdge {
  /** The path of the module that was imported. */
  readonly to: string;
  /** `live` for one through a boundary, `dynamic` for any other `import()`; `require()` is `static`. */
  readonly kind: "static" | "dynamic" | "live";
  /** As it was asked for. */
  readonly specifier: string;
}

/** What a machine says besides what it always said; everything is missing where its runtime is older. */
export interface RunningPlanFields {
  /** What each loaded script does, and each that the release in place holds. */
  readonly analysis?: Readonly<Record<string, ModuleAnalysis>>;
  /** What the hooks have seen each module import; boot modules are not in it unless hooks saw them. */
  readonly edges?: Readonly<Record<string, readonly SeenEdge[]>>;
  /** Where the specifiers of each loaded module lead, as the `specifiers` of its edges. */
  readonly specifiers?: Readonly<
    Record<string, Readonly<Record<string, string>>>
  >;
  /** What the `deno.json` of the code that runs says about state. */
  readonly settings?: ReleaseSettings;
  /** As {@linkcode ManifestPlanFields.configKeys}. */
  readonly configKeys?: Readonly<
    Record<string, Readonly<Record<string, string>>>
  >;
  /** As {@linkcode ManifestPlanFields.configKeys}, of the code that runs: a release brings aliases of its own. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** The packages that the lock file of the image, or releases since, have brought, by exact package. */
  readonly packages?: Readonly<Record<string, LoadedPackage>>;
  /** Whether the process can load packages that it did not start with, and why not. */
  readonly canAddPackages?: {
    readonly possible: boolean;
    readonly why?: string;
  };
  /** Whether values can be kept by name, and why not. */
  readonly canKeep?: { readonly possible: boolean; readonly why?: string };
  /**
   * What functions and expressions have made, as `main.ts#main.games`, and the modules during whose evaluation; not said,
   * nobody knows.
   */
  readonly made?: Readonly<Record<string, readonly string[]>>;
  /** `place#Class` of the app's classes that each value which can be kept holds instances of; as far as a short look finds. */
  readonly keptReach?: Readonly<Record<string, readonly string[]>>;
  /** Whether files can be laid over their place, and why not. */
  readonly canLayFiles?: { readonly possible: boolean; readonly why?: string };
  /**
   * The exports whose variables can be set in every instance of a module, by its path; not said, every importer of what
   * changes is evaluated.
   */
  readonly rebinds?: Readonly<Record<string, readonly string[]>>;
  /**
   * What the start of the process has run of each module that is still as it was started, by path: the numbers of its
   * functions and classes; of a module that is not here, and where it is not said, all may have run.
   */
  readonly started?: Readonly<Record<string, readonly number[]>>;
  /** Loaded modules that are CommonJS. */
  readonly commonjs?: readonly string[];
  /** Who outside the app has imported a loaded module, by the module's path. */
  readonly foreign?: Readonly<Record<string, readonly string[]>>;
  /** Modules that cannot be reloaded; not said, those are the main module and what it imports statically. */
  readonly boot?: readonly string[];
  /** The files of the release in place; not said and a release is in place, those are all its files. */
  readonly releaseFiles?: readonly string[];
  /** Modules that have read a file while they were evaluated, by the file's path. */
  readonly reads?: Readonly<Record<string, readonly string[]>>;
  /** Modules that have read a file later, by the file's path; only the first ones to do so. */
  readonly lateReads?: Readonly<Record<string, readonly string[]>>;
  /** Open sockets whose handlers stay with the code that made them, by the path of its module. */
  readonly openSockets?: Readonly<Record<string, number>>;
  /** Those of them that packages have upgraded from requests to servers of Node's modules. */
  readonly packageSockets?: Readonly<Record<string, number>>;
  /** Where the first socket of each of these modules was opened, by its path; where that is known. */
  readonly socketLines?: Readonly<Record<string, number>>;
  /** The addresses that evaluated modules serve, as a consent names them behind `server:`. */
  readonly addresses?: readonly string[];
  /** The scripts of workers that run now; not said, those that loaded modules start by their text. */
  readonly workers?: readonly string[];
  /** The scripts of workers that were seen being started and may run still, however these are named; there may be more. */
  readonly startedWorkers?: readonly string[];
  /** Whether workers of Node's are seen as well, unless a boot module starts them; not said, any script may be theirs. */
  readonly seesNodeWorkers?: boolean;
}

const texts = recordOf(string);

const loadedPackage: Reader<LoadedPackage> = (value, at) => {
  const it = object(value, at);
  return {
    closure: string(it.closure, `${at}.closure`),
    depends: listOf(string)(it.depends, `${at}.depends`),
  };
};

const pinnedPackage: Reader<PinnedPackage> = (value, at) => {
  const it = object(value, at);
  return {
    exact: nullable(string)(it.exact, `${at}.exact`),
    ...loadedPackage(value, at),
    ...maybe(it, "native", listOf(string), at),
  };
};

/** Reads what a manifest carries for the planner. Throws if one is not what it should be. */
export function manifestPlanFields(
  manifest: Record<string, unknown>,
  at: string,
): ManifestPlanFields {
  return {
    ...maybe(manifest, "settings", releaseSettings, at),
    ...maybe(manifest, "configKeys", recordOf(texts), at),
    ...maybe(manifest, "commonjs", listOf(string), at),
    ...maybe(manifest, "appFolder", string, at),
    ...maybe(manifest, "workerSpecifiers", recordOf(texts), at),
    ...maybe(manifest, "packages", recordOf(pinnedPackage), at),
    ...maybe(manifest, "analyzer", string, at),
  };
}

const seenEdge: Reader<SeenEdge> = (value, at) => {
  const edge = object(value, at);
  return {
    to: string(edge.to, `${at}.to`),
    kind: oneOf("static", "dynamic", "live")(edge.kind, `${at}.kind`),
    specifier: string(edge.specifier, `${at}.specifier`),
  };
};

const canDo: Reader<{ possible: boolean; why?: string }> = (value, at) => {
  const it = object(value, at);
  return {
    possible: boolean(it.possible, `${at}.possible`),
    ...maybe(it, "why", string, at),
  };
};

/** Reads what a machine says for the planner. Throws if one is not what it should be. */
export function runningPlanFields(
  running: Record<string, unknown>,
  at: string,
): RunningPlanFields {
  return {
    ...maybe(running, "analysis", recordOf(moduleAnalysis), at),
    ...maybe(running, "edges", recordOf(listOf(seenEdge)), at),
    ...maybe(running, "specifiers", recordOf(texts), at),
    ...maybe(running, "settings", releaseSettings, at),
    ...maybe(running, "configKeys", recordOf(texts), at),
    ...maybe(running, "aliases", texts, at),
    ...maybe(running, "packages", recordOf(loadedPackage), at),
    ...maybe(running, "canAddPackages", canDo, at),
    ...maybe(running, "canKeep", canDo, at),
    ...maybe(running, "keptReach", recordOf(listOf(string)), at),
    ...maybe(running, "made", recordOf(listOf(string)), at),
    ...maybe(running, "canLayFiles", canDo, at),
    ...maybe(running, "rebinds", recordOf(listOf(string)), at),
    ...maybe(running, "started", recordOf(listOf(count)), at),
    ...maybe(running, "commonjs", listOf(string), at),
    ...maybe(running, "foreign", recordOf(listOf(string)), at),
    ...maybe(running, "boot", listOf(string), at),
    ...maybe(running, "releaseFiles", listOf(string), at),
    ...maybe(running, "reads", recordOf(listOf(string)), at),
    ...maybe(running, "lateReads", recordOf(listOf(string)), at),
    ...maybe(running, "openSockets", recordOf(count), at),
    ...maybe(running, "packageSockets", recordOf(count), at),
    ...maybe(running, "socketLines", recordOf(count), at),
    ...maybe(running, "addresses", listOf(string), at),
    ...maybe(running, "workers", listOf(string), at),
    ...maybe(running, "startedWorkers", listOf(string), at),
    ...maybe(running, "seesNodeWorkers", boolean, at),
  };
}
