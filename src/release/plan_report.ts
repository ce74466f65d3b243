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
  /** Files that stay as they are. */
  readonly unchanged: readonly string[];
  /** For every module in `reload`: from the changed module that it is there for up to itself. */
  readonly because: Readonly<Record<string, readonly string[]>>;
  /** About how much memory the replaced modules keep on each machine, in bytes: six times their source. */
  readonly retained_bytes: number;
  /** Files that need a cold deploy: why, and for modules the import chain. */
  readonly cold: readonly {
    readonly path: string;
    readonly reason: string;
    readonly chain: readonly string[];
  }[];
}
