/** Files that a release has in common with an earlier one and that nobody has asked its folder for: they stay where they are.
 *
 * An upgrade of one module among thousands would else ask the disk about thousands of files.
 *
 * @module
 */
import type { Manifest } from "../protocol/manifest/manifest.ts";
import type { ModuleAnalysis } from "../protocol/manifest/module_analysis.ts";

/** What of a release's folder an app may look at by itself: all of it, the files that are not modules, or nothing. */
export type FolderUse = "all" | "assets" | "nothing";

/**
 * Tells what an app may look at in the folder of a release, by what its modules import. Returns `all` for one that asks
 * for the folder, or of whose modules nothing is known.
 */
export function folderUse({ analysis }: Pick<Manifest, "analysis">): FolderUse {
  if (!analysis) return "all";
  let use: FolderUse = "nothing";
  for (const path of Object.keys(analysis)) {
    const one = moduleUse(analysis[path]!);
    if (one === "all") return "all";
    if (one === "assets") use = one;
  }
  return use;
}

/** By what is known of modules, most of which is the same in the next manifest. */
const USES = new WeakMap<ModuleAnalysis, FolderUse>();

function moduleUse(facts: ModuleAnalysis): FolderUse {
  let use = USES.get(facts);
  if (use === undefined) USES.set(facts, use = useIn(facts));
  return use;
}

function useIn({ imports = [] }: ModuleAnalysis): FolderUse {
  let use: FolderUse = "nothing";
  for (const { specifier, names = [], dynamic } of imports) {
    // By whatever name the import map knows this package.
    if (names.includes("assetRoot")) return "all";
    const isWhole = dynamic === true || names.includes("*");
    if (isWhole && specifier.includes("flyhot")) return "all";
    if (names.includes("asset")) use = "assets";
  }
  return use;
}

/** What is left out of the folders of releases. */
export class LeftOut {
  readonly #left = new Map<string, Map<string, string>>();
  /** In how many places each content is left out, by its digest. */
  readonly #wanted = new Map<string, number>();

  /** Notes what is left out of a folder. */
  add(folder: string, files: Map<string, string>): void {
    if (files.size === 0) return;
    this.#left.set(folder, files);
    for (const sha256 of files.values()) {
      this.#wanted.set(sha256, (this.#wanted.get(sha256) ?? 0) + 1);
    }
  }

  /** Tells whether a folder lacks a file of its release. Returns true if so. */
  has(folder: string, path: string): boolean {
    return this.#left.get(folder)?.has(path) ?? false;
  }

  /** Tells whether a content is left out of some folder, so that it must stay where it is. Returns true if so. */
  wants(sha256: string): boolean {
    return this.#wanted.has(sha256);
  }

  /** Takes files of a folder, because they are put into it now. */
  take(folder: string, path: string | null): [path: string, sha256: string][] {
    const left = this.#left.get(folder);
    if (!left) return [];
    const sha256 = path === null ? undefined : left.get(path);
    const taken: [path: string, sha256: string][] = sha256 !== undefined
      ? [[path!, sha256]]
      : [...left].filter(([file]) =>
        path === null || file.startsWith(`${path}/`)
      );
    for (const [file, digest] of taken) {
      left.delete(file);
      this.#release(digest);
    }
    if (left.size === 0) this.#left.delete(folder);
    return taken;
  }

  /** Forgets a folder. */
  forget(folder: string): void {
    this.take(folder, null);
  }

  #release(sha256: string): void {
    const rest = this.#wanted.get(sha256)! - 1;
    if (rest === 0) this.#wanted.delete(sha256);
    else this.#wanted.set(sha256, rest);
  }
}
