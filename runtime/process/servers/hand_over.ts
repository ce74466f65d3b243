/** How listeners are handed over from replaced modules to the code that an upgrade brings: claimed while it loads,
 * switched in the swap, given back by an undo.
 * @module
 */
import type { Gate } from "../../modules/generation_gate.ts";
import type { Generations } from "../../modules/generations.ts";
import { evaluatedBy, type Maker, makerOf } from "../../modules/makers.ts";
import { isOf, type Whose } from "../whose.ts";
import { samePort } from "./listen_key.ts";
import { changedOptions, type ListenerOptions } from "./listener_options.ts";

/** What one piece of code has on a listener. */
export interface HandedOver extends Whose {
  /** Whether the evaluation of a module asked for it, which will do so again. */
  readonly isEvaluated: boolean;
  /** The generation of the request or event that asked for it, which will not; else null. */
  readonly requestedIn: number | null;
  /** The kept value that asked for it while it was made; null where none did. */
  readonly maker: Maker | null;
  /** Tells whether the code came in, where that is not decided yet. */
  ready: Promise<boolean> | null;
}

/** The module whose code serves there: when it is replaced, it serves again, and by whatever module. */
export function servedBy({ place, evaluated }: Whose): string | null {
  return evaluated ?? place;
}

/** A listener, by the address as it was asked for. */
export interface HandOverListener<Served> {
  /** The address. */
  readonly key: string;
  /** Who serves there. */
  readonly gate: Gate<Served>;
  /** What it was opened with, for as long as it listens. */
  readonly options: ListenerOptions;
  /** Whether nobody listens any more. */
  closed: boolean;
}

/** An address that somebody serves. */
export interface ServedAddress {
  /** The address, as it was asked for. */
  readonly address: string;
  /** The module that serves it; null where nobody knows. */
  readonly place: string | null;
}

/** What is needed. */
export interface HandOverContext {
  /** The generations of the process. */
  readonly generations: Generations;
  /** The innermost module of the app on the stack, or null. */
  callingPlace(): string | null;
  /** Whether a place is one of some modules. */
  isAmong(place: string | null, paths: ReadonlySet<string>): boolean;
  /** Whether what a value has begun while it was made goes on with it: it is still in, and stays. */
  goesOn(maker: Maker): boolean;
  /** Told of each new listener. */
  opened?(about: HandedOver): void;
}

/** What an attempt serves, from its loading on. */
interface AttemptListeners<Listener, Served> {
  /** The modules that it replaces. */
  readonly replaced: ReadonlySet<string>;
  /** Listeners that are there, with what is to take its place. */
  readonly claims: Map<Listener, Served>;
  /** Listeners that are new. */
  readonly opened: Listener[];
  /** Why listeners could not be handed over, whether or not the code has caught it. */
  readonly refused: string[];
  /** The generation that it is in as, once it is in. */
  generation: number | null;
  /** Whether it is in for everybody. */
  committed: boolean;
  readonly decided: PromiseWithResolvers<boolean>;
}

/** Who asks for a listener. */
export interface Asked<Listener, Served> {
  /** The attempt whose code asks, or null. */
  readonly attempt: number | null;
  /** What is known of that attempt. */
  readonly mine: AttemptListeners<Listener, Served> | undefined;
  /** What is noted. */
  readonly about: HandedOver;
}

/** Listeners of one kind, and their hand-over. */
export abstract class HandOver<
  Listener extends HandOverListener<Served>,
  Served extends HandedOver,
