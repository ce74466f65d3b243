/** What requests and events have given the platform to call later, and nobody ends with the code that it is of: listeners
 * of the process and of what the platform holds, pipes, servers.
 *
 * @module
 */
import process from "node:process";
import type { Generations, Work } from "../../modules/generations.ts";
import { emittersOf, functionsOf } from "./functions_of.ts";

type AnyFunction = (...args: unknown[]) => unknown;

/** Something that may be called. */
export interface LeftHandler {
  /** What it is, for people: `a BroadcastChannel`. */
  readonly what: string;
  /** What would be called; none where nobody can tell. */
  readonly functions: readonly AnyFunction[];
  /** The modules whose it is, where nobody can tell what would be called. */
  readonly places: readonly string[];
  /** The generation of the work that has begun it; null where nobody knows it: an open stream, or what is over. */
  readonly begunIn: number | null;
  /** Lets nobody look at it any more. */
  forget(): void;
}

/** What an evaluation has begun, and what the platform may call because of it. */
export interface BegunHandler extends Pick<LeftHandler, "what" | "functions"> {
  /** The path of the module. */
  readonly place: string;
  /** The attempt that has loaded it; null for the base image. */
  readonly attempt: number | null;
  /** The kept value that has begun it while it was made, as `place#name`. */
  readonly kept: string | null;
  /** What the platform holds. */
  readonly object: object;
  /** The module that has asked for it, which may be another; null where nobody knows. */
  readonly opener: string | null;
  /** What else it is piped into, or has. */
  readonly objects: readonly object[];
  /** Whether nobody can tell what would be called. */
  readonly isHidden: boolean;
}

/** What is needed. */
export interface LeftHandlersContext {
  /** Whose work goes on. */
  readonly generations: Generations;
  /** The modules of the app on the stack, the innermost first. */
  callingPaths(): readonly string[];
  /** Servers that requests have opened and that are open. */
  servers(): Iterable<
    {
      readonly address: string;
      readonly place: string;
      readonly begunIn: number;
    }
  >;
}

interface Noted {
  readonly what: string;
  readonly object: WeakRef<object>;
  readonly work: Work | null;
  readonly places: readonly string[];
  /** What else may be called because of it: what a stream is piped into. */
  readonly also: Set<WeakRef<object>>;
  /** The evaluation that has begun it; null for work. */
  readonly evaluated:
    | Pick<BegunHandler, "place" | "attempt" | "kept" | "opener">
    | null;
}

/** What `Deno.connect` has opened. */
export const CONNECTION = "a connection";

/** So many may be noted before those are looked for that are over. */
const SWEEP_AT = 1000;

/** All of them. */
export class LeftHandlers {
  readonly #context: LeftHandlersContext;
  readonly #noted = new Set<Noted>();
  readonly #byObject = new WeakMap<object, Noted>();
  readonly #signals = new Map<string, Set<AnyFunction>>();
  readonly #forgotten = new WeakSet<AnyFunction>();
  readonly #openers = new WeakMap<object, string>();
  #sweepAt = SWEEP_AT;

  /**
   * @param context what is needed
   */
  constructor(context: LeftHandlersContext) {
    this.#context = context;
  }

  /**
   * Notes what the platform holds: it may call what listens to it, and to what it is piped into.
   *
   * @param of whose it is noted: what work, what evaluations begin, or both
   */
  note(
    what: string,
    object: object,
    into?: object,
    of: "all" | "work" | "evaluations" = "all",
  ): void {
    let noted = this.#byObject.get(object);
    if (!noted) {
      const begun = this.#begun();
      if (begun === undefined) return;
      const isOfWork = (begun?.place ?? null) === null;
      if (of !== "all" && (of === "work") !== isOfWork) return;
      noted = this.#add(what, object, begun, []);
    }
    if (into) noted.also.add(new WeakRef(into));
  }

  /** Notes what the platform holds, of which nobody can tell whom it calls. */
  noteCaller(what: string, object: object): void {
    const begun = this.#begun();
    if (begun === undefined) return;
    this.#add(what, object, begun, this.#context.callingPaths());
  }

  /**
   * Notes that an evaluation opens something.
   *
   * @returns takes it once it is there; null for what somebody else opens
   */
  opening(): ((what: string, object: object) => void) | null {
    const begun = this.#begun();
    if ((begun?.place ?? null) === null) return null;
    const [opener = null] = this.#context.callingPaths();
    return (what, object) => {
      if (opener !== null) this.#openers.set(object, opener);
      this.#add(what, object, begun!, []);
    };
  }

