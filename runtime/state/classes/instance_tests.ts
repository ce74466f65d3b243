/** Lets `instanceof` answer alike for a class and its successor.
 * @module
 */
import type { AnyClass, ClassPair } from "./class_registry.ts";

type InstanceTest = (this: unknown, value: unknown) => boolean;

interface SavedTest {
  readonly pair: ClassPair;
  readonly of: AnyClass;
  readonly test: PropertyDescriptor | undefined;
}

const ordinary = Function.prototype[Symbol.hasInstance];

/** The tests that a swap has put on classes. */
export class InstanceTests {
  #tests: SavedTest[] = [];

  /** Lets instances of a replaced class be those of its successor. */
  ofNext(pair: ClassPair): void {
    const { current, earlier, next } = pair;
    const olds = [current, ...earlier];
    this.#put(pair, next, function (value) {
      return ordinary.call(this, value) ||
        (this === next && olds.some((old) => ordinary.call(old, value)));
    });
  }

  /** Lets instances of a successor be those of the replaced class. */
  ofOld(pair: ClassPair): void {
    for (const old of [pair.current, ...pair.earlier]) {
      this.#put(pair, old, instanceTest(old, pair.next));
    }
  }

  /** Puts back what the classes of a pair had. */
  restore(pair: ClassPair): void {
    const { own = [], others = [] } = Object.groupBy(
      this.#tests,
      (saved) => saved.pair === pair ? "own" : "others",
    );
    this.#tests = others;
    for (const { of, test } of own.toReversed()) {
      if (test) Object.defineProperty(of, Symbol.hasInstance, test);
      else Reflect.deleteProperty(of, Symbol.hasInstance);
    }
  }

  #put(pair: ClassPair, of: AnyClass, test: InstanceTest): void {
    this.#tests.push({
      pair,
      of,
      test: Reflect.getOwnPropertyDescriptor(of, Symbol.hasInstance),
    });
    defineTest(of, test);
  }
}

/** Instances of the successor are instances of the class too; a subclass inherits the test, and asks for itself. */
export function instanceTest(of: AnyClass, next: AnyClass): InstanceTest {
  return function (value) {
    return ordinary.call(this as AnyClass, value) ||
      (this === of && isInstance(value, next));
  };
}

/** Puts a test on a class. */
export function defineTest(of: AnyClass, test: InstanceTest): void {
  Object.defineProperty(of, Symbol.hasInstance, {
    value: test,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

function isInstance(value: unknown, of: AnyClass): boolean {
  // deno-lint-ignore no-explicit-any -- the checker asks for a class that is written as one
  return value instanceof (of as any);
}
