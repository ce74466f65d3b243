/** Read-only views of state.
 * @module
 */

import { types } from "node:util";
import { privateMembers } from "../../texts/class_text.ts";
import { isCopyOfBytes, meansBytes, refuseText } from "./views_of_bytes.ts";
import { classNameOf, kindOf, noteView, originalOf } from "../value_kind.ts";

/** A type whose every member, however deep, cannot be written. */
export type DeepReadonly<T> =
  // First, because a string with a brand is an object as well to the type checker.
  T extends string | number | bigint | boolean | symbol | null | undefined ? T
    : T extends (...args: never[]) => unknown ? T
    : T extends ReadonlyMap<infer K, infer V>
      ? ReadonlyMap<DeepReadonly<K>, DeepReadonly<V>>
    : T extends ReadonlySet<infer V> ? ReadonlySet<DeepReadonly<V>>
    : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

const views = new WeakMap<object, object>();
/** The state that an object was first seen in, by the object. */
const states = new WeakMap<object, object>();

/** The methods by which built-in objects change. */
const MUTATOR =
  /^(?:write.*|swap\d+|set|add|delete|clear|getOrInsert|getOrInsertComputed|append|fill|sort|reverse|copyWithin|resize|grow|transfer|transferToFixedLength|set[A-Z].*|push|pop|shift|unshift|splice)$/;

function refuse(): never {
  throw new TypeError(
    "Cannot change the state of a holder from outside: it is a read-only view; call an action",
  );
}

const handler: ProxyHandler<object> = {
  get(target, key, view) {
    if (meansBytes(target, key)) return refuseText();
    const own = Reflect.getOwnPropertyDescriptor(target, key);
    const value: unknown = Reflect.get(target, key, receiverOf(target, view));
    // A proxy must report a constant member as it is, or the engine throws.
    if (own && !own.configurable && own.writable === false) return value;
    if (typeof value !== "function") return viewIn(target, value);
    return key === "constructor" ? value : methodOf(target, key, value);
  },
  set: refuse,
  defineProperty: refuse,
  deleteProperty: refuse,
  setPrototypeOf: refuse,
  preventExtensions: refuse,
  getOwnPropertyDescriptor(target, key) {
    const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
    if (
      descriptor && "value" in descriptor &&
      (descriptor.configurable || descriptor.writable)
    ) {
      descriptor.value = viewIn(target, descriptor.value);
    }
    return descriptor;
  },
};

// A member is looked up by what the view showed of it, too.
function passedIn(target: object, argument: unknown): unknown {
  return shieldCallback(target, originalOf(argument));
}

function shieldCallback(target: object, argument: unknown): unknown {
  if (typeof argument !== "function") return argument;
  return (...args: unknown[]) =>
    argument(...args.map((it) => viewIn(target, it)));
}

// Getters of plain objects and classes cannot write; those of built-ins and private members know no view.
function receiverOf(target: object, view: unknown): unknown {
  const { kind } = kindOf(target);
  return kind === "plain" || kind === "array" || kind === "own" ? view : target;
}

// deno-lint-ignore ban-types -- whatever can be called
function methodOf(target: object, key: string | symbol, value: Function) {
  switch (kindOf(target).kind) {
    case "plain":
    case "array":
    case "own":
      return value;
    case "builtin":
      return insideMethod(target, key, value);
  }
  if (types.isProxy(target)) return value;
  if (isNative(value)) return insideMethod(target, key, value);
  const names = privateMembersOf(target);
  if (names.length === 0) return onScratch(target, value);
  if (typeof key === "symbol" || READERS.has(key)) {
    return (...args: unknown[]) =>
      viewIn(
        target,
        Reflect.apply(
          value,
          target,
          args.map((it) => shieldCallback(target, it)),
        ),
      );
  }
  return () => {
    throw new TypeError(
      `Cannot call ${
        classNameOf(target)
      }.${key} on a read-only view: nothing can keep it from changing its private members (${
        names.join(", ")
      }); call it in an action, or read through a getter`,
    );
  };
}

// deno-lint-ignore ban-types -- whatever can be called
function insideMethod(target: object, key: string | symbol, value: Function) {
  if (typeof key === "string" && MUTATOR.test(key)) return refuse;
  return (...args: unknown[]) => {
    const found: unknown = Reflect.apply(
      value,
      target,
      args.map((it) => passedIn(target, it)),
    );
    return isForeignIterator(target, found)
      ? found.map((it) => viewIn(target, it))
      : isCopyOfBytes(target, key)
      ? found
      : viewIn(target, found);
  };
}

/** Deno's own iterators, of headers for one, write to themselves. */
function isForeignIterator(
  target: object,
  found: unknown,
): found is IteratorObject<unknown> {
  return found instanceof Iterator &&
    (target instanceof Headers || target instanceof URLSearchParams);
}

