/** The values that initializers made, by place and name, and how an upgrade takes them over.
 * @module
 */
import { FollowedVariables } from "./followed_variables.ts";
import { type BeginMaking, keptAccess } from "./kept_access.ts";
import { type Entry, valueOf } from "./kept_entry.ts";
import { type Instance, newInstance, type Staged } from "./kept_instances.ts";
import type { Maker } from "../../makers.ts";
import { fileOf } from "../../module_urls.ts";
import type { KeptAccess } from "../wrap.ts";

/** What came of an attempt's evaluation, as far as kept values go. */
export interface KeptOutcome {
  /** `place#name` that were taken. */
  readonly taken: readonly string[];
  /** `place#name` whose initializer did not run. */
  readonly missing: readonly string[];
  /** `place#name` whose initializer ran more than once: which of the values is the kept one cannot be told. */
  readonly twice: readonly string[];
  /** `place#name` of variables that are constants now: what the old code still makes of them would be lost. */
  readonly fixed: readonly string[];
}

/** Whether the value of a name can be kept. */
export type KeepState = "held" | "none" | "twice" | "unknown";

/** A value that is in. */
export interface CurrentValue {
  /** The module. */
  readonly place: string;
  /** Its name there. */
  readonly name: string;
  /** `place#name`. */
  readonly key: string;
  readonly value: unknown;
}

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
  readonly #variables = new FollowedVariables();

  /** Gives a module instance access to its values. */
  open(
    place: string,
    attempt: number,
    begin: BeginMaking = () => null,
    evaluating: () => string | null = () => place,
  ): KeptAccess {
    const instance = newInstance(place, attempt);
    const staged = this.#staged?.attempt === attempt ? this.#staged : null;
    // A module that comes in later, by an import of its own, belongs to the code that runs.
    const known = staged ? staged.instances : this.#current;
    if (!known.has(place) && !this.#givenUp.has(attempt)) {
      known.set(place, instance);
    }
    return keptAccess({
      instance,
      source: (name) => this.#source(staged, instance, name),
      took: (pair) => staged!.pairs.push(pair),
      begin,
      evaluating,
    });
  }

  /**
   * Whether a value can be kept, as far as what ran tells. Returns `held` if it can; `twice` if its initializer ran
   * more than once; `none` if it never ran or nobody has its value any more; `unknown` where nothing of the module is
   * known.
   */
  stateOf(place: string, name: string): KeepState {
    const instance = this.#current.get(place);
    if (!instance) return "unknown";
    if (instance.twice.has(name)) return "twice";
    const entry = instance.entries.get(name);
    return entry && valueOf(entry) ? "held" : "none";
  }

  /** The instances of a module under a query or a fragment that have a value of this name, each as `module?query`. */
  besides(place: string, name: string): string[] {
    return [...this.#current].filter(([other, { entries, twice }]) =>
      other !== place && fileOf(other) === place &&
      (entries.has(name) || twice.has(name))
    ).map(([other]) => other);
  }

  /** Tells whether a name is that of a variable, which something else may be assigned to. */
  isVariable(key: string): boolean {
    return this.#entry(key)?.write !== undefined;
  }

  /**
   * Tells whether what the initializer of an attempt has made is still the value of its name, so that what it has begun,
   * such as timers, goes on with it.
   */
  lives(key: string, attempt: number | null): boolean {
    return this.#entry(key)?.origin === (attempt ?? 0);
  }

  /** Tells whether it is, and an attempt that is being loaded does not make another. */
  goesOn({ kept, attempt }: Maker): boolean {
    return this.lives(kept, attempt) &&
      (this.#staged === null || this.#staged.names.has(kept));
  }

  /** What functions and expressions of the current code have made, by `place#name`, and while which modules were evaluated. */
  *made(): Generator<[key: string, makers: string[]]> {
    for (const [place, { entries, twice, evaluated }] of this.#current) {
      if (evaluated.size === 0) continue;
      for (const [name, makers] of evaluated) {
        const entry = entries.get(name);
        if (twice.has(name) || entry && valueOf(entry)) {
          yield [`${place}#${name}`, [...makers]];
        }
      }
    }
  }

  /**
   * What the current code has, all of it or that of some modules: with values that are no longer used left out.
   *
   * @param places the modules; all where they are not given
   * @param fixed the names of what a module has made and cannot have changed since, which are left out; none where it is not given
   */
  *values(
    places?: ReadonlySet<string>,
    fixed?: (place: string) => ReadonlySet<string>,
  ): Generator<CurrentValue> {
    for (const [place, { entries, attempt }] of this.#current) {
      if (entries.size === 0 || places?.has(place) === false) continue;
      const isFixed = fixed?.(place);
      for (const [name, entry] of entries) {
        // What was taken over may have been changed by the code before.
        if (isFixed?.has(name) && entry.origin === attempt) continue;
        const it = valueOf(entry);
        if (it) yield { place, name, key: entry.key, value: it.value };
      }
    }
  }

  /** What the current code has of these, each as `place#name`. */
  *named(keys: Iterable<string>): Generator<CurrentValue> {
    for (const key of keys) {
      const [place, name] = parts(key);
      const entry = this.#entry(key);
      const it = entry && valueOf(entry);
      if (it) yield { place, name, key, value: it.value };
    }
  }

  #entry(key: string): Entry | undefined {
    const [place, name] = parts(key);
    return this.#current.get(place)?.entries.get(name);
  }

  /** Lets the modules of an attempt take values while they are evaluated. */
  stage(attempt: number, names: Iterable<string>): void {
    this.#staged = {
      attempt,
      names: new Set(names),
      instances: new Map(),
      open: true,
      pairs: [],
    };
  }

  /** Ends the taking: whatever runs later makes values of its own. */
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
      fixed: staged.pairs.filter(({ from, to, name }) =>
        from.entries.get(name)?.write && !to.entries.get(name)?.write
      ).map(({ key }) => key),
    };
  }

  /** Puts the attempt's values in the place of those before; in the turn of the swap. */
  swap(): void {
    const staged = this.#required("swap");
    staged.open = false;
    this.#staged = null;
    const before = new Map<string, Instance>();
    this.#undo = { staged, before };
    this.#variables.add(staged);
    this.follow();
    for (const [place, instance] of staged.instances) {
      const old = this.#current.get(place);
      if (old) before.set(place, old);
      this.#current.set(place, instance);
    }
  }

  /** Whether variables have to be followed: code that was replaced may still change some. */
  get isFollowing(): boolean {
    return this.#variables.isFollowing;
  }

  /**
   * Makes the variables of the old code and of the new one the same: while both answer, either may have changed them. Of two
   * counts both changes count; else what the new code has made of it.
   */
  follow(): void {
    this.#variables.follow();
  }

  /** Takes a swap back: the old code goes on with what has become of the values. */
  undo(): void {
    if (!this.#undo) return;
    const { staged, before } = this.#undo;
    this.#undo = null;
    this.follow();
    for (const [place, { attempt }] of this.#current) {
      if (attempt !== staged.attempt) continue;
      const old = before.get(place);
      if (old) this.#current.set(place, old);
      else this.#current.delete(place);
    }
    this.#givenUp.add(staged.attempt);
    this.#variables.release(staged);
  }

  /**
   * Forgets what a swap took the place of: nobody goes back. Variables are followed all the same: what the code before has
   * left behind, such as timers of requests, may change them at any time.
   */
  settle(attempt: number | undefined = this.#undo?.staged.attempt): void {
    if (this.#undo?.staged.attempt === attempt) this.#undo = null;
    this.#variables.settle(attempt);
  }

  /** Gives up the attempt before its swap. */
  drop(attempt: number | undefined = this.#staged?.attempt): void {
    if (this.#staged?.attempt !== attempt || !this.#staged) return;
    this.#staged.open = false;
    this.#givenUp.add(this.#staged.attempt);
    this.#variables.release(this.#staged);
    this.#staged = null;
  }

  /** Forgets modules that nothing reaches any more, under whatever query, but for what an attempt has made of them. */
  forget(places: Iterable<string>, attempt?: number): void {
    const gone = new Set(places);
    for (const [place, instance] of this.#current) {
      if (instance.attempt !== attempt && gone.has(fileOf(place))) {
        this.#current.delete(place);
      }
    }
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

function parts(key: string): [place: string, name: string] {
  const at = key.indexOf("#");
  return [key.slice(0, at), key.slice(at + 1)];
}
