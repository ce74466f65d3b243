/** What an upgrade does to holders and families: suspend, migrate copies, swap, resume.
 * @module
 */
import { within } from "../base/deadline.ts";
import { type Declared, refuseTwice, type Staging } from "../state/staging.ts";
import type {
  FamilyDefinition,
  HolderDefinition,
  StateDefinition,
} from "../state/definition.ts";
import { FamilyCell, memberDefinition } from "../state/family_cell.ts";
import { HolderCallError, HolderCell, quiesce } from "../state/holder_cell.ts";
import {
  migrationChain,
  MigrationError,
  type MigrationLink,
  runMigration,
} from "../state/migration.ts";
import type { HolderChange } from "../protocol/machine_result.ts";
import type { AppProcess } from "../process/process.ts";
import { upgradeError } from "../base/upgrade_error.ts";

interface Pair<Cell, Definition> {
  /** What is there; null for what the new code adds. */
  readonly cell: Cell | null;
  /** What the new code declares; null for what it does not declare any more. */
  readonly next: Definition | null;
}

type HolderPair = Pair<HolderCell, HolderDefinition>;
type FamilyPair = Pair<FamilyCell, FamilyDefinition>;

/** The part of an upgrade that concerns state. */
export class StateChange {
  readonly #appProcess: AppProcess;
  readonly #holders: readonly HolderPair[];
  readonly #families: readonly FamilyPair[];
  #suspended: HolderCell[] = [];
  readonly #states = new Map<HolderCell, unknown>();
  readonly #added = new Map<HolderDefinition, HolderCell>();

  /**
   * @param appProcess what runs in this process
   * @param staging what the new modules declare
   * @param replaced the modules that are reloaded or gone
   * @throws {UpgradeError} if a module that stays declares a name too
   */
  constructor(
    appProcess: AppProcess,
    staging: Staging,
    replaced: ReadonlySet<string>,
  ) {
    this.#appProcess = appProcess;
    this.#holders = pairs(appProcess.holders, staging.holders, replaced);
    this.#families = pairs(appProcess.families, staging.families, replaced);
  }

  /** How many holders and members are suspended. */
  get count(): number {
    return this.#suspended.length;
  }

