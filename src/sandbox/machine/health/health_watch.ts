/** What the health checks of one machine last said.
 * @module
 */
import { checksOf, watchChecks } from "./health_checks.ts";
import type { CheckStatus, MachineConfig } from "../records/machine_types.ts";

/** Asks the checks of one machine while it is started. */
export class HealthWatch {
  readonly #url: string;
  readonly #changed: () => void;
  readonly #statuses = new Map<string, CheckStatus>();
  #watching: AbortController | null = null;
  #done: Promise<unknown> = Promise.resolve();

  constructor(url: string, changed: () => void) {
    this.#url = url;
    this.#changed = changed;
  }

  /** What every check last said; `warning` where it was not asked yet. */
  statuses(config: MachineConfig, updatedAt: string): readonly CheckStatus[] {
    return checksOf(config).map(({ name }) =>
      this.#statuses.get(name) ?? {
        name,
        status: "warning",
        output: "waiting for the first answer",
        updated_at: updatedAt,
      }
    );
  }

  /** Begins to ask; nothing happens if it is asking already. */
  start(config: MachineConfig): void {
    const checks = checksOf(config);
    if (checks.length === 0 || this.#watching !== null) return;
    const stop = new AbortController();
    const done = watchChecks(checks, this.#url, (status) => {
      this.#statuses.set(status.name, status);
      this.#changed();
    }, stop.signal);
    this.#watching = stop;
    // The one before may still be waiting for its last answer.
    this.#done = Promise.all([this.#done, done]);
  }

  /** Ends asking; what was said last is kept. */
  async stop(): Promise<void> {
    this.#watching?.abort();
    this.#watching = null;
    await this.#done;
  }

  /** Forgets what was said, as after an update. */
  clear(): void {
    this.#statuses.clear();
  }
}
