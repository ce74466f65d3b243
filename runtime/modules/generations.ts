/** Which generation of the code some work meets: the one context of the runtime that follows work across its awaits.
 *
 * Until the health of new code has been checked, only the check and the new code itself meet it. Work begun before a
 * swap keeps the code that it began in until it ends, or until there was time enough to end.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { natives } from "../base/platform/natives.ts";

/** The right of a health check to meet code on trial; it ends with the check's deadline. */
export interface Pass {
  /** Whether the right is over. */
  ended: boolean;
}

/** What the async context says of some work. */
export interface Work {
  /** The attempt whose code does it, where an upgrade loaded or started that code; else null. */
  readonly attempt: number | null;
  /**
   * The path of the module whose evaluation began it, the owner of its timers; empty where it is not known which, null
   * for work that is not an evaluation.
   */
  place: string | null;
  /** Whether that module has said so itself, and it is not only the one that was imported. */
  readonly isTold?: boolean;
  /** The kept value whose initializer began it, as `place#name`: what it begins lives as long as that value. */
  readonly kept?: string;
  /** The pass of the health check that it belongs to, or null. */
  readonly pass: Pass | null;
  /** The generation that was in when it began. */
  readonly generation: number;
  /** Whether it has an end of its own, as what a service does. */
  readonly isOwn: boolean;
  /** Whether it has ended; what it leaves behind meets the newest code. */
  ended: boolean;
  /** The request that it answers; null for other work. */
  answering: Answering | null;
}

/** A request that some work answers. */
export interface Answering {
  /** The path of the module that serves it; null where it is not known. */
  readonly place: string | null;
  /** Answers a request as its server does, by the newest code. */
  readonly answer: (request: Request) => unknown;
}

/** New code that is in for those who may meet it. */
export interface Trial {
  /** The number of its generation. */
  readonly generation: number;
  /** Lets everybody meet it: one assignment. */
  commit(): void;
  /** Lets nobody meet it any more: one assignment. */
  undo(): void;
}

/** The generations of the code in this process. */
export class Generations {
  readonly #context = new AsyncLocalStorage<Work>();
  /** Those that are begun and not over. */
  readonly #active = new Set<Active>();
  #newestActive: Active | null = null;
  readonly #overdue = new Map<number, number>();
  readonly #generationOf = new Map<number, number>();
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #last = 0;
  #newestAttempt = 0;
  #serving = 0;
  #floor = 0;
  #trial: { readonly generation: number; readonly attempt: number } | null =
    null;

  /** Told when work begins and ends, while old code and new both answer; null where nobody wants to know. */
  between: (() => void) | null = null;
  /** Told before something from outside begins; null where nobody wants to know. */
  onOutside: (() => void) | null = null;

  /** The generation that callers from outside meet. */
  get serving(): number {
    return this.#serving;
  }

  /** The newest attempt whose code has been in. */
  get newestAttempt(): number {
    return this.#newestAttempt;
  }

  /** What the current work is, or null where nothing is known of it. */
  get work(): Work | null {
    return this.#context.getStore() ?? null;
  }

