/** Values that differ by generation.
 * @module
 */
import type { Generations } from "./generations.ts";

/** A value that is another one in each generation. */
export class Gate<T> {
  readonly #generations: Generations;
  #entries: readonly { readonly generation: number; readonly value: T }[];

  /**
   * @param generations the generations of the process
   * @param value the value of all generations so far
   */
  constructor(generations: Generations, value: T) {
    this.#generations = generations;
    this.#entries = [{ generation: 0, value }];
  }

  /** The value that the current work meets. */
  get value(): T {
    const entries = this.#entries;
    if (entries.length === 1) return entries[0]!.value;
    const { meets } = this.#generations;
    for (let at = entries.length - 1; at > 0; at--) {
      if (entries[at]!.generation <= meets) return entries[at]!.value;
    }
    return entries[0]!.value;
  }

  /** The value of the newest generation, on trial or not. */
  get newest(): T {
    return this.#entries.at(-1)!.value;
  }

  /** Sets the value from a generation on. */
  put(generation: number, value: T): () => void {
    const { floor } = this.#generations;
    const before = this.#entries;
    const oldest = before.findLastIndex((there) => there.generation <= floor);
    this.#entries = [
      ...before.slice(Math.max(0, oldest)),
      { generation, value },
    ];
    return () => {
      this.#entries = before;
    };
  }
}
