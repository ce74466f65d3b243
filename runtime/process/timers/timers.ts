/** Timers that belong to the evaluation of a module, so that they end with it: loops live on their timers.
 * @module
 */
import { natives, type Timer } from "../../base/platform/natives.ts";
import { asWork } from "../../modules/live/calls_as_work.ts";
import type { Generations, Work } from "../../modules/generations.ts";
import type { StandIn } from "../../modules/packages/stand_ins.ts";
import { LeftTimers } from "./left_timers.ts";
import { installTimerModules, likeNative } from "./timer_modules.ts";
import {
  type AppTimers,
  type TimerPromises,
  timerPromises,
} from "./timer_promises.ts";

/** What the timers need. */
export interface TimersContext {
  /** The generations of the process. */
  readonly generations: Generations;
  /** The outermost module of the app on the stack: helpers that it calls set timers on its behalf. */
  callingPlace(): string | null;
  /** All modules of the app on the stack, the innermost first. */
  callingPaths(): string[];
  /** The path of a place that was noted before the root was known. */
  pathOf(place: string): string;
  /** Whether the value of an attempt that has set a timer while it was made is still in. */
  livesOn(kept: string, attempt: number | null): boolean;
  /** Told what a callback threw, and whose it was. */
  note(error: unknown, work: Work | null): void;
}

/** Timers that are held: what comes due meanwhile waits. */
export interface HeldTimers {
  /** Lets them go on; what came due meanwhile runs now. */
  release(): void;
  /** Ends them, and whatever their evaluation starts later. */
  drop(): number;
}

type SetTimer = typeof globalThis.setInterval;
type Callback = (...args: unknown[]) => unknown;

interface Owned {
  readonly attempt: number | null;
  readonly place: string;
  readonly kept: string | undefined;
  readonly repeats: boolean;
  timer: Timer | null;
  held: number;
  due: (() => void) | null;
}

/** The timers of the app. */
export class Timers {
  readonly #context: TimersContext;
  /** Those that requests and events have left behind. */
  readonly left: LeftTimers;
  readonly #owned = new Set<Owned>();
  readonly #byTimer = new WeakMap<object, Owned>();
  readonly #holds = new Set<(owned: Owned) => boolean>();
  readonly #givenUp = new Set<number>();
  // Of each module, the attempt whose evaluation goes on; what those before it start ends at once.
  readonly #since = new Map<string, number>();

  /**
   * @param context what they need
   */
  constructor(context: TimersContext) {
    this.#context = context;
    this.left = new LeftTimers(() => context.callingPaths());
  }

