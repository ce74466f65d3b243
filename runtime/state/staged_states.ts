/** Migrated states that are made beside the old ones, in short slices, while the old code serves.
 * @module
 */
import { performance } from "../base/platform/globals.ts";
import { errorText } from "../base/error_text.ts";
import { isThenable } from "../base/waiting/thenable.ts";
import { type CopyRules, FAITHFUL, StateCopy } from "./copy/copy.ts";
import type { HolderCell } from "./cells/holder_cell.ts";
import {
  MigrationError,
  type MigrationLink,
  runMigration,
} from "./migration.ts";

/** Some holders that are migrated alike: one holder, or the members of a family. */
export interface MigratedGroup {
  /** The holders there are now. */
  cells(): Iterable<HolderCell>;
  /** What a holder is called in messages. */
  nameOf(cell: HolderCell): string;
  /** Where its state is, as `rooms["a"]`. */
  pathOf(cell: HolderCell): string;
  /** Those whose state may have changed since their copy. */
  readonly gate: { touched: Set<HolderCell> | null };
  /** Copies a state in the app's own way; null for a faithful copy. */
  readonly copy: ((state: unknown) => unknown) | null;
  /** Tells why a function in a state would not be its copy's own; null where all functions are carried. */
  readonly functionWhy: CopyRules["functionWhy"] | null;
  /** The steps. */
  readonly chain: readonly MigrationLink[];
  /** Checks what the steps return. */
  check(cell: HolderCell, state: unknown): void;
}

/** How to make them. */
export interface StagingLimits {
  /** How long a slice may take, in milliseconds. */
  readonly sliceMs: number;
  /** Lets others run. */
  readonly pause: () => Promise<void>;
  /** Waits for a step that takes time. */
  readonly settle: (name: string, state: unknown) => Promise<unknown>;
  /** Refuses to go on, where copies of so many bytes do not fit. */
  readonly fits: (bytes: number) => boolean;
  /** Told of a promise that gives an object of a state when its copy is in already. */
  readonly late: (refusal: Error) => void;
  /** How many bytes the heap holds. */
  readonly heapBytes: () => number;
}

const SAMPLE = 2000;
const ROUNDS_MAX = 8;
/** So few are left to the suspension. */
const FEW = 50;

/** The migrated states of one upgrade. */
export class StagedStates {
  readonly #groups: readonly MigratedGroup[];
  readonly #limits: StagingLimits;
  // Lists, because a million of them are swapped in one turn.
  readonly #cells: HolderCell[] = [];
  readonly #states: unknown[] = [];

  /**
   * @param groups what is migrated
   * @param limits how
   */
  constructor(groups: readonly MigratedGroup[], limits: StagingLimits) {
    this.#groups = groups;
    this.#limits = limits;
  }

  /** How many states there are. */
  get size(): number {
    return this.#cells.length;
  }

  /**
   * Makes as many as can be made while the old code goes on; those that it touches meanwhile are left over. Throws if a
   * state cannot be copied or migrated.
   */
  async ahead(): Promise<void> {
    for (const { gate } of this.#groups) gate.touched = new Set();
    let todo = this.#groups.map((group) => [...group.cells()]);
    let before = Infinity;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const count = todo.reduce((sum, { length }) => sum + length, 0);
      if (count >= before || (round > 0 && count <= FEW)) break;
      before = count;
      for (const [at, cells] of todo.entries()) {
        await this.#slices(this.#groups[at]!, cells, round === 0);
      }
      todo = this.#groups.map(({ gate }) => [...gate.touched ?? []]);
    }
  }

  /** Makes those that are left, while all is at rest. Throws if a state cannot be copied or migrated. */
  async rest(): Promise<void> {
    for (const group of this.#groups) {
      const { touched } = group.gate;
      for (const cell of touched ?? group.cells()) {
        await this.#make(group, cell, Infinity);
      }
      group.gate.touched = null;
    }
  }

  /** Stops watching who is touched. */
  end(): void {
    for (const { gate } of this.#groups) gate.touched = null;
  }

  /** Whether a holder is migrated. */
  has(cell: HolderCell): boolean {
    return this.#cells[cell.stagedAt] === cell;
  }

  /**
   * The other state of a holder: the new one, and after {@linkcode StagedStates.exchange} the old one. Returns the
   * state, or null where it is not migrated.
   */
  other(cell: HolderCell): { readonly state: unknown } | null {
    return this.has(cell) ? { state: this.#states[cell.stagedAt] } : null;
  }

  /** Exchanges old and new states, in one turn; done twice, all is as before. */
  exchange(): void {
    const { length } = this.#cells;
    for (let index = 0; index < length; index++) {
      const cell = this.#cells[index]!;
      const { state } = cell;
      cell.state = this.#states[index];
      this.#states[index] = state;
    }
  }

  async #slices(
    group: MigratedGroup,
    cells: readonly HolderCell[],
    measured: boolean,
  ): Promise<void> {
    const { sliceMs, pause, heapBytes, fits } = this.#limits;
    const { touched } = group.gate;
    const heap = heapBytes();
    let endsAt = performance.now() + sliceMs;
    for (const [at, cell] of cells.entries()) {
      if (performance.now() >= endsAt) {
        await pause();
        endsAt = performance.now() + sliceMs;
      }
      touched?.delete(cell);
      // Its action may change the state at any moment.
      if (!cell.idle) touched?.add(cell);
      else await this.#make(group, cell, endsAt);
      if (measured && at === SAMPLE && cells.length > 10 * SAMPLE) {
        const bytes = (heapBytes() - heap) / SAMPLE * cells.length;
        if (!fits(bytes)) {
          throw new MigrationError(
            `Cannot migrate ${group.nameOf(cell)} and ${
              cells.length - 1
            } others: their copies need about ${
              Math.ceil(bytes / 1e6)
            } MB, more than is free; use a machine with more memory, or a cold deploy`,
          );
        }
      }
    }
  }

  async #make(
    group: MigratedGroup,
    cell: HolderCell,
    endsAt: number,
  ): Promise<void> {
    const { sliceMs, pause, settle, late } = this.#limits;
    const { touched } = group.gate;
    let value: unknown;
    if (group.copy) value = ownCopy(group, cell);
    else {
      const { functionWhy } = group;
      const copy = new StateCopy(
        group.pathOf(cell),
        cell.state,
        functionWhy ? { ...FAITHFUL, functionWhy } : FAITHFUL,
      );
      let until = endsAt;
      while (!copy.run(until)) {
        await pause();
        // Half of it is from before: it is made once more.
        if (touched?.has(cell) || !cell.idle) {
          touched?.add(cell);
          return;
        }
        until = performance.now() + sliceMs;
      }
      if (copy.promises) {
        await copy.promises(late);
        if (touched?.has(cell) || !cell.idle) {
          touched?.add(cell);
          return;
        }
      }
      value = copy.value;
    }
    const name = group.nameOf(cell);
    let state = runMigration(name, value, group.chain);
    if (isThenable(state)) state = await settle(name, state);
    group.check(cell, state);
    if (!this.has(cell)) {
      cell.stagedAt = this.#cells.length;
      this.#cells.push(cell);
    }
    this.#states[cell.stagedAt] = state;
  }
}

function ownCopy(group: MigratedGroup, cell: HolderCell): unknown {
  try {
    return group.copy!(cell.state);
  } catch (cause) {
    const why = errorText(cause);
    throw new MigrationError(
      `Cannot copy the state of ${
        group.nameOf(cell)
      } for its migration: ${why}; its copy failed`,
      { cause },
    );
  }
}
