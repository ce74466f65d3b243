/** What an upgrade does to services: start the new ones, stop the old ones after.
 * @module
 */
import { refuseTwice, type Staging } from "./declarations.ts";
import { ServiceCell } from "./service_cell.ts";
import type { System } from "./system.ts";
import { upgradeError } from "./upgrade_error.ts";

/** The part of an upgrade that concerns services. */
export class ServiceChange {
  readonly #system: System;
  readonly #old: ServiceCell[] = [];
  readonly #next: ServiceCell[] = [];
  readonly #stoppedFirst: ServiceCell[] = [];

  /**
   * @param system the running system
   * @param staging what the new modules declare
   * @param replaced the modules that are reloaded or gone
   * @throws {UpgradeError} if a module that stays declares a name too
   */
  constructor(system: System, staging: Staging, replaced: ReadonlySet<string>) {
    this.#system = system;
    for (const definition of staging.services) {
      const there = system.services.get(definition.name);
      if (there && !replaced.has(there.definition.module)) {
        try {
          refuseTwice(there.definition, definition);
        } catch (error) {
          throw upgradeError("prepare", null, error);
        }
      }
      this.#next.push(new ServiceCell(definition));
    }
    for (const cell of system.services.values()) {
      if (replaced.has(cell.definition.module)) this.#old.push(cell);
    }
  }

  /**
   * Lets the new services take the names of the old ones, in one turn; nothing starts or stops yet.
   *
   * @returns puts the old ones back
   */
  swap(): () => void {
    const { services } = this.#system;
    for (const { definition } of this.#old) services.delete(definition.name);
    for (const cell of this.#next) services.set(cell.definition.name, cell);
    return () => {
      for (const { definition } of this.#next) services.delete(definition.name);
      for (const cell of this.#old) services.set(cell.definition.name, cell);
    };
  }

  /**
   * Starts the new services; an exclusive one only after its predecessor has stopped.
   *
   * @throws {ServiceError} if one does not start, or a predecessor does not stop
   */
  async start(): Promise<void> {
    for (const cell of this.#next) {
      const { name, exclusive } = cell.definition;
      const before = this.#old.find(({ definition }) =>
        definition.name === name
      );
      if (exclusive && before?.running) {
        this.#stoppedFirst.push(before);
        await before.stop();
      }
      await cell.start();
    }
  }

  /**
   * Stops what has started and starts again what has stopped.
   *
   * @throws {ServiceError} if one of the old services does not start again
   */
  async undo(): Promise<void> {
    for (const cell of this.#next) await this.#stopQuietly(cell);
    for (const cell of this.#stoppedFirst) await cell.start();
  }

  /** Stops the old services; one that fails to is reported and counts as stopped. */
  async finish(): Promise<void> {
    for (const cell of this.#old) await this.#stopQuietly(cell);
  }

  async #stopQuietly(cell: ServiceCell): Promise<void> {
    try {
      await cell.stop();
    } catch (error) {
      this.#system.logger.error(
        error instanceof Error ? error.message : String(error),
      );
    }
  }
}