  /** The generation that the current work meets. */
  get meets(): number {
    const work = this.#context.getStore();
    if (work === undefined) return this.#serving;
    const trial = this.#trial;
    if (
      trial !== null &&
      (work.pass?.ended === false || work.attempt === trial.attempt)
    ) return trial.generation;
    // What an attempt has started belongs to the newest code from the moment it is in.
    if (work.ended) return this.#serving;
    return Math.min(
      this.#serving,
      Math.max(work.generation, this.#floor),
    );
  }

  /**
   * Whether the current work may meet code of an attempt: it is that attempt's own or its check, or the code is in for
   * it.
   */
  mayMeet(attempt: number): boolean {
    return this.work?.attempt === attempt ||
      (this.attemptOf(this.meets) ?? -1) >= attempt;
  }

  /** The attempt whose code a generation is. Returns the attempt, or null for the base image. */
  attemptOf(generation: number): number | null {
    return this.#generationOf.get(generation) ?? null;
  }

  /** Runs code of an attempt: it meets that attempt's code as soon as it is in. */
  inAttempt<T>(
    attempt: number,
    act: () => T,
    place: string | null = null,
  ): T {
    return this.#context.run(this.#work({ attempt, place, ended: true }), act);
  }

  /** Runs something that has an end of its own: what it starts is not owned by the evaluation under way. */
  onItsOwn<T>(act: () => T): T {
    const { attempt = null } = this.work ?? {};
    const work = this.#work({ attempt, ended: true, isOwn: true });
    return this.#context.run(work, act);
  }

  /** Runs the evaluation of a module by a live boundary, so that what it starts is known to be its own. */
  inEvaluation<T>(act: (name: (place: string) => void) => T): T {
    const { attempt = null } = this.work ?? {};
    const work = this.#work({ attempt, place: "", ended: true });
    return this.#context.run(work, () =>
      act((place) => {
        work.place = place;
      }));
  }

