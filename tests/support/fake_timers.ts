/** Timers that fire when the test says so.
 * @module
 */
import { natives } from "../../runtime/base/platform/natives.ts";

/** A timer that was set and has not fired. */
export interface FakeTimer {
  /** The delay asked for, in milliseconds. */
  readonly ms: number;
  /** Whether it was told not to keep the process alive. */
  readonly unrefed: boolean;
  /** Fires it. */
  fire(): void;
}

/** Replaces `setTimeout` and `clearTimeout` until it is disposed. */
export class FakeTimers implements Disposable {
  readonly #real = { setTimeout, clearTimeout };
  readonly #pending = new Map<object, FakeTimer>();
  #set: PromiseWithResolvers<void> | null = null;
  /** The delays asked for so far, in milliseconds. */
  readonly delays: number[] = [];

  /** Takes the place of the real timers. */
  constructor() {
    globalThis.setTimeout = this.#setTimeout as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((handle: object) => {
      this.#pending.delete(handle);
    }) as unknown as typeof clearTimeout;
    Object.assign(natives, { setTimeout, clearTimeout });
  }

  /** The timers that have not fired and were not cleared, oldest first. */
  get pending(): readonly FakeTimer[] {
    return [...this.#pending.values()];
  }

  /** Waits until a timer is set. */
  async next(): Promise<FakeTimer> {
    while (this.#pending.size === 0) {
      this.#set ??= Promise.withResolvers();
      await this.#set.promise;
    }
    return this.pending[0]!;
  }

  /** Puts the real timers back. */
  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
    Object.assign(natives, this.#real);
  }

  readonly #setTimeout = (
    callback: (...args: unknown[]) => void,
    ms = 0,
    ...args: unknown[]
  ): object => {
    const timer = {
      ms,
      unrefed: false,
      fire: () => {
        this.#pending.delete(handle);
        callback(...args);
      },
    };
    const handle = {
      unref: () => {
        timer.unrefed = true;
        return handle;
      },
      ref: () => {
        timer.unrefed = false;
        return handle;
      },
    };
    this.#pending.set(handle, timer);
    this.delays.push(ms);
    this.#set?.resolve();
    this.#set = null;
    return handle;
  };
}
