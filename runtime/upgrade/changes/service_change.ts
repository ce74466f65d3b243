/** What an upgrade does to services: start the new ones, stop the old ones after.
 * @module
 */
import { errorText } from "../../base/error_text.ts";
import { refuseTwice, type Staging } from "../../state/staging.ts";
import { ServiceCell, ServiceError } from "../../state/cells/service_cell.ts";
import type { AppProcess } from "../../process/process.ts";
import { upgradeError } from "../../base/upgrade_error.ts";

/** The part of an upgrade that concerns services. */
export class ServiceChange {
  readonly #appProcess: AppProcess;
  readonly #old: ServiceCell[] = [];
  readonly #next: ServiceCell[] = [];
  readonly #stoppedFirst: ServiceCell[] = [];
  #starting: Promise<void> = Promise.resolve();
  #isUndone = false;

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
    for (const definition of staging.services) {
      const there = appProcess.services.get(definition.name);
      if (there && !replaced.has(there.definition.module)) {
        try {
          refuseTwice(there.definition, definition);
        } catch (error) {
          throw upgradeError("load", null, error);
        }
      }
      this.#next.push(new ServiceCell(definition));
    }
    for (const cell of appProcess.services.values()) {
      if (replaced.has(cell.definition.module)) this.#old.push(cell);
    }
  }

  /** Lets the new services take the names of the old ones, in one turn; nothing starts or stops yet. */
  swap(): () => void {
    const { services } = this.#appProcess;
    for (const { definition } of this.#old) services.delete(definition.name);
    for (const cell of this.#next) services.set(cell.definition.name, cell);
    return () => {
      for (const { definition } of this.#next) services.delete(definition.name);
      for (const cell of this.#old) services.set(cell.definition.name, cell);
    };
  }

  /**
   * Starts the new services; an exclusive one only after its predecessor has stopped. Throws if one does not start, or
   * a predecessor does not stop.
   */
  start(): Promise<void> {
    const starting = this.#startAll();
    this.#starting = starting.catch(() => {});
    return starting;
  }

  async #startAll(): Promise<void> {
    for (const cell of this.#next) {
      const { name, exclusive } = cell.definition;
      const before = this.#old.find(({ definition }) =>
        definition.name === name
      );
      if (exclusive && before?.isActive) {
        this.#stoppedFirst.push(before);
        await before.stopWholly();
      }
      this.#refuseUndone();
      await cell.start();
      this.#refuseUndone();
    }
  }

  // The new code may fail in the middle of it, by a timer for one.
  #refuseUndone(): void {
    if (this.#isUndone) throw new ServiceError("The upgrade was undone");
  }

  /**
   * Stops what has started and starts again what has stopped; what is starting or stopping meanwhile ends first, if
   * both need the same thing. Throws if one of the old services does not start again.
   */
  async undo(): Promise<void> {
    this.#isUndone = true;
    for (const cell of this.#next) await this.#stopQuietly(cell);
    if (this.#stoppedFirst.length > 0) await this.#starting;
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
      this.#appProcess.logger.error(
        errorText(error),
      );
    }
  }
}
