/** Finds in kept state what an upgrade must know of: instances of replaced classes, class objects, functions.
 * @module
 */
import { performance } from "../../base/platform/globals.ts";
import { EventEmitter } from "node:events";
import { inspect, types } from "node:util";
import type { AnyClass } from "../classes/class_registry.ts";
import { isClass } from "../../modules/live/calls_as_work.ts";
import type { PrivateFields } from "../../modules/left/private_fields.ts";
import { privateAccess } from "../classes/private_fields.ts";
import {
  type KeptPlace,
  type KeptRoot,
  placeOf,
  type Step,
} from "./kept_place.ts";
import { kindOf } from "../copy/value_kind.ts";

/** Takes what the walk finds. */
export interface KeptVisitor {
  /** Tells whether instances with this prototype are wanted. */
  wantsInstance(prototype: object): boolean;
  /** An instance that is wanted, once for each; twice where it was met behind private fields first. */
  instance(instance: object, place: () => KeptPlace): void;
  /** A reference to an instance that is wanted, the first one included. */
  reference?(instance: object, place: () => KeptPlace): void;
  /** Any object, once for each. */
  object?(value: object, place: () => KeptPlace): void;
  /** A function or a class object. */
  function?(
    value: AnyClass,
    place: () => KeptPlace,
    of: { readonly object: object; readonly key: unknown } | null,
  ): void;
  /** A function that only a class can reach. */
  hidden?(
    value: AnyClass,
    place: () => KeptPlace,
    of: { readonly object: object; readonly key: unknown } | null,
  ): void;
  /** What may hold something where no walk comes: a closure, a promise, a map by identity, what packages hide. */
  opaque?(value: object, place: () => KeptPlace): void;
  /** A symbol, as a key or a value. */
  symbol?(value: symbol, place: () => KeptPlace, of: object | null): void;
}

const CHECK_CLOCK_EVERY = 64;

/** A walk through kept state, which can be made a little at a time. */
export class KeptWalk {
  readonly #visitor: KeptVisitor;
  readonly #seen = new Set<object>();
  /** What was met behind private fields alone: whatever else leads there may have more to say of it. */
  readonly #seenPrivately = new Set<object>();
  readonly #open: Step[] = [];
  readonly #promises: Step[] = [];
  readonly #wanted = new WeakMap<object, boolean>();

  /**
   * @param visitor takes what is found
   */
  constructor(visitor: KeptVisitor) {
    this.#visitor = visitor;
  }

  /** Adds state to walk through. */
  add(root: KeptRoot): void {
    this.#visit(root.value, null, root, "root", null);
  }

  /** Goes on walking. */
  run(endsAt: number = Infinity): boolean {
    for (let turns = 1;; turns++) {
      const step = this.#open.pop();
      if (!step) return true;
      this.#enter(step);
      if (turns % CHECK_CLOCK_EVERY === 0 && performance.now() >= endsAt) {
        return this.#open.length === 0;
      }
    }
  }

  /** Goes on in what promises have come to that it has met. Returns whether there were some. */
  async settled(): Promise<boolean> {
    const met = this.#promises.splice(0);
    for (const step of met) {
      const promise = step.object as Promise<unknown>;
      // Whoever waits for one that fails later would hide it from who is told of what nobody has caught.
      if (!isFulfilled(promise)) continue;
      const { value } = await valueOf(promise);
      this.#visit(value, step, step.root, "awaited", null);
    }
    return met.length > 0;
  }

