/** Read-only views of state.
 * @module
 */

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
const originals = new WeakMap<object, object>();
const keepers = new WeakMap<object, boolean>();

/** The methods by which built-in objects change. */
const MUTATOR =
  /^(?:set|add|delete|clear|getOrInsert|getOrInsertComputed|append|fill|sort|reverse|copyWithin|resize|grow|transfer|transferToFixedLength|set[A-Z].*)$/;

function refuse(): never {
  throw new TypeError(
    "Cannot change the state of a holder from outside: it is a read-only view; call an action",
  );
}

const handler: ProxyHandler<object> = {
  get(target, key) {
    const value: unknown = Reflect.get(target, key, target);
    const own = Reflect.getOwnPropertyDescriptor(target, key);
    // A proxy must report a constant member as it is, or the engine throws.
    if (own && !own.configurable && own.writable === false) return value;
    if (typeof value !== "function" || isPlain(target)) return readOnly(value);
    if (key === "constructor") return value;
    if (isNative(value)) {
      if (typeof key === "string" && MUTATOR.test(key)) return refuse;
      return (...args: unknown[]) =>
        readOnly(Reflect.apply(value, target, args.map(passedIn)));
    }
    if (!keepsToItself(target)) return value;
    return (...args: unknown[]) =>
      readOnly(Reflect.apply(value, target, args.map(shieldCallback)));
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
      descriptor.value = readOnly(descriptor.value);
    }
    return descriptor;
  },
};

// A member is looked up by what the view showed of it, too.
function passedIn(argument: unknown): unknown {
  return typeof argument === "object" && argument !== null
    ? originals.get(argument) ?? argument
    : shieldCallback(argument);
}

function shieldCallback(argument: unknown): unknown {
  if (typeof argument !== "function") return argument;
  return (...args: unknown[]) => argument(...args.map(readOnly));
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function isNative(value: unknown): boolean {
  return typeof value === "function" &&
    Function.prototype.toString.call(value).endsWith("{ [native code] }");
}

/** Whether methods work on the object itself only: private members, and the insides of built-ins, know no proxy. */
function keepsToItself(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return false;
  let keeps = keepers.get(prototype);
  if (keeps === undefined) {
    const { constructor } = prototype;
    keeps = isNative(constructor) ||
      (typeof constructor === "function" &&
        /#[\p{ID_Start}$_]/u.test(
          Function.prototype.toString.call(constructor),
        )) ||
      keepsToItself(prototype);
    keepers.set(prototype, keeps);
  }
  return keeps;
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
 * Methods see the view as `this`, so they cannot write either. The exception are classes with private members and
 * those that extend a built-in: their methods work on the object itself only, and are trusted.
 *
 * @param value the value; primitives are returned as they are
 * @returns the view; the same one for the same object
 */
export function readOnly<T>(value: T): DeepReadonly<T> {
  if (typeof value !== "object" || value === null) {
    return value as DeepReadonly<T>;
  }
  if (originals.has(value)) return value as DeepReadonly<T>;
  let view = views.get(value);
  if (!view) {
    view = new Proxy(thawed(value), handler);
    views.set(value, view);
    originals.set(view, value);
  }
  return view as DeepReadonly<T>;
}
