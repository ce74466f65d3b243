/** Calls that are not part of any work begin some, so that what they wait for ends in the code it began in.
 * @module
 */
import type { Generations, Work } from "../generations.ts";

const HEIR = { heir: true } as const;

type AnyFunction = (...args: unknown[]) => unknown;

/** The functions that were handed out, by the ones they were made of: asked twice, a module gives the same. */
const handedOut = new WeakMap<AnyFunction, AnyFunction>();
const originals = new WeakMap<AnyFunction, AnyFunction>();

/**
 * Lets a call be work, unless it is part of some that goes on. Called from outside of all work, from what ended work has
 * left behind or from what an evaluation has started, it keeps the code that it begins in; whose it is stays as it was.
 */
export function asWork<T>(all: Generations, act: () => T): T {
  const { work } = all;
  if (work !== null) {
    if (!work.ended) return act();
    // Code that is still being loaded meets its own from the moment it is in, whatever it has begun.
    if ((work.attempt ?? 0) > all.newestAttempt) return act();
  }
  let begun: Work | null = null;
  const result = all.startWork((work) => {
    begun = work;
    return act();
  }, HEIR);
  return isGenerator(result) ? stepwise(all, begun!, result) : result;
}

/** A function as a boundary hands it out. */
export function callable<T>(all: Generations, value: T): T {
  if (typeof value !== "function") return value;
  const original = value as unknown as AnyFunction;
  const before = handedOut.get(original);
  if (before !== undefined) return before as T;
  if (originals.has(original)) return value;
  const made = isClass(original) ? original : new Proxy(original, {
    apply: (target, self, args) =>
      asWork(all, () => Reflect.apply(target, self, args)),
  });
  handedOut.set(original, made);
  originals.set(made, original);
  return made as T;
}

/** Notes that a function which was made stands for another. */
export function standsFor(made: object, original: object): void {
  originals.set(made as AnyFunction, original as AnyFunction);
}

/** The function that another stands for: one that a boundary has handed out, or one that is watched. */
export function originalOf<T extends object>(value: T): T {
  return (originals.get(value as unknown as AnyFunction) ?? value) as T;
}

/** Each step runs in its caller's context, unless it is told otherwise. */
function stepwise<T extends Generator | AsyncGenerator>(
  all: Generations,
  work: Work,
  generator: T,
): T {
  // Begun until it is done, and not counted: nobody has to take the last step.
  work.ended = false;
  const ended = (step: IteratorResult<unknown>) => {
    if (step.done) work.ended = true;
    return step;
  };
  const failed = (error: unknown) => {
    work.ended = true;
    throw error;
  };
  for (const name of ["next", "return", "throw"] as const) {
    const native = generator[name] as AnyFunction;
    const step = (...args: unknown[]) => {
      try {
        const result = all.as(
          work,
          () => native.apply(generator, args),
        );
        return result instanceof Promise
          ? result.then(ended, failed)
          : ended(result as IteratorResult<unknown>);
      } catch (error) {
        return failed(error);
      }
    };
    Object.defineProperty(generator, name, {
      value: step,
      configurable: true,
      writable: true,
    });
  }
  return generator;
}

function isGenerator(value: unknown): value is Generator | AsyncGenerator {
  if (
    typeof value !== "object" || value === null || value instanceof Promise
  ) return false;
  const name = Object.prototype.toString.call(value);
  return name === "[object Generator]" || name === "[object AsyncGenerator]";
}

/** Whether a function is a class; also true of the platform's own constructors. */
export function isClass(value: AnyFunction): boolean {
  return Object.getOwnPropertyDescriptor(value, "prototype")?.writable ===
    false;
}
