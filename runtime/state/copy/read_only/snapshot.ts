/** Plain copies of state, for whoever stores or sends it.
 * @module
 */
import { StateCopy } from "../copy.ts";
import type { DeepReadonly } from "./read_only.ts";
import { originalOf } from "../value_kind.ts";

/** A value of state as a plain copy has it: without methods, and free to be changed. */
export type Snapshot<T> =
  // First, because a string with a brand is an object as well to the type checker.
  T extends string | number | bigint | boolean | symbol | null | undefined ? T
    : T extends (...args: never[]) => unknown ? never
    : T extends Date | RegExp | Error | ArrayBuffer | ArrayBufferView ? T
    : T extends ReadonlyMap<infer K, infer V> ? Map<Snapshot<K>, Snapshot<V>>
    : T extends ReadonlySet<infer V> ? Set<Snapshot<V>>
    : T extends readonly unknown[]
      ? { -readonly [K in keyof T]: Snapshot<T[K]> }
    : T extends object ? {
        -readonly [
          K in keyof T as T[K] extends (...args: never[]) => unknown ? never
            : K
        ]: Snapshot<T[K]>;
      }
    : T;

/** Finds the state behind a handle; others are handed back. */
const states = new WeakMap<object, () => unknown>();

/** Notes that an object is a handle of state. */
export function noteHandle(handle: object, read: () => unknown): void {
  states.set(handle, read);
}

/**
 * Copies state as plain data: to be stored in KV, sent to a worker, or written as JSON.
 *
 * The copy is independent: later actions do not change it, and changing it changes no state. Maps, sets, dates, bytes,
 * cycles stay what they are; instances of classes become plain objects with their own members, as `structuredClone`
 * does it. What is not data (functions, sockets, streams, private members) is refused with its place.
 *
 * @param source a holder, a member of a family, or anything seen in their `state`
 * @returns the copy
 * @throws {CopyError} naming the place of what is not data
 *
 * @example
 * ```ts
 * import { holder, snapshot } from "@flyhot/runtime";
 *
 * const notes = holder("notes", {
 *   state: () => ({ lines: ["first"] }),
 *   actions: { add: (state, line: string) => state.lines.push(line) },
 * });
 *
 * structuredClone(snapshot(notes)); // { lines: ["first"] }
 * JSON.stringify(snapshot(notes.state.lines)); // '["first"]'
 * ```
 */
export function snapshot<T>(
  source: {
    readonly state: DeepReadonly<T>;
    subscribe(...args: never[]): unknown;
  },
): Snapshot<T>;
/**
 * Copies what was seen in a `state` as plain data.
 *
 * @param source a value of state
 * @returns the copy
 * @throws {CopyError} naming the place of what is not data
 */
export function snapshot<T>(source: T): Snapshot<T>;
export function snapshot(source: unknown): unknown {
  const read = typeof source === "object" && source !== null
    ? states.get(source)
    : undefined;
  const copy = new StateCopy("the state", read ? read() : originalOf(source), {
    plain: true,
    remedy: "take a snapshot of a part that is only data",
  });
  copy.run();
  return copy.value;
}
