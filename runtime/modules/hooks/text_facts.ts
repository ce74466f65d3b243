/** What is known of the texts of modules before they are loaded: of a release by its manifest, of the image by what its build has written down.
 * @module
 */
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";
import { fitsText } from "../edits/edits_record.ts";
import type { ModuleTable } from "../module_table.ts";
import { attemptOf, placeOf } from "../module_urls.ts";
import type { Leads } from "../packages/leads.ts";
import type { PreparedScripts } from "../prepared/prepared_scripts.ts";
import { withThreads } from "./module_source.ts";

/** What is known of instances. */
export class TextFacts {
  /** The scripts of the image, as far as its build has prepared them. */
  prepared: PreparedScripts = new Map();
  readonly #leads: Leads;
  readonly #tableNow: () => ModuleTable | null;

  /**
   * @param leads the release of each attempt
   * @param tableNow the table of current instances, once there is one
   */
  constructor(leads: Leads, tableNow: () => ModuleTable | null) {
    this.#leads = leads;
    this.#tableNow = tableNow;
  }

  /** Whether an instance runs as it is written once its types are blanked out. */
  isErasable(url: string): boolean {
    return this.#analysisOf(url)?.erasable === true ||
      this.#preparedOf(url)?.isErasable === true;
  }

  /** Whether none of its functions waits without an end of its own, or hands functions on. */
  isSteady(url: string): boolean {
    return this.#analysisOf(url)?.steady === true;
  }

  /** What goes into the text of an instance. */
  editsOf(url: string): string | undefined {
    return (this.#analysisOf(url) ?? this.#preparedOf(url))?.edits;
  }

  /**
   * Whether a text with its types blanked out may be loaded: a release is what its manifest says, while of the image
   * only the text itself tells that it is still the one that was prepared.
   */
  isPrepared(url: string, text: string): boolean {
    const prepared = this.#preparedOf(url);
    if (!prepared || fitsText(prepared.edits, withThreads(text))) return true;
    this.prepared.delete(this.#pathOf(url) ?? "");
    return false;
  }

  #preparedOf(url: string) {
    // By another name it is the same file.
    return this.prepared.size === 0 || attemptOf(url) !== null
      ? undefined
      : this.prepared.get(this.#pathOf(placeOf(url)) ?? "");
  }

  #analysisOf(url: string): ModuleAnalysis | undefined {
    const attempt = attemptOf(url);
    if (attempt === null) return undefined;
    const { analysis } = this.#leads.releases.get(attempt) ?? {};
    const path = this.#pathOf(url);
    return path !== null && analysis !== undefined &&
        Object.hasOwn(analysis, path)
      ? analysis[path]
      : undefined;
  }

  #pathOf(url: string): string | null {
    return this.#tableNow()?.pathOf(url) ?? null;
  }
}
