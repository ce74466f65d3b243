/**
 * Cells of holders with actions that a test steers.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { HolderDefinition } from "../definition.ts";
import { HolderCell } from "./holder_cell.ts";

// deno-lint-ignore no-explicit-any -- actions of tests take what suits them
type TestAction = (state: any, ...args: any[]) => unknown;

/** A holder with these actions and no migrations. */
export function define(
  actions: Record<string, TestAction>,
  name = "counter",
): HolderDefinition {
  return {
    name,
    renamedFrom: null,
    version: 1,
    initial: () => ({}),
    migrate: {},
    actions,
    copy: null,
    module: `${name}.ts`,
  };
}

/** The cell of such a holder. */
export function cellOf(
  actions: Record<string, TestAction>,
  { state = {} as unknown, name = "counter" } = {},
): HolderCell {
  return new HolderCell(define(actions, name), state);
}

/** An action that the test lets go on, one call after the other. */
export class Steps {
  readonly log: string[] = [];
  readonly #open: (() => void)[] = [];

  readonly act = async (_: unknown, id: unknown): Promise<unknown> => {
    this.log.push(`${id} begins`);
    await new Promise<void>((resolve) => this.#open.push(resolve));
    this.log.push(`${id} ends`);
    return id;
  };

  /** Ends the call that has run longest. */
  end(): void {
    const resolve = this.#open.shift();
    assert(resolve, "no call is running");
    resolve();
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** What became of a promise so far. */
export function watched<T>(
  promise: Promise<T>,
): { state: string; value?: unknown } {
  const seen: { state: string; value?: unknown } = { state: "pending" };
  promise.then(
    (value) => Object.assign(seen, { state: "resolved", value }),
    (value) => Object.assign(seen, { state: "rejected", value }),
  );
  return seen;
}
