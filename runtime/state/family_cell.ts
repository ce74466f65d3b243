/** The members of one family: holders by key, made when first wanted.
 * @module
 */
import type { FamilyDefinition, HolderDefinition } from "./definition.ts";
import { HolderCallError, HolderCell } from "./holder_cell.ts";

const SWEEPS_PER_IDLE_TIME = 4;

/** One family. */
export class FamilyCell {
  /** What the newest code declares. */
  definition: FamilyDefinition;
  /** The members by key. */
  readonly members: Map<string, HolderCell> = new Map();
  // Made while an upgrade has the family suspended: their first state comes from whichever code is in afterwards.
  readonly #unborn = new Map<string, HolderCell>();
  readonly #usedAt = new WeakMap<HolderCell, number>();
  #suspended = false;
  #sweeper: ReturnType<typeof setInterval> | null = null;

  /**
   * @param definition what the code declares
   */
  constructor(definition: FamilyDefinition) {
    this.definition = definition;
    this.#keepSweeping();
  }

  /**
   * A member, made if it is not there.
   *
   * @param key its key
   * @returns the member
   */
  member(key: string): HolderCell {
    let cell = this.members.get(key) ?? this.#unborn.get(key);
    if (!cell) {
      const definition = memberDefinition(this.definition, key);
      if (this.#suspended) {
        cell = new HolderCell(definition, undefined);
        cell.close();
        this.#unborn.set(key, cell);
      } else {
        cell = new HolderCell(definition, definition.initial());
        this.members.set(key, cell);
      }
    }
    if (this.definition.idleMs !== null) {
      this.#usedAt.set(cell, performance.now());
    }
    return cell;
  }

  /**
   * The state of a member; of one that waits for an upgrade to end, what its first state would be.
   *
   * @param key its key
   * @returns the state
   */
  stateOf(key: string): unknown {
    const cell = this.member(key);
    return this.#unborn.has(key) ? cell.definition.initial() : cell.state;
  }

  /**
   * Removes a member; calls that wait for it are refused.
   *
   * @param key its key
   * @returns whether there was one
   */
  remove(key: string): boolean {
    const cell = this.members.get(key) ?? this.#unborn.get(key);
    if (!cell) return false;
    this.members.delete(key);
    this.#unborn.delete(key);
    cell.refuseWaiting(
      new HolderCallError(
        `Cannot call ${cell.definition.name}: the member was removed`,
      ),
    );
    return true;
  }

  /**
   * Rejects all calls that wait for members, for a family that is gone.
   *
   * @param reason makes the error, told the member
   */
  refuseWaiting(reason: (member: string) => Error): void {
    for (const cell of [...this.members.values(), ...this.#unborn.values()]) {
      cell.refuseWaiting(reason(cell.definition.name));
    }
    this.#unborn.clear();
  }

  /** Stops making members with the code that is going out. */
  suspend(): void {
    this.#suspended = true;
  }

  /** Makes the members that were wanted meanwhile, with the code that is in now. */
  resume(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    for (const [key, cell] of this.#unborn) {
      cell.definition = memberDefinition(this.definition, key);
      try {
        cell.state = cell.definition.initial();
        this.members.set(key, cell);
        cell.open();
      } catch (error) {
        cell.refuseWaiting(
          error instanceof Error ? error : new Error(String(error)),
        );
      }
    }
    this.#unborn.clear();
    this.#keepSweeping();
  }

  /** Stops looking for idle members. */
  rest(): void {
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#sweeper = null;
  }

  /** Ends the family, after an upgrade that removes it. */
  end(): void {
    this.rest();
    for (const key of [...this.members.keys(), ...this.#unborn.keys()]) {
      this.remove(key);
    }
  }

  /**
   * Evicts the members that have been idle for too long.
   *
   * @param now the time on the clock that never jumps, in milliseconds
   */
  sweep(now: number): void {
    const { idleMs, evicted } = this.definition;
    if (idleMs === null || this.#suspended) return;
    for (const [key, cell] of this.members) {
      const busy = !cell.idle || cell.waiting > 0 || cell.listeners.size > 0;
      if (busy) this.#usedAt.set(cell, now);
      else if (now - (this.#usedAt.get(cell) ?? now) >= idleMs) {
        this.members.delete(key);
        evicted?.(cell.state, key);
      }
    }
  }

  #keepSweeping(): void {
    this.rest();
    const { idleMs } = this.definition;
    if (idleMs === null) return;
    this.#sweeper = setInterval(
      () => this.sweep(performance.now()),
      Math.max(10, idleMs / SWEEPS_PER_IDLE_TIME),
    );
    this.#sweeper.unref();
  }
}

/**
 * What one member of a family is, seen as a holder.
 *
 * @param family the family
 * @param key the member's key
 * @returns the definition; its name is `family[key]`
 */
export function memberDefinition(
  family: FamilyDefinition,
  key: string,
): HolderDefinition {
  return {
    name: `${family.name}[${key}]`,
    renamedFrom: null,
    version: family.version,
    migrate: family.migrate,
    actions: family.actions,
    copy: family.copy,
    module: family.module,
    initial: () => family.initialOf(key),
  };
}
