/** What an upgrade does to holders and families: migrate copies ahead, suspend, migrate the rest, swap, resume.
 * @module
 */
import { performance } from "../../../base/platform/globals.ts";
import { noteGeneration } from "../../../state/cells/action_generation.ts";
import { getHeapStatistics } from "node:v8";
import { deadlineSignal, within } from "../../../base/waiting/deadline.ts";
import { pause } from "../../../base/waiting/pause.ts";
import { upgradeError } from "../../../base/upgrade_error.ts";
import type { Side } from "../../../state/classes/classes.ts";
import type { AppProcess } from "../../../process/process.ts";
import type { RemovedState } from "../../../process/declared/declarations.ts";
import type { HolderChange } from "../../../protocol/machine/machine_result.ts";
import type {
  HolderDefinition,
  StateDefinition,
} from "../../../state/definition.ts";
import { capturedWhy } from "../../../state/copy/hidden_state.ts";
import { originalOf } from "../../../modules/live/calls_as_work.ts";
import { FamilyCell } from "../../../state/cells/family_cell.ts";
import { HolderCell, quiesce } from "../../../state/cells/holder_cell.ts";
import { MigrationError } from "../../../state/migration.ts";
import {
  type MigratedGroup,
  StagedStates,
} from "../../../state/staged_states.ts";
import type { Staging } from "../../../state/staging.ts";
import { ClassChange } from "../class_change.ts";
import type { KeptVariable } from "../kept_refusal.ts";
import { migratedGroups } from "./migrated_groups.ts";
import { migrateError } from "./migrate_error.ts";
import { refuseNewShapes } from "./new_shapes.ts";
import {
  changeOf,
  type FamilyPair,
  type HolderPair,
  pairs,
  refuseOtherKinds,
  removedFor,
  type RemovedName,
} from "./state_pairs.ts";
import { StatesThere } from "./states_there.ts";
import { put, redefine, remove, rename } from "./swapped_cells.ts";

const SLICE_MS = 4;

/** The part of an upgrade that concerns state. */
export class StateChange {
  readonly #appProcess: AppProcess;
  readonly #staging: Staging;
  readonly #replaced: ReadonlySet<string>;
  readonly #before: string | null;
  readonly #holders: readonly HolderPair[];
  readonly #families: readonly FamilyPair[];
  readonly #staged: StagedStates;
  readonly #classes: ClassChange;
  readonly #added = new Map<HolderDefinition, HolderCell>();
  #suspended = false;
  #settleBy = Infinity;
  #timeoutMs = 0;
  #isIn = false;

