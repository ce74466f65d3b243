/** The module graph of an app, as `deno info` sees it.
 * @module
 */
import { isBuiltin } from "node:module";
import { join } from "@std/path";
import { pathToFileURL } from "node:url";
import type { ModuleEdges } from "@flyhot/runtime/protocol";
import { denoMissing, denoProgram } from "./deno_program.ts";
import { FlyhotError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { optionalImports } from "./optional_imports.ts";
import { LINKED, PackageTargets } from "@flyhot/runtime/plan";

/** What `deno info --json` says of one import. */
interface InfoDependency {
  readonly specifier: string;
  readonly code?: { readonly specifier?: string; readonly error?: string };
  readonly isDynamic?: boolean;
}

/** What `deno info --json` says of one module. */
interface InfoModule {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly InfoDependency[];
}

/** What `deno info --json` says of one main module. */
export interface InfoGraph {
  /** The main module's URL, as the only one. */
  readonly roots: readonly string[];
  /** The modules of the graph, and those that could not be loaded. */
  readonly modules: InfoModule[];
}

/** The edges of modules. */
interface FoundEdges {
  /** By path. */
  readonly edges: ReadonlyMap<string, ModuleEdges>;
  /** The modules that Deno has not looked into. */
  readonly unknown: readonly string[];
  /** What is not there, and only imported by `import()`, which may catch that. */
  readonly absent: readonly AbsentModule[];
}

/** An import of something that is not there. */
interface AbsentModule {
  /** Where it would be. */
  readonly path: string;
  /** The module that imports it. */
  readonly from: string;
  /** By what it names it. */
  readonly specifier: string;
}

/** Options of {@linkcode readGraph}. */
interface GraphOptions {
  /** The app's folder. */
  readonly root: string;
  /** The main modules, as paths under it. */
  readonly entries: readonly string[];
  /** Where specifiers lead that only a `package.json` explains. */
  readonly packages: PackageTargets;
}

/** Asks Deno for the edges of all modules that the entries reach; nothing is fetched and nothing written. */
export async function readGraph(
  options: GraphOptions,
  host: Host,
  signal?: AbortSignal,
): Promise<Record<string, ModuleEdges>> {
  const modules = new Map<string, ModuleEdges>();
  for (const entry of options.entries) {
    if (modules.has(entry)) continue;
    const info = await denoInfo(
      options.root,
      entry,
      `./${entry}`,
      host,
      signal,
    );
    const base = baseOf(info, entry);
    let found = edgesOf(info, entry, options.packages);
    // What only a package.json leads to, Deno has not looked into without npm.
    for (let rest = found.unknown; rest.length > 0; rest = found.unknown) {
      const more = await denoInfo(
        options.root,
        entry,
        importing(rest.map((path) => new URL(encodePath(path), base).href)),
        host,
        signal,
      );
      const before = info.modules.length;
      info.modules.push(
        ...more.modules.filter(({ specifier }) =>
          !specifier.startsWith("data:") &&
          !info.modules.some((it) => it.specifier === specifier)
        ),
      );
      found = edgesOf(info, entry, options.packages);
      if (info.modules.length === before) break;
    }
    for (const [path, edges] of found.edges) modules.set(path, edges);
    await refuseAbsent(found.absent, options.root, host);
  }
  return Object.fromEntries(
    [...modules].sort(([a], [b]) => a < b ? -1 : 1),
  );
}

/** A program may go on without a module: only where it does not, one that is missing is an error. */
async function refuseAbsent(
  absent: readonly AbsentModule[],
  root: string,
  host: Host,
): Promise<void> {
  for (const { path, from, specifier } of absent) {
    const text = await host.files.readText(join(root, from));
    if (text !== null && optionalImports(from, text).has(specifier)) continue;
    throw missing(path, from);
  }
}

/** Asks Deno for the edges of scripts that no main module has to reach: for all of them at once. */
export async function readGraphs(
  { root, entries, packages }: GraphOptions,
  host: Host,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ModuleEdges>[]> {
  const base = pathToFileURL(`${root.replace(/\/$/, "")}/`).href;
  const urls = entries.map((path) => new URL(encodePath(path), base).href);
  const { modules } = await denoInfo(
    root,
    entries[0] ?? "",
    importing(urls),
    host,
    signal,
  );
  return entries.flatMap((entry, at) => {
    try {
      const info = { roots: [urls[at]!], modules };
      // Beside the folder, nothing of its URL is that of the folder.
      const folder = entry.startsWith("../") ? base : undefined;
      return [edgesOf(info, entry, packages, folder).edges];
    } catch (error) {
      // Only whoever loads it meets what is missing in it.
      if (error instanceof FlyhotError && error.code === "usage") return [];
      throw error;
    }
  });
}

/** A module that imports some others. */
function importing(urls: readonly string[]): string {
  const source = urls.map((url) => `import(${JSON.stringify(url)});`).join("");
  return `data:application/javascript,${encodeURIComponent(source)}`;
}

/** Without npm, Deno does not read `package.json`, and misses members that have nothing else. */
const NO_MEMBER = /Could not find config file for workspace member/;

async function denoInfo(
  root: string,
  entry: string,
  subject: string,
  host: Host,
  signal?: AbortSignal,
): Promise<InfoGraph> {
  const program = denoProgram(host);
  // Only edges between the app's own modules are wanted: no network, no lock file touched.
  let args = [
    "info",
    "--json",
    "--no-remote",
    "--no-npm",
    "--no-lock",
    "--unstable-raw-imports",
  ];
  const what = `Cannot read the module graph of ${entry}`;
  const run = () =>
    host.run(program, [...args, subject], {
      cwd: root,
      env: { NO_COLOR: "1" },
      signal,
    });
  let outcome;
  try {
    outcome = await run();
    if (outcome.code !== 0 && NO_MEMBER.test(outcome.stderr)) {
      args = args.filter((arg) => arg !== "--no-npm");
      outcome = await run();
    }
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== "NotFound") throw cause;
    throw denoMissing(what, cause);
  }
  if (outcome.code !== 0) {
    const said = outcome.stderr.trim().replace(/^error: /, "");
    throw new FlyhotError(
      "usage",
      `${what}: deno info ended with code ${outcome.code} (${
        said.slice(0, 500)
      })`,
      { hint: `run it in ${root}: deno ${args.join(" ")} ./${entry}` },
    );
  }
  try {
    return JSON.parse(outcome.stdout) as InfoGraph;
  } catch (cause) {
    throw new FlyhotError("unexpected", `${what}: deno info gave no JSON`, {
      hint: `run it in ${root}: deno ${args.join(" ")} ./${entry}`,
      cause,
    });
  }
}

/**
 * Reads the edges off what `deno info --json` said of one main module.
 *
 * Imports of types do not count. What Deno could not load is an error only where code of the app imports it. Throws
 * `usage` if a module is missing or broken.
 */
export function edgesOf(
  info: InfoGraph,
  entry: string,
  packages: PackageTargets = new PackageTargets(),
  base: string = baseOf(info, entry),
): FoundEdges {
  const main = bare(info.roots[0] ?? "");
  const unknown = new Set<string>();
  const known = new Map(
    info.modules.map((module) => [bare(module.specifier), module]),
  );
  const found = new Map<string, ModuleEdges>();
  const absent: AbsentModule[] = [];
  const waiting: Waiting[] = [{ url: main, from: null }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const path = pathFrom(base, next.url);
    if (found.has(path)) continue;
    const module = known.get(next.url);
    if (!module) unknown.add(path);
    if (module?.error !== undefined) {
      if (next.by === undefined || !isMissing(module.error)) {
        throw broken(path, next.from, module.error);
      }
      absent.push({ path, from: next.from, specifier: next.by });
      continue;
    }
    const edges = {
      static: new Set<string>(),
      dynamic: new Set<string>(),
      external: new Set<string>(),
    };
    // Not by assignment: a specifier may be called __proto__.
    const specifiers: [specifier: string, target: string][] = [];
    for (const dependency of module?.dependencies ?? []) {
      if (!dependency.code) continue;
      const target = resolve(dependency, path, base, packages);
      if (target === null) continue;
      if (!target.startsWith("file:")) {
        edges.external.add(target);
        specifiers.push([dependency.specifier, target]);
        continue;
      }
      const url = bare(target);
      const to = pathFrom(base, url);
      edges[dependency.isDynamic ? "dynamic" : "static"].add(to);
      // With a query it is a module of its own.
      specifiers.push([dependency.specifier, to + target.slice(url.length)]);
      waiting.push({
        url,
        from: path,
        ...(dependency.isDynamic ? { by: dependency.specifier } : {}),
      });
    }
    found.set(path, {
      static: [...edges.static].sort(),
      dynamic: [...edges.dynamic].sort(),
      external: [...edges.external].sort(),
      specifiers: Object.fromEntries(specifiers.sort()),
    });
  }
  return { edges: found, unknown: [...unknown], absent };
}

/** A module that is to be looked at, and which `import()` leads there, if one does. */
type Waiting =
  | { readonly url: string; readonly from: string | null; by?: undefined }
  | { readonly url: string; readonly from: string; readonly by: string };

const isMissing = (error: string) => error.startsWith("Module not found");

/** The entry's own URL tells the folder's, whatever links lead there. */
function baseOf(info: InfoGraph, entry: string): string {
  const main = bare(info.roots[0] ?? "");
  return main.split("/").slice(0, -entry.split("/").length).join("/") + "/";
}

function resolve(
  dependency: InfoDependency,
  path: string,
  base: string,
  packages: PackageTargets,
): string | null {
  const { code, specifier } = dependency;
  if (code?.specifier !== undefined) return code.specifier;
  // Without npm, deno info does not know these two.
  if (isBuiltin(specifier)) return `node:${specifier}`;
  const target = packages.resolve(specifier, path);
  if (target === LINKED) return null;
  if (target) {
    return "url" in target
      ? target.url
      : new URL(encodePath(target.path), base).href;
  }
  throw new FlyhotError(
    "usage",
    `Cannot pack ${path}: ${code?.error ?? `"${specifier}" leads nowhere`}`,
    { hint: `name it under "imports" in deno.json, or correct the import` },
  );
}

function broken(path: string, from: string | null, error: string): FlyhotError {
  const said = error.split("\n")[0] ?? "";
  if (!isMissing(error)) {
    const [place = ""] = /:\d+:\d+$/.exec(error.trimEnd()) ?? [];
    return new FlyhotError("usage", `Cannot pack ${path}${place}: ${said}`, {
      hint: `correct ${path}: deno check ${path}`,
    });
  }
  return from === null
    ? new FlyhotError(
      "usage",
      `Cannot pack the app: its main module ${path} is missing`,
      { hint: `name the main module under "flyhot".entry in deno.json` },
    )
    : missing(path, from);
}

function missing(path: string, from: string): FlyhotError {
  return new FlyhotError(
    "usage",
    `Cannot pack ${from}: it imports ${path}, which is missing`,
    { hint: `correct the import, or add ${path}` },
  );
}

/** The URL of a file without query and fragment. */
function bare(url: string): string {
  return url.replace(/[?#].*$/, "");
}

/** The path of a URL from a folder's; it begins with `../` for what lies outside. */
function pathFrom(base: string, url: string): string {
  let up = "";
  let folder = base;
  while (!url.startsWith(folder) && folder !== "file:///") {
    folder = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
    up += "../";
  }
  return up + decodePath(url.slice(folder.length));
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
