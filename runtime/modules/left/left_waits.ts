/** Loops and chains that requests and events have begun, that wait, and that nobody waits for.
 * @module
 */
import { SourceMap } from "node:module";
import { TextDecoder } from "../../base/platform/globals.ts";
import { standsFor } from "../live/calls_as_work.ts";
import type { Generations, Work } from "../generations.ts";
import type { Keeping } from "../keep/keeping.ts";
import { type BeginWait, type Wait, WAIT_KEY } from "./watch.ts";

/** A loop or a chain that goes on. */
export interface LeftWait {
  /** The module instance whose code it is. */
  readonly url: string;
  /** Its text; null where nobody knows it any more. */
  readonly text: string | null;
  /** The name of the function that leads to itself; null for a loop. */
  readonly name: string | null;
  /** Whether it may be garbage: a generator that somebody held when all garbage was collected, is none. */
  readonly mayBeGarbage: boolean;
  /** Its line in the file of its author; 0 where nobody knows it. */
  readonly line: number;
  /** The generation of the work that has begun it; null where nobody knows it: an open stream, or what is over. */
  readonly begunIn: number | null;
  /** Lets nobody look at it any more. */
  forget(): void;
}

const MAP =
  /\n\/\/# sourceMappingURL=data:application\/json(?:;charset=utf-?8)?;base64,(\S+)\s*$/i;

/** A loop that an evaluation has begun. */
export interface BegunLoop {
  /** The path of the module. */
  readonly place: string;
  /** The attempt that has loaded it; null for the base image. */
  readonly attempt: number | null;
  /** The kept value that has begun it while it was made, as `place#name`. */
  readonly kept: string | null;
  /** What there is as long as it goes on. */
  readonly object: object;
}