  /**
   * Says whose evaluation goes on from here, until somebody else says so: all modules of one import share its context.
   */
  enterEvaluation(place: string, attempt: number | null): void {
    this.#context.enterWith({
      ...this.#work({ attempt, place, ended: true }),
      isTold: true,
    });
  }

  /**
   * Says that from here on goes on what belongs to a value, until somebody says that this is over. Returns says that it
   * is over; null where no evaluation goes on.
   */
  enterMaking(kept: string): (() => void) | null {
    const { work } = this;
    if (work === null || work.place === null) return null;
    this.#context.enterWith({ ...work, kept });
    return () => this.#context.enterWith(work);
  }

  /**
   * Says that the evaluation has come to its end: what comes after it in the same turn, as the evaluation of a package, is
   * not the module's.
   */
  leaveEvaluation(attempt: number | null): void {
    const work = attempt === null
      ? undefined
      : this.#work({ attempt, ended: true });
    this.#context.enterWith(work as Work);
  }

  /** Runs a health check: it meets code on trial, from now until its pass ends. */
  inCheck<T>(pass: Pass, act: () => T): T {
    return this.#context.run(this.#work({ pass }), act);
  }

  /** Begins work that comes from outside: a request, an event. It keeps the code that it begins in. */
  startWork<T>(
    act: (work: Work) => T,
    options: {
      readonly ends?: PromiseLike<unknown> | undefined;
      readonly heir?: boolean;
    } = {},
  ): T {
    if (options.heir !== true) this.onOutside?.();
    const parent = options.heir === true ? this.work : null;
    const work = this.#begun(parent, options.heir === true);
    this.between?.();
    const active = this.#count(work);
    let result: T;
    try {
      result = this.#context.run(work, act, work);
    } catch (error) {
      this.#end(work, active);
      throw error;
    }
    const { ends } = options;
    const over = ends ?? (isPromise(result) ? result : null);
    if (over === null) this.#end(work, active);
    else {
      const end = () => this.#end(work, active);
      over.then(end, end);
    }
    return result;
  }

  /** Work that begins now; an heir belongs to whom the current work belongs. */
  #begun(parent: Work | null, isHeir: boolean): Work {
    // Without spreading: each request and each call from outside begins some.
    return parent?.kept === undefined
      ? {
        attempt: parent === null ? null : parent.attempt,
        place: parent === null ? null : parent.place,
        isTold: parent !== null && parent.isTold === true,
        pass: null,
        generation: isHeir ? this.meets : this.#serving,
        isOwn: parent !== null && parent.isOwn,
        ended: false,
        answering: null,
      }
      : this.#work({
        attempt: parent.attempt,
        place: parent.place,
        generation: this.meets,
        kept: parent.kept,
        isTold: parent.isTold === true,
        isOwn: parent.isOwn,
      });
  }

  /** What an evaluation owns ends with it, finished or not, and is not waited for: null. */
  #count({ attempt, place, generation }: Work): Active | null {
    if (attempt !== null || place !== null) return null;
    let active = this.#newestActive;
    if (active === null || active.generation !== generation) {
      if (active?.count === 0) this.#active.delete(active);
      active = { generation, count: 0 };
      this.#active.add(active);
      this.#newestActive = active;
    }
    active.count++;
    return active;
  }

  #end(work: Work, active: Active | null): void {
    if (active !== null && !work.ended && --active.count === 0) {
      // That of the code that serves is counted on.
      if (active !== this.#newestActive) this.#active.delete(active);
    }
    work.ended = true;
    // The contexts it has left behind reach it until the next full collection of garbage; all that hangs on the request
    // would live as long.
    work.answering = null;
    this.between?.();
  }

  /** Runs something as a given piece of work. */
  as<T>(work: Work | null, act: () => T): T {
    return work === null
      ? this.#context.exit(act)
      : this.#context.run(work, act);
  }

  /** Runs something outside of all work. */
  outside<T>(act: () => T): T {
    return this.#context.exit(act);
  }

  /** Puts new code in on trial. */
  swap(attempt: number): Trial {
    const generation = ++this.#last;
    this.#generationOf.set(generation, attempt);
    this.#newestAttempt = Math.max(this.#newestAttempt, attempt);
    this.#trial = { generation, attempt };
    return {
      generation,
      commit: () => {
        this.#serving = generation;
        this.#trial = null;
        this.#waiting.get(generation)?.resolve();
        this.#waiting.delete(generation);
      },
      undo: () => {
        this.#waiting.delete(generation);
        if (this.#trial?.generation === generation) this.#trial = null;
      },
    };
  }

  /** Waits for everybody to meet a generation. Returns settles when it is committed, and never if it is undone. */
  whenServing(generation: number): Promise<void> {
    const waiting = this.#waiting.get(generation) ??
      Promise.withResolvers<void>();
    this.#waiting.set(generation, waiting);
    return waiting.promise;
  }

  /** Gives work begun before a generation so much time to end with the code it began in. */
  drain(generation: number, drainMs: number): void {
    const release = () => {
      this.#overdue.set(generation, this.undrained(generation));
      this.#floor = Math.max(this.#floor, generation);
    };
    if (drainMs <= 0) return release();
    natives.setTimeout(release, drainMs).unref();
  }

  /**
   * Counts the work that began before a generation and did not end in the time it had; where that is not over yet, what
   * goes on.
   */
  undrained(generation: number): number {
    const overdue = this.#overdue.get(generation);
    if (overdue !== undefined) return overdue;
    let count = 0;
    for (const active of this.#active) {
      if (active.generation < generation) count += active.count;
    }
    return count;
  }

  /** Notes which requests and events go on now. Returns tells how many of them still do. */
  noteGoingOn(): () => number {
    const noted = [...this.#active];
    // What begins from here on is counted apart.
    this.#newestActive = null;
    for (const active of noted) {
      if (active.count === 0) this.#active.delete(active);
    }
    return () => noted.reduce((sum, { count }) => sum + count, 0);
  }

  /** How many requests and events that began in older code go on now. */
  get older(): number {
    let count = 0;
    for (const { generation, count: begun } of this.#active) {
      if (generation < this.#serving) count += begun;
    }
    return count;
  }

  /** The oldest generation that any work may still meet. */
  get floor(): number {
    return this.#floor;
  }

  #work(
    about: Partial<Work>,
  ): Work {
    return {
      attempt: null,
      place: null,
      pass: null,
      generation: this.#serving,
      isOwn: false,
      ended: false,
      answering: null,
      ...about,
    };
  }
}

/** How much work of a generation goes on. */
interface Active {
  readonly generation: number;
  count: number;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return value instanceof Promise;
}

const KEY = Symbol.for("@flyhot/runtime/generations");

/** The generations of this process; one for all copies of this package. */
export const generations: Generations =
  (globalThis as { [KEY]?: Generations })[KEY] ??= new Generations();
