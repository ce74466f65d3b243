/** Lets the instances of replaced classes follow their successors, by their prototypes.
 *
 * An instance cannot be found wherever it is (closures, WeakMaps, unexported variables), but its prototype can: the
 * old prototype takes the members of the new one. That costs the same for one instance and for a million.
 *
 * @module
 */
import type { ClassPair } from "./class_registry.ts";
import type { FieldShape } from "./class_shape.ts";
import { originalOf } from "../copy/value_kind.ts";
import { defineTest, instanceTest, InstanceTests } from "./instance_tests.ts";
import {
  follow,
  holderOf,
  inherited,
  inheritedKeys,
  type Members,
  membersOf,
} from "./prototypes.ts";

/** Which code a caller is to meet. */
export type Side = "old" | "new";

/** A class that is replaced, and the fields its instances are given. */
export interface FollowedPair extends ClassPair {
  /** New fields, self-contained. */
  readonly fill: readonly FieldShape[];
}

interface Saved {
  readonly pair: FollowedPair;
  readonly prototype: object;
  readonly members: Members;
  readonly parent: object | null;
}

const lazyGetters = new WeakSet<object>();
const isLazy = (getter: object) => lazyGetters.has(getter);
/** By which upgrade a prototype answers: the next may come before all work that began before the last one has ended. */
const newest = new WeakMap<object, ClassSwap>();

/** Who was given which field, so that it can be taken away again. */
class GivenFields {
  /** Null once they stay. */
  #given:
    | { readonly instance: WeakRef<object>; readonly name: string }[]
    | null = [];

  /** Notes that an instance was given a field. */
  note(instance: object, name: string): void {
    this.#given?.push({ instance: new WeakRef(instance), name });
  }

  /** Takes them away, whatever is in them by now. Returns what gives them back. */
  takeBack(): () => void {
    const taken: (() => void)[] = [];
    for (const { instance, name } of this.#given ?? []) {
      const there = instance.deref();
      const field = there && Reflect.getOwnPropertyDescriptor(there, name);
      if (!field?.configurable) continue;
      Reflect.deleteProperty(there!, name);
      taken.push(() => Object.defineProperty(there!, name, field));
    }
    return () => {
      for (const giveBack of taken) giveBack();
    };
  }

  /** Lets them stay. */
  forget(): void {
    this.#given = null;
  }
}

/** The classes of one upgrade. */
export class ClassSwap {
  readonly #pairs: readonly FollowedPair[];
  readonly #saved: Saved[] = [];
  readonly #byPrototype = new Map<object, Saved>();
  readonly #below = new Map<object, ClassSwap>();
  readonly #tests = new InstanceTests();
  readonly #given = new GivenFields();
  #isDue = false;
  readonly #settled = new Set<FollowedPair>();

  /**
   * @param pairs the classes
   * @throws {TypeError} if a prototype cannot be changed
   */
  constructor(pairs: readonly FollowedPair[]) {
    this.#pairs = pairs;
    for (const pair of pairs) {
      for (const { prototype } of [pair.current, ...pair.earlier]) {
        refuseFixed(pair, prototype);
        const saved = {
          pair,
          prototype,
          members: membersOf(prototype),
          parent: Object.getPrototypeOf(prototype),
        };
        this.#saved.push(saved);
        this.#byPrototype.set(prototype, saved);
      }
    }
  }

