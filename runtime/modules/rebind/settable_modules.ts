/** The module instances of the app whose functions and classes can be set: all that were ever loaded.
 *
 * They are as many as all upgrades together have evaluated, so whatever an upgrade asks is answered without going through
 * those of modules that it has nothing to do with, and as far as possible from what was known before.
 *
 * @module
 */
import { attemptOf, placeOf } from "../module_urls.ts";
import type { SetExport } from "./settable.ts";

/** One module instance. */
export interface SettableInstance {
  /** Its URL. */
  readonly url: string;
  /** The URL without the attempt. */
  readonly place: string;
  /** The attempt that has loaded it; null for the image. */
  readonly attempt: number | null;
  /** How many were loaded before. */
  readonly order: number;
  /** The exported names that can be set. */
  readonly names: readonly string[];
  /** Reads or sets one of them; null as long as its evaluation has not begun. */
  readonly set: SetExport | null;
}

/** All instances of a module. */
export interface SettableModule {
  /** What it is loaded by, without the attempt: more than one where a query makes another of the same file. */
  readonly places: readonly string[];
  /** The instances, in the order in which they were loaded. */
  readonly instances: readonly SettableInstance[];
  /** The names that can be set in all of them; none where it is loaded by several names. */
  readonly names: readonly string[];
}

/** An instance as it is noted. */
interface Noted extends SettableInstance {
  set: SetExport | null;
}

/** The instances of one place. */
class Place implements SettableModule {
  readonly places: readonly string[];
  /** Whether a query makes another module of the same file. */
  readonly #isOther: boolean;
  readonly #instances: Noted[] = [];
  /** What all of the first ones have. */
  #common: readonly string[] = [];
  #looked = 0;

  constructor(place: string) {
    this.places = [place];
    this.#isOther = /[?#]/.test(place);
  }

  get instances(): readonly Noted[] {
    return this.#instances;
  }

  get names(): readonly string[] {
    if (this.#isOther) return [];
    for (; this.#looked < this.#instances.length; this.#looked++) {
      const { set, names } = this.#instances[this.#looked]!;
      // It may be evaluated yet.
      if (set === null) return [];
      this.#common = this.#looked === 0
        ? names
        : this.#common.filter((name) => names.includes(name));
    }
    return this.#common;
  }

  add(instance: Noted, before: Noted | undefined): void {
    if (!before) this.#instances.push(instance);
    else this.#replace((it) => it === before ? [instance] : [it]);
  }

  forget(attempt: number): readonly Noted[] {
    const gone = this.#instances.filter((it) => it.attempt === attempt);
    if (gone.length > 0) {
      this.#replace((it) => it.attempt === attempt ? [] : [it]);
    }
    return gone;
  }

  #replace(by: (instance: Noted) => Noted[]): void {
    const now = this.#instances.flatMap(by);
    this.#instances.splice(0, this.#instances.length, ...now);
    this.#looked = 0;
  }
}

/** The instances by their URLs. */
export class SettableModules {
  readonly #instances = new Map<string, Noted>();
  readonly #places = new Map<string, Place>();
  /** As long as no other place has instances. */
  #byPath: Map<string, SettableModule> | null = null;
  /** Whether some of these have the instances of several places, as they were. */
  #isJoined = false;
  #loads = 0;

  /** Whether anything is made settable; it is the image that says so. */
  isOn = false;

  /** Notes that an instance is loaded, and what can be set in it: nothing where its text could not be prepared. */
  loaded(url: string, names: readonly string[]): void {
    if (!this.isOn) return;
    const before = this.#instances.get(url);
    const order = before?.order ?? this.#loads++;
    const at = placeOf(url);
    const noted: Noted = {
      url,
      place: at,
      attempt: attemptOf(url),
      names,
      set: null,
      order,
    };
    this.#instances.set(url, noted);
    let place = this.#places.get(at);
    if (!place) this.#places.set(at, place = new Place(at));
    if (place.instances.length === 0 || this.#isJoined) this.#byPath = null;
    place.add(noted, before);
  }

  /** Takes what an instance hands out. */
  take(url: string, set: SetExport): void {
    const instance = this.#instances.get(url);
    if (instance) instance.set = set;
  }

  /** The modules by their paths; what a path is of stays the same. */
  byPath(
    pathOf: (url: string) => string | null,
  ): ReadonlyMap<string, SettableModule> {
    if (this.#byPath) return this.#byPath;
    const found = new Map<string, SettableModule>();
    this.#isJoined = false;
    for (const [at, place] of this.#places) {
      const path = place.instances.length === 0 ? null : pathOf(at);
      if (path === null) continue;
      const known = found.get(path);
      if (known) this.#isJoined = true;
      found.set(path, known ? joined(known, place) : place);
    }
    // As long as nobody knows the app's root, nothing is of the app.
    if (found.size > 0) this.#byPath = found;
    return found;
  }

  /** Forgets the instances of an attempt that does not come in. */
  forget(attempt: number): void {
    this.#byPath = null;
    for (const place of this.#places.values()) {
      for (const { url } of place.forget(attempt)) this.#instances.delete(url);
    }
  }
}

/** A module that is loaded by several names. */
function joined(one: SettableModule, other: SettableModule): SettableModule {
  const instances = [...one.instances, ...other.instances];
  return {
    places: [...one.places, ...other.places],
    instances: instances.sort((a, b) => a.order - b.order),
    names: [],
  };
}
