/** Fills copies with what their originals hold, some at a time.
 * @module
 */
import type { Pending, Taker } from "./pending.ts";

/** So many members of one object are copied without looking at the clock. */
export const CHUNK = 500;

/** Copies the members of an object. */
export function fillObject(copy: Taker, pending: Pending): boolean {
  const { source, target } = pending;
  const keys = pending.rest
    ? pending.rest as unknown as Keys
    : new Keys(Reflect.ownKeys(source));
  const prototype: object | null = Object.getPrototypeOf(target);
  const end = Math.min(keys.list.length, pending.at + CHUNK);
  for (; pending.at < end; pending.at++) {
    copyMember(copy, pending, keys.list[pending.at]!, prototype);
  }
  if (pending.at < keys.list.length) {
    pending.rest = keys;
    return false;
  }
  keepIntegrity(source, target);
  return true;
}

/** What `structuredClone` would see of an object, accessors read. */
export function fillPlain(copy: Taker, pending: Pending): boolean {
  const { source, target } = pending;
  for (const key of Object.keys(source)) {
    const value: unknown = Reflect.get(source, key);
    Object.defineProperty(target, key, {
      value: copy.take(value, pending, "member", key),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return true;
}

/** The same of an array. */
export function fillPlainArray(copy: Taker, pending: Pending): boolean {
  (pending.target as unknown[]).length = (pending.source as unknown[]).length;
  return fillPlain(copy, pending);
}

/** Leaves out what was put on a built-in. */
export function fillNothing(): boolean {
  return true;
}

/** The keys of an object that is being copied. */
class Keys implements Iterator<unknown> {
  readonly list: readonly (string | symbol)[];

  constructor(list: readonly (string | symbol)[]) {
    this.list = list;
  }

  next(): IteratorResult<unknown> {
    return { done: true, value: undefined };
  }
}

function copyMember(
  copy: Taker,
  pending: Pending,
  key: string | symbol,
  prototype: object | null,
): void {
  const { source, target } = pending;
  const member = Reflect.getOwnPropertyDescriptor(source, key);
  // Gone since the keys were read.
  if (!member) return;
  if ("value" in member) {
    const { value } = member;
    if (
      typeof value === "object" && value !== null || typeof value === "function"
    ) {
      member.value = copy.take(value, pending, "member", key);
    }
    const ordinary = member.writable && member.enumerable &&
      member.configurable;
    // Setters that it inherits are not for what it has itself.
    if (ordinary && !(prototype !== null && key in prototype)) {
      (target as Record<string | symbol, unknown>)[key] = member.value;
      return;
    }
  } else {
    copy.take(member.get, pending, "member", key);
    copy.take(member.set, pending, "member", key);
  }
  Object.defineProperty(target, key, member);
}

/** Copies the elements of an array. */
export function fillArray(copy: Taker, pending: Pending): boolean {
  const source = pending.source as unknown[];
  const target = pending.target as unknown[];
  if (pending.at === 0) {
    const keys = Reflect.ownKeys(source);
    const { length } = source;
    const ordinary = Object.isExtensible(source) &&
      keys.length === length + 1 && Object.keys(source).length === length &&
      (length === 0 || keys[length - 1] === `${length - 1}`);
    if (!ordinary) return fillUnusualArray(copy, pending, keys);
  }
  const end = Math.min(source.length, pending.at + CHUNK);
  for (; pending.at < end; pending.at++) {
    const index = pending.at;
    const value = source[index];
    target[index] =
      typeof value === "object" && value !== null || typeof value === "function"
        ? copy.take(value, pending, "element", index)
        : value;
  }
  return pending.at >= source.length;
}

/** With holes, members beside its elements, or frozen. */
function fillUnusualArray(
  copy: Taker,
  pending: Pending,
  keys: readonly (string | symbol)[],
): boolean {
  const source = pending.source as unknown[];
  const target = pending.target as unknown[];
  target.length = source.length;
  for (const key of keys) {
    if (key !== "length") copyMember(copy, pending, key, null);
  }
  keepIntegrity(source, target);
  return true;
}

/** Copies the entries of a Map. */
export function fillMap(copy: Taker, pending: Pending): boolean {
  const source = pending.source as Map<unknown, unknown>;
  const target = pending.target as Map<unknown, unknown>;
  const entries = pending.rest as Iterator<[unknown, unknown]> | null ??
    Map.prototype.entries.call(source);
  for (let count = 0; count < CHUNK; count++) {
    const { done, value: entry } = entries.next();
    if (done) return copy.plain || fillExtras(copy, pending);
    const [key, value] = entry;
    target.set(
      copy.take(key, pending, "map key", pending.at),
      copy.take(value, pending, "map value", key),
    );
    pending.at++;
  }
  pending.rest = entries;
  return false;
}

/** Copies the members of a Set. */
export function fillSet(copy: Taker, pending: Pending): boolean {
  const source = pending.source as Set<unknown>;
  const target = pending.target as Set<unknown>;
  const values = pending.rest ?? Set.prototype.values.call(source);
  for (let count = 0; count < CHUNK; count++) {
    const { done, value } = values.next();
    if (done) return copy.plain || fillExtras(copy, pending);
    target.add(copy.take(value, pending, "element", pending.at));
    pending.at++;
  }
  pending.rest = values;
  return false;
}

/** Members that someone gave a built-in; `lastIndex`, `message` and `cause` are such. */
export function fillExtras(copy: Taker, pending: Pending): boolean {
  const { source, target } = pending;
  if (ArrayBuffer.isView(source)) {
    for (const key of Reflect.ownKeys(source)) {
      if (typeof key === "symbol" || !/^\d+$/.test(key)) {
        copyMember(copy, pending, key, null);
      }
    }
  } else {
    const inherent = source instanceof String ? source.length : 0;
    for (const key of Reflect.ownKeys(source)) {
      if (isHostSlot(source, key)) continue;
      if (source instanceof Error && key === "stack") continue;
      if (
        inherent > 0 && (key === "length" || Number(key.toString()) < inherent)
      ) continue;
      copyMember(copy, pending, key, Object.getPrototypeOf(target));
    }
  }
  keepIntegrity(source, target);
  return true;
}

/** Deno keeps the insides of its own classes under symbols; the copy has its own already. */
function isHostSlot(source: object, key: string | symbol): boolean {
  return typeof key === "symbol" &&
    (source instanceof URL || source instanceof URLSearchParams ||
      source instanceof Headers) &&
    key.description !== undefined &&
    Object.getOwnPropertySymbols(hostSample(source)).some((
      { description },
    ) => description === key.description);
}

function hostSample(source: object): object {
  return source instanceof URL
    ? SAMPLES.url
    : source instanceof Headers
    ? SAMPLES.headers
    : SAMPLES.params;
}

const SAMPLES = {
  url: new URL("https://a.example"),
  headers: new Headers(),
  params: new URLSearchParams(),
};

function keepIntegrity(source: object, target: object): void {
  if (Object.isExtensible(source)) return;
  if (Object.isFrozen(source)) Object.freeze(target);
  else if (Object.isSealed(source)) Object.seal(target);
  else Object.preventExtensions(target);
}
