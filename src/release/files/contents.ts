/** What the files of a release hold: digests, analyses, and the short texts; each file is read once.
 * @module
 */
import type { ModuleAnalysis } from "@flyhot/runtime/protocol";
import { joinPath } from "../../base/values.ts";
import type { Host } from "../../host.ts";
import type { AnalysisCache } from "../graph/analysis/analysis_cache.ts";
import { analyzeScripts } from "../graph/analysis/analyze_scripts.ts";
import { type ContentDigest, digestOf, digestOfText } from "../digest.ts";
import type { ConfigFiles } from "./config_files.ts";

/** What files hold, by path. */
interface Contents {
  /** Digest and length of each. */
  readonly digests: ReadonlyMap<string, ContentDigest>;
  /** What each script does. */
  readonly analysis: ReadonlyMap<string, ModuleAnalysis>;
  /** The short ones of the texts, byte for byte. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Options of {@linkcode readContents}. */
interface ContentsOptions {
  /** The folder that the paths are under. */
  readonly folder: string;
  /** What the app's configuration says of scripts. */
  readonly config: Pick<
    ConfigFiles,
    "compilerOptions" | "packageJson" | "rebinds"
  >;
  /** Whether a module of the app imports a script, as far as that is known. */
  readonly isReached: (path: string) => boolean;
  /** The disk. */
  readonly host: Pick<Host, "files">;
  /** Analyses from before. Default none. */
  readonly known?: AnalysisCache;
  readonly signal?: AbortSignal | undefined;
}

/** Files that are read at a time. */
const LANES = 12;
/** A longer text is streamed, and read a second time when it is packed; */
const TEXT_MAX = 64 * 1024;
/** so is what comes when so much is held. */
const TEXTS_MAX = 32 * 1024 * 1024;
const TEXT =
  /\.(?:[cm]?[jt]sx?|jsonc?|html?|css|md|txt|svg|csv|toml|ya?ml|sql|xml)$/i;

/** Reads files, a few at a time, and analyzes the scripts among them. */
export async function readContents(
  sizes: Iterable<readonly [path: string, size: number]>,
  { folder, config, host, isReached, known, signal }: ContentsOptions,
): Promise<Contents> {
  const digests = new Map<string, ContentDigest>();
  const texts = new Map<string, string>();
  const waiting = [...sizes];
  let held = 0;
  const lane = async () => {
    for (
      let next = waiting.pop();
      next !== undefined;
      next = waiting.pop()
    ) {
      signal?.throwIfAborted();
      const [path, found] = next;
      const full = joinPath(folder, path);
      const text = TEXT.test(path) && held < TEXTS_MAX
        ? await shortText(full, found, host)
        : null;
      if (text === null) {
        digests.set(path, await digestOf(await host.files.open(full)));
        continue;
      }
      held += text.size;
      texts.set(path, text.text);
      digests.set(path, { sha256: digestOfText(text.text), size: text.size });
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane));
  for (const ended of lanes) {
    if (ended.status === "rejected") throw ended.reason;
  }
  const analysis = await analyzeScripts({
    files: Object.fromEntries(digests),
    ...config,
    read: (path) =>
      texts.has(path)
        ? Promise.resolve(texts.get(path)!)
        : host.files.readText(joinPath(folder, path)),
    isReached,
    ...(known ? { known } : {}),
  });
  return { digests, texts, analysis: new Map(Object.entries(analysis)) };
}

/** Puts the contents of two folders together. */
export function joinContents(
  first: Contents,
  prefix: string,
  second: Contents,
): Contents {
  const joined = <T>(
    one: ReadonlyMap<string, T>,
    other: ReadonlyMap<string, T>,
  ) =>
    new Map([
      ...[...one].map(([path, it]) => [prefix + path, it] as const),
      ...other,
    ]);
  return {
    digests: joined(first.digests, second.digests),
    analysis: joined(first.analysis, second.analysis),
    texts: joined(first.texts, second.texts),
  };
}

/** A text that is its file byte for byte; null if it is long, or not in UTF-8. */
async function shortText(
  path: string,
  size: number,
  { files }: Pick<Host, "files">,
  isFresh = false,
): Promise<{ readonly text: string; readonly size: number } | null> {
  if (size > TEXT_MAX) return null;
  const text = await files.readText(path);
  // Where bytes were not text there is a sign in their place; a mark at the beginning is left out.
  if (text === null || text.includes("\uFFFD")) return null;
  const { byteLength } = encoder.encode(text);
  if (byteLength === size) return { text, size };
  // Somebody may have written it since it was found.
  const stat = isFresh ? null : await files.stat(path);
  return stat && stat.size !== size
    ? await shortText(path, stat.size, { files }, true)
    : null;
}

const encoder = new TextEncoder();
