/** Reading what a plan for an app is made from.
 * @module
 */
import { hotSurface, isForDevelopment } from "@flyhot/runtime/plan";
import type { Manifest } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { analyzeScript } from "../release/graph/analysis/analyze.ts";
import { describeRelease } from "../release/pack/describe.ts";
import {
  type ProjectFiles,
  readProject,
} from "../release/files/project_files.ts";
import { joinPath } from "../base/values.ts";
import type { HotWay, InitSources, LookedAt } from "./plan_types.ts";
import { missingNames, stateTable } from "./state/state_table.ts";
import { readTree, type SyntaxTree } from "./syntax_tree.ts";

const MODULES_MAX = 2000;

/** Reads an app's folder. */
export async function readInitSources(
  folder: string,
  host: Host,
  signal?: AbortSignal,
): Promise<InitSources> {
  const project = await readProject(folder, host);
  const { read, paths, config } = project;
  const named = project.entries?.entries ?? [];
  const modules = new Map<string, string>();
  const isModule = (path: string) =>
    /\.[cm]?[jt]sx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path);
  const wanted = [...named, ...[...paths].filter(isModule)];
  for (const path of wanted.slice(0, MODULES_MAX)) {
    const source = await read(path);
    if (source !== null) modules.set(path, source);
  }
  const entries = named.length > 0 ? named : servingModule(modules);
  const { release, texts } = await releaseOf(folder, entries, host, signal);
  return {
    paths,
    modules,
    entries,
    release,
    tree: treesOf((path) => modules.get(path)),
    treeBeside: treesOf((path) => texts.get(path)),
    packed: (path) => texts.get(path),
    imports: importsOf(modules, release),
    denoJson: await denoJsonOf(project),
    packages: config.packages,
    packageJson: config.packageJson,
    lockText: config.lockText,
    dockerfile: config.dockerfile,
    dockerfilePath: config.dockerfilePath,
    starts: config.starts,
    flyToml: config.flyToml,
    dockerignore: await read(".dockerignore"),
    gitignore: await read(".gitignore"),
    isRepository: await host.files.stat(joinPath(folder, ".git")) !== null,
  };
}

/** Looks at what an app's modules hold, and at what of it can be replaced once that has names. */
export function lookAt(sources: InitSources, way: HotWay): LookedAt {
  const { release, tree, treeBeside } = sources;
  if ("unread" in release) return { state: [], surfaces: [] };
  const preload = way === "preload";
  const folder = release.appFolder === undefined ? "" : `${release.appFolder}/`;
  const state = stateTable({
    manifest: release,
    mains: release.entries,
    tree: (path) =>
      path.startsWith(folder)
        ? tree(path.slice(folder.length))
        : treeBeside(path),
    preload,
  });
  const { keep, startsAnew } = missingNames(state);
  const named: Manifest = release.settings
    ? {
      ...release,
      settings: {
        ...release.settings,
        startsAnew: [...release.settings.startsAnew, ...startsAnew, ...keep],
      },
    }
    : release;
  return {
    state,
    surfaces: release.entries.map((main) =>
      hotSurface(named, main, { preload })
    ),
  };
}

/** The main module that nothing names: the only one that begins to serve. */
function servingModule(modules: ReadonlyMap<string, string>): string[] {
  const found = [...modules].filter(([path, source]) =>
    !isForDevelopment(path) && /\bDeno\.serve\(|\.listen\(/.test(source)
  ).map(([path]) => path);
  return found.length === 1 ? found : [];
}

/** Whatever keeps it from being packed is told, and keeps nobody from the rest. */
async function releaseOf(
  folder: string,
  entries: readonly string[],
  host: Host,
  signal?: AbortSignal,
): Promise<{
  readonly release: InitSources["release"];
  /** The texts in it, by their paths there. */
  readonly texts: ReadonlyMap<string, string>;
}> {
  const unread = (why: string) => ({
    release: { unread: why },
    texts: new Map<string, string>(),
  });
  if (entries.length === 0) return unread("there is no main module");
  try {
    const root = folder === "" || folder === "." ? host.cwd() : folder;
    const options = { root, app: "init", entries };
    const { manifest, texts } = await describeRelease(options, host, signal);
    return { release: manifest, texts };
  } catch (error) {
    if (!(error instanceof FlyhotError)) throw error;
    return unread(error.message);
  }
}

function treesOf(
  sourceOf: (path: string) => string | undefined,
): (path: string) => SyntaxTree | null {
  const known = new Map<string, SyntaxTree | null>();
  return (wanted) =>
    known.getOrInsertComputed(wanted, (path) => {
      const source = sourceOf(path);
      const tree = source === undefined ? null : readTree(path, source);
      return tree && !("broken" in tree) ? tree : null;
    });
}

function importsOf(
  modules: ReadonlyMap<string, string>,
  release: InitSources["release"],
): (path: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  const analysis = "unread" in release ? undefined : release.analysis;
  return (wanted) =>
    known.getOrInsertComputed(
      wanted,
      (path) =>
        (analysis?.[path] ?? analyzedOr(path, modules.get(path)))
          ?.imports?.map(({ specifier }) => specifier) ?? [],
    );
}

function analyzedOr(path: string, source: string | undefined) {
  if (source === undefined) return null;
  try {
    return analyzeScript(path, source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

async function denoJsonOf(
  { read, config }: ProjectFiles,
): Promise<InitSources["denoJson"]> {
  for (const path of ["deno.json", "deno.jsonc"]) {
    const text = await read(path);
    if (text !== null) return { path, text, value: config.denoJson };
  }
  return null;
}
