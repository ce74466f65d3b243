/**
 * Types of what `@std/assert` exports. Every assertion throws an
 * {@linkcode AssertionError}; `msg` is added to its message.
 *
 * @module
 */

type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

type Constructor = abstract new (...args: never[]) => unknown;

type InstanceOf<T extends Constructor> = T extends
  abstract new (...args: never[]) => infer Instance ? Instance : never;

type Falsy = false | 0 | 0n | "" | null | undefined;

/** Thrown by every assertion that does not hold. */
export declare class AssertionError extends Error {
  /** What did not hold. */
  constructor(message: string, options?: ErrorOptions);
}

/** Two numbers differ by at most `tolerance`. */
export declare function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void;

/** `actual` holds all the values of `expected`. */
export declare function assertArrayIncludes<T>(
  actual: ArrayLike<T> & object,
  expected: ArrayLike<T> & object,
  msg?: string,
): void;

/** `expr` is truthy. */
export declare function assert(expr: unknown, msg?: string): asserts expr;

/** Whether two values are deeply equal. */
export declare function equal(a: unknown, b: unknown): boolean;

/** Two values are deeply equal. */
export declare function assertEquals<T>(
  actual: T,
  expected: T,
  msg?: string,
): void;

/** `actual` is neither null nor undefined. */
export declare function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T>;

/** Always throws. */
export declare function fail(msg?: string): never;

/** `expr` is falsy. */
export declare function assertFalse(
  expr: unknown,
  msg?: string,
): asserts expr is Falsy;

/** `actual` is greater. */
export declare function assertGreater<T>(
  actual: T,
  expected: T,
  msg?: string,
): void;

/** `actual` is greater or equal. */
export declare function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void;

/** `actual` is an instance of a class. */
export declare function assertInstanceOf<T extends Constructor>(
  actual: unknown,
  expectedType: T,
  msg?: string,
): asserts actual is InstanceOf<T>;

/** `error` is an error of a class, with a message that matches. */
export declare function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ErrorClass<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E;

/** `actual` is less. */
export declare function assertLess<T>(
  actual: T,
  expected: T,
  msg?: string,
): void;

/** `actual` is less or equal. */
export declare function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void;

/** A text matches a pattern. */
export declare function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void;

/** Two values are not deeply equal. */
export declare function assertNotEquals<T>(
  actual: T,
  expected: T,
  msg?: string,
): void;

/** `actual` is not an instance of a class. */
export declare function assertNotInstanceOf<A, T>(
  actual: A,
  unexpectedType: abstract new (...args: never[]) => T,
  msg?: string,
): asserts actual is Exclude<A, T>;

/** A text does not match a pattern. */
export declare function assertNotMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void;

/** Two values are not the same. */
export declare function assertNotStrictEquals<T>(
  actual: T,
  expected: T,
  msg?: string,
): void;

/** `actual` holds all that `expected` holds, deeply. */
export declare function assertObjectMatch(
  actual: object,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void;

/** A promise is rejected; resolves to what it was rejected with. */
export declare function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
/** A promise is rejected with an error of a class. */
export declare function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;

/** Two values are the same. */
export declare function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T;

/** A text contains another. */
export declare function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void;

/** A function throws; returns what it threw. */
export declare function assertThrows(fn: () => unknown, msg?: string): unknown;
/** A function throws an error of a class. */
export declare function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;

/** Always throws: this is not written yet. */
export declare function unimplemented(msg?: string): never;

/** Always throws: this cannot be reached. */
export declare function unreachable(msg?: string): never;

// Without this, a declaration file exports its helpers too.
export {};
