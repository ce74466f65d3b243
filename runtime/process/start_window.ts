/** The start of the process: from before its main module until something comes from outside, or enough time has passed.
 * @module
 */
import { natives } from "../base/platform/natives.ts";
import type { Generations } from "../modules/generations.ts";
import type { StartCoverage } from "../modules/started/start_coverage.ts";
import type { Evaluations } from "./evaluations.ts";

/** So long after its evaluation, packages have called at their start what they were given. */
const AFTER_MS = 1000;
/** So long a main module may take, or nothing is known of what the start has run. */
const MOST_MS = 30_000;

/** What is needed. */
export interface StartWindowContext {
  /** Notes what runs. */
  readonly coverage: StartCoverage;
  /** The generations of the process. */
  readonly generations: Generations;
  /** Which modules are being evaluated. */
  readonly evaluations: Evaluations;
}

/** Notes what the start of the process runs, and tells it from what requests and events run. */
export class StartWindow {
  readonly #context: StartWindowContext;
  #isEvaluated = false;

  /**
   * @param context what is needed
   */
  constructor(context: StartWindowContext) {
    this.#context = context;
  }

  /** Begins, before the main module is loaded. */
  async open(): Promise<void> {
    const { coverage, generations } = this.#context;
    await coverage.begin();
    if (!coverage.isOn) return;
    generations.onOutside = () => this.#close();
    natives.setTimeout(() => this.#close(), MOST_MS).unref();
  }

  /** The main module has been evaluated. */
  evaluated(): void {
    if (!this.#context.coverage.isOn) return;
    this.#isEvaluated = true;
    natives.setTimeout(() => this.#close(), AFTER_MS).unref();
  }

  /** Ends it where the main module has been evaluated: somebody wants to know what has run. */
  settle(): void {
    if (this.#isEvaluated) this.#close();
  }

  #close(): void {
    const { coverage, generations, evaluations } = this.#context;
    generations.onOutside = null;
    coverage.end((url) => evaluations.hasEnded(url));
  }
}
