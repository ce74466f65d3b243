/** Functions that requests, events and the making of kept values have handed to somebody who may call them later, and that
 * somebody still holds.
 * @module
 */
import { pause } from "../../base/waiting/pause.ts";
import type { Generations, Work } from "../generations.ts";
import { type Maker, makerOf } from "../makers.ts";
import { isClass, originalOf } from "../live/calls_as_work.ts";
import type { MovedFunctions } from "./moved_functions.ts";
import { type Hand, HAND_KEY, MADE_KEY, NAME_KEY } from "./watch.ts";

type AnyFunction = (...args: unknown[]) => unknown;

/** A function that somebody holds. */
export interface HandedFunction {
  /** The module instance whose code it is. */
  readonly url: string;
  /** The function. */
  readonly handed: AnyFunction;
  /** For each time that it was handed on, what may call it, as far as that is known and still there. */
  readonly to: readonly (readonly object[])[];
  /** Whether it was handed on by a name: it may be of another module, and hold what holds it. */
  readonly isNamed: boolean;
  /** Whether it may be of another module, because a call has given it to the one that has handed it on. */
  readonly isGiven: boolean;
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
  readonly to: (readonly WeakRef<object>[])[];
  readonly isNamed: boolean;
  readonly isGiven: boolean;
  /**
   * Whether it was there after all garbage was collected that was there when its work was over, and whether it has been
   * judged since.
   */
  state: "unsure" | "held" | "judged";
}

/** So many may be noted before those are looked for that are collected. */
const SWEEP_AT = 1000;
const AGAIN_MS = 20;
/** To so many one function may have been handed on. */
const TO_MAX = 200;
/** So deep in what is handed on functions are looked for. */
const DEPTH = 2;

/** All of them, but for those of evaluations, which end with their modules; what kept values hand on goes on with them. */
export class HandedFunctions {
  readonly #noted = new Set<Noted>();
  #known = new WeakSet<object>();
  readonly #refs = new WeakMap<object, WeakRef<object>>();
  readonly #seen = new WeakSet<object>();
  /** Those that were handed on by a name: by one of a module as often as it is called. */
  readonly #named = new WeakMap<AnyFunction, Noted>();
  /** Those that calls have given to whoever handed them on. */
  readonly #given = new WeakMap<AnyFunction, Noted>();
  /** Objects of modules that were handed on. */
  readonly #objects = new WeakSet<object>();
  readonly #generations: Generations;
  readonly #moved: MovedFunctions;
  #sweepAt = SWEEP_AT;

  /**
   * @param generations whose work hands them on
   * @param moved those that lead on to newer ones
   */
  constructor(generations: Generations, moved: MovedFunctions) {
    this.#generations = generations;
    this.#moved = moved;
  }

  /** Begins to see them. */
  install(): void {
    const shared = globalThis as {
      [HAND_KEY]?: Hand;
      [MADE_KEY]?: Hand;
      [NAME_KEY]?: Hand;
    };
    shared[HAND_KEY] = (url, value, beside) => this.#note(url, value, beside);
    shared[MADE_KEY] = (url, value, beside) =>
      this.#noteGiven(url, value as AnyFunction, beside);
    shared[NAME_KEY] = (url, value, beside) =>
      typeof value === "function"
        ? this.#noteNamed(url, value as AnyFunction, beside)
        : this.#noteObject(value);
  }

