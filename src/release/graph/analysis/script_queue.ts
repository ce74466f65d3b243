/** Scripts that several threads take from, each the next one as soon as it is done with the last.
 * @module
 */
import type { ScriptText } from "./analyze.ts";

/** What a queue is made of; all threads have the same. */
export interface QueuedScripts {
  /** The scripts, in the order in which they are taken. */
  readonly scripts: readonly ScriptText[];
  /** How many were taken, in memory that the threads share. */
  readonly taken: Int32Array<SharedArrayBuffer>;
}

/** One thread's view of the queue: nobody waits until another thread finds the time to hand something over. */
export class ScriptQueue implements QueuedScripts {
  readonly scripts: readonly ScriptText[];
  readonly taken: Int32Array<SharedArrayBuffer>;

  constructor(
    scripts: readonly ScriptText[],
    taken: Int32Array<SharedArrayBuffer> = new Int32Array(
      new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
    ),
  ) {
    this.scripts = scripts;
    this.taken = taken;
  }

  /** Takes the next script. */
  take(): number | null {
    const place = Atomics.add(this.taken, 0, 1);
    return place < this.scripts.length ? place : null;
  }
}
