/** Analyzes the scripts of a release: those that are known from before are not parsed again.
 * @module
 */
import { scriptReader } from "@flyhot/runtime/modules";
import type { ModuleAnalysis } from "@flyhot/runtime/protocol";
import type { AnalysisCache } from "./analysis_cache.ts";
import { analyzeAll } from "./analysis_pool.ts";
import {
  analyzeOrBroken,
  type analyzeScript,
  isScript,
  type ScriptText,
} from "./analyze.ts";
import {
  optionsBy,
  scriptKey,
  type ScriptSettings,
} from "./script_settings.ts";

/** A longer script is a bundle, of which nobody writes down what starts with it. */
const SCRIPT_BYTES_MAX = 2 * 1024 * 1024;

/** One that is longer than this and that nothing imports is somebody else's bundle, for a browser: it takes seconds. */
const UNREACHED_BYTES_MAX = 128 * 1024;

/** What {@linkcode analyzeScripts} needs to know of a release. */
interface ScriptSources extends ScriptSettings {
  /** Length and digest of each of its files, by path. */
  readonly files: Readonly<
    Record<string, { readonly sha256: string; readonly size: number }>
  >;
  /** The text of a file. */
  readonly read: (path: string) => Promise<string | null>;
  /** Whether a module of the app imports a script. Default yes */
  readonly isReached?: (path: string) => boolean;
  /** What is known from before. Default nothing. */
  readonly known?: AnalysisCache;
  /** Analyzes one script, in this thread. Default {@linkcode analyzeScript}, in several threads where there are many. */
  readonly analyze?: typeof analyzeScript;
}

/**
 * Analyzes the scripts of a release, reached or not: which of them run is only known where they do. Only of what nothing
 * imports the long ones are left out; where such a one is loaded all the same, its changes are cold.
 */
export async function analyzeScripts(
  {
    files,
    read,
    isReached = () => true,
    known,
    analyze,
    ...settings
  }: ScriptSources,
): Promise<Record<string, ModuleAnalysis>> {
  const optionsOf = optionsBy(settings);
  const found = new Map<string, ModuleAnalysis>();
  const keys = new Map<string, string>();
  const scripts: ScriptText[] = [];
  for (const [path, { sha256, size }] of Object.entries(files)) {
    if (!isScript(path) || size > SCRIPT_BYTES_MAX) continue;
    if (size > UNREACHED_BYTES_MAX && !isReached(path)) continue;
    const own = optionsOf(path);
    const key = scriptKey(path, sha256, own);
    const analysis = known?.get(key);
    if (analysis) {
      known?.set(key, analysis);
      found.set(path, analysis);
      continue;
    }
    const text = await read(path);
    if (text === null) continue;
    // Its place among the others.
    found.set(path, {});
    keys.set(path, key);
    scripts.push({ path, text, options: own });
  }
  const reader = scripts.length > 0 ? await scriptReader() : null;
  const analyzer = { reader, ...analyze ? { analyze } : {} };
  const made = await analyzeAll(
    scripts,
    (script) => analyzeOrBroken(script, analyzer),
    ...analyze ? [0] : [],
  );
  for (const [at, { path }] of scripts.entries()) {
    found.set(path, made[at]!);
    known?.set(keys.get(path)!, made[at]!);
  }
  return Object.fromEntries(found);
}

/** Counts the scripts among files. */
export function countScripts(paths: Iterable<string>): number {
  return [...paths].filter(isScript).length;
}
