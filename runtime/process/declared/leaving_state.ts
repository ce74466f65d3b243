/** State that upgrades have removed, for work that ends in the code that had it.
 * @module
 */

/** Holders or families by name, each until a generation of the code. */
export class LeavingState<Cell> {
  readonly #all = new Map<
    string,
    { readonly cell: Cell; readonly until: number }
  >();

  /** Notes what code from a generation on does not know any more; returns what takes that back. */
  add(name: string, cell: Cell, until: number): () => void {
    const before = this.#all.get(name);
    this.#all.set(name, { cell, until });
    return () => {
      if (before) this.#all.set(name, before);
      else this.#all.delete(name);
    };
  }

  /** What code of a generation knows by a name. */
  of(name: string, meets: number): Cell | undefined {
    const found = this.#all.get(name);
    return found && meets < found.until ? found.cell : undefined;
  }

  /** Forgets what no work knows any more that meets at least a generation. */
  forget(meets: number): void {
    for (const [name, { until }] of this.#all) {
      if (until <= meets) this.#all.delete(name);
    }
  }
}
