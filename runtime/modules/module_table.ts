/** Which URL is current for each module of the app, now and in every earlier generation.
 * @module
 */

/** Where the files of one set of code are. */
export interface CodeOrigin {
  /** Digest of the release, or null for the base image. */
  readonly sha256: string | null;
  /** The folder's URL, with a slash at the end. */
  readonly folder: string;
}

/** The URLs that an upgrade is about to make current. */
export interface StagedTable {
  /** The number in the cache-busting query. */
  readonly attempt: number;
  /** The new URL of each module concerned, by path. */
  readonly urls: ReadonlyMap<string, string>;
}

interface Assignment {
  readonly generation: number;
  readonly url: string;
}

/**
 * Maps the paths of an app to the URLs of their current code.
 *
 * A path that no upgrade has touched is at its place under the root. Old URLs are remembered, so that code which is
 * still running from an earlier generation finds the modules of that generation.
 */
export class ModuleTable {
  /** The app root's URL, with a slash at the end. */
  readonly root: string;
  /** The URL of the folder that releases are unpacked to, with a slash at the end. */
  readonly releases: string;
  readonly #history = new Map<string, Assignment[]>();
  #generation = 0;
  #attempt = 0;

  /**
   * @param root the app root's URL, with a slash at the end
   * @param releases the URL of the folder for releases, with a slash at the end
   */
  constructor(root: string, releases: string) {
    this.root = root;
    this.releases = releases;
  }

  /** How many swaps there have been. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * The folder of one release.
   *
   * @param sha256 the release's digest
   * @returns its URL, with a slash at the end
   */
  releaseFolder(sha256: string): string {
    return `${this.releases}${sha256.slice(0, 12)}/`;
  }

  /**
   * The path of a module of the app, whichever generation its URL belongs to.
   *
   * @param url an absolute URL
   * @returns the path under the app root, or null for a URL outside the app
   */
  pathOf(url: string): string | null {
    const bare = withoutQuery(url);
    if (bare.startsWith(this.releases)) {
      const rest = bare.slice(this.releases.length);
      const slash = rest.indexOf("/");
      return slash === -1 ? null : decode(rest.slice(slash + 1));
    }
    return bare.startsWith(this.root)
      ? decode(bare.slice(this.root.length))
      : null;
  }

  /**
   * The URL of a path's place under the root, where import maps and relative specifiers are resolved from.
   *
   * @param path the path
   * @returns the URL
   */
  baseUrl(path: string): string {
    return urlUnder(this.root, path);
  }

  /**
   * The URL that is current for a path.
   *
   * @param path the path
   * @returns the URL
   */
  current(path: string): string {
    return this.#history.get(path)?.at(-1)?.url ?? this.baseUrl(path);
  }

  /**
   * The releases that current modules come from.
   *
   * @returns the names of their folders
   */
  currentReleases(): Set<string> {
    const names = new Set<string>();
    for (const entries of this.#history.values()) {
      const url = entries.at(-1)?.url ?? "";
      if (!url.startsWith(this.releases)) continue;
      names.add(url.slice(this.releases.length).split("/", 1)[0]!);
    }
    return names;
  }

  /**
   * The URL that a path has for the module that imports it: code of an earlier generation stays in that generation.
   *
   * @param path the path imported
   * @param importer the importing module's URL
   * @returns the URL
   */
  forImporter(path: string, importer: string): string {
    const importerPath = this.pathOf(importer);
    if (importerPath === null || this.current(importerPath) === importer) {
      return this.current(path);
    }
    const own = this.#history.get(importerPath) ?? [];
    const at = own.findIndex((entry) => entry.url === importer);
    // Never assigned and not at its base place: left over from an attempt that was given up.
    if (at === -1 && importer !== this.baseUrl(importerPath)) {
      return this.current(path);
    }
    const replacedIn = own[at + 1]?.generation ?? Infinity;
    const then = (this.#history.get(path) ?? [])
      .findLast((entry) => entry.generation < replacedIn);
    return then?.url ?? this.baseUrl(path);
  }

  /**
   * Prepares new URLs for some modules; nothing is current yet. Every call counts as an attempt, because a failed
   * import poisons its URL for good.
   *
   * @param origin where the new files are
   * @param paths the modules concerned
   * @returns the staged table
   */
  stage(origin: CodeOrigin, paths: Iterable<string>): StagedTable {
    const attempt = ++this.#attempt;
    const urls = new Map<string, string>();
    for (const path of paths) {
      urls.set(path, `${urlUnder(origin.folder, path)}?v=${attempt}`);
    }
    return { attempt, urls };
  }

  /**
   * Makes staged URLs current.
   *
   * @param staged what {@linkcode ModuleTable.stage} returned
   * @returns puts the URLs back that were current before
   */
  commit(staged: StagedTable): () => void {
    const generation = ++this.#generation;
    for (const [path, url] of staged.urls) {
      const entries = this.#history.get(path) ?? [];
      entries.push({ generation, url });
      this.#history.set(path, entries);
    }
    return () => {
      for (const path of staged.urls.keys()) {
        const entries = this.#history.get(path) ?? [];
        const at = entries.findIndex((entry) =>
          entry.generation === generation
        );
        if (at !== -1) entries.splice(at, 1);
        if (entries.length === 0) this.#history.delete(path);
      }
    };
  }
}

/**
 * The URL of a folder, spelled as Deno spells the URLs of the modules in it.
 *
 * @param folder an absolute path with `/` between segments
 * @returns the URL, with a slash at the end
 */
export function folderUrl(folder: string): string {
  return urlUnder(
    "file:///",
    `${folder.replace(/^\/+/, "").replace(/\/+$/, "")}/`,
  );
}

function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

function urlUnder(folder: string, path: string): string {
  // A space too: at the end of a URL it would be cut off.
  const escaped = path.replaceAll(/[%?#\\ ]/g, encodeURIComponent);
  return new URL(`./${escaped}`, folder).href;
}

function decode(encoded: string): string | null {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}
