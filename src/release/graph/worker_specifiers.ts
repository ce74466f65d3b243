/** Where the specifiers of scripts lead that only workers load: the graph of the app does not come to them.
 * @module
 */
import type { ModuleAnalysis, ModuleEdges } from "@flyhot/runtime/protocol";
import {
  isAlias,
  isForDevelopment,
  type PackageTargets,
} from "@flyhot/runtime/plan";
import type { Host } from "../../host.ts";
import { readGraphs } from "./graph.ts";

/** What has to be known of a release. */
interface WorkerSources {
  /** The app's folder, which the paths are under. */
  readonly root: string;
  /** What its scripts do, by path. */
  readonly analysis: ReadonlyMap<string, ModuleAnalysis>;
  /** Whether the graph of the app comes to a script. */
  readonly isListed: (path: string) => boolean;
  /** Where specifiers lead that only a `package.json` explains. */
  readonly packages: PackageTargets;
}

/** Asks Deno for the edges of what only workers load, where it has aliases: without, its text says them. */
export async function workerSpecifiers(
  { root, analysis, isListed, packages }: WorkerSources,
  host: Host,
  signal?: AbortSignal,
): Promise<Record<string, ModuleEdges>> {
  const found: Record<string, ModuleEdges> = {};
  const hasAliases = [...analysis].some(([path, { imports = [] }]) =>
    !isListed(path) && !isForDevelopment(path) &&
    imports.some(({ specifier }) => isAlias(specifier))
  );
  if (!hasAliases) return found;
  const entries = [...scriptsOfWorkers(analysis, isListed)];
  if (entries.length === 0) return found;
  const graphs = await readGraphs({ root, entries, packages }, host, signal);
  for (const edges of graphs) {
    const own = [...edges].filter(([path]) => !isListed(path));
    const leads = own.some(([, { specifiers = {} }]) =>
      Object.keys(specifiers).some(isAlias)
    );
    if (leads) Object.assign(found, Object.fromEntries(own));
  }
  return found;
}

/** Any script may be one whose name nobody can tell from the text. */
function scriptsOfWorkers(
  analysis: WorkerSources["analysis"],
  isListed: (path: string) => boolean,
): Set<string> {
  const found = new Set<string>();
  for (const [by, { owned = [] }] of analysis) {
    for (const { kind, detail } of owned) {
      if (kind !== "worker") continue;
      const script = new URL(detail, `file:///${encodeURI(by)}`).pathname
        .slice(1);
      const all = detail === "" ? analysis.keys() : [decodeURI(script)];
      for (const path of all) {
        const isOne = analysis.has(path) && !isListed(path) &&
          !isForDevelopment(path);
        if (isOne) found.add(path);
      }
    }
  }
  return found;
}
