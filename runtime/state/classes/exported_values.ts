/** The constants that replaced modules export: `===` tells an old one from the new one, so that state that holds it answers
 * otherwise than before.
 * @module
 */

type Exports = Readonly<Record<string, unknown>>;

const DEPTH_MAX = 3;

/** Object literals that replaced modules export, and that the new code makes again. */
export class ExportedValues {
  readonly #names = new Map<object, string>();

  /** Takes what a module exported and what it exports now. */
  learn(place: string, before: Exports, after: Exports): void {
    for (const key of Object.keys(before)) {
      this.#pair(`${place}#${key}`, at(before, key), at(after, key), 0);
    }
  }

  /** Whether there are any. */
  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  /** The export that something was, or was a member of. Returns `states.ts#CLOSED`, or undefined. */
  nameOf(value: object): string | undefined {
    return this.#names.get(value);
  }

  #pair(name: string, old: unknown, next: unknown, depth: number): void {
    // What is kept, or is of a module that stays, is the same to both.
    if (old === next || !isPlain(old) || !isPlain(next)) return;
    if (this.#names.has(old)) return;
    this.#names.set(old, name);
    if (depth === DEPTH_MAX) return;
    for (const key of Object.keys(old)) {
      this.#pair(name, member(old, key), member(next, key), depth + 1);
    }
  }
}

function at(exports: Exports, key: string): unknown {
  try {
    return exports[key];
  } catch {
    // In a cycle of imports it may not have its value yet.
    return undefined;
  }
}

/** Getters are the app's: they are not called. */
function member(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

/** Whether a value is an object as literals make it. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
