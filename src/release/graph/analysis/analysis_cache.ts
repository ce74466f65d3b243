/** What scripts do, remembered from one packing to the next: only what changed has to be parsed.
 * @module
 */
import type { ModuleAnalysis } from "@flyhot/runtime/protocol";
import type { Host } from "../../../host.ts";
import { joinPath } from "../../../base/values.ts";
import { type CachedFile, tooMuch } from "./cache_limits.ts";
import { COMMIT, VERSION } from "../../../version.ts";
import { digestOfText } from "../../digest.ts";
import type { ScriptSettings } from "./script_settings.ts";
import {
  analysesOf,
  analyzerDigest,
  type FindReleased,
} from "./released_analyses.ts";

/** Analyses by key; a key stands for text, kind and options of a script. */
export interface AnalysisCache {
  /** The analysis of an earlier packing. */
  get(key: string): ModuleAnalysis | undefined;
  /** Notes what belongs to this packing; the rest is forgotten when it is saved. */
  set(key: string, analysis: ModuleAnalysis): void;
}

/** Where and what analyses are remembered for. */
interface StoredAnalyses extends AnalysisCache {
  /** Writes what was noted, if any of it is new. A disk that refuses costs time at the next packing, nothing else. */
  save(): Promise<void>;
}

/** Fewer scripts are parsed faster than a file is written. */
export const CACHED_FROM = 40;

/** The packings of so many other apps are looked in. */
const OTHERS_MAX = 4;

/** Of what, and where, analyses are looked for. */
export interface AnalysesOf {
  readonly app: string;
  /** Whether somebody vouches for its releases: then it goes by what was analyzed for it, on this computer, alone. */
  readonly signs: boolean;
  /** What it says of its scripts now. */
  readonly settings: ScriptSettings;
  /** Finds the release that was published last. Default nobody does */
  readonly released?: FindReleased;
}

/** Opens the analyses of one app, in a folder of the user's own cache. */
export async function openAnalyses(
  { app, signs, settings, released }: AnalysesOf,
  host: Pick<Host, "files" | "env" | "now">,
): Promise<StoredAnalyses> {
  const folder = cacheFolder(host);
  const edition = await analyzerEdition(host);
  const path = folder && edition !== null
    ? pathOf(folder, { app, signs })
    : null;
  const before = path === null
    ? new Map<string, ModuleAnalysis>()
    : parseStored(await readQuietly(path, host), edition!);
  const isFirst = before.size === 0 && edition !== null && !signs;
  const others = isFirst && path !== null
    ? await ofOthers(path, edition, host)
    : [];
  if (isFirst) {
    const found = await released?.() ?? null;
    others.unshift(
      analysesOf(found, analyzerDigest(edition, settings), settings),
    );
  }
  const now = new Map<string, ModuleAnalysis>();
  return {
    get: (key) => before.get(key) ?? others.find((it) => it.has(key))?.get(key),
    set: (key, analysis) => {
      now.set(key, analysis);
    },
    async save() {
      if (path === null) return;
      const isNew = now.size !== before.size ||
        [...now.keys()].some((key) => !before.has(key));
      if (!isNew) return;
      try {
        await host.files.write(path, storedText([...now], edition!), {
          mode: 0o600,
        });
        await forgetOthers(path, host);
      } catch {
        // A full or read-only disk keeps nobody from packing.
      }
    },
  };
}

/** Whether an earlier packing of an app has left analyses. */
export async function hasAnalyses(
  of: Pick<AnalysesOf, "app" | "signs">,
  host: Pick<Host, "files" | "env">,
): Promise<boolean> {
  const folder = cacheFolder(host);
  try {
    return folder !== null &&
      await host.files.stat(pathOf(folder, of)) !== null;
  } catch {
    return false;
  }
}

/** What others have found, in the bucket or of other apps, is never under the name of what is signed. */
function pathOf(
  folder: string,
  { app, signs }: Pick<AnalysesOf, "app" | "signs">,
): string {
  const name = signs ? `${app}, signed` : app;
  return joinPath(folder, `analysis-${digestOfText(name).slice(0, 16)}.json`);
}

