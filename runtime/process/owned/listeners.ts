/** The listeners that modules add while they are evaluated: to signals, to events of the process, to global events.
 * @module
 */
import process from "node:process";
import { OWNED_LISTENERS } from "../left/functions_of.ts";
import type { LeftHandlers } from "../left/left_handlers.ts";
import { type Owner, Owners, type OwnersContext } from "./owners.ts";

/** One listener. */
interface Listening extends Owner {
  /** The event. */
  readonly event: string;
  /** Calls the app's own. */
  readonly call: (...args: unknown[]) => unknown;
  /** Takes it off. */
  readonly remove: () => void;
  isIn: boolean;
}

type Listener = (...args: unknown[]) => unknown;
type GlobalListener = EventListenerOrEventListenerObject;

const GLOBAL = ["addEventListener", "removeEventListener"] as const;
const ADDERS = {
  on: false,
  addListener: false,
  once: true,
  prependListener: false,
  prependOnceListener: true,
} as const;

/** All such listeners. Those of new code hear nothing until it is in. */
export class Listeners extends Owners<Listening> {
  readonly #left: LeftHandlers;
  #hasLoaded = false;

  /**
   * @param context what is needed
   * @param left takes those that nobody's evaluation adds
   */
  constructor(context: OwnersContext, left: LeftHandlers) {
    super(context);
    this.#left = left;
  }

  /** Sees what listeners are added. */
  install(): void {
    this.#installSignals();
    this.#installGlobal();
    this.#installProcess();
  }

  protected override replace(
    before: readonly Listening[],
    next: readonly Listening[],
  ): void {
    for (const entry of next) entry.isIn = true;
    this.drop(before);
    const { generations } = this.context;
    for (const { event, call, remove } of next) {
      // The app has loaded long ago: a process that starts now would hear of it.
      if (event !== "load" || !this.#hasLoaded) continue;
      remove();
      generations.outside(() =>
        generations.startWork(() => call(new Event("load")))
      );
    }
  }

  protected override drop(entries: readonly Listening[]): void {
    for (const entry of entries) {
      entry.isIn = false;
      entry.remove();
    }
  }

  /** Makes the listener that stands for the app's own; null where no evaluation adds it. */
  #owned(
    event: string,
    listener: object,
    call: Listener,
    remove: (own: Listener) => void,
    isOnce = false,
  ): Listener | null {
    const { owner } = this;
    const { generations } = this.context;
    if (owner === null) {
      // What a service adds, it takes off when it stops.
      if (generations.work?.isOwn) OWNED_LISTENERS.add(listener);
      return null;
    }
    const entry: Listening = {
      ...owner,
      event,
      call,
      remove: () => {
        this.current.delete(entry);
        remove(own);
      },
      isIn: false,
    };
    const own: Listener = function (this: unknown, ...args) {
      if (!entry.isIn) return;
      if (isOnce) entry.remove();
      // Work of its own: it is not the evaluation that goes on.
      return generations.as(
        null,
        () => generations.startWork(() => call.apply(this, args)),
      );
    };
    OWNED_LISTENERS.add(own);
    this.take(entry);
    return own;
  }

  #installSignals(): void {
    const { addSignalListener: add, removeSignalListener: remove } = Deno;
    const owned = new Map<string, Map<() => void, () => void>>();
    Deno.addSignalListener = (signal, listener) => {
      const byListener = owned.get(signal) ?? new Map();
      owned.set(signal, byListener);
      if (typeof listener !== "function" || byListener.has(listener)) {
        return add(signal, listener);
      }
      const own = this.#owned(signal, listener, listener, (it) => {
        byListener.delete(listener);
        remove(signal, it as () => void);
      });
      if (own) byListener.set(listener, own as () => void);
      else if (!OWNED_LISTENERS.has(listener)) {
        this.#left.signal(signal, listener);
      }
      add(signal, (own ?? listener) as () => void);
    };
    Deno.removeSignalListener = (signal, listener) => {
      const own = owned.get(signal)?.get(listener);
      owned.get(signal)?.delete(listener);
      this.#left.endSignal(signal, listener);
      remove(signal, own ?? listener);
    };
  }

  #installGlobal(): void {
    const [add, remove] = GLOBAL.map((name) =>
      globalThis[name].bind(globalThis)
    ) as [typeof addEventListener, typeof removeEventListener];
    add("load", () => this.#hasLoaded = true, { once: true });
    const owned = new WeakMap<object, Map<string, Listener>>();
    const keyOf = (type: string, options: unknown) =>
      `${type} ${
        typeof options === "object" && options !== null
          ? (options as { capture?: boolean }).capture === true
          : options === true
      }`;
    const wrappedAdd = (
      type: string,
      listener: GlobalListener | null,
      options?: boolean | AddEventListenerOptions,
    ): void => {
      if (listener === null || listener === undefined) {
        return add(type, listener as never, options);
      }
      const key = keyOf(type, options);
      const keys = owned.get(listener) ?? new Map<string, Listener>();
      owned.set(listener, keys);
      // The same one twice is one.
      if (keys.has(key)) return;
      const { once = false, ...rest } = typeof options === "object"
        ? options
        : { capture: options === true };
      const call: Listener = function (this: unknown, event) {
        return typeof listener === "function"
          ? listener.call(this as typeof globalThis, event as Event)
          : listener.handleEvent(event as Event);
      };
      const own = this.#owned(type, listener, call, (it) => {
        keys.delete(key);
        remove(type, it as EventListener, rest);
      }, once);
      if (own === null) return add(type, listener, options);
      keys.set(key, own);
      add(type, own as EventListener, rest);
    };
    const wrappedRemove = (
      type: string,
      listener: GlobalListener | null,
      options?: boolean | EventListenerOptions,
    ): void => {
      const keys = listener === null || listener === undefined
        ? undefined
        : owned.get(listener);
      const key = keyOf(type, options);
      const own = keys?.get(key);
      keys?.delete(key);
      remove(type, (own ?? listener) as EventListener, options);
    };
    for (
      const [name, value] of [[GLOBAL[0], wrappedAdd], [
        GLOBAL[1],
        wrappedRemove,
      ]] as const
    ) {
      Object.defineProperty(globalThis, name, {
        value,
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
  }

  #installProcess(): void {
    const emitter = process as unknown as Record<
      string,
      (name: string | symbol, listener: Listener) => unknown
    >;
    const remove = emitter.removeListener!.bind(process);
    for (const [name, isOnce] of Object.entries(ADDERS)) {
      const native = emitter[name]!.bind(process);
      // Without "once": it must not be used up before its code is in.
      const lasting =
        emitter[name.startsWith("prepend") ? "prependListener" : "on"]!
          .bind(process);
      const wrapped = (event: string | symbol, listener: Listener) => {
        if (typeof listener !== "function") return native(event, listener);
        const own = this.#owned(
          String(event),
          listener,
          listener,
          (it) => void remove(event, it),
          isOnce,
        );
        if (own === null) return native(event, listener);
        // By this name the emitter knows the app's own again.
        Object.assign(own, { listener });
        return lasting(event, own);
      };
      Object.defineProperty(process, name, {
        value: wrapped,
        configurable: true,
        enumerable: false,
        writable: true,
      });
    }
  }
}