/** Reads what others send, for as long as they do: nothing of the module ends it. */
const READS =
  /^(?:\w+:\s*)?for\s+await\s*\([^{]*?\bof\b[^{]*?\b(?:body|stdout|stderr|stdin)\b/;
const READS_SOCKETS =
  /^(?:\w+:\s*)?for\s+await\s*\([^{]*?\bof\b[^{]*?\breadable\b|\bawait\s+[\w.#?]+\.read\(/;

const NO_WAIT: Wait = {
  end() {},
  promise: (it) => it,
  given: (it) => it,
  later: (it) => it,
};

/** So many may go on before those are looked for that nobody can end any more. */
const SWEEP_AT = 1000;

/** Finds out which of those that may be garbage are none. */
export interface Settling {
  /** Whether any of them is still there. */
  readonly isUnsure: () => boolean;
  /** Says that all garbage has been collected. */
  readonly settle: () => void;
}

/** The loops and chains that go on, but for those of evaluations, which end with their modules. */
export class LeftWaits {
  readonly #going = new Set<GoingOn>();
  readonly #generations: Generations;
  readonly #keeping: Keeping;
  #sweepAt = SWEEP_AT;

  /**
   * @param generations whose work goes on
   * @param keeping the texts of modules
   */
  constructor(generations: Generations, keeping: Keeping) {
    this.#generations = generations;
    this.#keeping = keeping;
  }

  /** Begins to see them. */
  install(): void {
    const shared = globalThis as { [WAIT_KEY]?: BeginWait };
    shared[WAIT_KEY] = (url, at) => this.#begin(url, at);
  }

  #begin(url: string, at: number): Wait {
    const { work } = this.#generations;
    if (work?.isOwn) return NO_WAIT;
    if (this.#going.size >= this.#sweepAt) {
      this.#sweep();
      this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#going.size);
    }
    return new Begun(
      { url, at, work, until: null, isHeld: false },
      this.#going,
    );
  }

  /** Forgets those whose code, promise or function has been collected: nobody goes on there. */
  #sweep(): void {
    for (const it of this.#going) {
      if (it.until?.deref() === undefined) this.#going.delete(it);
    }
  }

  /** Begins to find out what goes on: what was held before may be garbage now. */
  begin(): void {
    for (const it of this.#going) it.isHeld = false;
  }

  /** Begins to find out which of them somebody holds: those that were over before all garbage was collected, and are still there. */
  settling(): Settling {
    const over = [...this.#going].filter(({ work }) => work?.ended !== false);
    return {
      isUnsure: () => over.some((it) => this.#mayBeGarbage(it)),
      settle: () => {
        this.#sweep();
        for (const it of over) it.isHeld = true;
      },
    };
  }

  #mayBeGarbage(it: GoingOn): boolean {
    return !it.isHeld && it.until?.deref() !== undefined &&
      this.#keeping.watched(it.url, it.at)?.watched.yields === true;
  }

  /**
   * Loops that evaluations have begun, and that read what others send.
   *
   * @param accepts whether a module may only read connections that the app accepts, which are known by themselves
   */
  *begun(accepts: (place: string) => boolean): Generator<BegunLoop> {
    this.#sweep();
    for (const { url, at, work, until } of this.#going) {
      const object = until?.deref();
      const place = work?.place ?? null;
      if (!work || place === null || !object) continue;
      const text = this.#keeping.watched(url, at)?.watched.text;
      if (text === undefined) continue;
      if (!READS.test(text) && (accepts(place) || !READS_SOCKETS.test(text))) {
        continue;
      }
      const { attempt, kept = null } = work;
      yield { place, attempt, kept, object };
    }
  }

  /** Those that would go on after an upgrade. */
  *left(): Generator<LeftWait> {
    this.#sweep();
    for (const it of this.#going) {
      const { url, at, work } = it;
      // Whoever still waits for it is counted as work that did not end.
      if (work?.ended === false || ofEvaluation(it)) continue;
      const found = this.#keeping.watched(url, at);
      yield {
        url,
        text: found?.watched.text ?? null,
        name: found?.watched.name ?? null,
        mayBeGarbage: this.#mayBeGarbage(it),
        line: found ? lineOf(found.raw, found.watched.start) : 0,
        begunIn: work?.generation ?? null,
        forget: () => this.#going.delete(it),
      };
    }
  }
}

/** What evaluations begin ends with their modules, but for what waits for others. */
function ofEvaluation({ work }: GoingOn): boolean {
  return work !== null && work.place !== null;
}

interface GoingOn {
  readonly url: string;
  readonly at: number;
  readonly work: Work | null;
  /** What is there as long as it may go on. */
  until: WeakRef<object> | null;
  /** Whether it was there after all garbage was collected. */
  isHeld: boolean;
}

/** What code holds while it waits; a loop whose variables are collected has come to its end. */
class Begun implements Wait {
  readonly #going: GoingOn;
  readonly #all: Set<GoingOn>;

  constructor(going: GoingOn, all: Set<GoingOn>) {
    this.#going = going;
    this.#all = all;
    going.until = new WeakRef(this);
    all.add(going);
  }

  end(): void {
    this.#all.delete(this.#going);
  }

  promise<T>(value: T): T {
    if (!(value instanceof Promise)) {
      this.end();
      return value;
    }
    this.#going.until = new WeakRef(value);
    const end = () => this.end();
    // It is about to be given somebody who hears of its failure.
    Promise.prototype.then.call(value, end, end);
    return value;
  }

  given<T>(value: T): T {
    if (typeof value !== "function") {
      this.end();
      return value;
    }
    const made = new Proxy(value, {
      apply: (target, self, args) => {
        this.end();
        return Reflect.apply(target, self, args);
      },
    });
    this.#going.until = new WeakRef(made);
    standsFor(made, value);
    return made;
  }

  later<T>(value: T): T {
    if (this.#going.work?.ended === true) return this.given(value);
    this.end();
    return value;
  }
}

/** The line that a place in what Deno has made of a script has in the file. */
function lineOf(raw: string, start: number): number {
  const before = raw.slice(0, start);
  const line = before.split("\n").length - 1;
  const column = start - before.lastIndexOf("\n") - 1;
  const map = MAP.exec(raw)?.[1];
  if (map === undefined) return line + 1;
  try {
    const payload = JSON.parse(
      new TextDecoder().decode(Uint8Array.fromBase64(map)),
    );
    const entry = new SourceMap(payload).findEntry(line, column);
    return "originalLine" in entry ? entry.originalLine + 1 : 0;
  } catch {
    return 0;
  }
}
