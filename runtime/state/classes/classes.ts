/** Lets the instances of replaced classes follow their successors, by their prototypes.
 *
 * An instance cannot be found wherever it is (closures, WeakMaps, unexported variables), but its prototype can: the
 * old prototype takes the members of the new one. That costs the same for one instance and for a million.
 *
 * @module
 */
import type { AnyClass, ClassPair } from "./class_registry.ts";
import type { FieldShape } from "./class_shape.ts";
import { originalOf } from "../copy/value_kind.ts";
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

interface SavedTest {
  readonly pair: FollowedPair;
  readonly of: AnyClass;
  readonly test: PropertyDescriptor | undefined;
}

const ordinary = Function.prototype[Symbol.hasInstance];
const lazyGetters = new WeakSet<object>();
const isLazy = (getter: object) => lazyGetters.has(getter);
/** By which upgrade a prototype answers: the next may come before all work that began before the last one has ended. */
const newest = new WeakMap<object, ClassSwap>();

/** The classes of one upgrade. */
export class ClassSwap {
  readonly #pairs: readonly FollowedPair[];
  readonly #saved: Saved[] = [];
  readonly #byPrototype = new Map<object, Saved>();
  readonly #below = new Map<object, ClassSwap>();
  #tests: SavedTest[] = [];
  /** Who was given which field, so that an undo takes it away. */
  #filled: { readonly instance: WeakRef<object>; readonly name: string }[] = [];
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
      const { current, earlier, next } = pair;
      const olds = [current, ...earlier];
      this.#test(pair, next, function (value) {
        return ordinary.call(this, value) ||
          (this === next && olds.some((old) => ordinary.call(old, value)));
      });
      this.#testOld(pair);
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
      this.#restoreTests(pair);
      for (const { prototype } of own) {
        follow(prototype, pair.next.prototype, isLazy);
        for (const field of this.#fieldsOf(prototype)) {
          this.#lazy(prototype, pair, field, null);
        }
      }
      this.#testOld(pair);
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
    for (const { instance, name } of this.#filled.splice(0)) {
      const there = instance.deref();
      if (there) Reflect.deleteProperty(there, name);
    }
    for (const pair of this.#pairs) this.#restoreTests(pair);
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
      define(next, instanceTest(next, current));
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

  /** Forgets what only an undo needs, once there is no way back. */
  finish(): void {
    this.#filled = [];
    this.#functions.length = 0;
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
      this.#filled.push({ instance: new WeakRef(instance), name: field.name });
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
      this.#filled.push({ instance: new WeakRef(instance), name });
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

  #testOld(pair: FollowedPair): void {
    for (const old of [pair.current, ...pair.earlier]) {
      this.#test(pair, old, instanceTest(old, pair.next));
    }
  }

  #test(pair: FollowedPair, of: AnyClass, test: InstanceTest): void {
    this.#tests.push({
      pair,
      of,
      test: Reflect.getOwnPropertyDescriptor(of, Symbol.hasInstance),
    });
    define(of, test);
  }

  #restoreTests(pair: FollowedPair): void {
    const { own = [], others = [] } = Object.groupBy(
      this.#tests,
      (saved) => saved.pair === pair ? "own" : "others",
    );
    this.#tests = others;
    for (const { of, test } of own.toReversed()) {
      if (test) Object.defineProperty(of, Symbol.hasInstance, test);
      else Reflect.deleteProperty(of, Symbol.hasInstance);
    }
  }
}

type InstanceTest = (this: unknown, value: unknown) => boolean;

/** Instances of the successor are instances of the class too; a subclass inherits the test, and asks for itself. */
function instanceTest(of: AnyClass, next: AnyClass): InstanceTest {
  return function (value) {
    return ordinary.call(this as AnyClass, value) ||
      (this === of && isInstance(value, next));
  };
}

function isInstance(value: unknown, of: AnyClass): boolean {
  // deno-lint-ignore no-explicit-any -- the checker asks for a class that is written as one
  return value instanceof (of as any);
}

function define(of: AnyClass, test: InstanceTest): void {
  Object.defineProperty(of, Symbol.hasInstance, {
    value: test,
    writable: true,
    configurable: true,
    enumerable: false,
  });
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