  /** Puts wrappers in the place of the platform's functions: the globals and those of `node:timers`. */
  install(): ReadonlyMap<string, StandIn> {
    const own: AppTimers = {
      setTimeout: this.#setter(
        natives.setTimeout,
        false,
        () => promises.setTimeout,
      ),
      setInterval: this.#setter(natives.setInterval, true),
      setImmediate: this.#immediate(() => promises.setImmediate),
      clearTimeout: this.#clearer(natives.clearTimeout),
      clearInterval: this.#clearer(natives.clearInterval),
      clearImmediate: this.#clearer(natives.clearImmediate),
    };
    const promises: TimerPromises = timerPromises(own);
    Object.assign(globalThis, own);
    return installTimerModules(own, promises);
  }

  #setter(
    native: SetTimer,
    repeats: boolean,
    promised?: () => unknown,
  ): typeof globalThis.setTimeout {
    const wrapped = (callback: unknown, ms?: number, ...args: unknown[]) =>
      typeof callback === "function"
        ? this.#set(native, repeats, callback as Callback, ms, args)
        : native(callback as Callback, ms, ...args);
    return likeNative(
      wrapped,
      native,
      promised,
    ) as unknown as typeof globalThis.setTimeout;
  }

  #immediate(promised: () => unknown): typeof globalThis.setImmediate {
    const { setImmediate } = natives;
    // It has no delay; the rest is the same.
    const native =
      ((run: Callback, _ms: unknown, ...args: unknown[]) =>
        setImmediate(run, ...args)) as unknown as SetTimer;
    const wrapped = (callback: unknown, ...args: unknown[]) =>
      typeof callback === "function"
        ? this.#set(native, false, callback as Callback, undefined, args)
        : setImmediate(callback as Callback, ...args);
    return likeNative(wrapped, setImmediate, promised);
  }

  #clearer<Clear extends (timer: never) => void>(native: Clear): Clear {
    return likeNative((timer?: unknown) => {
      this.#cleared(timer);
      native(timer as never);
    }, native);
  }

  /** Holds the timers of replaced modules. */
  holdReplaced(
    places: ReadonlySet<string>,
    attempt: number,
    kept: ReadonlySet<unknown> = new Set(),
  ): HeldTimers {
    return this.#hold(
      (owned) =>
        owned.attempt !== attempt && places.has(this.#path(owned)) &&
        !this.#livesOn(owned),
      kept,
      () => {
        for (const place of places) this.#since.set(place, attempt);
      },
    );
  }

  /** Holds the timers that an attempt has set and will set. */
  holdAttempt(attempt: number): HeldTimers {
    return this.#hold(
      (owned) => owned.attempt === attempt,
      new Set(),
      () => this.#givenUp.add(attempt),
    );
  }

  #hold(
    concerns: (owned: Owned) => boolean,
    kept: ReadonlySet<unknown>,
    atEnd: () => void,
  ): HeldTimers {
    const held = new Set(
      [...this.#owned].filter((owned) =>
        concerns(owned) && !kept.has(owned.timer)
      ),
    );
    for (const owned of held) owned.held++;
    // What comes after is held too: an evaluation that goes on sets new ones.
    const rule = (owned: Owned) => {
      if (!concerns(owned)) return false;
      held.add(owned);
      return true;
    };
    this.#holds.add(rule);
    const end = () => this.#holds.delete(rule);
    return {
      release: () => {
        if (!end()) return;
        for (const owned of held) {
          if (--owned.held > 0) continue;
          const { due } = owned;
          owned.due = null;
          if (due) natives.setTimeout(due, 0);
        }
      },
      drop: () => {
        if (!end()) return 0;
        atEnd();
        let count = 0;
        for (const owned of held) {
          if (!this.#owned.delete(owned)) continue;
          count++;
          owned.due = null;
          if (owned.timer !== null) natives.clearTimeout(owned.timer);
        }
        return count;
      },
    };
  }

  #set(
    native: SetTimer,
    repeats: boolean,
    callback: Callback,
    ms: number | undefined,
    args: unknown[],
  ): Timer {
    const { generations, note } = this.#context;
    const work = generations.work;
    const noting = (run: Callback, as: Work | null): Callback =>
      function (this: unknown, ...own) {
        try {
          return run.apply(this, own);
        } catch (error) {
          note(error, as);
          throw error;
        }
      };
    // Where what has set it is over, each time it comes is work of its own.
    const working: Callback = function (this: unknown, ...own) {
      return asWork(generations, () => callback.apply(this, own));
    };
    if (work === null || work.place === null) {
      const body = work === null ? working : noting(working, work);
      // What a service has set ends with that.
      if (work?.isOwn) return native(body, ms, ...args);
      return this.left.set((run) => native(run, ms, ...args), body, {
        callback,
        repeats,
        ms: ms ?? 0,
        work,
      });
    }
    const place = this.#context.callingPlace() ?? work.place;
    const { attempt } = work;
    const own: Work = place === work.place ? work : { ...work, place };
    const owned: Owned = {
      attempt,
      place,
      kept: work.kept,
      repeats,
      timer: null,
      held: 0,
      due: null,
    };
    if (this.#isEnded(owned)) {
      const timer = native(() => {}, ms);
      natives.clearTimeout(timer);
      return timer;
    }
    this.#owned.add(owned);
    const body = noting(working, own);
    const run: Callback = (...given) => {
      if (owned.held > 0) {
        owned.due ??= () => run(...given);
        return;
      }
      // What clears a timeout does not clear an immediate.
      const isThere = repeats
        ? this.#owned.has(owned)
        : this.#owned.delete(owned);
      if (!isThere) return;
      return generations.as(own, () => body.apply(owned.timer, given));
    };
    for (const rule of this.#holds) if (rule(owned)) owned.held++;
    owned.timer = native(run, ms, ...args);
    this.#byTimer.set(owned.timer, owned);
    return owned.timer;
  }

  #isEnded(owned: Owned): boolean {
    const { attempt } = owned;
    if (attempt !== null && this.#givenUp.has(attempt)) return true;
    return (attempt ?? 0) < (this.#since.get(this.#path(owned)) ?? 0) &&
      !this.#livesOn(owned);
  }

  #livesOn({ kept, attempt }: Owned): boolean {
    return kept !== undefined && this.#context.livesOn(kept, attempt);
  }

  #path({ place }: Owned): string {
    return this.#context.pathOf(place);
  }

  #cleared(timer: unknown): void {
    if (timer !== undefined && timer !== null) this.left.cleared(timer);
    if (this.#owned.size === 0 || timer === undefined || timer === null) return;
    const owned = typeof timer === "object"
      ? this.#byTimer.get(timer)
      : [...this.#owned].find((it) => Number(it.timer) === Number(timer));
    if (!owned) return;
    owned.due = null;
    this.#owned.delete(owned);
  }
}
