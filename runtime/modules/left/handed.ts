/** Functions that requests, events and the making of kept values have handed to somebody who may call them later, and that
 * somebody still holds.
 * @module
 */
import { pause } from "../../base/waiting/pause.ts";
import {
  type Generations,
  type Maker,
  makerOf,
  type Work,
} from "../generations.ts";
import { type Hand, HAND_KEY } from "./watch.ts";

type AnyFunction = (...args: unknown[]) => unknown;

/** A function that somebody holds. */
export interface HandedFunction {
  /** The module instance whose code it is. */
  readonly url: string;
  /** The function. */
  readonly handed: AnyFunction;
  /** What may call it, as far as that is known and still there. */
  readonly beside: readonly object[];
  /** The generation of the work that has begun it; null where nobody knows it: an open stream, or what is over. */
  readonly begunIn: number | null;
  /** The kept value while which was made it was handed on; null for that of a request or event. */
  readonly maker: Maker | null;
  /** Lets nobody look at it any more. */
  forget(): void;
}

interface Noted {
  readonly url: string;
  /** The request or event whose it is, if it is that of one that is known. */
  readonly work: Work | null;
  readonly maker: Maker | null;
  readonly handed: WeakRef<AnyFunction>;
  readonly beside: readonly WeakRef<object>[];
  /**
   * Whether it was there after all garbage was collected that was there when its work was over, and whether it has been
   * judged since.
   */
  state: "unsure" | "held" | "judged";
}

/** So many may be noted before those are looked for that are collected. */
const SWEEP_AT = 1000;
const AGAIN_MS = 20;
/** So deep in what is handed on functions are looked for. */
const DEPTH = 2;

/** All of them, but for those of evaluations, which end with their modules; what kept values hand on goes on with them. */
export class HandedFunctions {
  readonly #noted = new Set<Noted>();
  #known = new WeakSet<object>();
  readonly #refs = new WeakMap<object, WeakRef<object>>();
  readonly #seen = new WeakSet<object>();
  readonly #generations: Generations;
  #sweepAt = SWEEP_AT;

  /**
   * @param generations whose work hands them on
   */
  constructor(generations: Generations) {
    this.#generations = generations;
  }

  /** Begins to see them. */
  install(): void {
    const shared = globalThis as { [HAND_KEY]?: Hand };
    shared[HAND_KEY] = (url, value, beside) => this.#note(url, value, beside);
  }

  #note(url: string, value: unknown, beside: readonly unknown[]): void {
    const { work } = this.#generations;
    const maker = makerOf(work);
    const isEvaluated = work !== null && work.place !== null;
    if (work?.isOwn || isEvaluated && maker === null) return;
    if (this.#noted.size >= this.#sweepAt) {
      this.#sweep();
      this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#noted.size);
    }
    const refs = beside.flatMap((it) =>
      typeof it === "object" && it !== null ? [this.#ref(it)] : []
    );
    for (const it of functionsIn(value, DEPTH)) {
      const handed = new WeakRef(it);
      this.#seen.add(it);
      this.#noted.add({
        url,
        work: maker === null ? work : null,
        maker,
        handed,
        beside: refs,
        state: "unsure",
      });
    }
  }

  #ref(object: object): WeakRef<object> {
    const known = this.#refs.get(object);
    if (known) return known;
    const ref = new WeakRef(object);
    this.#refs.set(object, ref);
    return ref;
  }

  #sweep(): void {
    for (const it of this.#noted) {
      if (it.handed.deref() === undefined) this.#noted.delete(it);
    }
  }

  /** Tells whether it was seen being handed on. */
  isNoted(handed: object): boolean {
    return this.#seen.has(handed);
  }

  /** Begins to find out who holds them: what was held before may be garbage now. */
  begin(): void {
    this.#known = new WeakSet();
    for (const it of this.#noted) it.state = "unsure";
  }

  /** Notes one that is held where an upgrade looks, and is judged by that. */
  know(handed: object): void {
    this.#known.add(handed);
  }

  /** Ends the judging of those that are held. */
  judged(): void {
    for (const it of this.#noted) if (it.state === "held") it.state = "judged";
  }

  /** Those of some modules that may be garbage. */
  unsure(isOf: (url: string) => boolean): IteratorObject<HandedFunction> {
    return this.#all("unsure", isOf);
  }

  /** Those that somebody holds, though what has handed them on is over. */
  held(): IteratorObject<HandedFunction> {
    return this.#all("held");
  }

  *#all(
    state: Noted["state"],
    isOf: (url: string) => boolean = () => true,
  ): Generator<HandedFunction> {
    const wanted = new Map<string, boolean>();
    for (const it of this.#noted) {
      if (!wanted.has(it.url)) wanted.set(it.url, isOf(it.url));
      if (!wanted.get(it.url)) continue;
      // Whoever still waits for it is counted as work that did not end.
      if (it.state !== state || it.work?.ended === false) continue;
      const handed = it.handed.deref();
      if (handed === undefined) this.#noted.delete(it);
      if (handed === undefined || state === "held" && this.#known.has(handed)) {
        continue;
      }
      yield {
        url: it.url,
        handed,
        beside: it.beside.flatMap((it) => it.deref() ?? []),
        begunIn: it.work?.generation ?? null,
        maker: it.maker,
        forget: () => this.#noted.delete(it),
      };
    }
  }

  /**
   * Finds out which of them somebody holds.
   *
   * @param collect collects all garbage; what was looked at in this turn would not be collected
   */
  async settle(collect: () => Promise<boolean>): Promise<void> {
    const over = [...this.#noted].filter((it) =>
      it.state === "unsure" && it.work?.ended !== false
    );
    if (!await collect()) return;
    if (over.some((it) => it.handed.deref() !== undefined)) {
      // A call that has just ended may have left it on the stack.
      await pause(AGAIN_MS);
      await collect();
    }
    for (const it of over) {
      if (it.handed.deref() === undefined) this.#noted.delete(it);
      else it.state = "held";
    }
  }
}

/** The functions in what is written where it is handed on. */
function* functionsIn(value: unknown, depth: number): Generator<AnyFunction> {
  if (typeof value === "function") yield value as AnyFunction;
  else if (depth > 0 && typeof value === "object" && value !== null) {
    // Getters are left alone: they may do something.
    const all = Object.values(Object.getOwnPropertyDescriptors(value));
    for (const it of all) yield* functionsIn(it.value, depth - 1);
  }
}
