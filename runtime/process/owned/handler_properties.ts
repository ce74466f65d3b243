/** The handlers that modules put into global properties while they are evaluated: `onerror`, `onunhandledrejection` and kin.
 * @module
 */
import { type Owner, Owners } from "./owners.ts";

type Handler = (this: unknown, ...args: unknown[]) => unknown;

/** One handler. */
interface Handling extends Owner {
  /** The property. */
  readonly name: string;
  /** What the code has put there. */
  readonly value: unknown;
  /** What stands for it. */
  readonly own: unknown;
}

interface Accessor {
  readonly get: () => unknown;
  readonly set: (value: unknown) => void;
}

/** All such handlers. Those of new code hear nothing until it is in; what it does not set is empty then. */
export class HandlerProperties extends Owners<Handling> {
  readonly #natives = new Map<string, Accessor>();
  readonly #values = new WeakMap<object, unknown>();
  readonly #waiting = new Set<Handling>();
  #hasLoaded = false;

  /** Sees what is put into the properties. */
  install(): void {
    globalThis.addEventListener("load", () => this.#hasLoaded = true, {
      once: true,
    });
    for (
      const [name, { get, set, ...about }] of Object.entries(
        Object.getOwnPropertyDescriptors(globalThis),
      )
    ) {
      if (!/^on[a-z]+$/.test(name) || !get || !set || !about.configurable) {
        continue;
      }
      this.#natives.set(name, {
        get: get.bind(globalThis),
        // It adds a listener, which is not the module's by itself.
        set: (value) =>
          this.context.generations.outside(() => set.call(globalThis, value)),
      });
      Object.defineProperty(globalThis, name, {
        get: () => this.#get(name),
        set: (value: unknown) => this.#set(name, value),
        configurable: true,
        enumerable: about.enumerable ?? true,
      });
    }
  }

  protected override replace(
    before: readonly Handling[],
    next: readonly Handling[],
  ): void {
    for (const entry of [...before, ...next]) this.#waiting.delete(entry);
    for (const { name, own } of before) {
      const native = this.#natives.get(name)!;
      if (native.get() === own) native.set(null);
    }
    const { generations } = this.context;
    for (const { name, own } of next) {
      this.#natives.get(name)!.set(own);
      // The app has loaded long ago: a process that starts now would hear of it.
      if (name !== "onload" || !this.#hasLoaded) continue;
      if (typeof own === "function") {
        generations.outside(() => (own as Handler)(new Event("load")));
      }
    }
  }

  protected override drop(entries: readonly Handling[]): void {
    for (const entry of entries) this.#waiting.delete(entry);
  }

  #get(name: string): unknown {
    const { owner } = this;
    const waiting = [...this.#waiting].findLast((it) =>
      it.name === name && owner !== null && it.attempt === owner.attempt
    );
    if (waiting) return waiting.value;
    const there = this.#natives.get(name)!.get();
    // What replaced modules have put there, new code does not find.
    if (owner !== null && this.waits(owner) && this.#isReplaced(name, owner)) {
      return null;
    }
    return typeof there === "function" && this.#values.has(there)
      ? this.#values.get(there)
      : there;
  }

  #isReplaced(name: string, owner: Owner): boolean {
    const there = this.#natives.get(name)!.get();
    return [...this.current].some((it) =>
      it.name === name && it.own === there &&
      !this.isTaken(owner, (entry) => entry === it)
    );
  }

  #set(name: string, value: unknown): void {
    const { owner } = this;
    if (owner === null) {
      for (const it of this.current) {
        if (it.name === name) this.current.delete(it);
      }
      this.#natives.get(name)!.set(value);
      return;
    }
    const { generations } = this.context;
    const own = typeof value !== "function" ? value : function (
      this: unknown,
      ...args: unknown[]
    ) {
      // Work of its own: it is not the evaluation that goes on.
      return generations.as(
        null,
        () => generations.startWork(() => (value as Handler).apply(this, args)),
      );
    };
    if (typeof own === "function") this.#values.set(own, value);
    const entry: Handling = { ...owner, name, value, own };
    if (this.waits(owner)) this.#waiting.add(entry);
    else {
      for (const it of this.current) {
        if (it.name === name) this.current.delete(it);
      }
    }
    this.take(entry);
  }
}
