/** Long work on the event loop in short slices, so that requests are answered in between.
 * @module
 */
import { setImmediate } from "node:timers";

/** How long work may keep the event loop, with room left below the 10 ms that nothing may take. */
export const SLICE_MS = 8;

/** As it was when the runtime was loaded: apps may put their own clock in its place. */
const { now } = Date;

/** How work is cut. */
export interface SliceOptions {
  /** How long one slice may take, in milliseconds. Default {@linkcode SLICE_MS}. */
  readonly sliceMs?: number;
}

/** Tells work when to let others have a turn. */
export class Slices {
  readonly #sliceMs: number;
  // Asked for after each step of long work; `performance` takes many times as long.
  #began = now();

  /**
   * @param options how work is cut
   */
  constructor({ sliceMs = SLICE_MS }: SliceOptions = {}) {
    this.#sliceMs = sliceMs;
  }

  /** Whether the slice is over: {@linkcode next} is due. */
  get over(): boolean {
    // Where the clock was set meanwhile, the slice is over.
    return Math.abs(now() - this.#began) >= this.#sliceMs;
  }

  /** Lets timers, sockets and files have their turn, then begins the next slice. */
  async next(): Promise<void> {
    await nextTurn();
    this.#began = now();
  }
}

/** Work that can pause after each of its steps, to be gone on with; what it returns is its result. */
export type Steps<T> = Generator<void, T, void>;

/** Tells a loop of short turns when a step is due: it costs more than such a turn. */
export class Turns {
  #count = 0;

  /** Whether it is, after this turn. */
  get due(): boolean {
    return (++this.#count & 15) === 0;
  }
}

/** Does work in steps to its end, in one go. */
export function inOneGo<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Does work in steps to its end, in slices. */
export async function stepsInSlices<T>(
  steps: Steps<T>,
  options: SliceOptions = {},
): Promise<T> {
  const slices = new Slices(options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (slices.over) await slices.next();
  }
}

const RUN = 1_000;

/** Sorts texts as `Array.prototype.sort` does, in slices. Returns the sorted texts. */
export async function sortInSlices(
  texts: readonly string[],
  options: SliceOptions = {},
): Promise<string[]> {
  const slices = new Slices(options);
  let from = [...texts];
  for (let at = 0; at < from.length; at += RUN) {
    const run = from.slice(at, at + RUN).sort();
    for (let i = 0; i < run.length; i++) from[at + i] = run[i]!;
    if (slices.over) await slices.next();
  }
  for (let width = RUN; width < from.length; width *= 2) {
    const to: string[] = [];
    for (let at = 0; at < from.length; at += 2 * width) {
      const middle = Math.min(at + width, from.length);
      const end = Math.min(at + 2 * width, from.length);
      let left = at;
      let right = middle;
      while (left < middle || right < end) {
        const takeLeft = right >= end ||
          (left < middle && from[left]! <= from[right]!);
        to.push(takeLeft ? from[left++]! : from[right++]!);
        if (to.length % RUN === 0 && slices.over) await slices.next();
      }
    }
    from = to;
  }
  return from;
}

/**
 * Lets others have their turn: not a microtask, which would let nobody in, and not a timer, which takes a millisecond at
 * the least.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A step of its own, for what takes about a millisecond. */
export function* oneStep<T>(result: T): Steps<T> {
  yield;
  return result;
}
