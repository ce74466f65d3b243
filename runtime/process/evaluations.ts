/** Which modules are being evaluated, as the modules themselves say: whatever they begin meanwhile is theirs.
 * @module
 */
import type { Generations } from "../modules/generations.ts";
import {
  EVALUATION_KEY,
  type TakeEvaluation,
} from "../modules/hooks/module_source.ts";

/** What is needed. */
export interface EvaluationsContext {
  /** The generations of the process. */
  readonly generations: Generations;
  /** The attempt that a module's URL belongs to, or null. */
  attemptOf(url: string): number | null;
  /** The path of a module under the app root; its URL while the root is not known. */
  pathOf(url: string): string;
}

/** The evaluations that were seen to begin. */
export class Evaluations {
  readonly #context: EvaluationsContext;
  readonly #open = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  /**
   * @param context what is needed
   */
  constructor(context: EvaluationsContext) {
    this.#context = context;
  }

  /** Takes what modules say. */
  install(): void {
    const shared = globalThis as { [EVALUATION_KEY]?: TakeEvaluation };
    shared[EVALUATION_KEY] = (url, isOver) =>
      isOver ? this.#end(url) : this.#begin(url);
  }

  /**
   * Tells whether the evaluation of a module instance has begun and has not come to its end, as that of a main module which
   * serves until the process ends. One that failed never comes to its end.
   */
  goesOn(url: string): boolean {
    return this.#open.has(url);
  }

  /** Tells whether the evaluation of a module instance that is current has come to its end. */
  hasEnded(url: string): boolean {
    return this.#ended.has(url);
  }

  /** Does something when the evaluation of a module instance has come to its end. */
  onEnd(url: string, act: () => void): void {
    this.#waiting.set(url, act);
  }

  /** Forgets the evaluations of instances that are no longer current. */
  forget(isCurrent: (url: string) => boolean): void {
    for (const known of [this.#open, this.#ended]) {
      for (const url of known) if (!isCurrent(url)) known.delete(url);
    }
  }

  #begin(url: string): void {
    const { generations, attemptOf, pathOf } = this.#context;
    this.#open.add(url);
    generations.enterEvaluation(pathOf(url), attemptOf(url));
  }

  #end(url: string): void {
    const { generations, attemptOf } = this.#context;
    this.#open.delete(url);
    this.#ended.add(url);
    generations.leaveEvaluation(attemptOf(url));
    const act = this.#waiting.get(url);
    this.#waiting.delete(url);
    act?.();
  }
}
