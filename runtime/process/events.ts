/** What happens during upgrades, for whoever wants to know.
 * @module
 */
import type { HolderChange } from "../protocol/machine/machine_result.ts";
import type { UpgradePhase } from "../base/phases.ts";

/** One thing that happens during an upgrade. */
export type UpgradeEvent =
  | {
    /** An upgrade began. */
    readonly type: "started";
    /** The release's version. */
    readonly version: string;
  }
  | {
    /** The new modules are loaded and wait; the old code serves. */
    readonly type: "prepared";
    /** The release's version. */
    readonly version: string;
    /** The modules evaluated again. */
    readonly reloaded: readonly string[];
  }
  | {
    /** The state concerned takes no calls for the moment. */
    readonly type: "suspended";
    /** The release's version. */
    readonly version: string;
    /** How many holders and members of families. */
    readonly count: number;
  }
  | {
    /** The migrated copies are ready. */
    readonly type: "migrated";
    /** The release's version. */
    readonly version: string;
    /** What is to become of the state. */
    readonly holders: readonly HolderChange[];
  }
  | {
    /** The new code is applied and serves. */
    readonly type: "completed";
    /** The release's version. */
    readonly version: string;
    /** The modules evaluated again. */
    readonly reloaded: readonly string[];
    /** Assets that are new, differ or are gone. */
    readonly assets: readonly string[];
    /** How long state took no calls, in milliseconds; null if there was none. */
    readonly suspendMs: number | null;
  }
  | {
    /** It has passed its probation: this is the release from now on. */
    readonly type: "committed";
    /** The release's version. */
    readonly version: string;
  }
  | {
    /** It was refused: the old code and state are intact, unless `end` is `fail`. */
    readonly type: "failed";
    /** The release's version. */
    readonly version: string;
    /** In which step. */
    readonly phase: UpgradePhase;
    /** What was tried, on what, and why it failed. */
    readonly message: string;
    /** `fail` if this machine should be recycled. */
    readonly end: "abort" | "fail";
  }
  | {
    /** The new code was in and was taken out again. */
    readonly type: "rolledBack";
    /** The release's version. */
    readonly version: string;
    /** In which step. */
    readonly phase: UpgradePhase;
    /** Why. */
    readonly message: string;
  };

/** Hands events to listeners and readers. */
export class UpgradeEvents {
  readonly #listeners = new Set<(event: UpgradeEvent) => void>();

  /** Adds a listener. */
  subscribe(listener: (event: UpgradeEvent) => void): () => void {
    // Wrapped, so that the same function given twice is called twice and removed once.
    const own = (event: UpgradeEvent) => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Tells all listeners. */
  emit(event: UpgradeEvent, onError: (error: unknown) => void): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        onError(error);
      }
    }
  }

  /** Reads events as they come. Returns the events from the first read on. */
  async *read(signal?: AbortSignal): AsyncGenerator<UpgradeEvent, void, void> {
    const waiting: UpgradeEvent[] = [];
    let wake = Promise.withResolvers<void>();
    const stop = () => wake.resolve();
    const unsubscribe = this.subscribe((event) => {
      waiting.push(event);
      wake.resolve();
    });
    signal?.addEventListener("abort", stop, { once: true });
    try {
      while (!signal?.aborted) {
        yield* waiting.splice(0);
        if (signal?.aborted) return;
        await wake.promise;
        wake = Promise.withResolvers();
      }
    } finally {
      unsubscribe();
      signal?.removeEventListener("abort", stop);
    }
  }
}
