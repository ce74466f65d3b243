/** What the initializers of one module instance ask: whether there is a value to take, and where to put a new one.
 * @module
 */
import { held, valueOf } from "./kept_entry.ts";
import type { Instance, Pair } from "./kept_instances.ts";
import type { KeptAccess } from "../wrap.ts";

/** Told that an initializer runs, so that what it begins is known to be its own; returns what ends that, or null. */
export type BeginMaking = (key: string) => (() => void) | null;

/** What the initializers of an instance work with. */
export interface AccessContext {
  readonly instance: Instance;
  /** Whose value an initializer takes; null if it makes its own. */
  readonly source: (name: string) => Instance | null;
  /** Told of each value that is taken. */
  readonly took: (pair: Pair) => void;
  /** Told of initializers that run. */
  readonly begin: BeginMaking;
  /** Of which module the evaluation is that goes on now. */
  readonly evaluating: () => string | null;
}

/** Gives a module instance access to its values. */
export function keptAccess(
  { instance, source, took, begin, evaluating }: AccessContext,
): KeptAccess {
  const making = new Map<string, () => void>();
  const noteMaker = (name: string) => {
    // What stands at the top level is made again with its module, and only then.
    if (!name.includes(".") && !name.startsWith("new ")) return;
    const by = evaluating();
    if (by === null) return;
    const makers = instance.evaluated.get(name);
    if (makers) makers.add(by);
    else instance.evaluated.set(name, new Set([by]));
  };
  const made = (name: string) => {
    if (making.size === 0) return;
    making.get(name)?.();
    making.delete(name);
  };
  return {
    has: (name, isFollowed = 0) => {
      if (source(name) !== null) return true;
      if (
        isFollowed && !instance.twice.has(name) && !instance.entries.has(name)
      ) {
        const end = begin(`${instance.place}#${name}`);
        if (end) making.set(name, end);
      }
      return false;
    },
    made: (name, value) => {
      made(name);
      return value;
    },
    get: (name, read, write) => {
      const from = source(name)!;
      const entry = from.entries.get(name)!;
      const value = valueOf(entry)!.value;
      instance.taken.add(name);
      noteMaker(name);
      const key = `${instance.place}#${name}`;
      instance.entries.set(name, {
        key,
        value: held(value, name, write),
        read,
        write,
        origin: entry.origin,
      });
      took({
        key,
        from,
        to: instance,
        name,
        last: value,
      });
      return value;
    },
    put: (name, value, read, write) => {
      if (instance.twice.has(name)) return value;
      made(name);
      noteMaker(name);
      if (instance.entries.delete(name)) instance.twice.add(name);
      else {
        instance.entries.set(name, {
          key: `${instance.place}#${name}`,
          value: held(value, name, write),
          read,
          write,
          origin: instance.attempt,
        });
      }
      return value;
    },
  };
}
