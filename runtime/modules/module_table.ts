/** Which attempt is current for each file of the app, now and in every earlier generation.
 * @module
 */
import {
  attemptOf,
  instanceUrl,
  pathUnder,
  placeOf,
  urlUnder,
} from "./module_urls.ts";

/** The files that an upgrade is about to make current. */
export interface StagedTable {
  /** The attempt's number. */
  readonly attempt: number;
  /** Where the new files are: the folder's URL, with a slash at the end. */
  readonly folder: string;
  /** The paths concerned. */
  readonly paths: ReadonlySet<string>;
}

/** What is read off the URL of an instance. */
interface Taken {
  readonly path: string | null;
  readonly attempt: number | null;
}

/** So many URLs and paths are remembered; an app of thousands of modules needs few more. */
const KNOWN_MAX = 10_000;

interface Assignment {
  readonly generation: number;
  /** The attempt, or null for the base image. */
  readonly attempt: number | null;
}

/**
 * Maps the files of an app to the attempts that made them current.
 *
 * A path that no upgrade has touched is at its place under the root. Earlier assignments are remembered, so that code
 * which is still running from an earlier generation finds the modules of that generation.
 */
export class ModuleTable {
  /** The app root's URL, with a slash at the end. */
  readonly root: string;
  /** The URL of the folder that releases are unpacked to, with a slash at the end. */
  readonly releases: string;
  readonly #history = new Map<string, Assignment[]>();
  readonly #folders = new Map<number, string>();
  readonly #known = new Map<string, Taken>();
  readonly #places = new Map<string, string>();
  #generation = 0;
  #attempt = 0;
  /** Grows whenever another instance becomes current. */
  changes = 0;

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

  /** The folder of one release. */
  releaseFolder(sha256: string): string {
    return `${this.releases}${sha256.slice(0, 12)}/`;
  }

  /**
   * The path of a module of the app, whichever attempt it belongs to. Returns the path under the app root, or null for
   * a URL outside the app.
   */
  pathOf(url: string): string | null {
    return this.#taken(url).path;
  }

  /** A URL, taken apart; the same ones are asked for again and again. */
  #taken(url: string): Taken {
    const known = this.#known.get(url);
    if (known) return known;
    const under = url.startsWith(this.releases)
      ? null
      : pathUnder(this.root, url);
    // Packages may lie under the app's root, and are not modules of the app.
    const path = under !== null && /(?:^|\/)node_modules\//.test(under)
      ? null
      : under;
    const taken = { path, attempt: attemptOf(url) };
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(url, taken);
    return taken;
  }

  /** The URL of a path's place under the root. */
  placeOf(path: string): string {
    let place = this.#places.get(path);
    if (place === undefined) {
      if (this.#places.size >= KNOWN_MAX) this.#places.clear();
      this.#places.set(path, place = urlUnder(this.root, path));
    }
    return place;
  }

  /** The attempt that is current for a path. Returns the attempt's number, or null for the base image. */
  attempt(path: string): number | null {
    return this.#history.get(path)?.at(-1)?.attempt ?? null;
  }

  /** The paths that an upgrade has touched. */
  assigned(): string[] {
    return [...this.#history.keys()].filter((path) =>
      this.attempt(path) !== null
    );
  }

  /** The current instance of a module. */
  current(place: string, attempt?: number | null): string {
    const path = this.pathOf(place);
    const number = attempt === undefined
      ? path === null ? null : this.attempt(path)
      : attempt;
    return number === null ? place : instanceUrl(place, number);
  }

  /**
   * Tells whether a module instance is the current one of its place. Returns false for one that an upgrade has
   * replaced, and outside the app.
   */
  isCurrent(url: string): boolean {
    const { path, attempt } = this.#taken(url);
    return path !== null && this.attempt(path) === attempt;
  }

  /**
   * Where the file of a module instance is. Returns the URL of the file of its release, or null for one that Deno finds
   * by itself.
   */
  fileOf(url: string): string | null {
    const attempt = attemptOf(url);
    const path = this.pathOf(url);
    const folder = attempt === null ? undefined : this.#folders.get(attempt);
    if (folder === undefined || path === null) return null;
    return urlUnder(folder, path);
  }

  /** The folder that an attempt loads from. */
  folderOf(attempt: number): string | undefined {
    return this.#folders.get(attempt);
  }

  /** The releases that current modules come from. */
  currentReleases(): Set<string> {
    const names = new Set<string>();
    for (const entries of this.#history.values()) {
      const folder = this.#folders.get(entries.at(-1)?.attempt ?? -1) ?? "";
      if (!folder.startsWith(this.releases)) continue;
      names.add(folder.slice(this.releases.length).split("/", 1)[0]!);
    }
    return names;
  }

  /** The attempts that current modules come from. */
  currentAttempts(): Set<number> {
    const attempts = new Set<number>();
    for (const entries of this.#history.values()) {
      const attempt = entries.at(-1)?.attempt ?? null;
      if (attempt !== null) attempts.add(attempt);
    }
    return attempts;
  }

  /** The instance that an importer reaches: code of an earlier generation stays in that generation. */
  forImporter(place: string, importer: string): string {
    const path = this.pathOf(place);
    const importerPath = this.pathOf(importer);
    if (path === null || importerPath === null || this.isCurrent(importer)) {
      return this.current(place);
    }
    const attempt = attemptOf(importer);
    const own = this.#history.get(importerPath) ?? [];
    const at = own.findIndex((entry) => entry.attempt === attempt);
    // Never assigned and not of the base image: left over from an attempt that was given up.
    if (at === -1 && attempt !== null) return this.current(place);
    const replacedIn = own[at + 1]?.generation ?? Infinity;
    const then = (this.#history.get(path) ?? [])
      .findLast((entry) => entry.generation < replacedIn);
    return this.current(placeOf(place), then?.attempt ?? null);
  }

  /**
   * Prepares new instances of some files; nothing is current yet. Every call counts as an attempt, because a failed
   * import poisons its URL for good.
   */
  stage(folder: string, paths: Iterable<string>): StagedTable {
    const attempt = ++this.#attempt;
    this.#folders.set(attempt, folder);
    return { attempt, folder, paths: new Set(paths) };
  }

  /** Makes what is staged current. */
  commit(
    { attempt, paths }: StagedTable,
    further: Iterable<string> = [],
  ): () => void {
    const generation = ++this.#generation;
    const all = new Set([...paths, ...further]);
    for (const path of all) {
      const entries = this.#history.get(path) ?? [];
      entries.push({ generation, attempt });
      this.#history.set(path, entries);
    }
    this.changes++;
    return () => {
      this.changes++;
      for (const path of all) {
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
