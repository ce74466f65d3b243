/** A service: something that runs beside the app, started and stopped with its code.
 * @module
 */
import { AbortController, DOMException } from "../../base/platform/globals.ts";
import { errorText } from "../../base/error_text.ts";
import { within } from "../../base/waiting/deadline.ts";
import { generations } from "../../modules/generations.ts";
import { runPassingGates } from "./holder_cell.ts";

/** What a service is given when it starts. */
export interface ServiceContext {
  /** Aborted when the service is to stop; give it to whatever loops or waits. */
  readonly signal: AbortSignal;
}

/** What a module declared as a service, its types forgotten. */
export interface ServiceDefinition {
  /** The service's name. */
  readonly name: string;
  /** The module that declares it. */
  readonly module: string;
  /** Starts it; what it returns is its handle. */
  readonly start: (context: ServiceContext) => unknown;
  /** Stops it, given its handle. */
  readonly stop: ((handle: unknown) => unknown) | null;
  /** Whether the old one must stop before the new one starts, because both need the same thing. */
  readonly exclusive: boolean;
  /** How long starting or stopping may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** Thrown when a service does not start or stop. */
export class ServiceError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "ServiceError";
}

/** One service and what runs of it. */
export class ServiceCell {
  /** What the code declares. */
  readonly definition: ServiceDefinition;
  /** What `start` returned, once it has. */
  handle: unknown = undefined;
  /** Whether it has started and not stopped. */
  running = false;
  /** Settles when a start that nobody waits for is over. */
  started: Promise<void> = Promise.resolve();
  #abort = new AbortController();
  #starting: Promise<void> | null = null;
  /** Settles when what `start` has begun is over: it runs, or has been stopped. */
  #begun: Promise<unknown> | null = null;

  /**
   * @param definition what the code declares
   */
  constructor(definition: ServiceDefinition) {
    this.definition = definition;
  }

  /**
   * Starts it; calls that its start makes reach suspended holders.
   *
   * A start that settles after its deadline, or after {@linkcode ServiceCell.stop} was called, is stopped then. Throws
   * if it throws, or takes too long.
   */
  async start(): Promise<void> {
    const { name, timeoutMs, start } = this.definition;
    const abort = this.#abort = new AbortController();
    const over = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    this.#starting = begun.promise;
    let late = false;
    const act = async () => {
      const handle = await start({ signal: abort.signal });
      if (late || abort.signal.aborted) await this.#stopLate(handle);
      else {
        this.handle = handle;
        this.running = true;
      }
    };
    try {
      await within(
        timeoutMs,
        // Its right to suspended holders ends with its deadline.
        () =>
          generations.onItsOwn(() =>
            runPassingGates(() => {
              const acting = act();
              const ended = acting.then(() => {}, () => {}).then(() => {
                if (this.#begun === ended) this.#begun = null;
              });
              this.#begun = ended;
              return Promise.race([acting, over.promise]);
            })
          ),
        () => tooLate(timeoutMs),
      );
    } catch (cause) {
      late = true;
      abort.abort();
      throw new ServiceError(
        `Cannot start the service ${name}: ${errorText(cause)}`,
        { cause },
      );
    } finally {
      over.resolve();
      begun.resolve();
      if (this.#abort === abort) this.#starting = null;
    }
  }

  /**
   * Stops it: its signal is aborted, then `stop` is called; calls that it makes reach suspended holders. One that is
   * still starting is stopped when its start settles, for which nobody waits. Throws if it throws, or takes too long;
   * it counts as stopped all the same.
   */
  async stop(): Promise<void> {
    if (!this.running) {
      if (this.#starting) this.#abortNow();
      return;
    }
    await this.#stopRunning();
  }

  /**
   * Stops it for good before another one takes what it needs: one that is still starting, or whose start came too late,
   * is waited for, within its deadline. Throws if it throws, or takes too long; it counts as stopped all the same.
   */
  async stopWholly(): Promise<void> {
    const { name, timeoutMs } = this.definition;
    const starting = this.#begun;
    if (!this.running && starting) {
      this.#abortNow();
      try {
        await within(timeoutMs, () => starting, () => tooLate(timeoutMs));
      } catch (cause) {
        throw new ServiceError(
          `Cannot stop the service ${name}, which is still starting: ${
            errorText(cause)
          }`,
          { cause },
        );
      }
    }
    if (this.running) await this.#stopRunning();
  }

  /** Whether it runs, is starting, or may still run though its start took too long. */
  get isActive(): boolean {
    return this.running || this.#begun !== null;
  }

  async #stopRunning(): Promise<void> {
    this.running = false;
    this.#abortNow();
    try {
      await this.#callStop(this.handle);
    } catch (cause) {
      throw new ServiceError(
        `Cannot stop the service ${this.definition.name}: ${errorText(cause)}`,
        { cause },
      );
    }
  }

  #abortNow(): void {
    const { name } = this.definition;
    this.#abort.abort(
      new DOMException(`The service ${name} stops`, "AbortError"),
    );
  }

  async #callStop(handle: unknown): Promise<void> {
    const { timeoutMs, stop } = this.definition;
    if (!stop) return;
    const over = Promise.withResolvers<void>();
    try {
      await within(
        timeoutMs,
        () => runPassingGates(() => Promise.race([stop(handle), over.promise])),
        () => tooLate(timeoutMs),
      );
    } finally {
      over.resolve();
    }
  }

  async #stopLate(handle: unknown): Promise<void> {
    try {
      await this.#callStop(handle);
    } catch {
      // Whoever waited for the start was told already that it failed, or that it stops.
    }
  }
}

function tooLate(timeoutMs: number): Error {
  return new Error(`it did not settle within ${timeoutMs} ms`);
}
