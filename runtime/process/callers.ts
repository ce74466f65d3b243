/** Which modules of the app are calling, as the stack tells.
 * @module
 */
import {
  type CallingLine,
  callingLine,
  callingModules,
} from "../modules/caller.ts";
import type { ModuleLoading } from "../modules/hooks/hooks.ts";

/** The modules of the app on the stack. */
export class Callers {
  readonly #modules: ModuleLoading;

  constructor(modules: ModuleLoading) {
    this.#modules = modules;
  }

  /** The path of a module of the app; null for others, and while the root is not known. */
  pathOf(url: string): string | null {
    return this.#modules.table?.pathOf(url) ?? null;
  }

  /** The paths of those that are calling, innermost first. */
  paths(): string[] {
    return callingModules().map((url) => this.pathOf(url))
      .filter((path) => path !== null);
  }

  /**
   * Finds out which module of the app is calling. Returns its path, or its URL while the root is not known; null where
   * none is on the stack.
   */
  place(which: "innermost" | "outermost"): string | null {
    const urls = callingModules();
    if (which === "outermost") urls.reverse();
    for (const url of urls) {
      if (!this.#modules.table) {
        if (url.startsWith("file:")) return url;
        continue;
      }
      const path = this.pathOf(url);
      if (path !== null) return path;
    }
    return null;
  }

  /** Tells whether a place is one of some modules, even if it was noted before the root was known. */
  isAmong(place: string | null, paths: ReadonlySet<string>): boolean {
    return place !== null && paths.has(this.pathOf(place) ?? place);
  }

  /** How a stack may name a module: by its URL, or by the file that its source came from. */
  urlsOf(url: string): string[] {
    const file = this.#modules.table?.fileOf(url) ?? null;
    return file === null ? [url] : [url, file];
  }

  /** Where a module on the stack is calling. Returns the place; null where it is not on the stack. */
  lineIn(url: string): CallingLine | null {
    const at = callingLine(this.urlsOf(url));
    return at && { url, line: at.line };
  }
}
