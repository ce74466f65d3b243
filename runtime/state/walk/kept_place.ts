/** Places that a walk through kept state has come to, and how something else is put there.
 * @module
 */
import type { PrivateFields } from "../../modules/left/private_fields.ts";

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

/** One step of a walk. */
export interface Step {
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

/** A private field, as its class shows it. */
export interface PrivateKey {
  readonly fields: PrivateFields;
  readonly name: string;
}

/** The place that a step has come to. */
export function placeOf(step: Step): KeptPlace {
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
