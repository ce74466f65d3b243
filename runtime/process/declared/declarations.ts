/** What modules have declared: state, services, and where older handles find it.
 * @module
 */
import { errorText } from "../../base/error_text.ts";
import { consoleLogger, type Logger } from "../../base/log.ts";
import type { HotContext } from "../../modules/hot_context.ts";
import { attemptOf } from "../../modules/module_urls.ts";
import { LeavingState } from "./leaving_state.ts";
import { FamilyCell } from "../../state/cells/family_cell.ts";
import { HolderCallError, HolderCell } from "../../state/cells/holder_cell.ts";
import { ServiceCell } from "../../state/cells/service_cell.ts";
import { Subscriptions } from "../../state/cells/subscriptions.ts";
import { ClassRegistry } from "../../state/classes/class_registry.ts";
import {
  type Declaration,
  type Declared,
  refuseTwice,
  Staging,
} from "../../state/staging.ts";

/** Who declares something, and where that stands. */
export interface Declaring {
  /** The module's path under the app root; its URL for one outside, or while the root is not known. */
  readonly module: string;
  /** The line of the declaration there; undefined where a helper declares, or nobody can tell. */
  readonly line: number | undefined;
  /** The staging area it declares to, or null for the running process. */
  readonly staging: Staging | null;
}

/** State that an upgrade removed, by name. */
export interface RemovedState {
  /** The digest of the release that had it, or null for the base image; undefined where nothing was removed. */
  readonly release: string | null | undefined;
  /** The holders. */
  readonly holders: ReadonlyMap<string, HolderCell>;
  /** The families. */
  readonly families: ReadonlyMap<string, FamilyCell>;
}

/** Nothing was removed. */
export const NOTHING_REMOVED: RemovedState = {
  release: undefined,
  holders: new Map(),
  families: new Map(),
};

/** What the modules of a process have declared. */
export class Declarations {
  /** The holders by name. */
  readonly holders: Map<string, HolderCell> = new Map();
  /** The families by name. */
  readonly families: Map<string, FamilyCell> = new Map();
  /** The services by name. */
  readonly services: Map<string, ServiceCell> = new Map();
  /** What `hot(import.meta)` gave out, by path. */
  readonly hots: Map<string, HotContext> = new Map();
  /** The names that state was renamed to, by the names that older handles know. */
  readonly renamed: Map<string, string> = new Map();
  /** Holders and families that upgrades removed, for work that ends in the code that had them. */
  readonly leaving: {
    readonly holders: LeavingState<HolderCell>;
    readonly families: LeavingState<FamilyCell>;
  } = { holders: new LeavingState(), families: new LeavingState() };
  /** State that the last upgrade removed, kept for one rollback. */
  removed: RemovedState = NOTHING_REMOVED;
  /** The classes of the modules that are in. */
  readonly classes: ClassRegistry = new ClassRegistry();
  /** Who listens to state. */
  readonly subscriptions: Subscriptions = new Subscriptions();
  /** Takes messages. */
  logger: Logger = consoleLogger("text");
  readonly #stagings = new Map<number, Staging>();

  /** Opens a staging area for the modules of one attempt. */
  openStaging(attempt: number): Staging {
    const staging = new Staging(attempt);
    this.#stagings.set(attempt, staging);
    return staging;
  }

  /** Forgets a staging area whose declarations are in: they are like any other's. */
  closeStaging(staging: Staging): void {
    if (staging.state === "live") this.#stagings.delete(staging.attempt);
  }

