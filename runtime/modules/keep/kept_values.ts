/** The values that initializers made, by place and name, and how an upgrade takes them over.
 * @module
 */
import { type Entry, held, valueOf } from "./kept_entry.ts";
import type { KeptAccess } from "./wrap.ts";

/** One module instance. */
interface Instance {
  readonly place: string;
  readonly attempt: number;
  readonly entries: Map<string, Entry>;
  /** Names whose initializer ran more than once. */
  readonly twice: Set<string>;
  /** Names that were taken. */
  readonly taken: Set<string>;
}

/** What an attempt takes over. */
interface Staged {
  readonly attempt: number;
  /** `place#name` of everything that is to be taken. */
  readonly names: ReadonlySet<string>;
  readonly instances: Map<string, Instance>;
  /** Whether initializers may still take values. */
  open: boolean;
  /** What was taken: from whom, and what a variable was then. */
  readonly pairs: Pair[];
}

interface Pair {
  readonly key: string;
  readonly from: Instance;
  readonly to: Instance;
  readonly name: string;
  /** What the variable was when both were last the same. */
  last: unknown;
}

/** What came of an attempt's evaluation, as far as kept values go. */
export interface KeptOutcome {
  /** `place#name` that were taken. */
  readonly taken: readonly string[];
  /** `place#name` whose initializer did not run. */
  readonly missing: readonly string[];
  /** `place#name` whose initializer ran more than once: which of the values is the kept one cannot be told. */
  readonly twice: readonly string[];
}

/** Whether the value of a name can be kept. */
export type KeepState = "held" | "none" | "twice";

/** The values that initializers made. */
export class KeptValues {
  readonly #current = new Map<string, Instance>();
  /** Attempts whose code may still import something, to no effect. */
  readonly #givenUp = new Set<number>();
  #staged: Staged | null = null;
  /** What the last swap took the place of, until it is settled. */
  #undo:
    | { readonly staged: Staged; readonly before: Map<string, Instance> }
    | null = null;

  /**
   * Gives a module instance access to its values.
   *
   * @param place the module's place
   * @param attempt the attempt that loads it; 0 for the code the process started with
   * @returns what its initializers ask
   */
  open(place: string, attempt: number): KeptAccess {
    const instance: Instance = {
      place,
      attempt,
      entries: new Map(),
      twice: new Set(),
      taken: new Set(),
    };
    const staged = this.#staged?.attempt === attempt ? this.#staged : null;
    // A module that comes in later, by an import of its own, belongs to the code that runs.
    const known = staged ? staged.instances : this.#current;
    if (!known.has(place) && !this.#givenUp.has(attempt)) {
      known.set(place, instance);
    }
    return {
      has: (name) => this.#source(staged, instance, name) !== null,
      get: (name, read, write) => {
        const source = this.#source(staged, instance, name)!;
        const value = valueOf(source.entries.get(name)!)!.value;
        instance.taken.add(name);
        instance.entries.set(name, {
          value: held(value, name, write),
          read,
          write,
        });
        staged!.pairs.push({
          key: `${place}#${name}`,
          from: source,
          to: instance,
          name,
          last: value,
        });
        return value;
      },
      put: (name, value, read, write) => {
        if (instance.twice.has(name)) return value;
        if (instance.entries.delete(name)) instance.twice.add(name);
        else {
          instance.entries.set(name, {
            value: held(value, name, write),
            read,
            write,
          });
        }
        return value;
      },
    };
  }

  /**
   * Whether a value can be kept, as far as what ran tells.
   *
   * @param place the module's place
   * @param name the initializer's name
   * @returns `held` if it can; `twice` if its initializer ran more than once; `none` if it never ran or nobody has its value any more
   */
  stateOf(place: string, name: string): KeepState {
    const instance = this.#current.get(place);
    if (!instance) return "none";
    if (instance.twice.has(name)) return "twice";
    const entry = instance.entries.get(name);
    return entry && valueOf(entry) ? "held" : "none";
  }

  /** What the current code has, by `place#name`: with values that are no longer used left out. */
  *values(
    names?: ReadonlySet<string>,
  ): Generator<readonly [key: string, value: unknown]> {
    for (const [place, { entries }] of this.#current) {
      for (const [name, entry] of entries) {
        const key = `${place}#${name}`;
        if (names && !names.has(key)) continue;
        const it = valueOf(entry);
        if (it) yield [key, it.value];
      }
    }
  }

