/** What a release would do to a machine, as data: the answer of `flyhot plan --json`.
 * @module
 */

/** What is to become of each file. */
export interface PlanReport {
  /** True if no file needs a cold deploy. */
  readonly hot: boolean;
  /** Modules that are evaluated anew. */
  readonly reload: readonly string[];
  /** Modules that are new or changed but not loaded yet. */
  readonly mapped: readonly string[];
  /** Assets that changed. */
  readonly assets: readonly string[];
  /** Files that are gone. */
  readonly removed: readonly string[];
  /** Files that need a cold deploy: why, and for modules the import chain. */
  readonly cold: readonly {
    readonly path: string;
    readonly reason: string;
    readonly chain: readonly string[];
  }[];
}