  /** Takes a declaration, to the running process or to a staging area. Throws if another module declares the name. */
  declare(declaration: Declaration, staging: Staging | null): void {
    if (staging && staging.state !== "live") {
      staging.add(declaration);
      return;
    }
    const { kind, definition } = declaration;
    const { name } = definition;
    if (kind === "service") {
      const there = this.services.get(name);
      if (there) refuseTwice(there.definition, definition);
      const cell = new ServiceCell(definition);
      this.services.set(name, cell);
      cell.started = cell.start().catch((error) =>
        this.logger.error(errorText(error))
      );
      return;
    }
    const there: { readonly definition: Declared } | undefined =
      this.holders.get(name) ??
        this.families.get(name);
    if (there) refuseTwice(there.definition, definition);
    if (kind === "holder") {
      this.holders.set(name, new HolderCell(definition, definition.initial()));
    } else {
      const report = (message: string) => this.logger.error(message);
      this.families.set(name, new FamilyCell(definition, report));
    }
  }

  /** The holder that code of a generation knows by a name, whatever it is called now. */
  holderOf(name: string, meets: number): HolderCell | undefined {
    const current = this.currentName(name);
    return this.holders.get(current) ?? this.leaving.holders.of(current, meets);
  }

  /** The family that code of a generation knows by a name, whatever it is called now. */
  familyOf(name: string, meets: number): FamilyCell | undefined {
    const current = this.currentName(name);
    return this.families.get(current) ??
      this.leaving.families.of(current, meets);
  }

  /** Follows the names that state was renamed to. */
  currentName(name: string): string {
    let current = name;
    const seen = new Set<string>();
    while (!this.holders.has(current) && !this.families.has(current)) {
      const next = this.renamed.get(current);
      if (next === undefined || seen.has(next)) return name;
      seen.add(next);
      current = next;
    }
    return current;
  }

  /** Does something as soon as a declaration is in; where it was given up, the use of it says so. */
  whenIn(staging: Staging | null, act: () => void): void {
    if (staging?.state === "staged") staging.onLive(act);
    else act();
  }

  /** Refuses the use of state by code that is not in. Throws if its code is being prepared, or was given up. */
  requireIn(
    purpose: string,
    declared: Declared,
    staging: Staging | null,
  ): void {
    if (staging?.state === "staged") {
      throw new HolderCallError(
        `Cannot ${purpose} while ${declared.module} is being prepared for an upgrade: its state is still with the old code; do it later than the top level of the module`,
      );
    }
    if (staging?.state === "discarded") {
      throw new HolderCallError(
        `Cannot ${purpose} from code of an upgrade that was given up`,
      );
    }
  }

  /** Forgets what some modules have declared, so that other versions of them can declare it. */
  async forgetDeclarations(paths: ReadonlySet<string>): Promise<void> {
    for (const [name, { definition }] of this.holders) {
      if (paths.has(definition.module)) this.holders.delete(name);
    }
    for (const [name, cell] of this.families) {
      if (!paths.has(cell.definition.module)) continue;
      cell.end();
      this.families.delete(name);
    }
    for (const path of paths) this.hots.delete(path);
    for (const [name, cell] of this.services) {
      if (!paths.has(cell.definition.module)) continue;
      this.services.delete(name);
      await this.#stopQuietly(cell);
    }
  }

  /** Stops all services, and lets families rest. */
  async restDeclarations(): Promise<void> {
    for (const cell of this.families.values()) cell.rest();
    for (const cell of this.services.values()) await this.#stopQuietly(cell);
  }

  /** Where a module's classes go. */
  protected classesOf(attempt: number | null): ClassRegistry {
    const staging = this.#stagings.get(attempt ?? -1);
    return staging && staging.state !== "live" ? staging.classes : this.classes;
  }

  /**
   * Finds the staging area that a module declares to. Returns the staging area; null where none of them is prepared.
   */
  protected stagingOf(callers: readonly string[]): Staging | null {
    for (const url of callers) {
      const attempt = attemptOf(url);
      const staging = attempt === null
        ? undefined
        : this.#stagings.get(attempt);
      if (staging) return staging;
    }
    return null;
  }

  async #stopQuietly(cell: ServiceCell): Promise<void> {
    await cell.started;
    try {
      await cell.stop();
    } catch (error) {
      this.logger.error(errorText(error));
    }
  }
}
