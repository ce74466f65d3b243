/** Listeners that an attempt's modules add, while they are evaluated, to targets of modules that stay: until its code is
 * in, they hear only its own work and its check, and when it is given up they are taken off.
 * @module
 */
import { EventEmitter } from "node:events";
import type { Generations } from "../../modules/generations.ts";

type Method = (this: object, ...args: unknown[]) => unknown;

/** By these the ones that add a listener for once add what stands for it. */
const EMITTER_METHODS = ["on", "addListener", "prependListener"] as const;

const targets = EventTarget.prototype;
const emitters = EventEmitter.prototype;
const nativeAdd = targets.addEventListener;
const nativeRemove = targets.removeEventListener;

/** What is needed to know what is whose. */
export interface AttemptListenersContext {
  /** Tell whose evaluation goes on. */
  readonly generations: Generations;
  /** The innermost module of the app on the stack, or null. */
  callingPlace(): string | null;
}

/** A listener, behind the gate that stands for it. */
interface Added {
  readonly target: WeakRef<object>;
  readonly type: unknown;
  readonly listener: object;
  readonly gate: (event: unknown) => unknown;
  readonly options: AddEventListenerOptions;
}

/** The listeners that attempts have added; nothing is watched while there is none. */
export class AttemptListeners {
  readonly #context: AttemptListenersContext;
  readonly #added = new Map<number, (Added | (() => void))[]>();
  #restore: (() => void) | null = null;

  /**
   * @param context what is needed
   */
  constructor(context: AttemptListenersContext) {
    this.#context = context;
  }

  /** Begins to see what an attempt adds. */
  begin(attempt: number): void {
    this.#added.set(attempt, []);
    this.#restore ??= this.#watch();
  }

  /** Ends that: the attempt is in, or its listeners have been taken off. */
  end(attempt: number): void {
    for (const it of this.#added.get(attempt) ?? []) {
      if (typeof it === "function") continue;
      const target = it.target.deref();
      if (!target) continue;
      // Whoever takes it off from now on names the listener itself.
      Reflect.apply(nativeRemove, target, [it.type, it.gate, it.options]);
      Reflect.apply(nativeAdd, target, [it.type, it.listener, it.options]);
    }
    this.#forget(attempt);
  }

  /** Takes off what a given-up attempt has added. */
  giveUp(attempt: number): void {
    for (const it of this.#added.get(attempt) ?? []) {
      if (typeof it === "function") it();
      else {
        const target = it.target.deref();
        if (!target) continue;
        Reflect.apply(nativeRemove, target, [it.type, it.gate, it.options]);
      }
    }
    this.#forget(attempt);
  }

  #forget(attempt: number): void {
    this.#added.delete(attempt);
    if (this.#added.size > 0) return;
    this.#restore?.();
    this.#restore = null;
  }

  /** The attempt that adds a listener to a target of the app, or null. */
  #adding(target: unknown): number | null {
    const { generations, callingPlace } = this.#context;
    const { work } = generations;
    if (typeof work?.place !== "string" || work.attempt === null) return null;
    if (!this.#added.has(work.attempt) || !isPlain(target)) return null;
    // Node's sockets and responses listen to themselves, in whatever context is left over from the last import: they
    // are strangers'.
    return callingPlace() === null ? null : work.attempt;
  }

