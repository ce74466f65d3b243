/** The module graph of an app, as `deno info` sees it.
 * @module
 */
import { isBuiltin } from "node:module";
import type { ModuleEdges } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";

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
  readonly modules: readonly InfoModule[];
}

/** Options of {@linkcode readGraph}. */
export interface GraphOptions {
  /** The app's folder. */
  readonly root: string;
  /** The main modules, as paths under it. */
  readonly entries: readonly string[];
  /** What `package.json` wants of each package that it names: bare imports of them lead there. */
  readonly packages: ReadonlyMap<string, string>;
}

/**
 * Asks Deno for the edges of all modules that the entries reach; nothing is fetched and nothing written.
 *
 * @param options the folder and its main modules
 * @param host runs `deno`
 * @param signal gives up early
 * @returns the edges of every module by path, in path order
 * @throws {FlyhotError} `usage` if a module is missing, broken or outside the folder; `not_found` if there is no `deno`
 */
export async function readGraph(
  options: GraphOptions,
  host: Host,
  signal?: AbortSignal,
): Promise<Record<string, ModuleEdges>> {
  const modules = new Map<string, ModuleEdges>();
  for (const entry of options.entries) {
    if (modules.has(entry)) continue;
    const info = await denoInfo(options.root, entry, host, signal);
    for (const [path, edges] of edgesOf(info, entry, options.packages)) {
      modules.set(path, edges);
    }
  }
  return Object.fromEntries(
    [...modules].sort(([a], [b]) => a < b ? -1 : 1),
  );
}

async function denoInfo(
  root: string,
  entry: string,
  host: Host,
  signal?: AbortSignal,
): Promise<InfoGraph> {
  // A compiled flyhot is its own execPath, and is no deno.
  const program = /(^|[\\/])deno(\.exe)?$/i.test(host.execPath)
    ? host.execPath
    : "deno";
  // Only edges between the app's own modules are wanted: no network, no lock file touched.
  const args = [
    "info",
    "--json",
    "--no-remote",
    "--no-npm",
    "--no-lock",
    "--unstable-raw-imports",
  ];
  const what = `Cannot read the module graph of ${entry}`;
  let outcome;
  try {
    outcome = await host.run(program, [...args, `./${entry}`], {
      cwd: root,
      env: { NO_COLOR: "1" },
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== "NotFound") throw cause;
    throw new FlyhotError("not_found", `${what}: there is no deno on PATH`, {
      hint: "install Deno 2.9 or later; the compiled flyhot needs it too",
      cause,
    });
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
      cause,
    });
  }
}

/**
 * Reads the edges off what `deno info --json` said of one main module.
 *
 * Imports of types do not count. What Deno could not load is an error only where code of the app imports it.
 *
 * @param info what it said
 * @param entry the main module, as a path
 * @param packages the packages that `package.json` names. Default none
 * @returns the edges by path
 * @throws {FlyhotError} `usage` if a module is missing, broken or outside the folder
 */
export function edgesOf(
  info: InfoGraph,
  entry: string,
  packages: ReadonlyMap<string, string> = new Map(),
): Map<string, ModuleEdges> {
  const main = bare(info.roots[0] ?? "");
  // The entry's own URL tells the folder's, whatever links lead there.
  const base = main.split("/").slice(0, -entry.split("/").length).join("/") +
    "/";
  const known = new Map(
    info.modules.map((module) => [bare(module.specifier), module]),
  );
  const found = new Map<string, ModuleEdges>();
  const waiting: { url: string; from: string | null }[] = [{
    url: main,
    from: null,
  }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const path = decodePath(next.url.slice(base.length));
    if (found.has(path)) continue;
    const module = known.get(next.url);
    if (module?.error !== undefined) {
      throw broken(path, next.from, module.error);
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
      const target = resolve(dependency, path, packages);
      if (target === null) continue;
      if (!target.startsWith("file:")) {
        edges.external.add(target);
        specifiers.push([dependency.specifier, target]);
        continue;
      }
      const url = bare(target);
      if (!url.startsWith(base)) {
        throw new FlyhotError(
          "usage",
          `Cannot pack ${path}: it imports "${dependency.specifier}", which lies outside of the app's folder`,
          { hint: "pack from the folder that holds both" },
        );
      }
      const to = decodePath(url.slice(base.length));
      edges[dependency.isDynamic ? "dynamic" : "static"].add(to);
      specifiers.push([dependency.specifier, to]);
      waiting.push({ url, from: path });
    }
    found.set(path, {
      static: [...edges.static].sort(),
      dynamic: [...edges.dynamic].sort(),
      external: [...edges.external].sort(),
      specifiers: Object.fromEntries(specifiers.sort()),
    });
  }
  return found;
}

function resolve(
  dependency: InfoDependency,
  path: string,
  packages: ReadonlyMap<string, string>,
): string | null {
  const { code, specifier } = dependency;
  if (code?.specifier !== undefined) return code.specifier;
  // Without npm, deno info does not know these two.
  if (isBuiltin(specifier)) return `node:${specifier}`;
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  const range = packages.get(name);
  if (range !== undefined) {
    return requirement(name, range, specifier.slice(name.length));
  }
  throw new FlyhotError(
    "usage",
    `Cannot pack ${path}: ${code?.error ?? `"${specifier}" leads nowhere`}`,
    { hint: `name it under "imports" in deno.json, or correct the import` },
  );
}

/** What an entry of `package.json` stands for, as Deno writes it into the lock file; null for what is not a package. */
function requirement(
  name: string,
  range: string,
  subpath: string,
): string | null {
  const alias = /^(npm|jsr):(.*)$/.exec(range);
  if (alias) {
    const [, scheme, rest = ""] = alias;
    // `jsr:^1.0.0` means the package of that name.
    return /^@?[a-z]/i.test(rest) && /[a-z]/i.test(rest)
      ? `${scheme}:${rest}${subpath}`
      : `${scheme}:${name}@${rest}${subpath}`;
  }
  if (/^(?:workspace|file|link|git|https?):|\//.test(range)) return null;
  return `npm:${name}@${range}${subpath}`;
}

function broken(path: string, from: string | null, error: string): FlyhotError {
  const said = error.split("\n")[0] ?? "";
  if (!error.startsWith("Module not found")) {
    return new FlyhotError("usage", `Cannot pack ${path}: ${said}`);
  }
  return from === null
    ? new FlyhotError(
      "usage",
      `Cannot pack the app: its main module ${path} is missing`,
      { hint: `name the main module under "flyhot".entry in deno.json` },
    )
    : new FlyhotError(
      "usage",
      `Cannot pack ${from}: it imports ${path}, which is missing`,
    );
}

/** The URL of a file without query and fragment. */
function bare(url: string): string {
  return url.replace(/[?#].*$/, "");
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