/** A method of a class that extends a built-in: `super` knows no view, so that it works on a copy of views. */
// deno-lint-ignore ban-types -- whatever can be called
function onScratch(target: object, value: Function) {
  return function (this: object, ...args: unknown[]): unknown {
    return viewIn(
      target,
      Reflect.apply(value, scratchOf(target) ?? this, args),
    );
  };
}

function scratchOf(target: object): object | null {
  let scratch: object;
  if (target instanceof Map) {
    scratch = new Map([...Map.prototype.entries.call(target)].map((
      [key, value],
    ) => [viewIn(target, key), viewIn(target, value)]));
  } else if (target instanceof Set) {
    scratch = new Set(
      [...Set.prototype.values.call(target)].map((it) => viewIn(target, it)),
    );
  } else if (target instanceof Date) scratch = new Date(target.getTime());
  else if (Array.isArray(target)) scratch = [];
  else if (target instanceof Uint8Array) scratch = Uint8Array.from(target);
  else return null;
  for (const key of Reflect.ownKeys(target)) {
    const member = Reflect.getOwnPropertyDescriptor(target, key)!;
    if ("value" in member) {
      member.value = viewIn(target, member.value);
      if (key !== "length") member.writable = false;
    }
    if (!ArrayBuffer.isView(target)) {
      Object.defineProperty(scratch, key, member);
    }
  }
  for (const name of CHANGING) {
    if (name in target) Object.defineProperty(scratch, name, { value: refuse });
  }
  Object.setPrototypeOf(scratch, Object.getPrototypeOf(target));
  return Object.preventExtensions(scratch);
}

const CHANGING = [
  ...["set", "add", "delete", "clear", "push", "pop", "shift", "unshift"],
  ...["splice", "sort", "reverse", "fill", "copyWithin", "setTime"],
];

/** What reads by its name, in classes with private members. */
const READERS = new Set([
  ...["toString", "toLocaleString", "toJSON", "valueOf"],
  ...["entries", "keys", "values"],
]);

function privateMembersOf(value: object): string[] {
  const names: string[] = [];
  for (
    let link: object | null = Object.getPrototypeOf(value);
    link !== null;
    link = Object.getPrototypeOf(link)
  ) {
    const { constructor } = link;
    if (typeof constructor === "function") {
      names.push(...privateMembers(constructor));
    }
  }
  return [...new Set(names)];
}

/** Whether an object is an array, or as literals make it. */
export function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function isNative(value: unknown): boolean {
  return typeof value === "function" &&
    Function.prototype.toString.call(value).endsWith("{ [native code] }");
}

/** What the host gave out is used by all who hold it; a proxy of it would not be equal to it, nor work. */
function isHandedOut(value: object): boolean {
  return kindOf(value).kind === "host" &&
    !(value instanceof Promise || value instanceof WeakMap ||
      value instanceof WeakSet || value instanceof WeakRef ||
      value instanceof SharedArrayBuffer);
}

// The engine would make a proxy hand out what a frozen object holds as it is; a copy that is not frozen stays the same.
function thawed(value: object): object {
  if (!isPlain(value) || !Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return [...value];
  const copy: object = Object.create(Object.getPrototypeOf(value));
  for (const key of Reflect.ownKeys(value)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(value, key)!;
    Object.defineProperty(copy, key, { ...descriptor, configurable: true });
  }
  return copy;
}

/**
 * Makes a view of a value that cannot be written through, however deep.
 *
 * Methods and getters see the view as `this`, so they cannot write either. Of classes with private members the
 * getters and iterators can be used, other methods are refused; methods of classes that extend a built-in work on a
 * copy of views. Sockets, streams and whatever else belongs to the host are handed out as themselves.
 */
export function readOnly<T>(value: T): DeepReadonly<T> {
  if (typeof value !== "object" || value === null) {
    return value as DeepReadonly<T>;
  }
  return viewOf(value, value) as DeepReadonly<T>;
}

/** The view of what an object of a state holds. */
function viewIn(holder: object, value: unknown): unknown {
  return typeof value === "object" && value !== null
    ? viewOf(value, states.get(holder) ?? holder)
    : value;
}

/** The state that an object was first seen in. Returns the state, or undefined where no view shows the object. */
export function seenIn(original: object): object | undefined {
  return states.get(original);
}

function viewOf(value: object, state: object): object {
  const there = views.get(value);
  if (there) return there;
  if (originalOf(value) !== value || isHandedOut(value)) return value;
  const target = thawed(value);
  const view = new Proxy(target, handler);
  views.set(value, view);
  states.set(value, state);
  if (target !== value) states.set(target, state);
  noteView(view, value);
  return view;
}
