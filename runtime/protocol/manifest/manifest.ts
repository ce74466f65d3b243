/** The manifest: what a release holds, file by file.
 * @module
 */
import { shownText } from "../../base/shown_text.ts";
import { parseJsonc, TooDeepError } from "../json/jsonc.ts";
import type { ModuleAnalysis } from "./module_analysis.ts";
import { moduleAnalysis } from "./read_analysis.ts";
import {
  count,
  fields,
  listOf,
  nullable,
  object,
  oneOf,
  optional,
  orElse,
  ProtocolError,
  type Reader,
  recordOf,
  reject,
  sha256Hex,
  string,
} from "../json/parse.ts";
import {
  MANIFEST_PLAN_FIELDS,
  type ManifestPlanFields,
  RUNNING_PLAN_FIELDS,
  type RunningPlanFields,
} from "./plan_fields.ts";

/** The version of the records in the bucket and in releases. */
export const PROTOCOL_VERSION = 1;

/** The name of the manifest inside a release; always its first entry. */
export const MANIFEST_PATH = "flyhot.json";

/** One file of a release. */
export interface ReleaseFile {
  /** SHA-256 of the content, lower-case hex. */
  readonly sha256: string;
  /** Length in bytes. */
  readonly size: number;
  /** `module` is evaluated by Deno, `config` is read by Deno or Fly at start, `asset` is everything else. */
  readonly kind: "module" | "asset" | "config";
}

/** What one module imports, as paths under the app root; types-only imports do not count. */
export interface ModuleEdges {
  /** Imported before the module runs. */
  readonly static: readonly string[];
  /** Imported by `import()` with a specifier that can be read off the source. */
  readonly dynamic: readonly string[];
  /** Specifiers that lead outside the app: `npm:`, `jsr:`, `node:`, `https:`. */
  readonly external: readonly string[];
  /** Where each specifier leads, as written: a path of the app or a URL outside of it. Left out by older commands. */
  readonly specifiers?: Readonly<Record<string, string>>;
}

