/** What manifests carry for the planner: how specifiers resolve, what modules do, what a machine has seen and can do.
 * @module
 */
import {
  boolean,
  count,
  type Fields,
  fields,
  listOf,
  nullable,
  oneOf,
  optional,
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

const LOADED_PACKAGE: Fields<LoadedPackage> = {
  closure: string,
  depends: listOf(string),
};

const pinnedPackage = fields<PinnedPackage>({
  exact: nullable(string),
  ...LOADED_PACKAGE,
  native: optional(listOf(string)),
});

/** How what a manifest carries for the planner is read. */
export const MANIFEST_PLAN_FIELDS: Fields<ManifestPlanFields> = {
  settings: optional(releaseSettings),
  configKeys: optional(recordOf(texts)),
  commonjs: optional(listOf(string)),
  appFolder: optional(string),
  workerSpecifiers: optional(recordOf(texts)),
  packages: optional(recordOf(pinnedPackage)),
  analyzer: optional(string),
};

const seenEdge = fields<SeenEdge>({
  to: string,
  kind: oneOf("static", "dynamic", "live"),
  specifier: string,
});

const canDo = fields<{ possible: boolean; why?: string }>({
  possible: boolean,
  why: optional(string),
});

/** How what a machine says for the planner is read. */
export const RUNNING_PLAN_FIELDS: Fields<RunningPlanFields> = {
  analysis: optional(recordOf(moduleAnalysis)),
  edges: optional(recordOf(listOf(seenEdge))),
  specifiers: optional(recordOf(texts)),
  settings: optional(releaseSettings),
  configKeys: optional(recordOf(texts)),
  aliases: optional(texts),
  packages: optional(recordOf(fields(LOADED_PACKAGE))),
  canAddPackages: optional(canDo),
  canKeep: optional(canDo),
  keptReach: optional(recordOf(listOf(string))),
  made: optional(recordOf(listOf(string))),
  canLayFiles: optional(canDo),
  rebinds: optional(recordOf(listOf(string))),
  started: optional(recordOf(listOf(count))),
  commonjs: optional(listOf(string)),
  foreign: optional(recordOf(listOf(string))),
  boot: optional(listOf(string)),
  releaseFiles: optional(listOf(string)),
  reads: optional(recordOf(listOf(string))),
  lateReads: optional(recordOf(listOf(string))),
  openSockets: optional(recordOf(count)),
  packageSockets: optional(recordOf(count)),
  socketLines: optional(recordOf(count)),
  addresses: optional(listOf(string)),
  workers: optional(listOf(string)),
  startedWorkers: optional(listOf(string)),
  seesNodeWorkers: optional(boolean),
};
