/** Read-only views of state.
 * @module
 */

/** A type whose every member, however deep, cannot be written. */
export type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends Map<infer K, infer V> ? ReadonlyMap<K, DeepReadonly<V>>
  : T extends Set<infer V> ? ReadonlySet<DeepReadonly<V>>
  : T extends (...args: never[]) => unknown ? T
  : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
  : T;

const views = new WeakMap<object, object>();
const targets = new WeakMap<object, object>();

const MUTATORS = new Set<PropertyKey>(["set", "add", "delete", "clear"]);

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
    if ((target instanceof Map || target instanceof Set) && MUTATORS.has(key)) {
      return refuse;
    }
    // Methods of built-ins and of classes with private members work on the object itself only.
    return (...args: unknown[]) =>
      readOnly(Reflect.apply(value, target, args.map(shieldCallback)));
  },
  set: refuse,
  defineProperty: refuse,
  deleteProperty: refuse,
  setPrototypeOf: refuse,
  getOwnPropertyDescriptor(target, key) {
    const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
    if (descriptor && "value" in descriptor && descriptor.configurable) {
      descriptor.value = readOnly(descriptor.value);
    }
    return descriptor;
  },
};

function shieldCallback(argument: unknown): unknown {
  if (typeof argument !== "function") return argument;
  return (...args: unknown[]) => argument(...args.map(readOnly));
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/**
 * Makes a view of a value that cannot be written through, however deep.
 *
 * @param value the value; primitives are returned as they are
 * @returns the view; the same one for the same object
 */
export function readOnly<T>(value: T): DeepReadonly<T> {
  if (typeof value !== "object" || value === null) {
    return value as DeepReadonly<T>;
  }
  if (targets.has(value)) return value as DeepReadonly<T>;
  let view = views.get(value);
  if (!view) {
    view = new Proxy(value, handler);
    views.set(value, view);
    targets.set(view, value);
  }
  return view as DeepReadonly<T>;
}
