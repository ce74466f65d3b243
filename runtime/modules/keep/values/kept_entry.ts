/** One value that an initializer made, and what it is now.
 * @module
 */

/** A value that an initializer made or took. */
export interface Entry {
  /** `place#name`. */
  readonly key: string;
  /** What it was when it was made. */
  readonly value: Held;
  /** How it is read now; undefined where it never changes. */
  readonly read: (() => unknown) | undefined;
  readonly write: ((value: unknown) => void) | undefined;
  /** The attempt whose initializer made it; 0 for the code the process started with. */
  readonly origin: number;
}

/** Values of functions are not held: one that nobody has any more is made again, as it would be. */
export type Held = { readonly value: unknown } | WeakRef<object>;

/** Holds a value for as long as the code that made it would. */
export function held(
  value: unknown,
  name: string,
  write: ((value: unknown) => void) | undefined,
): Held {
  const isObject = typeof value === "object" && value !== null ||
    typeof value === "function";
  // What the module itself holds lives as long as it does; a local only as long as somebody uses it.
  const isLocal = /\.(?!#)|^new /.test(name) && !write;
  return isObject && isLocal ? new WeakRef(value as object) : { value };
}

/** What an entry's value is now; null if it is gone, or its initializer never ended. */
export function valueOf(entry: Entry): { readonly value: unknown } | null {
  if (entry.read) {
    try {
      return { value: entry.read() };
    } catch (error) {
      // Between its declaration and its value, a variable cannot be read.
      if (error instanceof ReferenceError) return null;
      throw error;
    }
  }
  if (!(entry.value instanceof WeakRef)) return entry.value;
  const value = entry.value.deref();
  return value === undefined ? null : { value };
}
