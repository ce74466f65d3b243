/** A service: something that runs beside the app, started and stopped with its code.
 * @module
 */
import { within } from "../base/deadline.ts";
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

  /**
   * @param definition what the code declares
   */
  constructor(definition: ServiceDefinition) {
    this.definition = definition;
  }

  /**
   * Starts it; calls that its start makes reach suspended holders.
   *
   * @throws {ServiceError} if it throws, or takes too long
   */
  async start(): Promise<void> {
    const { name, timeoutMs, start } = this.definition;
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      this.handle = await within(
        timeoutMs,
        () => runPassingGates(() => start({ signal })),
        () => late(timeoutMs),
      );
      this.running = true;
    } catch (cause) {
      this.#abort.abort();
      throw new ServiceError(
        `Cannot start the service ${name}: ${messageOf(cause)}`,
        { cause },
      );
    }
  }

  /**
   * Stops it: its signal is aborted, then `stop` is called; calls that it makes reach suspended holders.
   *
   * @throws {ServiceError} if it throws, or takes too long; it counts as stopped all the same
   */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.running = false;
    const { name, timeoutMs, stop } = this.definition;
    this.#abort.abort(
      new DOMException(`The service ${name} stops`, "AbortError"),
    );
    if (!stop) return;
    try {
      await within(
        timeoutMs,
        () => runPassingGates(() => stop(this.handle)),
        () => late(timeoutMs),
      );
    } catch (cause) {
      throw new ServiceError(
        `Cannot stop the service ${name}: ${messageOf(cause)}`,
        { cause },
      );
    }
  }
}

function late(timeoutMs: number): Error {
  return new Error(`it did not settle within ${timeoutMs} ms`);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