  /** Who hands something on; null for evaluations and services, which end what they have begun. */
  #begun(): Pick<Noted, "work" | "maker"> | null {
    const { work } = this.#generations;
    const maker = makerOf(work);
    if (maker !== null) return { work: null, maker };
    return work !== null && (work.place !== null || work.isOwn)
      ? null
      : { work, maker };
  }

  /** Who is handed an object of a module, is handed its functions, as far as these lead on. */
  #noteObject(value: unknown): void {
    if (!isPlain(value) || this.#objects.has(value)) return;
    if (this.#begun() === null) return;
    this.#objects.add(value);
    for (const it of functionsIn(value, 1)) {
      if (!isClass(it)) this.#moved.hand(it);
    }
  }

  #noteNamed(
    url: string,
    value: AnyFunction,
    beside: readonly unknown[],
  ): void {
    if (this.#begun() === null || isClass(value)) return;
    const handed = originalOf(value);
    this.#moved.hand(handed);
    const refs = this.#refsOf(beside);
    const known = this.#named.get(handed);
    if (known && this.#noted.has(known)) return addTo(known, refs);
    const noted: Noted = {
      url,
      // Somebody else may have handed it on before.
      work: null,
      maker: null,
      handed: new WeakRef(handed),
      to: [refs],
      isNamed: true,
      isGiven: false,
      state: "unsure",
    };
    this.#named.set(handed, noted);
    this.#noted.add(noted);
  }

  /** What calls give may be one of a module, as often as they give it. */
  #noteGiven(
    url: string,
    value: AnyFunction,
    beside: readonly unknown[],
  ): void {
    if (isClass(value)) return;
    if (this.#moved.find(value)) return this.#noteNamed(url, value, beside);
    const known = this.#given.get(value);
    if (known && this.#noted.has(known)) addTo(known, this.#refsOf(beside));
    else this.#note(url, value, beside, true);
  }

  #note(
    url: string,
    value: unknown,
    beside: readonly unknown[],
    isGiven = false,
  ): void {
    const begun = this.#begun();
    if (begun === null) return;
    if (this.#noted.size >= this.#sweepAt) {
      this.#sweep();
      this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#noted.size);
    }
    const to = [this.#refsOf(beside)];
    for (const it of functionsIn(value, DEPTH)) {
      // What was handed on by its name is of a module, and there for good.
      if (this.#named.has(it)) continue;
      const handed = new WeakRef(it);
      this.#seen.add(it);
      const noted: Noted = {
        ...begun,
        url,
        handed,
        to,
        isNamed: false,
        isGiven,
        state: "unsure",
      };
      this.#noted.add(noted);
      if (isGiven) this.#given.set(it, noted);
    }
  }

  #refsOf(beside: readonly unknown[]): WeakRef<object>[] {
    return beside.flatMap((it) =>
      typeof it === "object" && it !== null ? [this.#ref(it)] : []
    );
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
    return this.#seen.has(handed) ||
      this.#named.has(originalOf(handed as AnyFunction));
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

  /** Those that may be garbage. */
  unsure(): IteratorObject<HandedFunction> {
    return this.#all("unsure");
  }

  /** Those that somebody holds, though what has handed them on is over. */
  held(): IteratorObject<HandedFunction> {
    return this.#all("held");
  }

  *#all(state: Noted["state"]): Generator<HandedFunction> {
    for (const it of this.#noted) {
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
        to: it.to.map((refs) => refs.flatMap((it) => it.deref() ?? [])),
        isNamed: it.isNamed,
        isGiven: it.isGiven,
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
   * @param isUnsure whether others wait for the same, and have not found out yet; by default none do
   */
  async settle(
    collect: () => Promise<boolean>,
    isUnsure = () => false,
  ): Promise<void> {
    const over = [...this.#noted].filter((it) =>
      it.state === "unsure" && it.work?.ended !== false
    );
    if (!await collect()) return;
    if (over.some((it) => it.handed.deref() !== undefined) || isUnsure()) {
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

/** Adds what may call a function as well; what is gone is left out, from time to time. */
function addTo({ to }: Noted, refs: readonly WeakRef<object>[]): void {
  if (to.some((it) => isSame(it, refs))) return;
  to.push(refs);
  if (to.length < TO_MAX) return;
  const left = to.filter((it) =>
    it.length === 0 || it.some((ref) => ref.deref() !== undefined)
  );
  // Among so many nobody has to look: somebody of whom nothing is known may hold it.
  to.splice(0, to.length, ...left.length < TO_MAX / 2 ? left : [[]]);
}

function isSame<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((it, at) => it === b[at]);
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const above = Object.getPrototypeOf(value);
  return above === Object.prototype || above === null;
}