  /** What becomes of each holder and family, by name. */
  get changes(): HolderChange[] {
    return [...this.#holders, ...this.#families].map(changeOf)
      .sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  }

  /**
   * Brings the state concerned to rest.
   *
   * @param timeoutMs how long actions in flight may take, in milliseconds
   * @throws {UpgradeError} naming a holder that is still in an action
   */
  async suspend(timeoutMs: number): Promise<void> {
    for (const { cell } of this.#holders) if (cell) this.#suspended.push(cell);
    for (const { cell } of this.#families) {
      if (!cell) continue;
      cell.suspend();
      for (const member of cell.members.values()) this.#suspended.push(member);
    }
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), timeoutMs);
    try {
      await quiesce(this.#suspended, deadline.signal);
    } catch (error) {
      throw upgradeError("suspend", null, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Makes the new states beside the old ones.
   *
   * @param timeoutMs how long all steps together may take, in milliseconds
   * @throws {UpgradeError} if a step is missing or fails; no state has changed then
   */
  async migrate(timeoutMs: number): Promise<void> {
    const endsAt = performance.now() + timeoutMs;
    const settle = async (name: string, state: unknown): Promise<unknown> =>
      await within(
        Math.max(0, endsAt - performance.now()),
        () => state,
        () =>
          new MigrationError(
            `Cannot migrate ${name}: the steps did not settle within ${timeoutMs} ms`,
          ),
      );
    try {
      for (const { cell, next } of this.#holders) {
        if (!next) continue;
        if (!cell) {
          this.#added.set(next, new HolderCell(next, next.initial()));
          continue;
        }
        const chain = chainOf(cell.definition, next);
        if (chain.length === 0) continue;
        const [copy] = copyStates(cell.definition, [[next.name, cell]]);
        const state = runMigration(next.name, copy, chain);
        this.#states.set(
          cell,
          state instanceof Promise ? await settle(next.name, state) : state,
        );
      }
      for (const { cell, next } of this.#families) {
        if (!next || !cell) continue;
        const chain = chainOf(cell.definition, next);
        if (chain.length === 0) continue;
        const members = [...cell.members.values()].map((member) =>
          [member.definition.name, member] as const
        );
        const copies = copyStates(cell.definition, members);
        for (const [index, [name, member]] of members.entries()) {
          const state = runMigration(name, copies[index], chain);
          this.#states.set(
            member,
            state instanceof Promise ? await settle(name, state) : state,
          );
        }
      }
    } catch (error) {
      throw upgradeError("migrate", null, error);
    }
  }

  /**
   * Lets the new definitions and states take the place of the old ones, in one turn.
   *
   * @returns puts everything back
   */
  swap(): () => void {
    const undo: (() => void)[] = [];
    const { holders, families } = this.#appProcess;
    for (const { cell, next } of this.#holders) {
      if (cell) undo.push(remove(holders, cell));
      if (next) {
        undo.push(put(holders, next.name, this.#enter(cell, next, undo)));
      }
    }
    for (const { cell, next } of this.#families) {
      if (cell) undo.push(remove(families, cell));
      if (next) {
        undo.push(
          put(families, next.name, this.#enterFamily(cell, next, undo)),
        );
      }
    }
    return () => {
      for (const step of undo.toReversed()) step();
    };
  }

  /** Lets calls through again, those that waited first; those that wait for what is gone are refused. */
  resume(): void {
    const { holders, families } = this.#appProcess;
    for (const { cell, next } of this.#holders) {
      if (!cell || next) continue;
      const { name } = cell.definition;
      // Run now, they would change a state that nobody reads any more.
      if (holders.get(name) !== cell) cell.refuseWaiting(removed(name));
    }
    for (const { cell, next } of this.#families) {
      if (!cell || next) continue;
      if (families.get(cell.definition.name) !== cell) {
        cell.refuseWaiting(removed);
      }
    }
    for (const { cell } of this.#families) cell?.resume();
    for (const cell of this.#suspended) cell.open();
    for (const cell of this.#states.keys()) cell.notify();
    this.#suspended = [];
    this.#states.clear();
  }

  /** Ends what the new code does not declare any more, once there is no way back. */
  finish(): void {
    for (const { cell, next } of this.#families) if (cell && !next) cell.end();
  }

  #enter(
    cell: HolderCell | null,
    next: HolderDefinition,
    undo: (() => void)[],
  ): HolderCell {
    if (!cell) return this.#added.get(next)!;
    const { definition, state } = cell;
    const migrated = this.#states.has(cell);
    undo.push(() => {
      cell.definition = definition;
      // Kept state is one object before and after; what a health check did to it stays.
      if (migrated) cell.state = state;
    });
    cell.definition = next;
    if (migrated) cell.state = this.#states.get(cell);
    return cell;
  }

  #enterFamily(
    cell: FamilyCell | null,
    next: FamilyDefinition,
    undo: (() => void)[],
  ): FamilyCell {
    if (!cell) {
      const added = new FamilyCell(next);
      // Else one that looks for idle members would stay behind for every upgrade that is undone.
      undo.push(() => added.rest());
      return added;
    }
    const { definition } = cell;
    undo.push(() => {
      cell.definition = definition;
    });
    cell.definition = next;
    for (const [key, member] of cell.members) {
      this.#enter(member, memberDefinition(next, key), undo);
    }
    return cell;
  }
}

function pairs<
  Cell extends { definition: Definition },
  Definition extends StateDefinition,
>(
  there: ReadonlyMap<string, Cell>,
  declared: readonly Definition[],
  replaced: ReadonlySet<string>,
): Pair<Cell, Definition>[] {
  const names = new Set(declared.map(({ name }) => name));
  const taken = new Set<Cell>();
  const result: Pair<Cell, Definition>[] = declared.map((next) => {
    const same = there.get(next.name);
    if (same && !replaced.has(same.definition.module)) {
      refuse(same.definition, next);
    }
    const { renamedFrom } = next;
    const before = renamedFrom !== null && !names.has(renamedFrom)
      ? there.get(renamedFrom)
      : undefined;
    const renamed = before && replaced.has(before.definition.module)
      ? before
      : undefined;
    const cell = same ?? renamed ?? null;
    if (cell) taken.add(cell);
    return { cell, next };
  });
  for (const cell of there.values()) {
    if (replaced.has(cell.definition.module) && !taken.has(cell)) {
      result.push({ cell, next: null });
    }
  }
  return result;
}

function refuse(first: Declared, second: Declared): never {
  try {
    refuseTwice(first, second);
  } catch (error) {
    throw upgradeError("prepare", null, error);
  }
}

function removed(name: string): HolderCallError {
  return new HolderCallError(`Cannot call ${name}: an upgrade removed it`);
}

function chainOf(
  current: StateDefinition,
  next: StateDefinition,
): MigrationLink[] {
  const newer = next.version > current.version ? next : current;
  return migrationChain(
    next.name,
    current.version,
    next.version,
    newer.migrate,
  );
}

function copyStates(
  { copy }: StateDefinition,
  cells: readonly (readonly [name: string, cell: HolderCell])[],
): unknown[] {
  if (copy) {
    return cells.map(([name, { state }]) => copied(name, () => copy(state)));
  }
  try {
    // One call for all is several times faster than one for each.
    return structuredClone(cells.map(([, { state }]) => state));
  } catch {
    return cells.map(([name, { state }]) =>
      copied(name, () => structuredClone(state))
    );
  }
}

function copied(name: string, copy: () => unknown): unknown {
  try {
    return copy();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MigrationError(
      `Cannot copy the state of ${name} for its migration: ${why}; declare copy, or keep such values out of the state`,
      { cause },
    );
  }
}

function changeOf(
  { cell, next }: Pair<{ definition: StateDefinition }, StateDefinition>,
): HolderChange {
  const from = cell?.definition.version ?? null;
  const to = next?.version ?? null;
  const name = next?.name ?? cell!.definition.name;
  const action = from === null
    ? "added"
    : to === null
    ? "removed"
    : from === to
    ? "kept"
    : "migrated";
  return { name, from, to, action };
}

function remove<Cell extends { definition: Declared }>(
  cells: Map<string, Cell>,
  cell: Cell,
): () => void {
  const { name } = cell.definition;
  cells.delete(name);
  return () => cells.set(name, cell);
}

function put<Cell>(
  cells: Map<string, Cell>,
  name: string,
  cell: Cell,
): () => void {
  cells.set(name, cell);
  return () => cells.delete(name);
}