  /**
   * Lets the modules of an attempt take values while they are evaluated.
   *
   * @param attempt the attempt
   * @param names `place#name` of all that is to be taken
   */
  stage(attempt: number, names: Iterable<string>): void {
    this.#staged = {
      attempt,
      names: new Set(names),
      instances: new Map(),
      open: true,
      pairs: [],
    };
  }

  /**
   * Ends the taking: whatever runs later makes values of its own.
   *
   * @returns what was taken and what was not
   */
  seal(): KeptOutcome {
    const staged = this.#required("seal");
    staged.open = false;
    const taken = new Set(staged.pairs.map(({ key }) => key));
    const twice = [...staged.names].filter((key) => {
      const at = key.indexOf("#");
      return staged.instances.get(key.slice(0, at))?.twice.has(
        key.slice(at + 1),
      );
    });
    return {
      taken: [...taken],
      missing: [...staged.names].filter((key) => !taken.has(key)),
      twice,
    };
  }

  /** Puts the attempt's values in the place of those before; in the turn of the swap. */
  swap(): void {
    const staged = this.#required("swap");
    staged.open = false;
    this.#staged = null;
    const before = new Map<string, Instance>();
    this.#undo = { staged, before };
    this.follow();
    for (const [place, instance] of staged.instances) {
      const old = this.#current.get(place);
      if (old) before.set(place, old);
      this.#current.set(place, instance);
    }
  }

  /** Lets variables of the new code follow what the old code, which still answered, has made of them. */
  follow(): void {
    const pairs = (this.#undo?.staged ?? this.#staged)?.pairs ?? [];
    for (const pair of pairs) carry(pair, pair.from, pair.to);
  }

  /** Takes a swap back: the old code goes on with what has become of the values. */
  undo(): void {
    if (!this.#undo) return;
    const { staged, before } = this.#undo;
    this.#undo = null;
    for (const pair of staged.pairs) carry(pair, pair.to, pair.from);
    for (const [place, { attempt }] of this.#current) {
      if (attempt !== staged.attempt) continue;
      const old = before.get(place);
      if (old) this.#current.set(place, old);
      else this.#current.delete(place);
    }
    this.#givenUp.add(staged.attempt);
    release(staged);
  }

  /** Forgets what the last swap took the place of. */
  settle(): void {
    if (this.#undo) release(this.#undo.staged);
    this.#undo = null;
  }

  /** Gives up the attempt before its swap. */
  drop(): void {
    if (!this.#staged) return;
    this.#staged.open = false;
    this.#givenUp.add(this.#staged.attempt);
    release(this.#staged);
    this.#staged = null;
  }

  /**
   * Forgets modules that nothing reaches any more.
   *
   * @param places their places
   */
  forget(places: Iterable<string>): void {
    for (const place of places) this.#current.delete(place);
  }

  /** Whose value an initializer takes; null if it makes its own. */
  #source(
    staged: Staged | null,
    { place, entries, twice }: Instance,
    name: string,
  ): Instance | null {
    // A second run in one evaluation gets a value of its own.
    if (!staged?.open || entries.has(name) || twice.has(name)) return null;
    if (!staged.names.has(`${place}#${name}`)) return null;
    const source = this.#current.get(place);
    const entry = source?.entries.get(name);
    return source && entry && valueOf(entry) ? source : null;
  }

  #required(what: string): Staged {
    if (this.#staged) return this.#staged;
    throw new Error(`Cannot ${what} kept values: no attempt is staged`);
  }
}

/** The modules of an attempt live on; what it took the place of need not. */
function release(staged: Staged): void {
  staged.pairs.length = 0;
  staged.instances.clear();
}

/** Writes what has become of one variable into the other, if only the one has changed. */
function carry(pair: Pair, from: Instance, to: Instance): void {
  const source = from.entries.get(pair.name);
  const target = to.entries.get(pair.name);
  if (!source?.read || !target?.write) return;
  const now = valueOf(source);
  if (!now || Object.is(now.value, pair.last)) return;
  target.write(now.value);
  pair.last = now.value;
}