  /** Lets instances follow, in one turn. */
  enter(side: (() => Side) | null): void {
    for (const { prototype } of this.#saved) {
      const below = newest.get(prototype);
      if (below) this.#below.set(prototype, below);
      newest.set(prototype, this);
    }
    if (!side) return this.settle();
    for (const saved of this.#saved) this.#dispatch(saved, side);
    for (const pair of this.#pairs) {
      this.#tests.ofNext(pair);
      this.#tests.ofOld(pair);
    }
  }

  /** Lets all callers meet the new code, but for classes that a later upgrade has replaced: that one settles them. */
  settle(): void {
    this.#isDue = true;
    for (const pair of this.#pairs) {
      if (this.#settled.has(pair)) continue;
      const own = this.#saved.filter((saved) => saved.pair === pair);
      if (own.some(({ prototype }) => newest.get(prototype) !== this)) continue;
      this.#settled.add(pair);
      this.#tests.restore(pair);
      for (const { prototype } of own) {
        follow(prototype, pair.next.prototype, isLazy);
        for (const field of this.#fieldsOf(prototype)) {
          this.#lazy(prototype, pair, field, null);
        }
      }
      this.#tests.ofOld(pair);
    }
  }

  /** Gives an instance that was found the fields that construction would have given it. */
  fill(instance: object): void {
    for (const field of this.#fieldsOf(Object.getPrototypeOf(instance))) {
      const there = Reflect.getOwnPropertyDescriptor(instance, field.name);
      // A field that was a function of the old code is made from the new text.
      if (there && typeof there.value !== "function") continue;
      if (!there && !Object.isExtensible(instance)) continue;
      if (there && !there.configurable && !there.writable) continue;
      this.#give(instance, field, there);
    }
  }

  /** Puts everything back; instances that the new class made meanwhile follow the old one. */
  undo(): void {
    for (const restore of this.#functions.splice(0).toReversed()) restore();
    this.#given.takeBack();
    for (const pair of this.#pairs) this.#tests.restore(pair);
    for (const { prototype, members, parent } of this.#saved) {
      const keys = [...members.keys()];
      const sameOrder = Reflect.ownKeys(prototype).filter((key) =>
        members.has(key)
      ).every((key, at) => key === keys[at]);
      for (const key of Reflect.ownKeys(prototype)) {
        // A key that was deleted comes back at the end; who lists them sees the order.
        if (!sameOrder || !members.has(key)) {
          Reflect.deleteProperty(prototype, key);
        }
      }
      for (const [key, member] of members) {
        Object.defineProperty(prototype, key, member);
      }
      Object.setPrototypeOf(prototype, parent);
    }
    for (const { current, next } of this.#pairs) {
      follow(next.prototype, current.prototype, isLazy);
      defineTest(next, instanceTest(next, current));
    }
    for (const { prototype } of this.#saved) {
      const below = this.#below.get(prototype);
      if (below) newest.set(prototype, below);
      else newest.delete(prototype);
    }
    for (const below of new Set(this.#below.values())) {
      if (below.#isDue) below.settle();
    }
  }

  /** Forgets what only an undo needs. */
  finish(): void {
    this.#functions.length = 0;
  }

  /**
   * Takes the new fields away again, whatever is in them by now: for a way back, to code that never knew them. Returns
   * what gives them back.
   */
  takeBack(): () => void {
    const undo = [this.#given.takeBack()];
    for (const { prototype } of this.#saved) {
      for (const { name } of this.#fieldsOf(prototype)) {
        const there = Reflect.getOwnPropertyDescriptor(prototype, name);
        if (!there?.get || !isLazy(there.get)) continue;
        Reflect.deleteProperty(prototype, name);
        undo.push(() => Object.defineProperty(prototype, name, there));
      }
    }
    return () => {
      for (const step of undo) step();
    };
  }

  /** Forgets who was given what, once there is no way back. */
  forget(): void {
    this.#given.forget();
  }

  readonly #functions: (() => void)[] = [];

  /** The new fields of a class and of those it extends, the outermost first, as construction would give them. */
  #fieldsOf(prototype: object | null): FieldShape[] {
    if (prototype === null) return [];
    const saved = this.#byPrototype.get(prototype);
    const parent = saved ? saved.parent : Object.getPrototypeOf(prototype);
    return [...this.#fieldsOf(parent), ...saved?.pair.fill ?? []];
  }

  #give(
    instance: object,
    field: FieldShape,
    there: PropertyDescriptor | undefined,
  ): void {
    Object.defineProperty(instance, field.name, {
      value: make(field, instance),
      writable: true,
      enumerable: true,
      configurable: true,
    });
    if (there) {
      this.#functions.push(() =>
        Object.defineProperty(instance, field.name, there)
      );
    } else {
      this.#given.note(instance, field.name);
    }
  }

  #lazy(
    prototype: object,
    { next }: FollowedPair,
    field: FieldShape,
    side: (() => Side) | null,
  ): void {
    const { name } = field;
    if (Object.hasOwn(next.prototype, name)) return;
    // Frozen instances cannot keep it themselves.
    const beside = new WeakMap<object, unknown>();
    const give = (instance: object, value: unknown) => {
      if (!Object.isExtensible(instance)) {
        beside.set(instance, value);
        return;
      }
      this.#given.note(instance, name);
      Object.defineProperty(instance, name, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    };
    const get = function (this: object): unknown {
      const instance = originalOf(this);
      if (instance === prototype || side?.() === "old") return undefined;
      if (beside.has(instance)) return beside.get(instance);
      const value = make(field, instance);
      give(instance, value);
      return value;
    };
    lazyGetters.add(get);
    Object.defineProperty(prototype, name, {
      get,
      set(this: object, value: unknown) {
        if (!Object.isExtensible(this)) {
          throw new TypeError(
            `Cannot add property ${name}, object is not extensible`,
          );
        }
        give(this, value);
      },
      enumerable: false,
      configurable: true,
    });
  }

  #dispatch(
    { pair, prototype, members, parent }: Saved,
    side: () => Side,
  ): void {
    const next = pair.next.prototype;
    const keys = new Set([...members.keys(), ...Reflect.ownKeys(next)]);
    // What both inherit of classes that follow, these tell apart.
    for (const key of [...inheritedKeys(prototype), ...inheritedKeys(next)]) {
      const holder = holderOf(parent, key);
      if (holder !== null && this.#byPrototype.has(holder)) continue;
      if (holder === null || holder !== holderOf(next, key)) keys.add(key);
    }
    for (const key of keys) {
      const old = members.get(key);
      if (old?.get && lazyGetters.has(old.get)) continue;
      Object.defineProperty(prototype, key, {
        get(this: object): unknown {
          if (side() === "new") return Reflect.get(next, key, this);
          if (!old) return parent && Reflect.get(parent, key, this);
          return old.get ? Reflect.apply(old.get, this, []) : old.value;
        },
        set(this: object, value: unknown) {
          const { set } = side() === "new"
            ? inherited(next, key) ?? {}
            : old ?? inherited(parent, key) ?? {};
          if (set) Reflect.apply(set, this, [value]);
          else {
            Object.defineProperty(this, key, {
              value,
              writable: true,
              enumerable: true,
              configurable: true,
            });
          }
        },
        enumerable: false,
        configurable: true,
      });
    }
    for (const field of this.#fieldsOf(prototype)) {
      if (!members.has(field.name)) this.#lazy(prototype, pair, field, side);
    }
  }
}

function make({ text }: FieldShape, instance: object): unknown {
  if (text === "") return undefined;
  return Reflect.apply(new Function(`return (${text}\n);`), instance, []);
}

function refuseFixed({ name }: ClassPair, prototype: object): void {
  const fixed = !Object.isExtensible(prototype) ||
    [...membersOf(prototype)].some(([key, { configurable }]) =>
      key !== "prototype" && !configurable
    );
  if (fixed) {
    throw new TypeError(
      `Cannot let instances of ${name} follow its new version: its prototype is frozen; do not freeze it`,
    );
  }
}
