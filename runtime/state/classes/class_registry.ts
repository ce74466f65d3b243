/** The classes of the app's modules, by module and name, with those of earlier versions.
 * @module
 */
import { noteOwnClass } from "../copy/value_kind.ts";
import { isPlain } from "./exported_values.ts";

// deno-lint-ignore ban-types -- whatever can construct
export type AnyClass = Function & { readonly prototype: object };

/** A class and what came before it. */
export interface KnownClass {
  /** Its name in its module. */
  readonly name: string;
  /** The module that declares it. */
  readonly place: string;
  /** The newest one that is in. */
  readonly current: AnyClass;
  /** Those of earlier versions, and of upgrades that were undone: their instances may live on. */
  readonly earlier: readonly AnyClass[];
}

/** A class that is replaced. */
export interface ClassPair extends KnownClass {
  /** The class that takes its place. */
  readonly next: AnyClass;
}

/** What becomes of the classes of replaced modules. */
export interface ClassPairs {
  /** The classes that have a successor. */
  readonly pairs: readonly ClassPair[];
  /** Those that have none. */
  readonly gone: readonly KnownClass[];
}

/** The fields that an upgrade has given to instances of replaced classes. */
export interface GivenFields {
  /** Takes them away. Returns what gives them back. */
  takeBack(): () => void;
  /** Lets them stay. */
  forget(): void;
}

/** The classes of some modules. */
export class ClassRegistry {
  readonly #places = new Map<string, Map<string, KnownClass>>();
  readonly #known = new WeakSet<object>();
  #given: GivenFields | null = null;

  /** What the newest upgrade has given, until it stays; null where it has given nothing. */
  get given(): GivenFields | null {
    return this.#given;
  }

  set given(given: GivenFields | null) {
    this.#given?.forget();
    this.#given = given;
  }

  /** Takes a class at the top level of a module, exported or not; whatever is not a class is left alone. */
  register(place: string, name: string, value: unknown): void {
    if (!isClass(value) || this.#known.has(value)) return;
    this.#known.add(value);
    noteOwnClass(value);
    const classes = this.#places.get(place) ?? new Map();
    this.#places.set(place, classes);
    const own = typeof value.name === "string" && value.name !== "" &&
        !name.includes(".")
      ? value.name
      : name;
    if (!classes.has(own)) {
      classes.set(own, { name: own, place, current: value, earlier: [] });
    }
    this.#registerMembers(place, own, value);
  }

  /** Takes the classes that a class or a plain object has as its members. */
  #registerMembers(place: string, name: string, owner: object): void {
    const members = Object.getOwnPropertyDescriptors(owner);
    for (const [key, { value }] of Object.entries(members)) {
      this.register(place, `${name}.${key}`, value);
    }
  }

  /** Takes the classes that a module exports. */
  registerExports(
    place: string,
    namespace: Readonly<Record<string, unknown>>,
  ): void {
    for (const name of Reflect.ownKeys(namespace)) {
      if (typeof name !== "string") continue;
      let value: unknown;
      try {
        value = namespace[name];
      } catch {
        // In a cycle of imports it may not have its value yet.
        continue;
      }
      this.register(place, name, value);
      if (isPlain(value)) this.#registerMembers(place, name, value);
    }
  }

  /** The classes of a module. */
  of(place: string): ReadonlyMap<string, KnownClass> {
    return this.#places.get(place) ?? new Map();
  }

  /**
   * Finds the successors of classes: of the same module and name, or else the only one of that name that no module had
   * before, as one that has moved.
   */
  pairWith(staged: ClassRegistry, replaced: Iterable<string>): ClassPairs {
    const pairs: ClassPair[] = [];
    const lost: KnownClass[] = [];
    for (const place of replaced) {
      for (const known of this.of(place).values()) {
        const next = staged.of(place).get(known.name);
        if (next) pairs.push({ ...known, next: next.current });
        else lost.push(known);
      }
    }
    const byName = ({ name }: KnownClass) => name;
    const added = Map.groupBy(
      staged.all().filter(({ place, name }) => !this.of(place).has(name)),
      byName,
    );
    const gone: KnownClass[] = [];
    for (const [name, all] of Map.groupBy(lost, byName)) {
      const [next, ...others] = added.get(name) ?? [];
      // Of several nobody knows which one it was.
      if (next && others.length + all.length === 1) {
        pairs.push({ ...all[0]!, next: next.current });
      } else gone.push(...all);
    }
    return { pairs, gone };
  }

  /** Lets new classes take the place of old ones. */
  adopt(
    staged: ClassRegistry,
    { pairs }: ClassPairs,
    replaced: Iterable<string>,
  ): () => void {
    const before = new Map(
      [...replaced].map((place) => [place, this.#places.get(place)] as const),
    );
    for (const [place, classes] of staged.#places) {
      if (!before.has(place)) before.set(place, this.#places.get(place));
      this.#places.set(place, new Map(classes));
      for (const { current } of classes.values()) this.#known.add(current);
    }
    for (const place of before.keys()) {
      if (!staged.#places.has(place)) this.#places.delete(place);
    }
    const byNext = new Map(pairs.map((pair) => [pair.next, pair]));
    for (const classes of this.#places.values()) {
      for (const [name, known] of classes) {
        const pair = byNext.get(known.current);
        if (!pair || known.earlier.length > 0) continue;
        const earlier = [pair.current, ...pair.earlier];
        classes.set(name, { ...known, earlier });
      }
    }
    return () => {
      for (const [place, classes] of before) {
        if (classes) this.#places.set(place, classes);
        else this.#places.delete(place);
      }
      for (const pair of pairs) {
        const { place, name, current, earlier, next } = pair;
        this.#places.get(place)?.set(name, {
          name,
          place,
          current,
          earlier: [next, ...earlier],
        });
      }
    };
  }

  /** All of them. */
  all(): KnownClass[] {
    return [...this.#places.values()].flatMap((classes) => [
      ...classes.values(),
    ]);
  }
}

function isClass(value: unknown): value is AnyClass {
  // Only classes and what the platform brings have a prototype that cannot be assigned; a text takes longer.
  return typeof value === "function" &&
    Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false &&
    /^class\b/.test(Function.prototype.toString.call(value));
}
