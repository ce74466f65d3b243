/** What the start of this process has run of the app's modules, by V8's precise coverage: on while they are evaluated for the first time, and never again.
 *
 * To turn it on walks the whole heap, which takes a millisecond for thousands of objects: nothing for an upgrade under load.
 *
 * @module
 */
import type { Session } from "node:inspector";
import { piecesOf } from "../../plan/analyze/code/pieces.ts";
import type { Node } from "../../plan/analyze/code/nodes.ts";
import type { Insertion } from "../keep/line_map.ts";
import {
  type CoveredFunction,
  type EvaluatedText,
  ranPieces,
} from "./ran_pieces.ts";

/** What has run of one module instance. */
export interface RanOfModule {
  /** The kind of text that the numbers are of. */
  readonly shape: string;
  /** The numbers of its functions and classes. */
  readonly pieces: readonly number[];
}

interface Script {
  readonly url: string;
  readonly functions: readonly CoveredFunction[];
}

/** Where a text ends and what leads back to its source begins. */
const MAP = "\n//# sourceMappingURL=";

/** Watches the start of the process. */
export class StartCoverage {
  #session: Session | null = null;
  readonly #wrapped = new Map<
    string,
    Omit<EvaluatedText, "ahead" | "evaluated">
  >();
  readonly #texts = new Map<string, EvaluatedText | null>();
  readonly #ran = new Map<string, RanOfModule>();
  #told: Promise<void> = Promise.resolve();

  /** Whether it is noted what runs. */
  get isOn(): boolean {
    return this.#session !== null;
  }

  /** Begins to note what runs; not where somebody else looks at the process, who would see it stop. */
  async begin(): Promise<void> {
    const inspector = await import("node:inspector");
    if (inspector.url() !== undefined) return;
    const session = new inspector.Session();
    session.connect();
    session.post("Profiler.enable");
    session.post("Profiler.startPreciseCoverage", {
      callCount: false,
      detailed: false,
    });
    this.#session = session;
  }

  /** Notes how a module was written that is about to be evaluated. */
  wrapped(
    url: string,
    program: Node,
    text: string,
    insertions: readonly Insertion[],
  ): void {
    if (!this.isOn) return;
    const end = text.lastIndexOf(MAP);
    this.#wrapped.set(url, {
      pieces: piecesOf(program),
      length: end === -1 ? text.length : end,
      insertions,
    });
  }

  /** Notes the text that is evaluated. */
  loaded(url: string, wrapped: string, evaluated: string): void {
    if (!this.isOn) return;
    const about = this.#wrapped.get(url);
    this.#wrapped.delete(url);
    const ahead = wrapped.length === 0 ? -1 : evaluated.indexOf(
      wrapped.slice(0, Math.min(wrapped.length, HEAD)),
    );
    this.#texts.set(
      url,
      about && ahead !== -1
        ? { ...about, ahead, evaluated: evaluated.length }
        : null,
    );
  }

  /**
   * Takes what has run, and notes no more. Where the evaluation of a module is not over, what it does later would be
   * missing: then nothing is known.
   */
  end(isEvaluated: (url: string) => boolean): void {
    const session = this.#session;
    if (session === null) return;
    this.#session = null;
    const isOver = [...this.#texts.keys()].every(isEvaluated);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#told = promise;
    // Taken here and now; it is only told later.
    session.post("Profiler.takePreciseCoverage", (error, taken) => {
      if (isOver && !error) {
        this.#take((taken as { readonly result: readonly Script[] }).result);
      }
      this.#texts.clear();
      this.#wrapped.clear();
      session.disconnect();
      resolve();
    });
    session.post("Profiler.stopPreciseCoverage");
    session.post("Profiler.disable");
  }

  /** What has run of a module instance; null where nobody knows. */
  async of(url: string): Promise<RanOfModule | null> {
    await this.#told;
    return this.#ran.get(url) ?? null;
  }

  #take(scripts: readonly Script[]): void {
    for (const { url, functions } of scripts) {
      const text = this.#texts.get(url);
      const pieces = text ? ranPieces(text, functions) : null;
      if (!pieces) continue;
      this.#ran.set(url, { shape: text!.pieces.shape, pieces });
    }
  }
}

/** So much of a text tells where it begins. */
const HEAD = 200;