> {
  readonly #context: HandOverContext;
  readonly #listeners = new Set<Listener>();
  readonly #attempts = new Map<number, AttemptListeners<Listener, Served>>();
  readonly #zeros = new Map<string, number>();

  /**
   * @param context what is needed
   */
  constructor(context: HandOverContext) {
    this.#context = context;
  }

  /** Gets ready for what an attempt serves. */
  begin(attempt: number, replaced: ReadonlySet<string>): void {
    this.#attempts.set(attempt, {
      replaced,
      claims: new Map(),
      opened: [],
      refused: [],
      generation: null,
      committed: false,
      decided: Promise.withResolvers(),
    });
  }

  /** The addresses that evaluations of modules have asked for. */
  get addresses(): string[] {
    return [...this.#listeners].filter(({ gate }) => gate.newest.isEvaluated)
      .map(({ key }) => key);
  }

  /** The addresses that requests and events have asked for. */
  *ofRequests(): Generator<
    {
      readonly address: string;
      readonly place: string;
      readonly begunIn: number;
    }
  > {
    for (const { key, gate: { newest }, closed } of this.#listeners) {
      const { requestedIn: begunIn, place } = newest;
      if (closed || begunIn === null || place === null) continue;
      yield { address: key, place, begunIn };
    }
  }

  /** The addresses that the evaluation of replaced modules has asked for, and that of the attempt has not. */
  unclaimed(attempt: number): ServedAddress[] {
    return this.#left(attempt).map(({ key, gate }) => ({
      address: key,
      place: gate.newest.place,
    }));
  }

  /** Why listeners of replaced modules could not be handed over to an attempt. */
  refused(attempt: number): readonly string[] {
    return this.#attempts.get(attempt)?.refused ?? [];
  }

  /** What answers where kept values have begun to serve while they were made: it goes on with them. */
  *ofKept(): Generator<readonly [kept: string, answers: readonly unknown[]]> {
    for (const { gate: { newest }, closed } of this.#listeners) {
      const { maker } = newest;
      if (!closed && maker !== null && this.#context.goesOn(maker)) {
        yield [maker.kept, this.answers(newest)];
      }
    }
  }

  /** Stops listening at addresses that the new code does not ask for. */
  endUnclaimed(attempt: number): void {
    for (const listener of this.#left(attempt)) this.close(listener);
  }

  /** Lets what an attempt serves take its places, for whoever meets its generation. */
  swap(attempt: number, generation: number): () => void {
    const mine = this.#attempts.get(attempt);
    if (!mine) return () => {};
    mine.generation = generation;
    const undo = [...mine.claims].map(([{ gate }, served]) =>
      gate.put(generation, served)
    );
    return () => {
      mine.generation = null;
      for (const step of undo) step();
    };
  }

  /** Lets everybody reach the listeners that an attempt opened. */
  commit(attempt: number): void {
    const mine = this.#attempts.get(attempt);
    if (!mine) return;
    mine.committed = true;
    mine.decided.resolve(true);
    for (const { gate } of mine.opened) gate.newest.ready = null;
  }

  /** Closes what a given-up attempt opened. */
  giveUp(attempt: number): void {
    const mine = this.#attempts.get(attempt);
    if (!mine) return;
    this.#attempts.delete(attempt);
    mine.decided.resolve(false);
    for (const listener of mine.opened) this.close(listener);
  }

  /** Forgets attempts that are in and of which nothing listens any more. */
  forget(isNeeded: (attempt: number) => boolean): void {
    for (const [attempt, { committed }] of this.#attempts) {
      if (committed && !isNeeded(attempt)) this.#attempts.delete(attempt);
    }
  }

  /** All that listens. */
  protected get listening(): Iterable<Listener> {
    return this.#listeners;
  }

  /** The functions that answer there. */
  protected abstract answers(served: Served): readonly unknown[];

  /** Stops listening, for good. */
  protected abstract close(listener: Listener): void;

  /** Finds out who asks for a listener now. */
  protected asked(): Asked<Listener, Served> {
    const { work } = this.#context.generations;
    const attempt = work?.attempt ?? null;
    const mine = attempt === null ? undefined : this.#attempts.get(attempt);
    return {
      attempt,
      mine,
      about: {
        place: this.#context.callingPlace() ?? (work?.place || null),
        evaluated: evaluatedBy(work),
        isEvaluated: typeof work?.place === "string",
        requestedIn: work !== null && work.place === null && !work.isOwn &&
            attempt === null
          ? work.generation
          : null,
        maker: makerOf(work),
        ready: null,
      },
    };
  }

  /**
   * Finds the listener that whoever asks may take over. Throws if it would go on with other options than are asked for.
   */
  protected claimable(
    { mine }: Asked<Listener, Served>,
    key: string,
    options: ListenerOptions,
  ): Listener | undefined {
    if (!mine) return undefined;
    const free = [...this.#listeners].filter((listener) =>
      !listener.closed && !mine.claims.has(listener) &&
      !mine.opened.includes(listener) && this.#isReplaced(listener, mine)
    );
    const there = free.find((listener) => listener.key === key) ??
      // It stands in the way of what is asked for.
      free.find((listener) => samePort(listener.key, key));
    if (!there) return undefined;
    const changed = changedOptions(there.options, options);
    if (changed.length === 0) return there;
    const why = `Cannot take over ${there.key}: its ${
      changed.join(" and its ")
    } ${
      changed.length === 1 ? "has" : "have"
    } changed, which takes effect at the next cold deploy; leave it as it is, or run fly deploy`;
    mine.refused.push(why);
    throw new TypeError(why);
  }

  /** Takes a listener over: in the swap, or at once after it, as by a main function that nobody waits for. */
  protected claim(
    listener: Listener,
    served: Served,
    { mine }: Asked<Listener, Served>,
  ): void {
    mine!.claims.set(listener, served);
    if (mine!.generation !== null) listener.gate.put(mine!.generation, served);
  }

  /** Takes a claim back. */
  protected unclaim(
    listener: Listener,
    { mine }: Asked<Listener, Served>,
  ): void {
    mine?.claims.delete(listener);
  }

  /** Whether something has taken a listener over that is still to be switched. */
  protected isPending(
    listener: Listener,
    served: Served,
    { attempt, mine }: Asked<Listener, Served>,
  ): boolean {
    return mine !== undefined && attempt !== null &&
      this.#attempts.get(attempt) === mine && mine.generation === null &&
      mine.claims.get(listener) === served;
  }

  /** Notes a new listener; nobody from outside meets it before its code is trusted. */
  protected opened(
    listener: Listener,
    { mine, about }: Asked<Listener, Served>,
  ): void {
    this.#context.opened?.(about);
    this.#listeners.add(listener);
    if (!mine) return;
    mine.opened.push(listener);
    if (!mine.committed) listener.gate.newest.ready = mine.decided.promise;
  }

  /** Notes that a listener is closed. */
  protected closed(listener: Listener): void {
    listener.closed = true;
    this.#listeners.delete(listener);
  }

  /** Tells addresses for which any port will do apart: by who asks, and how often it has asked before. */
  protected keyOfAnyPort(
    host: string,
    { attempt, about: { place } }: Asked<Listener, Served>,
  ): string {
    const asker = `${attempt} ${place}`;
    const nth = this.#zeros.get(asker) ?? 0;
    this.#zeros.set(asker, nth + 1);
    return `${host}:0 ${place} ${nth}`;
  }

  #left(attempt: number): Listener[] {
    const mine = this.#attempts.get(attempt);
    if (!mine) return [];
    return [...this.#listeners].filter((listener) => {
      const { newest } = listener.gate;
      return newest.isEvaluated && !mine.claims.has(listener) &&
        !listener.closed && !mine.opened.includes(listener) &&
        this.#isReplaced(listener, mine);
    });
  }

  /** Whether the code that serves there goes with the modules that an attempt replaces, and not with a value that stays. */
  #isReplaced(
    { gate: { newest } }: Listener,
    { replaced }: AttemptListeners<Listener, Served>,
  ): boolean {
    const { isAmong, goesOn } = this.#context;
    return isOf(newest, replaced, isAmong) &&
      !(newest.maker !== null && goesOn(newest.maker));
  }
}