  /** Notes who asks for what the platform holds: packages listen to it later. */
  opens(object: object): void {
    if ((this.#begun()?.place ?? null) === null) return;
    const [opener] = this.#context.callingPaths();
    if (opener !== undefined) this.#openers.set(object, opener);
  }

  /** Forgets what is closed. */
  ended(object: object): void {
    const noted = this.#byObject.get(object);
    if (!noted) return;
    this.#noted.delete(noted);
    this.#byObject.delete(object);
  }

  /** Notes a listener to a signal. */
  signal(signal: string, listener: AnyFunction): void {
    const all = this.#signals.get(signal) ?? new Set();
    this.#signals.set(signal, all.add(listener));
  }

  /** Forgets a listener to a signal. */
  endSignal(signal: string, listener: AnyFunction): void {
    this.#signals.get(signal)?.delete(listener);
  }

  /** What would go on after an upgrade. */
  *left(): Generator<LeftHandler> {
    this.#sweep();
    for (const noted of this.#noted) {
      const { what, object, work, places, also } = noted;
      // Whoever still waits for it is counted as work that did not end.
      if (noted.evaluated || work?.ended === false) continue;
      const objects = [object, ...also].flatMap((it) => it.deref() ?? []);
      yield {
        what,
        functions: objects.flatMap((it) => [...functionsOf(it)]),
        places,
        begunIn: work?.generation ?? null,
        forget: () => this.#noted.delete(noted),
      };
    }
    yield this.#standing("the process", [...functionsOf(process)]);
    yield this.#standing("the global object", [...functionsOf(globalThis)]);
    for (const [signal, all] of this.#signals) {
      yield this.#standing(`the signal ${signal}`, [...all]);
    }
    for (const { address, place, begunIn } of this.#context.servers()) {
      yield {
        what: `a server on ${address}`,
        functions: [],
        places: [place],
        begunIn,
        forget: () => {},
      };
    }
  }

  /** What evaluations have begun and is not over. */
  *begun(): Generator<BegunHandler> {
    this.#sweep();
    for (const { what, object, places, also, evaluated } of this.#noted) {
      const held = object.deref();
      if (!evaluated || !held) continue;
      const objects = [
        held,
        ...[...also].flatMap((it) => it.deref() ?? []),
        // What a package has opened for a module leads to what the module has given the package.
        ...emittersOf(held),
      ];
      yield {
        ...evaluated,
        what,
        functions: objects.flatMap((it) => [...functionsOf(it)]),
        object: held,
        objects,
        isHidden: places.length > 0,
      };
    }
  }

  /** What is there for good: who has given it a function, nobody knows. */
  #standing(what: string, all: readonly AnyFunction[]): LeftHandler {
    const functions = all.filter((it) => !this.#forgotten.has(it));
    return {
      what,
      functions,
      places: [],
      begunIn: null,
      forget: () => {
        for (const it of functions) this.#forgotten.add(it);
      },
    };
  }

  /** Who begins something now; undefined for services, which end what they have begun. */
  #begun(): Work | null | undefined {
    const { work } = this.#context.generations;
    return work?.isOwn ? undefined : work;
  }

  #add(
    what: string,
    object: object,
    work: Work | null,
    places: readonly string[],
  ): Noted {
    if (this.#noted.size >= this.#sweepAt) {
      this.#sweep();
      this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#noted.size);
    }
    const ref = new WeakRef(object);
    const place = work?.place ?? null;
    const noted: Noted = {
      what,
      object: ref,
      work,
      places,
      also: new Set(),
      evaluated: work === null || place === null ? null : {
        place,
        attempt: work.attempt,
        kept: work.kept ?? null,
        opener: this.#openers.get(object) ??
          this.#context.callingPaths()[0] ?? null,
      },
    };
    this.#noted.add(noted);
    this.#byObject.set(object, noted);
    return noted;
  }

  #sweep(): void {
    for (const noted of this.#noted) {
      const object = noted.object.deref();
      if (object === undefined || isOver(object)) this.#noted.delete(noted);
    }
  }
}

/** A stream that has come to its end, a socket or a source of events that is closed, a child that has ended. */
export function isOver(object: object): boolean {
  // Whoever is piped is locked until then.
  if (object instanceof ReadableStream) return !object.locked;
  const it = object as Readonly<Record<string, unknown>>;
  return it.destroyed === true || it.readableEnded === true ||
    it.readyState !== undefined && it.readyState === it.CLOSED ||
    typeof it.exitCode === "number" || typeof it.signalCode === "string";
}
