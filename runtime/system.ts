/** What runs in this process: modules, live boundaries, holders, the current release.
 *
 * There is one per process, found by a well-known symbol, so that a second copy of this package joins it.
 *
 * @module
 */
import { callingModules } from "./caller.ts";
import { refuseTwice, Staging } from "./declarations.ts";
import {
  HolderCallError,
  HolderCell,
  type HolderDefinition,
} from "./holder_cell.ts";
import { LiveBoundaries } from "./live_boundaries.ts";
import { attemptOf, ModuleLoading } from "./module_loading.ts";
import type { CurrentRelease } from "./release.ts";

/** A holder's declaration as its handle knows it. */
export interface DeclaredHolder {
  /**
   * The holder's cell.
   *
   * @param purpose what it is wanted for, for messages
   * @throws {HolderCallError} if the declaration is not live, or the holder is gone
   */
  cell(purpose: string): HolderCell;
}

/** The running system. */
export class System {
  /** The modules: their URLs, and who imported what. */
  readonly modules: ModuleLoading = new ModuleLoading();
  /** The live boundaries. */
  readonly boundaries: LiveBoundaries = new LiveBoundaries(this.modules);
  /** The holders by name. */
  readonly holders: Map<string, HolderCell> = new Map();
  /** The release that is in, or null on the base image. */
  release: CurrentRelease | null = null;
  /** How many upgrades were applied since the process started. */
  upgrades = 0;
  /** Old module instances that Deno cannot free, and their source size. */
  retained: { modules: number; bytes: number } = { modules: 0, bytes: 0 };
  readonly #stagings = new Map<number, Staging>();

  /**
   * Opens a staging area for the modules of one attempt.
   *
   * @param attempt the number in the cache-busting query of its modules
   * @returns the staging area
   */
  openStaging(attempt: number): Staging {
    const staging = new Staging(attempt);
    this.#stagings.set(attempt, staging);
    return staging;
  }

  /**
   * Declares a holder for whichever module is calling.
   *
   * @param define makes the definition, told the module
   * @returns the declaration
   * @throws {DeclarationError} if another module declares the name
   */
  declareHolder(
    define: (module: () => string) => HolderDefinition,
  ): DeclaredHolder {
    const callers = callingModules();
    const staging = this.#stagingOf(callers);
    const owner = callers[0] ?? "";
    // Asked late: modules declare before the app root is known.
    const definition = define(() => this.modules.table?.pathOf(owner) ?? owner);
    if (staging && staging.state !== "live") staging.addHolder(definition);
    else this.#addLive(definition);
    return { cell: (purpose) => this.#cell(definition, purpose, staging) };
  }

  #addLive(definition: HolderDefinition): void {
    const there = this.holders.get(definition.name);
    if (there) refuseTwice(there.definition, definition);
    this.holders.set(
      definition.name,
      new HolderCell(definition, definition.initial()),
    );
  }

  #cell(
    definition: HolderDefinition,
    purpose: string,
    staging: Staging | null,
  ): HolderCell {
    if (staging?.state === "staged") {
      throw new HolderCallError(
        `Cannot ${purpose} while ${definition.module} is being prepared for an upgrade: its state is still with the old code; do it later than the top level of the module`,
      );
    }
    if (staging?.state === "discarded") {
      throw new HolderCallError(
        `Cannot ${purpose} from code of an upgrade that was given up`,
      );
    }
    const cell = this.holders.get(definition.name);
    if (!cell) {
      throw new HolderCallError(
        `Cannot ${purpose}: an upgrade removed the holder ${definition.name}`,
      );
    }
    return cell;
  }

  #stagingOf(callers: readonly string[]): Staging | null {
    for (const url of callers) {
      const attempt = attemptOf(url);
      const staging = attempt === null
        ? undefined
        : this.#stagings.get(attempt);
      if (staging) return staging;
    }
    return null;
  }
}

const KEY = Symbol.for("@flyhot/runtime");

function systemOfProcess(): System {
  const shared = globalThis as { [KEY]?: System };
  return shared[KEY] ??= new System();
}

/** The system of this process. */
export const system: System = systemOfProcess();