  #visit(
    value: unknown,
    from: Step | null,
    root: KeptRoot,
    via: Step["via"],
    key: unknown,
  ): void {
    // Functions that only a class can reach are mostly known by whom they were given to.
    const isPrivate = via === "private" || from?.isPrivate === true;
    if (typeof value === "function") {
      const it = value as AnyClass;
      const isHidden = isPrivate && !isClass(value as () => unknown);
      this.#visitor[isHidden ? "hidden" : "function"]?.(
        it,
        () => placeOf({ object: it, from, root, via, key, isPrivate }),
        via === "member" && from ? { object: from.object, key } : null,
      );
      if (!this.#isSeen(value, isPrivate)) {
        const step: Step = { object: value, from, root, via, key, isPrivate };
        this.#visitor.opaque?.(value, () => placeOf(step));
      }
      // What emitters call once is behind a function of their own.
      if (Object.hasOwn(value, "listener") && !types.isProxy(value)) {
        const { listener } = value as { readonly listener?: unknown };
        if (typeof listener === "function") {
          const step: Step = { object: value, from, root, via, key, isPrivate };
          this.#visit(listener, step, root, "member", "listener");
        }
      }
      return;
    }
    if (typeof value === "symbol") {
      if (isPrivate) return;
      const step = {
        object: Object(value),
        from,
        root,
        via,
        key,
        isPrivate,
      };
      this.#visitor.symbol?.(value, () => placeOf(step), null);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const wanted = this.#isWanted(value);
    if (wanted && this.#visitor.reference) {
      const step: Step = { object: value, from, root, via, key, isPrivate };
      this.#visitor.reference(value, () => placeOf(step));
    }
    if (this.#isSeen(value, isPrivate)) return;
    const step: Step = { object: value, from, root, via, key, isPrivate };
    const isProxy = types.isProxy(value);
    const isHost = isProxy || kindOf(value).kind === "host";
    const isClosed = isHost || types.isGeneratorObject(value);
    if (
      isClosed || privateAccess(Object.getPrototypeOf(value)).hides
    ) {
      this.#visitor.opaque?.(value, () => placeOf(step));
    }
    if (isProxy) return;
    if (types.isPromise(value)) this.#promises.push(step);
    if (!isPrivate) this.#visitor.object?.(value, () => placeOf(step));
    if (wanted) this.#visitor.instance(value, () => placeOf(step));
    if (wanted || !isHost || isTarget(value)) {
      this.#open.push(step);
    } else if (value instanceof EventTarget) this.#enterListeners(step);
    else if (value instanceof MessageChannel) {
      for (const key of ["port1", "port2"] as const) {
        this.#visit(value[key], step, root, "member", key);
      }
    }
  }

  /** Whether somebody has been there, in the same way or a better one; from now on somebody has. */
  #isSeen(value: object, isPrivate: boolean): boolean {
    if (this.#seen.has(value)) return true;
    const seen = isPrivate ? this.#seenPrivately : this.#seen;
    if (seen.has(value)) return true;
    seen.add(value);
    return false;
  }

  #isWanted(value: object): boolean {
    if (types.isProxy(value)) return false;
    const prototype: object | null = Object.getPrototypeOf(value);
    if (prototype === null || prototype === Object.prototype) return false;
    let wanted = this.#wanted.get(prototype);
    if (wanted === undefined) {
      wanted = this.#visitor.wantsInstance(prototype);
      this.#wanted.set(prototype, wanted);
    }
    return wanted;
  }

  /** What listens to a port, a signal, a worker: the rest of it is the platform's own. */
  #enterListeners(step: Step): void {
    for (const key of Object.getOwnPropertySymbols(step.object)) {
      if (!LISTENERS.has(key)) continue;
      const held: unknown = Reflect.get(step.object, key);
      if (types.isMap(held)) {
        // What is assigned to `onmessage` and its like is behind a function of the platform's.
        for (const [name, it] of Map.prototype.entries.call(held)) {
          const { handler } = it as { readonly handler?: unknown };
          this.#visit(handler, step, step.root, "member", `on${name}`);
        }
      } else this.#visit(held, step, step.root, "member", key);
    }
  }

  #enter(step: Step): void {
    const { object, root } = step;
    if (ArrayBuffer.isView(object) || types.isAnyArrayBuffer(object)) return;
    if (types.isMap(object)) {
      let at = 0;
      for (const [key, value] of Map.prototype.entries.call(object)) {
        this.#visit(key, step, root, "map key", at++);
        this.#visit(value, step, root, "map value", key);
      }
    } else if (types.isSet(object)) {
      let at = 0;
      for (const value of Set.prototype.values.call(object)) {
        this.#visit(value, step, root, "element", at++);
      }
    }
    for (const key of Reflect.ownKeys(object)) {
      const member = Reflect.getOwnPropertyDescriptor(object, key);
      const value: unknown = member?.value;
      if (typeof key === "symbol" && !step.isPrivate) {
        const at: Step = {
          object: Object(key),
          from: step,
          root,
          via: "member",
          key,
          isPrivate: false,
        };
        this.#visitor.symbol?.(key, () => placeOf(at), object);
      }
      if (
        typeof value === "object" && value !== null ||
        typeof value === "function" || typeof value === "symbol"
      ) this.#visit(value, step, root, "member", key);
      // Getters are looked at, not called; those of errors are the engine's.
      if (types.isNativeError(object)) continue;
      if (member?.get) this.#visit(member.get, step, root, "getter", key);
      if (member?.set) this.#visit(member.set, step, root, "setter", key);
    }
    for (const show of privateAccess(Object.getPrototypeOf(object)).shown) {
      const fields = show(object);
      for (const name of Object.keys(fields ?? {})) {
        // One that is being made does not have all of them.
        const value = readOf(fields!, name);
        this.#visit(value, step, root, "private", { fields, name });
      }
    }
  }
}

function readOf(fields: PrivateFields, name: string): unknown {
  try {
    return Reflect.get(fields, name);
  } catch {
    return undefined;
  }
}

/** Where the platform notes listeners, and what is assigned to `onmessage` and its like. */
export const LISTENERS: ReadonlySet<symbol> = listenerKeys();

function listenerKeys(): ReadonlySet<symbol> {
  const { port1: port } = new MessageChannel();
  const target = new EventTarget();
  const keys = (it: object) => new Set(Object.getOwnPropertySymbols(it));
  const before = keys(target).union(keys(port));
  const beforeOfTarget = keys(target);
  target.addEventListener("told", () => {});
  port.onmessageerror = () => {};
  port.close();
  return keys(port).difference(before)
    .union(keys(target).difference(beforeOfTarget));
}

/** Whether a promise has come to a value; false for those of other kinds, which may do something when they are asked. */
function isFulfilled(promise: Promise<unknown>): boolean {
  if (
    Object.getPrototypeOf(promise) !== Promise.prototype ||
    Object.hasOwn(promise, "constructor")
  ) return false;
  const shown = inspect(promise, {
    depth: 0,
    customInspect: false,
    maxArrayLength: 0,
    maxStringLength: 1,
  });
  return !/^Promise \{\s+<(?:pending|rejected)>/.test(shown);
}

function valueOf(promise: Promise<unknown>): Promise<{ value: unknown }> {
  return Promise.prototype.then.call(
    promise,
    (value) => ({ value }),
  ) as Promise<
    { value: unknown }
  >;
}

/** What holds nothing but its listeners. */
function isTarget(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === EventTarget.prototype ||
    prototype === EventEmitter.prototype;
}
