/** Modules of the app that others than its own modules have loaded, and give out again and again.
 * @module
 */
import { fileURLToPath } from "node:url";
import type { ModuleTable } from "../module_table.ts";
import { placeOf } from "../module_urls.ts";
import { forgetRequired } from "../packages/native_require.ts";

/** What `require` has loaded, and who outside the app has imported what. */
export class OutsideUse {
  /** The modules of the app that `require` has loaded, by their URLs, and the attempts that were current then. */
  readonly #required = new Map<string, number | null>();
  /** Who outside the app has imported an instance of a module of the app. */
  readonly #foreign = new Map<string, Set<string>>();

  /** Notes that `require` loads a file. */
  addRequired(url: string, table: ModuleTable | null): void {
    const place = placeOf(url);
    const path = table?.pathOf(place) ?? null;
    if (path === null || this.#required.has(place)) return;
    this.#required.set(place, table!.attempt(path));
  }

  /** Notes that somebody outside the app imports a module of it. */
  addForeign(url: string, importer: string): void {
    const importers = this.#foreign.get(url) ?? new Set<string>();
    this.#foreign.set(url, importers.add(importer));
  }

  /** Whether `require` has loaded any file of the app. */
  get hasRequired(): boolean {
    return this.#required.size > 0;
  }

  /** Tells whether `require` has loaded a file. Returns true if it has. */
  isRequired(place: string): boolean {
    return this.#required.has(place);
  }

  /** The files that `require` has loaded, whatever a release has brought since. */
  required(table: ModuleTable): string[] {
    return [...this.#required.keys()].map((url) => table.pathOf(url))
      .filter((path) => path !== null);
  }

  /** Who outside the app has imported current modules of it. */
  foreign(table: ModuleTable | null): Record<string, string[]> {
    const found: [path: string, importers: string[]][] = [];
    for (const [url, importers] of this.#foreign) {
      if (!table?.isCurrent(url)) continue;
      found.push([table.pathOf(url)!, [...importers]]);
    }
    return Object.fromEntries(found);
  }

  /** Forgets what is known of modules that are no longer current. */
  forgetOld(table: ModuleTable): void {
    for (const [url, attempt] of this.#required) {
      if (table.attempt(table.pathOf(url)!) === attempt) continue;
      // Nothing reaches it now; whoever requires it again gets what is there then.
      this.#required.delete(url);
      forgetRequired(fileURLToPath(url));
    }
    for (const url of this.#foreign.keys()) {
      if (!table.isCurrent(url)) this.#foreign.delete(url);
    }
  }
}
