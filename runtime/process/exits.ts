/** Sees calls that end the process, and the signals that ask for its end.
 * @module
 */
import process from "node:process";
import type { Guard } from "./guard.ts";

const END_SIGNALS: ReadonlySet<unknown> = new Set(["SIGTERM", "SIGINT"]);

/**
 * Lets the guard decide about `Deno.exit` and `process.exit`.
 *
 * @param guard the guard
 */
export function watchExits(guard: Guard): void {
  const denoExit = Deno.exit;
  Deno.exit = (code) => {
    guard.refuseExit(code ?? Deno.exitCode);
    return denoExit(code);
  };
  const processExit = process.exit;
  process.exit = ((code) => {
    guard.refuseExit(Number(code ?? process.exitCode ?? 0));
    return processExit.call(process, code);
  }) as typeof process.exit;
  watchSignals(() => guard.signalled());
}

/** An app that listens to such a signal decides about its end itself: its `Deno.exit` is an orderly one then. */
function watchSignals(signalled: () => void): void {
  const add = Deno.addSignalListener;
  const remove = Deno.removeSignalListener;
  const wrapped = new Map<string, Map<() => void, () => void>>();
  Deno.addSignalListener = (signal, listener) => {
    if (!END_SIGNALS.has(signal)) return add(signal, listener);
    const listeners = wrapped.get(signal) ?? new Map<() => void, () => void>();
    wrapped.set(signal, listeners);
    const own = listeners.get(listener) ?? (() => {
      signalled();
      listener();
    });
    listeners.set(listener, own);
    add(signal, own);
  };
  Deno.removeSignalListener = (signal, listener) => {
    const own = wrapped.get(signal)?.get(listener);
    wrapped.get(signal)?.delete(listener);
    remove(signal, own ?? listener);
  };
  // Listeners of `process` come by another way.
  process.on("newListener", (name) => {
    if (END_SIGNALS.has(name) && process.listenerCount(name) === 0) {
      add(name as Deno.Signal, signalled);
    }
  });
  process.on("removeListener", (name) => {
    if (END_SIGNALS.has(name) && process.listenerCount(name) === 0) {
      remove(name as Deno.Signal, signalled);
    }
  });
}
