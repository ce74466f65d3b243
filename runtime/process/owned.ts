/** What the evaluation of a module has begun and the runtime can end: subscriptions.
 * @module
 */
import type { Generations } from "../modules/generations.ts";
import { evaluatedBy } from "../modules/makers.ts";
import { isOf, type Whose } from "./whose.ts";

interface Owned extends Whose {
  readonly attempt: number | null;
  readonly kept: string | undefined;
  readonly end: () => void;
}

/** What is needed to know what is whose. */
export interface OwnedContext {
  /** The generations of the process. */
  readonly generations: Generations;
  /** Whether a place is one of some modules. */
  isAmong(place: string | null, paths: ReadonlySet<string>): boolean;
  /** Whether the value of an attempt that has begun something while it was made is still in. */
  livesOn(kept: string, attempt: number | null): boolean;
}

/** What evaluations own. What a request begins is not theirs: it lives as long as the request's own affairs. */
export class OwnedEnds {
  readonly #context: OwnedContext;
  readonly #owned = new Set<Owned>();

  /**
   * @param context what is needed
   */
  constructor(context: OwnedContext) {
    this.#context = context;
  }

  /** Notes that the evaluation under way has begun something. */
  add(place: string | null, end: () => void): () => void {
    const { work } = this.#context.generations;
    if (work === null || work.place === null) return end;
    const { attempt, kept } = work;
    const owned = {
      attempt,
      place: place ?? work.place,
      evaluated: evaluatedBy(work),
      kept,
      end,
    };
    this.#owned.add(owned);
    return () => {
      this.#owned.delete(owned);
      end();
    };
  }

  /** Ends what replaced modules have begun. */
  endReplaced(places: ReadonlySet<string>, attempt: number): void {
    this.#end((it) =>
      it.attempt !== attempt && isOf(it, places, this.#context.isAmong) &&
      !(it.kept && this.#context.livesOn(it.kept, it.attempt))
    );
  }

  /** Ends what a given-up attempt has begun. */
  endAttempt(attempt: number): void {
    this.#end((it) => it.attempt === attempt);
  }

  #end(concerns: (owned: Owned) => boolean): void {
    for (const owned of this.#owned) {
      if (!concerns(owned)) continue;
      this.#owned.delete(owned);
      owned.end();
    }
  }
}
