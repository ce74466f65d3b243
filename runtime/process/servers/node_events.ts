/** What the events of Node's servers tell: whose work they are, and when it is over.
 * @module
 */
import type { Generations, Work } from "../../modules/generations.ts";
import { PASS_HEADER, type Passes } from "./passes.ts";

/** Emits an event. */
export type Emit = (name: string | symbol, ...args: unknown[]) => boolean;

/** Whatever emits events. */
export interface Emitter {
  /** Emits one. */
  emit: Emit;
  /** Listens once. */
  once(name: string, listener: () => void): unknown;
  /** How many listen. */
  listenerCount(name: string | symbol): number;
}

/** What events need. */
export interface NodeEventsContext {
  /** The generations of the process. */
  readonly generations: Generations;
  /** Told what a listener threw, and whose work it was. */
  note(error: unknown, work: Work | null): void;
}

/** Lets the events of a request, a response or a socket be of the work that they belong to. */
export function follow(
  value: unknown,
  work: Work | null,
  inContext: <T>(act: () => T) => T,
  { generations, note }: NodeEventsContext,
): void {
  if (!isEmitter(value) || Object.hasOwn(value, "emit")) return;
  const { emit } = value;
  const own: Emit = function (...args) {
    try {
      // What the app's own code emits stays in the context that this code has made; what nobody hears needs none.
      return (work !== null && generations.work === work) ||
          value.listenerCount(args[0]) === 0
        ? emit.apply(value, args)
        : inContext(() => generations.as(work, () => emit.apply(value, args)));
    } catch (error) {
      note(error, work);
      throw error;
    }
  };
  Object.defineProperty(value, "emit", {
    value: own,
    configurable: true,
    writable: true,
  });
}

/**
 * Tells when a request is answered. Returns settles then; undefined for other events, which are over when their
 * listeners return.
 */
export function answered(args: readonly unknown[]): Promise<void> | undefined {
  const response = args[1];
  if (!isEmitter(response) || !("writeHead" in response)) return undefined;
  return new Promise((resolve) => response.once("close", resolve));
}

/** Takes the pass of a health check off a request. Returns the work of the check, or null for a stranger. */
export function redeemed(
  args: readonly unknown[],
  passes: Passes,
): Work | null {
  for (const arg of args) {
    if (typeof arg !== "object" || arg === null) continue;
    const message = arg as {
      headers?: Record<string, unknown>;
      rawHeaders?: unknown[];
    };
    const headers = message.headers ?? arg as Record<string, unknown>;
    const secret = headers[PASS_HEADER];
    if (typeof secret !== "string") continue;
    delete headers[PASS_HEADER];
    const { rawHeaders = [] } = message;
    const at = rawHeaders.findIndex((name, index) =>
      index % 2 === 0 && String(name).toLowerCase() === PASS_HEADER
    );
    if (at >= 0) rawHeaders.splice(at, 2);
    return passes.redeem(secret);
  }
  return null;
}

function isEmitter(value: unknown): value is Emitter {
  return typeof value === "object" && value !== null && "emit" in value &&
    typeof value.emit === "function" && "once" in value &&
    "listenerCount" in value;
}
