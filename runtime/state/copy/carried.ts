/** What a copy of state carries by reference though it may lead back to the originals: promises, weak references, what
 * somebody has put on a socket.
 * @module
 */
import { types } from "node:util";

/** Makes the error that names the place of something; told why it cannot be carried. */
export type Refusal = (why: string) => Error;

/** The originals that have a copy. */
type Originals = ReadonlyMap<object, unknown>;

/** So many objects are looked at behind one that is carried. */
const BEHIND_MAX = 500;
/** What the platform keeps of an app's values where no property shows it. */
const SLOTS: readonly (readonly [() => object, string])[] = [
  [() => CustomEvent.prototype, "detail"],
  [() => MessageEvent.prototype, "data"],
  [() => ErrorEvent.prototype, "error"],
  [() => AbortSignal.prototype, "reason"],
];
const PENDING = Symbol("pending");

/** What one copy carries. */
export class Carried {
  readonly #all = new Map<object, Refusal>();
  #promises: Map<Promise<unknown>, Refusal> | null = null;

  /** Notes what is carried. */
  note(value: object, refusal: Refusal): void {
    if (types.isPromise(value)) {
      this.#promises ??= new Map();
      this.#promises.set(value, refusal);
    } else this.#all.set(value, refusal);
  }

  /** Refuses what leads to originals. Throws naming its place. */
  refuse(originals: Originals): void {
    for (const [value, refusal] of this.#all) {
      const why = whyOriginals(value, originals);
      if (why !== null) throw refusal(why);
    }
    this.#all.clear();
  }

  /** Whether there are promises: only time tells what they lead to. */
  get hasPromises(): boolean {
    return this.#promises !== null;
  }

  /**
   * Refuses promises that give originals. Those that have not settled are carried: whoever waits for one knows it by
   * its identity, and what it gives is mostly made when it comes. Throws naming its place.
   */
  async refusePromises(
    originals: Originals,
    late: (refusal: Error) => void,
  ): Promise<void> {
    for (const [promise, refusal] of this.#promises ?? []) {
      const gives = (value: unknown) =>
        leadsTo(value, originals)
          ? refusal(
            "gives an object of the state, and would not give its copy",
          )
          : null;
      const given = await Promise.race([promise, PENDING]).catch((it) => it);
      if (given !== PENDING) {
        const refused = gives(given);
        if (refused) throw refused;
        continue;
      }
      const later = (value: unknown) => {
        const refused = gives(value);
        if (refused) late(refused);
      };
      promise.then(later, later);
    }
  }
}

function whyOriginals(value: object, originals: Originals): string | null {
  if (value instanceof WeakRef) {
    const target: unknown = value.deref();
    return isOriginal(target, originals)
      ? "refers to an object of the state, and would not refer to its copy"
      : null;
  }
  if (value instanceof WeakMap || value instanceof WeakSet) {
    for (const original of originals.keys()) {
      if (value.has(original)) {
        return "has entries for objects of the state, which their copies would not have";
      }
    }
    return null;
  }
  if (types.isModuleNamespaceObject(value) || value === globalThis) return null;
  for (const [prototype, slot] of SLOTS) {
    if (
      Object.prototype.isPrototypeOf.call(prototype(), value) &&
      leadsTo(Reflect.get(value, slot), originals)
    ) {
      return `has an object of the state under ${slot}, and would not have its copy`;
    }
  }
  for (const key of Reflect.ownKeys(value)) {
    const member = Reflect.getOwnPropertyDescriptor(value, key)?.value;
    if (leadsTo(member, originals)) {
      return `has an object of the state under ${
        String(key)
      }, and would not have its copy`;
    }
  }
  return null;
}

/** Whether a value is an original, or plain data that holds one. */
function leadsTo(value: unknown, originals: Originals): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (originals.has(value)) return true;
  const seen = new Set<object>([value]);
  const add = (it: unknown) => {
    if (typeof it === "object" && it !== null) seen.add(it);
  };
  for (const at of seen) {
    if (originals.has(at)) return true;
    if (seen.size > BEHIND_MAX) continue;
    if (types.isMap(at)) {
      for (const [key, inner] of Map.prototype.entries.call(at)) {
        add(key);
        add(inner);
      }
    } else if (types.isSet(at)) Set.prototype.forEach.call(at, add);
    else if (isPlain(at)) {
      for (const key of Reflect.ownKeys(at)) {
        add(Reflect.getOwnPropertyDescriptor(at, key)?.value);
      }
    }
  }
  return false;
}

function isPlain(value: object): boolean {
  if (types.isProxy(value)) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype ||
    prototype === Array.prototype;
}

function isOriginal(value: unknown, originals: Originals): boolean {
  return typeof value === "object" && value !== null && originals.has(value);
}
