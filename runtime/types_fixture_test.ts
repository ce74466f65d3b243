/**
 * Proofs about types, and a counter whose types are all inferred.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { holder } from "./mod.ts";

/** Whether two types are the same, `any` and `readonly` included. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends
  (<T>() => T extends B ? 1 : 2) ? true : false;

/** Checks only where the type is `true`. */
export function sure<T extends true>(...proofs: T[]): void {
  assertEquals(proofs.includes(false as T), false);
}

/** A text that is not any text. */
export type UserId = string & { readonly brand: "UserId" };

let counters = 0;

/** A counter by another name each time. */
// Without a return type: what is inferred is what is tested.
export function newCounter() {
  return holder(`types counter ${++counters}`, {
    state: () => ({
      count: 0,
      step: 1,
      owner: "a" as UserId,
      place: [0, 0] as [x: number, y: number],
      lines: [] as { text: string }[],
      rooms: new Map<string, { open: boolean }>(),
      tags: new Set<string>(),
      since: new Date(0),
    }),
    actions: {
      increment: (state, by: number = state.step) => (state.count += by),
      say: (state, text: string, ...more: boolean[]) => {
        state.lines.push({ text });
        return more;
      },
      later: async (state) => await Promise.resolve(`${state.count}`),
      reset(state) {
        state.count = 0;
      },
      thenable: () => Promise.resolve(Promise.resolve(1 as const)),
      same: <T>(_: unknown, value: T): T => value,
      optional: (state, text?: string) => text ?? state.owner,
    },
  });
}
