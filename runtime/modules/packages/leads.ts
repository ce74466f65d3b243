/** Where specifiers of the app lead: where the release of their module says, and for code of the image where the image does.
 * @module
 */
import { readFileSync } from "node:fs";
import type { ResolveFnOutput } from "node:module";
import { fileURLToPath } from "node:url";
import type { Manifest } from "../../protocol/manifest/manifest.ts";
import type { ModuleTable } from "../module_table.ts";
import { attemptOf, urlUnder } from "../module_urls.ts";
import type { PackageLoading } from "./package_loading.ts";
import { ReleaseAliases } from "./release_aliases.ts";
import {
  leadsByItself,
  targetByAlias,
  targetInRelease,
} from "./release_specifiers.ts";

/** What of a release says where specifiers lead, and how its modules are read. */
export type LeadingRelease = Pick<
  Manifest,
  | "files"
  | "modules"
  | "packages"
  | "configKeys"
  | "appFolder"
  | "analysis"
  | "workerSpecifiers"
>;

/** Where the specifiers of each release lead. */
export class Leads {
  /** The release of each attempt that has one. */
  readonly releases: Map<number, LeadingRelease> = new Map();
  readonly #packages: PackageLoading;
  readonly #aliases = new WeakMap<LeadingRelease, ReleaseAliases>();

  /**
   * @param packages the packages that came in since the process started
   */
  constructor(packages: PackageLoading) {
    this.#packages = packages;
  }

  /** Resolves a specifier. Returns what Deno makes of it, led where the release says. */
  resolve(
    specifier: string,
    parent: string,
    table: ModuleTable,
    next: (specifier: string) => ResolveFnOutput,
  ): ResolveFnOutput {
    const target = this.#target(specifier, parent, table);
    if (target === null) return next(specifier);
    if (target.kind === "module") {
      return next(table.placeOf(target.path) + target.query);
    }
    if (target.exact !== null && this.#packages.added.has(target.exact)) {
      return next(target.exact);
    }
    if (target.mapped !== specifier) {
      try {
        const result = next(target.mapped);
        if (result.url !== target.mapped) return result;
      } catch {
        // The image's own import map may still know it.
      }
    }
    return next(specifier);
  }

  /** Where `import.meta.resolve` leads. Returns a URL; null where the release says nothing. */
  led(specifier: string, url: string, table: ModuleTable): string | null {
    const target = this.#target(specifier, url, table);
    if (target === null) return null;
    return target.kind === "module"
      ? table.placeOf(target.path) + target.query
      : target.mapped;
  }

  /** Forgets releases that no module comes from. */
  forgetOld(current: ReadonlySet<number>): void {
    for (const attempt of this.releases.keys()) {
      // Work begun before a swap still imports by its own release.
      if (!current.has(attempt) && attempt < Math.max(...current) - 1) {
        this.releases.delete(attempt);
      }
    }
  }

  #target(specifier: string, url: string, table: ModuleTable) {
    const attempt = attemptOf(url) ?? -1;
    const release = this.releases.get(attempt);
    const path = table.pathOf(url);
    if (!release || path === null || leadsByItself(specifier)) return null;
    return targetInRelease(release, path, specifier) ??
      targetByAlias(
        this.#aliasesOf(release, table.folderOf(attempt) ?? ""),
        path,
        specifier,
      );
  }

  #aliasesOf(release: LeadingRelease, folder: string): ReleaseAliases {
    let aliases = this.#aliases.get(release);
    if (!aliases) {
      aliases = new ReleaseAliases(
        Object.keys(release.configKeys ?? {}),
        release.appFolder ?? "",
        (path) => textAt(urlUnder(folder, path)),
      );
      this.#aliases.set(release, aliases);
    }
    return aliases;
  }
}

function textAt(url: string): string | null {
  try {
    return readFileSync(fileURLToPath(url), "utf8");
  } catch {
    return null;
  }
}
