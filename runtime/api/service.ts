/** Something that runs beside the app and is started and stopped with its code.
 * @module
 */
import type {
  ServiceContext,
  ServiceDefinition,
} from "../state/cells/service_cell.ts";
import { appProcess } from "../process/process.ts";

/** How a service starts and stops. */
export interface ServiceSpec<Handle> {
  /** Starts it, when its module is loaded or an upgrade brings it in; holders can be called. */
  readonly start: (context: ServiceContext) => Handle | Promise<Handle>;
  /** Stops it, when an upgrade has replaced or removed it; its signal is aborted already, and holders can be called. */
  readonly stop?: (handle: Handle) => unknown;
  /**
   * Whether the old one is stopped before the new one starts, because both need the same port, file or lease.
   * Default false: the new one starts first, and a start that fails leaves the old one running.
   */
  readonly exclusive?: boolean;
  /** How long starting or stopping may take, in milliseconds. Default 10000. */
  readonly timeoutMs?: number;
}

/** A service as callers see it. */
export interface Service<Handle> {
  /** What `start` returned in the newest code; undefined while it has not started. */
  readonly handle: Handle | undefined;
  /** Whether it runs. */
  readonly running: boolean;
}

/**
 * Declares a service: a timer, a consumer, a listener that lives as long as its code.
 *
 * When an upgrade reloads its module, the new one is started before the old one is stopped; when the upgrade is
 * given up, the old one has never stopped.
 *
 * @param name the service's name, one for the whole app
 * @param spec how it starts and stops
 * @returns the service
 * @throws {DeclarationError} if another module declares the name
 *
 * @example
 * ```ts
 * import { holder, service, stop } from "@flyhot/runtime";
 *
 * const clock = holder("clock", {
 *   state: () => ({ ticks: 0 }),
 *   actions: { tick: (state) => ++state.ticks },
 * });
 *
 * service("ticker", {
 *   start: ({ signal }) => {
 *     const timer = setInterval(() => clock.tick(), 1000);
 *     signal.addEventListener("abort", () => clearInterval(timer));
 *   },
 * });
 *
 * await stop(); // at the end of the process
 * ```
 */
export function service<Handle>(
  name: string,
  spec: ServiceSpec<Handle>,
): Service<Handle> {
  const declaring = appProcess.declaring();
  const { stop } = spec;
  const definition: ServiceDefinition = {
    name,
    start: spec.start,
    stop: stop ? (handle) => stop(handle as Handle) : null,
    exclusive: spec.exclusive ?? false,
    timeoutMs: spec.timeoutMs ?? 10_000,
    get module() {
      return declaring.module;
    },
  };
  appProcess.declare({ kind: "service", definition }, declaring.staging);
  return Object.freeze({
    get handle() {
      return appProcess.services.get(name)?.handle as Handle | undefined;
    },
    get running() {
      return appProcess.services.get(name)?.running ?? false;
    },
  });
}