  /**
   * @param appProcess what runs in this process
   * @param staging what the new modules declare
   * @param replaced the modules that are reloaded or gone
   * @param release the digest of the release that comes in. Default null: the base image
   * @param variables what is kept by name, and the variables of modules that stay. Default none
   * @throws {UpgradeError} if a module that stays declares a name too, or a step to a version is missing
   */
  constructor(
    appProcess: AppProcess,
    staging: Staging,
    replaced: ReadonlySet<string>,
    release: string | null = null,
    variables: () => Iterable<KeptVariable> = () => [],
  ) {
    this.#appProcess = appProcess;
    this.#before = appProcess.release?.sha256 ?? null;
    this.#staging = staging;
    this.#replaced = replaced;
    const { holders, families } = appProcess;
    const removed = removedFor(appProcess.removed, release, staging);
    this.#holders = pairs({
      there: holders,
      removed: removed.holders,
      declared: staging.holders,
      replaced,
    });
    this.#families = pairs({
      there: families,
      removed: removed.families,
      declared: staging.families,
      replaced,
    });
    refuseOtherKinds(this.#families);
    const found = new StatesThere(appProcess, this.#holders, this.#families);
    this.#staged = new StagedStates(
      migratedGroups({
        holders: this.#holders,
        families: this.#families,
        functionWhy: this.#functionWhy,
      }),
      {
        sliceMs: SLICE_MS,
        pause: () => pause(0),
        settle: (name, state) => this.#settle(name, state),
        heapBytes: () => getHeapStatistics().used_heap_size,
        fits: (bytes) => bytes < freeBytes(),
        late: ({ message }) => {
          if (!this.#isIn) return;
          appProcess.logger.error(
            `a promise that had not settled was carried into a migrated state: ${message}`,
          );
        },
      },
    );
    this.#classes = new ClassChange(appProcess, staging, replaced, {
      roots: () => found.all(),
      nameOf: (cell) => found.pathOf(cell),
      definitionOf: (cell) => found.definitionOf(cell),
      stateOf: (cell) => this.#staged.other(cell)?.state ?? cell.state,
      variables,
    });
  }

  /** Functions of replaced code that only classes can reach, in what stays, as far as it was looked through. */
  get hidden(): ClassChange["hidden"] {
    return this.#classes.hidden;
  }

  /** How many holders and members are suspended. */
  get count(): number {
    if (!this.#suspended) return 0;
    let count = 0;
    for (const { cell } of this.#holders) if (cell) count++;
    for (const { cell } of this.#suspendedFamilies()) {
      count += cell?.members.size ?? 0;
    }
    return count;
  }

  /** What becomes of each holder and family, by name. */
  get changes(): HolderChange[] {
    return [...this.#holders, ...this.#families].map(changeOf)
      .sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  }

  /** The state that would be lost: holders, and families that have members. */
  removedState(): RemovedName[] {
    return [...this.#holders, ...this.#families].flatMap(({ cell, next }) => {
      if (!cell || next) return [];
      const { name, module, line } = cell.definition;
      const size = cell instanceof FamilyCell ? cell.members.size : 1;
      const sockets = cell instanceof FamilyCell && !!cell.definition.sockets;
      return size === 0
        ? []
        : [{ name, module, line, size, sockets, consent: `holder:${name}` }];
    });
  }

  /**
   * Copies and migrates what it can while the old code goes on. Throws if a step is missing or fails, or kept state
   * cannot follow its classes; nothing has changed then.
   */
  async ahead(timeoutMs: number): Promise<void> {
    this.#timeoutMs = timeoutMs;
    this.#settleBy = performance.now() + timeoutMs;
    try {
      refuseNewShapes(this.#holders, this.#families);
      this.#classes.prepare();
      this.#eachGate((gate) => this.#classes.watch(gate));
      await this.#staged.ahead();
      await this.#classes.ahead();
    } catch (error) {
      this.#staged.end();
      this.#classes.end();
      throw migrateError(error, this.#definitions());
    }
  }

  /** Brings the state concerned to rest. Throws naming a holder that is still in an action. */
  async suspend(timeoutMs: number): Promise<void> {
    this.#suspended = true;
    const gated: (HolderCell | FamilyCell)[] = [];
    for (const { cell } of this.#holders) if (cell) gated.push(cell);
    for (const { cell } of this.#suspendedFamilies()) {
      if (!cell) continue;
      cell.suspend();
      gated.push(cell);
    }
    using deadline = deadlineSignal(timeoutMs);
    try {
      await quiesce(gated, deadline.signal);
    } catch (error) {
      throw upgradeError("suspend", null, error);
    }
  }

  /**
   * Makes the new states beside the old ones, as far as they are not made yet. Throws if a step is missing or fails; no
   * state has changed then.
   */
  async migrate(timeoutMs: number): Promise<void> {
    this.#timeoutMs = timeoutMs;
    this.#settleBy = performance.now() + timeoutMs;
    try {
      for (const { cell, next } of this.#holders) {
        if (!cell && next) {
          this.#added.set(next, new HolderCell(next, next.initial()));
        }
      }
      await this.#staged.rest();
      this.#classes.rest();
    } catch (error) {
      throw migrateError(error, this.#definitions());
    }
  }

  /** Lets the new definitions and states take the place of the old ones, in one turn. */
  swap(side: () => Side, generation: number = 0): () => void {
    const undo: (() => void)[] = [];
    const { holders, families, renamed, leaving } = this.#appProcess;
    for (const { next } of [...this.#holders, ...this.#families]) {
      if (next) noteGeneration(next.actions, generation);
    }
    for (const { cell, next } of this.#holders) {
      if (cell) undo.push(remove(holders, cell));
      if (!next) {
        if (cell) undo.push(leaving.holders.add(cell.name, cell, generation));
        continue;
      }
      if (cell) undo.push(rename(renamed, cell.definition.name, next.name));
      if (cell) undo.push(redefine(cell, next));
      undo.push(put(holders, next.name, cell ?? this.#added.get(next)!));
    }
    for (const { cell, next } of this.#families) {
      if (cell) undo.push(remove(families, cell));
      if (!next) {
        if (cell) {
          const { name } = cell.definition;
          undo.push(leaving.families.add(name, cell, generation));
        }
        continue;
      }
      if (cell) undo.push(rename(renamed, cell.definition.name, next.name));
      if (cell) {
        const group = this.#appProcess.socketGroups.of(cell);
        if (group && next.sockets) {
          undo.push(group.swap(generation, next.sockets));
        }
        undo.push(() => cell.unbear(), redefine(cell, next));
        undo.push(put(families, next.name, cell));
        continue;
      }
      const { logger } = this.#appProcess;
      const added = new FamilyCell(next, (message) => logger.error(message));
      undo.push(() => added.end(), put(families, next.name, added));
    }
    // Kept state is one object before and after; what a health check did to it stays.
    this.#staged.exchange();
    undo.push(() => this.#staged.exchange());
    const before = (cell: HolderCell) => this.#staged.other(cell);
    this.#eachGate((gate) => gate.before = before);
    undo.push(() => this.#eachGate((gate) => gate.before = null));
    undo.push(this.#classes.swap(side));
    undo.push(() =>
      this.#appProcess.subscriptions.endOf(({ staging }) =>
        staging === this.#staging
      )
    );
    return () => {
      for (const step of undo.toReversed()) step();
    };
  }

  /** Lets calls through again, those that waited first; those for what is gone are of work that ends in the old code. */
  resume(): void {
    this.#staged.end();
    this.#classes.end();
    if (!this.#suspended) return;
    this.#suspended = false;
    this.#eachGate((gate) => gate.before = null);
    for (const { cell } of this.#families) cell?.resume();
    for (const { cell } of this.#holders) cell?.open();
    if (this.#staged.size > 0) {
      this.#appProcess.subscriptions.notify((cell) => this.#staged.has(cell));
    }
  }

  /** Lets all callers meet the new methods of kept instances. */
  settle(): void {
    this.#classes.settle();
  }

  /** Ends what the new code does not declare any more, once there is no way back; its state is kept for one rollback. */
  finish(): void {
    this.#isIn = true;
    const kept = {
      release: this.#before,
      holders: new Map(),
      families: new Map(),
    };
    for (const { cell, next } of this.#holders) {
      if (cell && !next) kept.holders.set(cell.name, cell);
    }
    for (const { cell, next } of this.#families) {
      if (!cell || next) continue;
      cell.rest();
      this.#appProcess.socketGroups.of(cell)?.end();
      kept.families.set(cell.definition.name, cell);
    }
    const { leaving, generations: { floor } } = this.#appProcess;
    leaving.holders.forget(floor);
    leaving.families.forget(floor);
    this.#appProcess.removed = kept satisfies RemovedState;
    this.#classes.finish();
    this.#appProcess.subscriptions.endOf(({ module, staging }) =>
      this.#replaced.has(module) && staging !== this.#staging
    );
  }

  /**
   * All but sockets whose data stays as it is: their handlers are switched like those of servers, so that one that is
   * under way for long holds nothing up.
   */
  #suspendedFamilies(): FamilyPair[] {
    return this.#families.filter(({ cell, next }) =>
      !cell?.definition.sockets || !next?.sockets ||
      cell.definition.version !== next.version
    );
  }

  /** Functions are carried into a copy where they hold on to nothing, or are made of their new text afterwards. */
  readonly #functionWhy: MigratedGroup["functionWhy"] = (
    value,
    holder,
    key,
  ) => {
    if (holder && this.#classes.isFilled(holder, key)) return null;
    const text = this.#appProcess.modules.keeping.plain(
      Function.prototype.toString.call(originalOf(value)),
    );
    return capturedWhy(value, text);
  };

  #definitions(): StateDefinition[] {
    return [...this.#holders, ...this.#families]
      .flatMap(({ cell }) => cell ? [cell.definition] : []);
  }

  #eachGate(act: (gate: HolderCell["gate"]) => void): void {
    for (const { cell } of this.#holders) if (cell) act(cell.gate);
    for (const { cell } of this.#families) if (cell) act(cell.gate);
  }

  async #settle(name: string, state: unknown): Promise<unknown> {
    return await within(
      Math.max(0, this.#settleBy - performance.now()),
      () => state,
      () =>
        new MigrationError(
          `Cannot migrate ${name}: the steps did not settle within ${this.#timeoutMs} ms`,
        ),
    );
  }
}

function freeBytes(): number {
  const { heap_size_limit, used_heap_size } = getHeapStatistics();
  return Math.min(
    heap_size_limit - used_heap_size,
    Deno.systemMemoryInfo().available,
  );
}
