/** Sees calls that end the process, and the signals that ask for its end.
 * @module
 */
import { constants } from "node:os";
import process from "node:process";
import { type StandIn, standInFor } from "../../modules/packages/stand_ins.ts";
import type { Guard } from "./guard.ts";

const END_SIGNALS = ["SIGTERM", "SIGINT"] as const;
const EXIT_CODES = { SIGTERM: 143, SIGINT: 130 } as const;

/** By these a process ends itself as by an exit, whatever it listens to. */
const OWN_ENDS = [
  "SIGTERM",
  "SIGINT",
  "SIGQUIT",
  "SIGABRT",
  "SIGKILL",
] as const;

/**
 * Lets the guard decide about whatever ends the process: `Deno.exit` and `process.exit`, `close()`, `process.abort`,
 * signals that it sends to itself.
 */
export function watchExits(
  guard: Guard,
  endSignals: EndSignals,
): ReadonlyMap<string, StandIn> {
  const denoExit = Deno.exit;
  Deno.exit = (code) => {
    guard.refuseExit(`Deno.exit(${code ?? Deno.exitCode})`);
    return denoExit(code);
  };
  const processExit = process.exit;
  process.exit = ((code) => {
    guard.refuseExit(`process.exit(${code ?? process.exitCode ?? 0})`);
    return processExit.call(process, code);
  }) as typeof process.exit;
  const { close } = globalThis;
  globalThis.close = () => {
    guard.refuseExit("close()");
    close();
  };
  const { abort } = process;
  process.abort = () => {
    guard.refuseExit("process.abort()");
    return abort.call(process);
  };
  watchOwnSignals(guard);
  endSignals.install(() => guard.signalled());
  return new Map([
    ["node:process", standInFor("node:process", ["abort", "exit"])],
  ]);
}

function watchOwnSignals(guard: Guard): void {
  const denoKill = Deno.kill;
  Deno.kill = (pid, signal = "SIGTERM") => {
    if (pid === Deno.pid && OWN_ENDS.some((it) => it === signal)) {
      guard.refuseExit(`Deno.kill(Deno.pid, "${signal}")`);
    }
    return denoKill(pid, signal);
  };
  // By this one `process.kill` sends, however it was imported.
  const sending = process as unknown as {
    _kill(pid: number, signal: number): number;
  };
  const { _kill } = sending;
  if (typeof _kill !== "function") return;
  const numbers = new Map<number, string>(
    OWN_ENDS.map((name) => [constants.signals[name], name]),
  );
  sending._kill = (pid, signal) => {
    const name = numbers.get(signal);
    if (pid === Deno.pid && name) {
      guard.refuseExit(`process.kill(process.pid, "${name}")`);
    }
    return _kill.call(process, pid, signal);
  };
}

/**
 * The signals that ask the process to end. An app that listens to one decides about its end itself: its `Deno.exit` is
 * an orderly one then.
 */
export class EndSignals {
  readonly #add = Deno.addSignalListener;
  readonly #remove = Deno.removeSignalListener;
  readonly #exit = Deno.exit;
  readonly #kill = Deno.kill;
  readonly #wrapped = new Map<string, Map<() => void, () => void>>();

  /** Begins to see the signals that the app listens to. */
  install(signalled: () => void): void {
    Deno.addSignalListener = (signal, listener) => {
      if (!isEnd(signal)) return this.#add(signal, listener);
      const listeners = this.#listeners(signal);
      const own = listeners.get(listener) ?? (() => {
        signalled();
        listener();
      });
      listeners.set(listener, own);
      this.#add(signal, own);
    };
    Deno.removeSignalListener = (signal, listener) => {
      const own = this.#listeners(signal).get(listener);
      this.#listeners(signal).delete(listener);
      this.#remove(signal, own ?? listener);
    };
    // Listeners of `process` come by another way.
    process.on("newListener", (name) => {
      if (isEnd(name) && process.listenerCount(name) === 0) {
        this.#add(name, signalled);
      }
    });
    process.on("removeListener", (name) => {
      if (isEnd(name) && process.listenerCount(name) === 0) {
        this.#remove(name, signalled);
      }
    });
  }

  /** Does something before the process ends by a signal; where the app does not listen to it, the process ends then. */
  onEnd(act: () => Promise<void>): () => void {
    const listeners = END_SIGNALS.map((signal) => {
      const listener = () => {
        end();
        act().catch(() => {}).finally(() => {
          if (!this.#appListens(signal)) this.#end(signal);
        });
      };
      this.#add(signal, listener);
      return { signal, listener };
    });
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      for (const { signal, listener } of listeners) {
        this.#remove(signal, listener);
      }
    };
    return end;
  }

  #appListens(signal: typeof END_SIGNALS[number]): boolean {
    return this.#listeners(signal).size > 0 ||
      process.listenerCount(signal) > 0;
  }

  #end(signal: typeof END_SIGNALS[number]): void {
    try {
      this.#kill(Deno.pid, signal);
    } catch {
      // Without the permission to send it.
      this.#exit(EXIT_CODES[signal]);
    }
  }

  #listeners(signal: string): Map<() => void, () => void> {
    const listeners = this.#wrapped.get(signal) ?? new Map();
    this.#wrapped.set(signal, listeners);
    return listeners;
  }
}

function isEnd(name: unknown): name is typeof END_SIGNALS[number] {
  return END_SIGNALS.some((signal) => signal === name);
}