/** Finds the folder in which the user keeps what programs can make again. */
export function cacheFolder({ env }: Pick<Host, "env">): string | null {
  const home = env("HOME");
  const folder = env("XDG_CACHE_HOME") ?? env("LOCALAPPDATA") ??
    (home === undefined ? undefined : joinPath(home, ".cache"));
  return folder === undefined ? null : joinPath(folder, "flyhot");
}

async function readQuietly(
  path: string,
  { files }: Pick<Host, "files">,
): Promise<string | null> {
  try {
    return await files.readText(path);
  } catch {
    return null;
  }
}

/**
 * What the latest packings of other apps have found, for the first one of an app: `init` has packed it under another
 * name, apps of one repository share modules.
 */
async function ofOthers(
  own: string,
  edition: string,
  host: Pick<Host, "files">,
): Promise<Map<string, ModuleAnalysis>[]> {
  try {
    const latest = (await allStored(own, host))
      .filter(({ path }) => path !== own)
      .sort((a, b) => b.modified - a.modified).slice(0, OTHERS_MAX);
    const texts = await Promise.all(
      latest.map(({ path }) => readQuietly(path, host)),
    );
    return texts.map((text) => parseStored(text, edition));
  } catch {
    return [];
  }
}

/** Removes what apps that nobody packs any more have left behind. */
async function forgetOthers(
  own: string,
  host: Pick<Host, "files" | "now">,
): Promise<void> {
  const found = await allStored(own, host);
  for (const path of tooMuch(found, own, host.now())) {
    await host.files.remove(path);
  }
}

/** The analyses of all apps. */
async function allStored(
  own: string,
  { files }: Pick<Host, "files">,
): Promise<CachedFile[]> {
  const folder = own.slice(0, own.lastIndexOf("/"));
  const found: CachedFile[] = [];
  for await (const { path, kind, size } of files.walk(folder, () => false)) {
    if (kind !== "file" || !/^analysis-[0-9a-f]{16}\.json$/.test(path)) {
      continue;
    }
    const full = joinPath(folder, path);
    const modified = await files.modified(full);
    if (modified !== null) found.push({ path: full, size, modified });
  }
  return found;
}

/** The first line vouches for the rest: a file that was written halfway is as good as none. */
function storedText(
  entries: readonly (readonly [string, ModuleAnalysis])[],
  edition: string,
): string {
  const body = JSON.stringify(entries);
  return `${edition} ${digestOfText(body)}\n${body}`;
}

function parseStored(
  text: string | null,
  edition: string,
): Map<string, ModuleAnalysis> {
  const end = text?.indexOf("\n") ?? -1;
  if (text === null || end === -1) return new Map();
  const body = text.slice(end + 1);
  return text.slice(0, end) === `${edition} ${digestOfText(body)}`
    ? new Map(JSON.parse(body) as [string, ModuleAnalysis][])
    : new Map();
}

/** Names the analyzer and its settings, for who reads the release; null where its own files cannot be read. */
export async function analyzerOf(
  settings: ScriptSettings,
  host: Pick<Host, "files">,
): Promise<string | null> {
  const edition = await analyzerEdition(host);
  return edition === null ? null : analyzerDigest(edition, settings);
}

/** Where the runtime says what is found in scripts, and what goes into them. */
const ANALYZING = ["plan/analyze"].concat(
  ["edits", "keep", "left", "rebind", "started"].map((it) => `modules/${it}`),
);

/** Which analyzer it is: another one may see more. In a working tree its own files tell. */
async function analyzerEdition(
  { files }: Pick<Host, "files">,
): Promise<string | null> {
  const own = new URL("../../../../runtime/", import.meta.url);
  if (own.protocol !== "file:" || COMMIT !== "unknown") {
    return `${VERSION}-${COMMIT}`;
  }
  const runtime = decodeURIComponent(own.pathname).replace(/\/$/, "");
  const texts: string[] = [];
  try {
    for (const room of ANALYZING) {
      const folder = joinPath(runtime, room);
      for await (const { path, kind } of files.walk(folder)) {
        if (kind !== "file" || path.endsWith("_test.ts")) continue;
        texts.push(await files.readText(joinPath(folder, path)) ?? "");
      }
    }
  } catch {
    return null;
  }
  return texts.length === 0
    ? null
    : `${VERSION}-${digestOfText(texts.join("\n")).slice(0, 16)}`;
}
