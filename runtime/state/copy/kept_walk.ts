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
import { kindOf } from "./value_kind.ts";

/** Where something was found: in what, and how to put something else there. */
export interface KeptPlace {
  /** As `rooms["a"].players[0]`. */
  readonly path: string;
  /** What the walk began with: the holder or member. */
  readonly root: KeptRoot;
  /** Whether nothing else can be put there: it is what the walk began with, or what a promise has come to. */
  readonly isRoot: boolean;
  /** Puts another value there. Returns puts the first one back. */
  replace(value: unknown): () => void;
}

/** Where the walk begins. */
export interface KeptRoot {
  /** What it is called: `rooms["a"]`. */
  readonly name: string;
  /** The value. */
  readonly value: unknown;
}

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

interface Step {
  readonly object: object;
  readonly from: Step | null;
  readonly root: KeptRoot;
  readonly via:
    | "root"
    | "member"
    | "getter"
    | "setter"
    | "private"
    | "awaited"
    | "element"
    | "map key"
    | "map value";
  readonly key: unknown;
  /** Whether it is behind what only a class can reach. */
  readonly isPrivate: boolean;
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

interface PrivateKey {
  readonly fields: PrivateFields;
  readonly name: string;
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

function placeOf(step: Step): KeptPlace {
  return {
    get path() {
      return pathOf(step);
    },
    root: step.root,
    isRoot: step.via === "root" || step.via === "awaited",
    replace: (value) => replaceAt(step, value),
  };
}

function pathOf({ from, root, via, key }: Step): string {
  const before = from ? pathOf(from) : "";
  switch (via) {
    case "root":
      return root.name;
    case "awaited":
      return `${before}(awaited)`;
    case "element":
      return `${before}[${key}]`;
    case "map key":
      return `${before}.keys()[${key}]`;
    case "map value":
      return `${before}.get(${
        typeof key === "string"
          ? JSON.stringify(key)
          : typeof key === "object" || typeof key === "function"
          ? "…"
          : String(key)
      })`;
    case "private":
      return `${before}.${(key as PrivateKey).name}`;
    case "member":
    case "getter":
    case "setter": {
      if (typeof key === "symbol") return `${before}[${String(key)}]`;
      const name = key as string;
      if (/^\d+$/.test(name)) return `${before}[${name}]`;
      return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
        ? `${before}.${name}`
        : `${before}[${JSON.stringify(name)}]`;
    }
  }
}

function replaceAt(
  { object, from, via, key }: Step,
  value: unknown,
): () => void {
  const container = from?.object;
  switch (via) {
    case "root":
      throw new TypeError("The state itself is replaced by its holder");
    case "awaited":
      throw new TypeError("What a promise has come to cannot be replaced");
    case "member": {
      const member = Reflect.getOwnPropertyDescriptor(
        container!,
        key as PropertyKey,
      )!;
      Object.defineProperty(container!, key as PropertyKey, {
        ...member,
        value,
      });
      return () =>
        Object.defineProperty(container!, key as PropertyKey, member);
    }
    case "getter":
    case "setter":
      // Neither is a class or an instance of one.
      throw new TypeError("Accessors are not replaced");
    case "private": {
      const { fields, name } = key as PrivateKey;
      Reflect.set(fields, name, value);
      return () => Reflect.set(fields, name, object);
    }
    case "map value":
      Map.prototype.set.call(container, key, value);
      return () => Map.prototype.set.call(container, key, object);
    case "map key": {
      const map = container as Map<unknown, unknown>;
      const entries = [...Map.prototype.entries.call(map)];
      refillMap(
        map,
        entries.map(([it, to]) => [it === object ? value : it, to]),
      );
      return () => refillMap(map, entries);
    }
    case "element": {
      const set = container as Set<unknown>;
      const values = [...Set.prototype.values.call(set)];
      refillSet(set, values.map((it) => it === object ? value : it));
      return () => refillSet(set, values);
    }
  }
}

// The order of entries is part of the state.
function refillMap(
  map: Map<unknown, unknown>,
  entries: readonly (readonly unknown[])[],
): void {
  Map.prototype.clear.call(map);
  for (const [key, value] of entries) Map.prototype.set.call(map, key, value);
}

function refillSet(set: Set<unknown>, values: readonly unknown[]): void {
  Set.prototype.clear.call(set);
  for (const value of values) Set.prototype.add.call(set, value);
}
