/** What evaluations have run of the app's modules, by V8's precise coverage: on while modules are evaluated, and off when they serve.
 *
 * To turn it on walks the whole heap, which takes a millisecond for some thousands of objects, and each call costs more as
 * long as it is on.
 *
 * @module
 */
import type { Session } from "node:inspector";
import type { Insertion } from "../keep/line_map.ts";
import {
  type CoveredFunction,
  type EvaluatedText,
  type NumberedPlaces,
  type PlacedText,
  placedText,
  ranPieces,
} from "./ran_pieces.ts";

/** What has run of one module instance. */
export interface RanOfModule {
  /** The kind of text that the numbers are of. */
  readonly shape: string;
  /** The numbers of its functions and classes, in their order. */
  readonly pieces: readonly number[];
}

interface Script {
  readonly url: string;
  readonly functions: readonly CoveredFunction[];
}

/** Notes what runs of module instances. */
export class Coverage {
  #inspector: typeof import("node:inspector") | null = null;
  #session: Session | null = null;
  readonly #wrapped = new Map<string, PlacedText>();
  /** The instances that are loaded while it is on. */
  readonly #loaded = new Set<string>();
  readonly #texts = new Map<string, EvaluatedText>();
  readonly #ran = new Map<string, RanOfModule>();
  #told: Promise<void> = Promise.resolve();

  /** Whether it is noted what runs. */
  get isOn(): boolean {
    return this.#session !== null;
  }

  /** Gets ready, before anything of the app is loaded; not where somebody else looks at the process, who would see it stop. */
  async prepare(): Promise<void> {
    const inspector = await import("node:inspector");
    if (inspector.url() === undefined) this.#inspector = inspector;
  }

  /** Begins to note what runs, where it is ready. */
  begin(): void {
    if (this.#inspector === null || this.#session !== null) return;
    const session = new this.#inspector.Session();
    session.connect();
    session.post("Profiler.enable");
    session.post("Profiler.startPreciseCoverage", {
      callCount: false,
      detailed: false,
    });
    this.#session = session;
  }

  /** Notes how a module is written that is about to be evaluated. */
  wrapped(
    url: string,
    places: NumberedPlaces,
    text: string,
    insertions: readonly Insertion[],
  ): void {
    if (!this.isOn) return;
    this.#wrapped.set(url, placedText(places, text, insertions));
  }

  /** Notes the text that is evaluated. */
  loaded(url: string, wrapped: string, evaluated: string): void {
    if (!this.isOn) return;
    this.#loaded.add(url);
    const placed = this.#wrapped.get(url);
    this.#wrapped.delete(url);
    const ahead = evaluated.indexOf(wrapped.slice(0, HEAD));
    if (!placed || wrapped.length === 0 || ahead === -1) return;
    this.#texts.set(url, { ...placed, ahead, evaluated: evaluated.length });
  }

  /**
   * Takes what has run, and notes no more.
   *
   * @param isEvaluated whether the evaluation of an instance is over: what it does later would be missing, and nothing is
   * known of it
   */
  end(isEvaluated: (url: string) => boolean): void {
    const session = this.#session;
    if (session === null) return;
    this.#session = null;
    const loaded = new Set(this.#loaded);
    this.#loaded.clear();
    this.#wrapped.clear();
    for (const url of loaded) if (!isEvaluated(url)) this.#forget(url);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#told = promise;
    // Taken here and now; it is only told later.
    session.post("Profiler.takePreciseCoverage", (error, taken) => {
      const { result } = taken as { readonly result?: readonly Script[] } ?? {};
      if (error || !result) { for (const url of loaded) this.#forget(url); }
      else this.#take(result, loaded);
      session.disconnect();
      resolve();
    });
    session.post("Profiler.stopPreciseCoverage");
    session.post("Profiler.disable");
  }

  /** What has run of module instances, by their URLs, as far as anybody knows. */
  async ran(): Promise<ReadonlyMap<string, RanOfModule>> {
    await this.#told;
    return this.#ran;
  }

  /** Forgets the instances that are no longer current. */
  keep(isCurrent: (url: string) => boolean): void {
    for (const url of this.#texts.keys()) {
      if (!isCurrent(url) && !this.#loaded.has(url)) this.#forget(url);
    }
  }

  #take(scripts: readonly Script[], loaded: ReadonlySet<string>): void {
    for (const { url, functions } of scripts) {
      const text = this.#texts.get(url);
      if (!text) continue;
      // Of one that was evaluated before, nothing at all may have run since.
      const isFirst = loaded.has(url);
      const pieces = ranPieces(text, functions, isFirst);
      const known = this.#ran.get(url);
      if (!pieces || !isFirst && !known) this.#forget(url);
      else {
        const all = pieces.union(new Set(isFirst ? [] : known!.pieces));
        this.#ran.set(url, {
          shape: text.shape,
          pieces: [...all].sort((a, b) => a - b),
        });
      }
    }
  }

  #forget(url: string): void {
    this.#texts.delete(url);
    this.#ran.delete(url);
  }
}

/** So much of a text tells where it begins. */
const HEAD = 200;
