/** The members of one family: holders by key, made when first wanted.
 * @module
 */
import { thrownText } from "../../base/error_text.ts";
import { performance } from "../../base/platform/globals.ts";
import type { FamilyDefinition, HolderDefinition } from "../definition.ts";
import { isThenable } from "../../base/waiting/thenable.ts";
import { currentCaller, isPassing } from "./call_context.ts";
import { Gate } from "./gate.ts";
import {
  type DefinitionSource,
  HolderCallError,
  HolderCell,
} from "./holder_cell.ts";

const SWEEPS_PER_IDLE_TIME = 4;

/** One family. */
export class FamilyCell {
  /** What the newest code declares; members look theirs up here. */
  definition: FamilyDefinition;
  /** The members by key. */
  readonly members: Map<string, HolderCell> = new Map();
  /** What an upgrade closes: one for all members. */
  readonly gate: Gate<HolderCell> = new Gate();
  // Wanted while an upgrade has the family suspended: their first state comes from whichever code is in afterwards.
  readonly #unborn = new Map<string, HolderCell>();
  // Made by new code that is not yet trusted.
  readonly #bornByCheck = new Map<string, HolderCell>();
  readonly #usedAt = new WeakMap<HolderCell, number>();
  readonly #report: (message: string) => void;
  #suspended = false;
  #sweeper: ReturnType<typeof setInterval> | null = null;

  /**
   * @param definition what the code declares
   * @param report takes what goes wrong without a caller
   */
  constructor(
    definition: FamilyDefinition,
    report: (message: string) => void = () => {},
  ) {
    this.definition = definition;
    this.#report = report;
    this.#keepSweeping();
  }

  /** A member, made if it is not there. */
  member(key: string): HolderCell {
    let cell = this.members.get(key);
    if (!cell) {
      cell = this.#unborn.get(key);
      if (!cell) {
        const source = new MemberSource(this, key);
        cell = new HolderCell(source, undefined, this.gate);
        if (this.#suspended && !this.#mayBear()) this.#unborn.set(key, cell);
        else this.#bear(key, cell);
      } else if (this.#mayBear()) {
        this.#bear(key, cell);
        this.#unborn.delete(key);
      }
    }
    if (this.definition.idleMs !== null) {
      this.#usedAt.set(cell, performance.now());
    }
    return cell;
  }

  /**
   * The state of a member as the caller may see it; of one that waits for an upgrade to end, what its first state
   * would be.
   */
  stateOf(key: string): unknown {
    const cell = this.member(key);
    return this.#unborn.has(key) ? cell.definition.initial() : cell.shown;
  }

  /** Removes a member; calls that wait for it are refused. */
  remove(key: string): boolean {
    const cell = this.members.get(key) ?? this.#unborn.get(key);
    if (!cell) return false;
    this.members.delete(key);
    this.#unborn.delete(key);
    this.#bornByCheck.delete(key);
    cell.refuseWaiting(
      new HolderCallError(
        `Cannot call ${cell.name}: the member was removed`,
      ),
    );
    return true;
  }

  /** Stops making members with the code that is going out. */
  suspend(): void {
    this.#suspended = true;
    if (this.gate.state === "open") this.gate.state = "draining";
  }

  /** Forgets the members that new code has made, which is taken out: they wait for the code that is in afterwards. */
  unbear(): void {
    for (const [key, cell] of this.#bornByCheck) {
      this.members.delete(key);
      cell.state = undefined;
      if (cell.waiting > 0) this.#unborn.set(key, cell);
    }
    this.#bornByCheck.clear();
  }

  /** Makes the members that were wanted meanwhile, with the code that is in now, and takes calls. */
  resume(): void {
    this.#suspended = false;
    this.#bornByCheck.clear();
    for (const [key, cell] of [...this.#unborn]) {
      this.#unborn.delete(key);
      try {
        this.#bear(key, cell);
      } catch (error) {
        cell.refuseWaiting(
          error instanceof Error ? error : new Error(thrownText(error)),
        );
      }
    }
    this.gate.open();
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

  /** Evicts the members that have been idle for too long. */
  sweep(now: number): void {
    const { idleMs, evicted, name } = this.definition;
    if (idleMs === null || this.#suspended) return;
    for (const [key, cell] of this.members) {
      const busy = !cell.idle || cell.waiting > 0 || cell.isFollowed;
      if (busy) this.#usedAt.set(cell, now);
      else if (now - (this.#usedAt.get(cell) ?? now) >= idleMs) {
        this.members.delete(key);
        if (!evicted) continue;
        const failed = (error: unknown) =>
          this.#report(
            `evicted of ${name}[${key}] failed: ${thrownText(error)}`,
          );
        try {
          const result: unknown = evicted(cell.state, key);
          if (isThenable(result)) Promise.resolve(result).catch(failed);
        } catch (error) {
          failed(error);
        }
      }
    }
  }

  /** An action in flight makes it with the old code, a check with the code that it checks; others wait. */
  #mayBear(): boolean {
    return isPassing() ||
      (this.gate.state !== "closed" && currentCaller().chain.length > 0);
  }

  #bear(key: string, cell: HolderCell): void {
    cell.state = cell.definition.initial();
    this.members.set(key, cell);
    this.gate.touched?.add(cell);
    this.gate.walked?.add(cell);
    if (this.#suspended && isPassing()) this.#bornByCheck.set(key, cell);
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

/** Looks up what a member is in its family: an upgrade changes a million of them by changing one. */
class MemberSource implements DefinitionSource {
  readonly #family: FamilyCell;
  readonly #key: string;
  #of: FamilyDefinition | null = null;
  #made: HolderDefinition | null = null;

  constructor(family: FamilyCell, key: string) {
    this.#family = family;
    this.#key = key;
  }

  get definition(): HolderDefinition {
    const { definition } = this.#family;
    if (this.#of !== definition) {
      this.#of = definition;
      this.#made = memberDefinition(definition, this.#key);
    }
    return this.#made!;
  }
}

/** What one member of a family is, seen as a holder. */
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
    ...(family.classes ? { classes: family.classes } : {}),
    keepFunctions: family.keepFunctions ?? false,
    module: family.module,
    initial: () => family.initialOf(key),
  };
}
