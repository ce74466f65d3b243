/** Versions of an app as the planner sees them: from sources, without a disk or a process.
 * @module
 */
import { createHash } from "node:crypto";
import { PROTOCOL_VERSION } from "../../runtime/protocol/manifest/manifest.ts";
import { startKeys } from "../../runtime/plan/settings/config_keys.ts";
import {
  importable,
  readLockFile,
} from "../../runtime/plan/dependencies/lock_file.ts";
import { pinPackages } from "../../runtime/plan/dependencies/pin_packages.ts";
import { lockedVersions } from "../../runtime/plan/settings/locked_versions.ts";
import { isScriptPath } from "../../runtime/plan/paths.ts";
import {
  bare,
  isOutside,
  relativePath,
  releaseView,
} from "../../runtime/plan/lookup/views.ts";
import { bootModules } from "../../runtime/plan/reload/reload_set.ts";
import { readReleaseSettings } from "../../runtime/plan/settings/settings.ts";
import type {
  Manifest,
  ModuleEdges,
  RunningManifest,
} from "../../runtime/protocol/manifest/manifest.ts";
import type { SeenEdge } from "../../runtime/protocol/manifest/plan_fields.ts";
import { analyzeScript } from "../../src/release/graph/analysis/analyze.ts";

/** The text of each file, by path. */
export type Sources = Readonly<Record<string, string>>;