/** One HTTP check of a service in `fly.toml`. */
export interface ServiceCheck {
  /** The port inside the machine. */
  readonly port: number;
  /** The path asked for, with its query. */
  readonly path: string;
  /** The method. */
  readonly method: string;
  /** The headers sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long the answer may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** What a release holds. */
export interface Manifest extends ManifestPlanFields {
  /** {@linkcode PROTOCOL_VERSION}. */
  readonly protocol: number;
  /** The Fly app. */
  readonly app: string;
  /** The app's own version, for people. */
  readonly version: string;
  /** The image the release was packed from; for a packed working tree `local:<digest>`. */
  readonly source_image_ref: string;
  /** The main module of each process group, as paths. */
  readonly entries: readonly string[];
  /** Every file, by path with `/` between segments. */
  readonly files: Readonly<Record<string, ReleaseFile>>;
  /** The edges of every module in `files`. */
  readonly modules: Readonly<Record<string, ModuleEdges>>;
  /**
   * Digests of what a running process cannot pick up, by file name; of `deno.json` only the parts that Deno
   * reads at start count (see {@linkcode settingsText}).
   */
  readonly config: Readonly<Record<string, string>>;
  /** The versions that its `deno.lock` has chosen, by requirement. */
  readonly locked: Readonly<Record<string, string>>;
  /** What each script does, by path, whether or not a module reaches it. Left out by older commands. */
  readonly analysis?: Readonly<Record<string, ModuleAnalysis>>;
  /** The HTTP checks of its `fly.toml`, for machines whose app declares none. */
  readonly checks?: readonly ServiceCheck[];
}

/** Reads the protocol version of a record and refuses one this code does not know. */
export const protocolVersion: Reader<number> = (value, at) =>
  value === PROTOCOL_VERSION ? PROTOCOL_VERSION : reject(
    at,
    `protocol ${PROTOCOL_VERSION} (a newer flyhot wrote this: upgrade flyhot and @flyhot/runtime to the same version)`,
    value,
  );

/**
 * Tells whether a path may stand in a release: relative, `/` between segments, none of them empty, `.` or `..`.
 *
 * @param path the path
 * @returns true if it stays inside the folder it is unpacked to on every platform
 */
export function isReleasePath(path: string): boolean {
  return path.length > 0 && path.length <= 512 &&
    !/[\p{Cc}\\:*?"<>|]/u.test(path) &&
    path.split("/").every((part) =>
      part !== "" && part !== "." && part !== ".."
    );
}

const releasePath: Reader<string> = (value, at) =>
  typeof value === "string" && isReleasePath(value)
    ? value
    : reject(at, "a relative path inside the release", value);

const releaseFile = fields<ReleaseFile>({
  sha256: sha256Hex,
  size: count,
  kind: oneOf("module", "asset", "config"),
});

const moduleEdges = fields<ModuleEdges>({
  static: listOf(releasePath),
  dynamic: listOf(releasePath),
  external: listOf(string),
  specifiers: optional(recordOf(string)),
});

const serviceCheck = fields<ServiceCheck>({
  port: count,
  path: (value, at) => {
    const path = string(value, at);
    return path.startsWith("/")
      ? path
      : reject(at, "a path that begins with /", path);
  },
  method: (value, at) => {
    const method = string(value, at);
    return /^[A-Z]+$/.test(method)
      ? method
      : reject(at, "an HTTP method", method);
  },
  headers: orElse(recordOf(string), {}),
  timeoutMs: count,
});

/** Reads one entry of what a manifest says path by path: these tables are nearly all of it. */
export const MANIFEST_TABLES = {
  files(path: string, value: unknown): ReleaseFile {
    const at = `manifest.files[${JSON.stringify(path)}]`;
    const file = releaseFile(value, at);
    releasePath(path, at);
    return file;
  },
  modules(path: string, value: unknown): ModuleEdges {
    return moduleEdges(value, `manifest.modules[${JSON.stringify(path)}]`);
  },
  analysis(path: string, value: unknown): ModuleAnalysis {
    return moduleAnalysis(value, `manifest.analysis[${JSON.stringify(path)}]`);
  },
};

/**
 * Reads a manifest.
 *
 * @param value parsed JSON
 * @returns the manifest
 * @throws {ProtocolError} if it is not a manifest of this protocol, or names a path outside the release
 */
export function parseManifest(value: unknown): Manifest {
  return manifest(value, "manifest");
}

const manifest = fields<Manifest>({
  protocol: protocolVersion,
  app: string,
  version: string,
  source_image_ref: string,
  entries: listOf(releasePath),
  files: (value, at) => {
    const files = recordOf(releaseFile)(value, at);
    for (const path of Object.keys(files)) {
      releasePath(path, `${at}[${JSON.stringify(path)}]`);
    }
    return files;
  },
  modules: recordOf(moduleEdges),
  config: recordOf(sha256Hex),
  locked: orElse(recordOf(string), {}),
  analysis: optional(recordOf(moduleAnalysis)),
  checks: optional(listOf(serviceCheck)),
  ...MANIFEST_PLAN_FIELDS,
});

/** What a machine says it runs, for a planner: the answer of `GET /v1/manifest`. */
export interface RunningManifest extends RunningPlanFields {
  /** {@linkcode PROTOCOL_VERSION}. */
  readonly protocol: number;
  /** The image the machine booted from. */
  readonly image_ref: string;
  /** What code runs; see {@linkcode fingerprint}. */
  readonly fingerprint: string;
  /** Digest of the current release, or null on the base image. */
  readonly release_sha256: string | null;
  /** The main module, as a path under the app root. */
  readonly main: string;
  /** SHA-256 of every current file, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** As {@linkcode Manifest.config}. */
  readonly config: Readonly<Record<string, string>>;
  /** As {@linkcode Manifest.locked}. */
  readonly locked: Readonly<Record<string, string>>;
  /** The modules loaded so far. */
  readonly loaded: readonly string[];
  /** Dynamic imports seen that went through `live()`. */
  readonly live: Readonly<Record<string, readonly string[]>>;
  /** Dynamic imports seen that did not. */
  readonly plain: Readonly<Record<string, readonly string[]>>;
  /** What modules accept without being reloaded, by importer; see `hot(import.meta).accept`. */
  readonly accepted?: Readonly<Record<string, readonly string[]>>;
  /** Why modules decline to be replaced, by path. */
  readonly declined?: Readonly<Record<string, string>>;
  /** Packages outside the app that the process can load; see {@linkcode packageOf}. */
  readonly external: readonly string[];
  /** Holders by name: their version and the module that declares them. */
  readonly holders: Readonly<
    Record<string, { readonly version: number; readonly module: string }>
  >;
}

/**
 * Reads what a machine says it runs.
 *
 * @param value parsed JSON
 * @returns the running manifest
 * @throws {ProtocolError} if it is not one of this protocol
 */
export function parseRunningManifest(value: unknown): RunningManifest {
  return runningManifest(value, "running manifest");
}

const edges = recordOf(listOf(string));

const runningManifest = fields<RunningManifest>({
  protocol: protocolVersion,
  image_ref: string,
  fingerprint: string,
  release_sha256: nullable(sha256Hex),
  main: string,
  files: recordOf(sha256Hex),
  config: recordOf(sha256Hex),
  locked: orElse(recordOf(string), {}),
  loaded: listOf(string),
  live: edges,
  plain: edges,
  accepted: orElse(edges, {}),
  declined: orElse(recordOf(string), {}),
  external: listOf(string),
  holders: recordOf(fields({ version: count, module: string })),
  ...RUNNING_PLAN_FIELDS,
});

/** The keys of `deno.json` that Deno reads when a process starts, and never again. */
const START_KEYS = [
  "imports",
  "scopes",
  "importMap",
  "compilerOptions",
  "nodeModulesDir",
  "vendor",
  "unstable",
  "workspace",
  "links",
  "permissions",
] as const;

/**
 * Keeps of a configuration file what a running process cannot pick up, in a form whose text is equal when the meaning
 * is: of a `deno.json` the settings that Deno reads at start, of anything else all of it.
 *
 * @param path the file's path
 * @param text its text; a `deno.json` may have comments
 * @returns canonical text, to be hashed
 */
export function settingsText(path: string, text: string): string {
  if (!/(?:^|\/)deno\.jsonc?$/.test(path)) return text;
  let source: unknown;
  try {
    source = parseJsonc(text);
  } catch (error) {
    if (error instanceof TooDeepError) {
      throw new ProtocolError(
        `Cannot read ${shownText(path)}: ${error.message}`,
      );
    }
    // Deno would not start with it either; whole, it still tells a change.
    return text;
  }
  const kept: Record<string, unknown> = {};
  for (const key of START_KEYS) {
    const value = object(source, path)[key];
    if (value !== undefined) kept[key] = value;
  }
  return JSON.stringify(sorted(kept));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)
      .map(([key, entry]) => [key, sorted(entry)]),
  );
}