  #watch(): () => void {
    const undo = [
      replace(targets, "addEventListener", (native) => {
        const add = (target: object, args: unknown[]) =>
          this.#addToTarget(target, args) ?? native.apply(target, args);
        return function (...args) {
          return add(this, args);
        };
      }),
      replace(targets, "removeEventListener", (native) => {
        const behind = (target: object, args: unknown[]) =>
          this.#behind(target, args);
        return function (...args) {
          return native.apply(this, behind(this, args));
        };
      }),
      ...EMITTER_METHODS.map((name) =>
        replace(emitters, name, (native) => {
          const gated = (target: object, args: unknown[]) =>
            this.#gated(target as EventEmitter, args);
          return function (...args) {
            return native.apply(this, gated(this, args));
          };
        })
      ),
    ];
    return () => {
      for (const it of undo) it();
    };
  }

  /** Adds what stands for a listener, and returns whether it did. */
  #addToTarget(
    target: object,
    [type, listener, given]: unknown[],
  ): true | null {
    const attempt = this.#adding(target);
    if (attempt === null || !isListener(listener)) return null;
    const options = optionsOf(given);
    // The platform, too, takes the same one only once.
    if (this.#find(target, type, listener, options.capture)) return true;
    const { generations } = this.#context;
    const gate = (event: unknown) => {
      if (!generations.mayMeet(attempt)) return;
      if (options.once) this.#drop(attempt, added);
      return typeof listener === "function"
        ? Reflect.apply(listener, target, [event])
        : (listener as EventListenerObject).handleEvent(event as Event);
    };
    const added: Added = {
      target: new WeakRef(target),
      type,
      listener,
      gate,
      options,
    };
    // An event that it may not hear must not use it up.
    Reflect.apply(nativeAdd, target, [type, gate, { ...options, once: false }]);
    this.#added.get(attempt)!.push(added);
    return true;
  }

  /** The arguments that take off what stands for a listener, if something does. */
  #behind(target: object, args: unknown[]): unknown[] {
    const [type, listener, given] = args;
    if (!isListener(listener)) return args;
    const { capture } = optionsOf(given);
    const found = this.#find(target, type, listener, capture);
    if (!found) return args;
    const [attempt, added] = found;
    this.#drop(attempt, added);
    return [type, added.gate, given];
  }

  #find(
    target: object,
    type: unknown,
    listener: object,
    capture = false,
  ): [number, Added] | null {
    for (const [attempt, all] of this.#added) {
      for (const it of all) {
        if (
          typeof it !== "function" && it.listener === listener &&
          String(it.type) === String(type) && it.target.deref() === target &&
          (it.options.capture ?? false) === capture
        ) return [attempt, it];
      }
    }
    return null;
  }

  #drop(attempt: number, added: Added): void {
    const all = this.#added.get(attempt);
    const at = all?.indexOf(added) ?? -1;
    if (at !== -1) all!.splice(at, 1);
    const target = added.target.deref();
    if (!target) return;
    Reflect.apply(nativeRemove, target, [
      added.type,
      added.gate,
      added.options,
    ]);
  }

  /** The arguments that add what stands for a listener of an emitter. */
  #gated(emitter: EventEmitter, args: unknown[]): unknown[] {
    const attempt = this.#adding(emitter);
    const [event, listener, ...rest] = args as [string, unknown, ...unknown[]];
    // An error that nobody hears ends the process.
    if (attempt === null || typeof listener !== "function") return args;
    if (event === "error") return args;
    const { generations } = this.#context;
    const own = listener as { listener?: unknown };
    const gate = Object.assign(function (this: unknown, ...told: unknown[]) {
      if (!generations.mayMeet(attempt)) return;
      // One that is heard once takes itself off, not what stands for it.
      if (own.listener !== undefined) emitter.removeListener(event, gate);
      return Reflect.apply(listener, this, told);
      // By this name emitters find what a listener stands for.
    }, { listener: (own.listener ?? listener) as () => void });
    const target = new WeakRef(emitter);
    this.#added.get(attempt)!.push(() =>
      target.deref()?.removeListener(event, gate)
    );
    return [event, gate, ...rest];
  }
}

/** Puts a method in the place of one, and returns what undoes that. */
function replace(
  owner: object,
  name: string,
  make: (native: Method) => Method,
): () => void {
  const native = Reflect.get(owner, name) as Method;
  const own = Object.defineProperties(make(native), {
    name: { value: native.name },
    length: { value: native.length },
  });
  Reflect.set(owner, name, own);
  return () => {
    // Somebody else may have wrapped it since.
    if (Reflect.get(owner, name) === own) Reflect.set(owner, name, native);
  };
}

function isListener(value: unknown): value is object {
  return typeof value === "function" ||
    (typeof value === "object" && value !== null);
}

function optionsOf(given: unknown): AddEventListenerOptions {
  return typeof given === "object" && given !== null
    ? given as AddEventListenerOptions
    : { capture: Boolean(given) };
}

/** One that nothing but the app's own code tells of events. */
function isPlain(target: unknown): boolean {
  // `addEventListener(…)` without a target is that of the global object.
  if (typeof target !== "object" || target === null) return false;
  const prototype: unknown = Object.getPrototypeOf(target);
  return prototype === targets || prototype === emitters;
}