/** SHA-256 of a text. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What a version is packed with. */
export interface VersionOptions {
  /** What stands under `"flyhot"` in its `deno.json`. */
  readonly flyhot?: unknown;
  /** Whether it asks for rebinding. Default no. */
  readonly rebind?: boolean;
  /** Prefixes of specifiers and the folders they stand for. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** Packs a version. */
export function packed(
  sources: Sources,
  { flyhot, rebind = false, aliases = {} }: VersionOptions = {},
): Manifest {
  const analysis: Record<string, ReturnType<typeof analyzeScript>> = {};
  const modules: Record<string, ModuleEdges> = {};
  const config: Record<string, string> = {};
  const configKeys: Record<string, Record<string, string>> = {};
  const isConfig = (path: string) =>
    /(?:^|\/)(?:deno\.jsonc?|package\.json)$/.test(path) ||
    /^(?:fly\.toml|Dockerfile|import_map\.json|deno\.lock)$/.test(path);
  for (const [path, text] of Object.entries(sources)) {
    if (isConfig(path) && path !== "deno.lock") {
      const keys = Object.entries(startKeys(path, text)).map(([key, value]) =>
        [key, digest(value)] as const
      );
      configKeys[path] = Object.fromEntries(keys);
      config[path] = digest(JSON.stringify(keys));
    }
    if (!isScriptPath(path)) continue;
    analysis[path] = analyzeScript(path, text, rebind ? { rebind } : {});
    modules[path] = edgesOf(path, text, aliases);
  }
  for (const { static: list } of Object.values(modules)) {
    for (const to of list) {
      if (sources[bare(to)] !== undefined) {
        modules[bare(to)] ??= { static: [], dynamic: [], external: [] };
      }
    }
  }
  return {
    protocol: PROTOCOL_VERSION,
    app: "shop",
    version: "1",
    source_image_ref: "local:1",
    entries: ["main.ts"],
    files: Object.fromEntries(
      Object.entries(sources).map(([path, text]) => [path, {
        sha256: digest(text),
        size: text.length,
        kind: Object.hasOwn(modules, path)
          ? "module"
          : isConfig(path)
          ? "config"
          : "asset",
      }]),
    ),
    modules,
    config,
    locked: lockedVersions(sources["deno.lock"] ?? ""),
    ...sources["deno.lock"] === undefined ? {} : {
      packages: pinPackages(
        Object.values(modules).flatMap(({ external }) => external),
        readLockFile(sources["deno.lock"]),
        digest,
      ),
    },
    analysis,
    settings: readReleaseSettings(flyhot),
    configKeys,
  };
}

/** Edges as `deno info` gives them: without `import type`, with whatever else is written. */
function edgesOf(
  path: string,
  text: string,
  aliases: Readonly<Record<string, string>>,
): ModuleEdges {
  const specifiers: Record<string, string> = {};
  const resolve = (specifier: string): string => {
    for (const [prefix, folder] of Object.entries(aliases)) {
      if (specifier.startsWith(prefix)) {
        return folder + specifier.slice(prefix.length);
      }
    }
    if (isOutside(specifier)) return specifier;
    if (!specifier.startsWith(".")) return `npm:${specifier}@1`;
    const query = specifier.slice(bare(specifier).length);
    return `${relativePath(path, bare(specifier))}${query}`;
  };
  const edges = {
    static: [] as string[],
    dynamic: [] as string[],
    external: [] as string[],
  };
  const pattern =
    /(import\(\s*|\brequire\(\s*)"([^"]+)"|(?:^|[;\n])\s*(?:import|export)\s(?!type\b)(?:[^"';]*?from\s*)?"([^"]+)"/g;
  for (const [, call, dynamic, fixed] of text.matchAll(pattern)) {
    const specifier = (dynamic ?? fixed)!;
    const target = resolve(specifier);
    specifiers[specifier] = target;
    if (isOutside(target)) edges.external.push(target);
    else edges[call?.startsWith("import") ? "dynamic" : "static"].push(target);
  }
  return { ...edges, specifiers };
}

/** What runs, as a machine would say it. */
export interface RunningOptions extends VersionOptions {
  /** Boundaries, as importer to targets. Default: from `main.ts` to `app.ts`. */
  readonly live?: Readonly<Record<string, readonly string[]>>;
  /** Whether hooks have seen the main module as well, so that all can be reloaded. Default no. */
  readonly preload?: boolean;
  /** What else was imported by `import()`. */
  readonly dynamic?: Readonly<Record<string, readonly string[]>>;
  /** Loaded modules that the edges do not lead to. */
  readonly loaded?: readonly string[];
  /** Changes. */
  readonly changes?: Partial<RunningManifest>;
}

/** A machine that runs a version from its image. */
export function running(
  sources: Sources,
  options: RunningOptions = {},
): RunningManifest {
  const manifest = packed(sources, options);
  const view = releaseView(manifest);
  const live = options.live ?? { "main.ts": ["app.ts"] };
  const boot = options.preload
    ? new Set<string>()
    : bootModules("main.ts", view.imports);
  const loaded = new Set<string>(options.loaded);
  const waiting = [
    ...options.preload ? ["main.ts"] : [],
    ...Object.values(live).flat(),
    ...Object.values(options.dynamic ?? {}).flat(),
    ...loaded,
  ];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (!boot.has(path)) loaded.add(path);
    for (const next of view.imports(path)) {
      if (!loaded.has(next) && !boot.has(next)) waiting.push(next);
    }
  }
  const edges: Record<string, SeenEdge[]> = {};
  const add = (from: string, edge: SeenEdge) => (edges[from] ??= []).push(edge);
  const specifierOf = (from: string, to: string) =>
    Object.entries(manifest.modules[from]?.specifiers ?? {}).find((
      [, target],
    ) => bare(target) === to)?.[0] ?? `./${to}?computed`;
  for (const path of loaded) {
    edges[path] ??= [];
    for (const to of view.imports(path)) {
      add(path, { to, kind: "static", specifier: specifierOf(path, to) });
    }
  }
  for (
    const [kind, table] of [["live", live], [
      "dynamic",
      options.dynamic ?? {},
    ]] as const
  ) {
    for (const [from, targets] of Object.entries(table)) {
      for (const to of targets) {
        add(from, { to, kind, specifier: specifierOf(from, to) });
      }
    }
  }
  return {
    protocol: PROTOCOL_VERSION,
    image_ref: "registry.fly.io/shop:one",
    fingerprint: "abc",
    release_sha256: null,
    main: "main.ts",
    files: Object.fromEntries(
      Object.entries(manifest.files).map((
        [path, { sha256 }],
      ) => [path, sha256]),
    ),
    config: manifest.config,
    locked: manifest.locked,
    ...manifest.packages
      ? {
        packages: Object.fromEntries(
          Object.values(manifest.packages).map((it) => [
            importable(it.exact ?? ""),
            { closure: it.closure, depends: it.depends },
          ]),
        ),
        canAddPackages: { possible: true },
      }
      : {},
    loaded: [...loaded].sort(),
    live,
    plain: options.dynamic ?? {},
    external: Object.values(manifest.modules).flatMap(({ external }) => [
      ...external,
    ]),
    holders: {},
    accepted: {},
    declined: {},
    analysis: Object.fromEntries(
      [...loaded, ...boot].flatMap((path) => {
        const found = view.analysis(path);
        return found ? [[path, found]] : [];
      }),
    ),
    edges,
    specifiers: Object.fromEntries(
      [...loaded, ...boot].map((
        path,
      ) => [path, manifest.modules[path]?.specifiers ?? {}]),
    ),
    configKeys: manifest.configKeys!,
    ...options.preload ? { boot: [] } : {},
    ...options.changes,
  };
}
