/** Chance that can be repeated.
 * @module
 */

/** Numbers that look random and are decided by a seed. */
export class Dice {
  #state: number;

  /** @param seed decides everything */
  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 2654435761) >>> 0;
  }

  /** A number of 0 up to 1. */
  random(): number {
    // mulberry32
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number of 0 up to, but without, `end`. */
  below(end: number): number {
    return Math.floor(this.random() * end);
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}
