/** Listeners that an attempt's modules add, while they are evaluated, to targets of modules that stay: they would go on
 * hearing when the attempt is given up.
 * @module
 */
import { EventEmitter } from "node:events";
import type { Generations } from "../../modules/generations.ts";

type Method = (this: object, ...args: unknown[]) => unknown;

/** By these the ones that add a listener for once add what stands for it. */
const EMITTER_METHODS = ["on", "addListener", "prependListener"] as const;

/** What is needed to know what is whose. */
export interface AttemptListenersContext {
  /** Tell whose evaluation goes on. */
  readonly generations: Generations;
  /** The innermost module of the app on the stack, or null. */
  callingPlace(): string | null;
}

interface Added {
  readonly target: WeakRef<object>;
  readonly remove: (target: object) => void;
}

/** The listeners that attempts have added; nothing is watched while there is none. */
export class AttemptListeners {
  readonly #context: AttemptListenersContext;
  readonly #added = new Map<number, Added[]>();
  #restore: (() => void) | null = null;

  /**
   * @param context what is needed
   */
  constructor(context: AttemptListenersContext) {
    this.#context = context;
  }

  /**
   * Begins to see what an attempt adds.
   *
   * @param attempt the attempt
   */
  begin(attempt: number): void {
    this.#added.set(attempt, []);
    this.#restore ??= this.#watch();
  }

  /**
   * Ends that: the attempt is in, or its listeners have been taken off.
   *
   * @param attempt the attempt
   */
  end(attempt: number): void {
    this.#added.delete(attempt);
    if (this.#added.size > 0) return;
    this.#restore?.();
    this.#restore = null;
  }

  /**
   * Takes off what a given-up attempt has added.
   *
   * @param attempt the attempt
   */
  giveUp(attempt: number): void {
    for (const { target, remove } of this.#added.get(attempt) ?? []) {
      const it = target.deref();
      if (it) remove(it);
    }
    this.end(attempt);
  }

  #watch(): () => void {
    const targets = EventTarget.prototype;
    const emitters = EventEmitter.prototype;
    const removeFrom = targets.removeEventListener;
    const undo = [
      this.#wrap(
        targets,
        "addEventListener",
        (args) => (target) => Reflect.apply(removeFrom, target, args),
      ),
      ...EMITTER_METHODS.map((name) =>
        this.#wrap(emitters, name, ([event, listener]) => (target) => {
          // Whose errors nobody hears ends the process.
          if (event === "error") return;
          (target as EventEmitter).removeListener(
            event as string,
            listener as () => void,
          );
        })
      ),
    ];
    return () => {
      for (const it of undo) it();
    };
  }

  #wrap(
    owner: object,
    name: string,
    remover: (args: unknown[]) => (target: object) => void,
  ): () => void {
    const native = Reflect.get(owner, name) as Method;
    const note = (target: object, args: unknown[]) => {
      const { generations, callingPlace } = this.#context;
      const { work } = generations;
      if (typeof work?.place !== "string" || work.attempt === null) return;
      // Node's sockets and responses listen to themselves, in whatever context is left over from the last import:
      // they are strangers'.
      if (!isPlain(target) || callingPlace() === null) return;
      this.#added.get(work.attempt)?.push({
        target: new WeakRef(target),
        remove: remover(args),
      });
    };
    const own: Method = function (...args) {
      const result = native.apply(this, args);
      note(this, args);
      return result;
    };
    const properties: PropertyDescriptorMap = {
      name: { value: native.name },
      length: { value: native.length },
    };
    Reflect.set(owner, name, Object.defineProperties(own, properties));
    return () => {
      // Somebody else may have wrapped it since.
      if (Reflect.get(owner, name) === own) Reflect.set(owner, name, native);
    };
  }
}

/** One that nothing but the app's own code tells of events. */
function isPlain(target: unknown): boolean {
  // `addEventListener(…)` without a target is that of the global object.
  if (typeof target !== "object" || target === null) return false;
  const prototype: unknown = Object.getPrototypeOf(target);
  return prototype === EventTarget.prototype ||
    prototype === EventEmitter.prototype;
}
