/** Functions of modules that requests have handed on by their names, and the newest ones under these names: whoever holds
 * one of the old code and calls it for new work, calls the newest.
 *
 * @module
 */
import type { HandedImport } from "../../plan/analyze/waits/handed_names.ts";
import type { Generations } from "../generations.ts";
import { originalOf } from "../live/calls_as_work.ts";
import { attemptOf, placeOf } from "../module_urls.ts";
import {
  askedName,
  ENTER_KEY,
  type LeadOn,
  type LoadedFunctions,
  type TakeFunctions,
  type WantedFunctions,
} from "./enter.ts";

type AnyFunction = (...args: unknown[]) => unknown;

/** One function of a module. */
export interface NamedFunction {
  /** The place of its module. */
  readonly place: string;
  /** Its name there. */
  readonly name: string;
}

interface Instance extends LoadedFunctions {
  own: ((name: string) => unknown) | null;
  moved: ((lead: LeadOn) => void) | null;
}

/** What is known of one module. */
interface Place {
  /** What others hand on of it, by its exported names. */
  readonly wanted: Set<string>;
  readonly lookedFor: Set<string>;
  /** What somebody has handed on. */
  readonly handed: Set<string>;
  /** Its instances that can lead on, by their URLs. */
  readonly instances: Map<string, Instance>;
  /** Which one came in by which generation. */
  readonly history: { readonly generation: number; readonly url: string }[];
}

/** So many upgrades work may go on over. */
const HISTORY = 4;

/** All of them. */
export class MovedFunctions {
  readonly #generations: Generations;
  readonly #places = new Map<string, Place>();
  readonly #importing = new Map<string, readonly HandedImport[]>();
  readonly #known = new WeakMap<AnyFunction, NamedFunction | null>();
  readonly #asking = new WeakMap<AnyFunction, boolean>();
  /** What somebody was just led to. */
  #going: AnyFunction | null = null;

  /**
   * @param generations who meets what
   */
  constructor(generations: Generations) {
    this.#generations = generations;
  }

  /** Begins to take the functions of modules. */
  install(): void {
    const shared = globalThis as { [ENTER_KEY]?: TakeFunctions };
    shared[ENTER_KEY] = (url, own, moved) => {
      const instance = this.#place(url).instances.get(url);
      if (instance) Object.assign(instance, { own, moved });
    };
  }

  #place(url: string): Place {
    const place = placeOf(url);
    const known = this.#places.get(place);
    if (known) return known;
    const made: Place = {
      wanted: new Set(),
      lookedFor: new Set(),
      handed: new Set(),
      instances: new Map(),
      history: [],
    };
    this.#places.set(place, made);
    return made;
  }

  /** What a module that is about to be loaded is asked to let lead on: exported names, and names that it had before. */
  wanted(url: string): WantedFunctions | null {
    const place = this.#places.get(placeOf(url));
    if (!place) return null;
    const { handed: names, wanted: exported } = place;
    return names.size + exported.size === 0 ? null : { exported, names };
  }

  /** Notes what a module instance says. */
  loaded(url: string, functions: LoadedFunctions): void {
    const { names, lookedFor, imported } = functions;
    if (imported.length > 0) this.#importing.set(url, imported);
    if (names.length === 0 && lookedFor.size === 0) return;
    const place = this.#place(url);
    for (const name of lookedFor) place.lookedFor.add(name);
    place.instances.set(url, { ...functions, own: null, moved: null });
  }

  /** Notes where a specifier leads: what an importer hands on of it, is to lead on. */
  resolved(importer: string, specifier: string, url: string): void {
    for (const it of this.#importing.get(importer) ?? []) {
      if (it.specifier !== specifier) continue;
      const place = this.#place(url);
      if (it.name !== "*") place.wanted.add(it.name);
      if (!it.isLookedFor) continue;
      for (const { exported } of place.instances.values()) {
        place.lookedFor.add(exported.get(it.name) ?? it.name);
      }
    }
  }

  /** Notes that a function is handed on. Returns says which one it is; null for one that cannot lead on. */
  hand(value: AnyFunction): NamedFunction | null {
    const found = this.find(value);
    if (found) this.#places.get(found.place)!.handed.add(found.name);
    return found;
  }

  /** Which function of a module it is; null for one that cannot lead on. */
  find(value: AnyFunction): NamedFunction | null {
    const fn = originalOf(value);
    const known = this.#known.get(fn);
    if (known !== undefined) return known;
    const name = askedName(Function.prototype.toString.call(fn));
    const found = name === null ? null : this.#search(fn, name);
    this.#known.set(fn, found);
    return found;
  }

  #search(fn: AnyFunction, name: string): NamedFunction | null {
    const places = new Set<string>();
    for (const [place, { instances }] of this.#places) {
      for (const it of instances.values()) {
        if (!it.names.includes(name)) continue;
        if (functionOf(it, name) === fn) return { place, name };
        places.add(place);
      }
    }
    // The methods of classes that were replaced are not found any more.
    const [place, ...others] = places;
    return place !== undefined && others.length === 0 ? { place, name } : null;
  }

  /** Whether somebody looks for a function by what it is. */
  isLookedFor({ place, name }: NamedFunction): boolean {
    return this.#places.get(place)?.lookedFor.has(name) ?? false;
  }

  /** Whether an instance of its module has a function of this name. */
  isIn({ place, name }: NamedFunction, url: string): boolean {
    const instance = this.#places.get(place)?.instances.get(url);
    return instance !== undefined && functionOf(instance, name) !== null;
  }

  /** Lets those meet the functions of new instances who may, in one turn. */
  swap(generation: number, urls: Iterable<string>): () => void {
    const history: Place["history"][] = [];
    for (const url of urls) {
      const place = this.#places.get(placeOf(url));
      if (!place) continue;
      place.history.push({ generation, url });
      history.push(place.history);
      for (const [url, { moved }] of place.instances) {
        moved?.((name) => this.#lead(place, url, name));
      }
    }
    return () => {
      for (const it of history) {
        const at = it.findIndex((entry) => entry.generation === generation);
        if (at !== -1) it.splice(at, 1);
      }
    };
  }

  #lead(place: Place, url: string, name: string): AnyFunction | undefined {
    const going = this.#going;
    this.#going = null;
    if (!place.handed.has(name)) return undefined;
    const { meets } = this.#generations;
    const to = place.history.findLast((it) => it.generation <= meets)?.url ??
      placeOf(url);
    const instance = to === url ? undefined : place.instances.get(to);
    const found = instance && functionOf(instance, name);
    // What is kept has its functions of old code, which ask again when they are led to: they go on as they are.
    if (!found || found === going) return undefined;
    if (this.#asks(found)) this.#going = found;
    return found;
  }

  /** Whether a function asks where it leads to, as the first that it does. */
  #asks(fn: AnyFunction): boolean {
    let asks = this.#asking.get(fn);
    if (asks === undefined) {
      asks = askedName(Function.prototype.toString.call(fn)) !== null;
      this.#asking.set(fn, asks);
    }
    return asks;
  }

  /** Forgets instances that work no longer meets: their functions lead on without. */
  forgetOld(isCurrent: (url: string) => boolean): void {
    for (const { instances, history } of this.#places.values()) {
      if (history.length > HISTORY) history.splice(0, history.length - HISTORY);
      for (const url of instances.keys()) {
        // Most are current, and every upgrade asks all of them.
        if (isCurrent(url) || history.some((it) => it.url === url)) continue;
        instances.delete(url);
      }
    }
    for (const url of this.#importing.keys()) {
      if (!isCurrent(url)) this.#importing.delete(url);
    }
  }

  /** Forgets the instances of an attempt that does not come in. */
  forget(attempt: number): void {
    for (const { instances } of this.#places.values()) {
      for (const url of instances.keys()) {
        if (attemptOf(url) === attempt) instances.delete(url);
      }
    }
    for (const url of this.#importing.keys()) {
      if (attemptOf(url) === attempt) this.#importing.delete(url);
    }
  }
}

function functionOf({ own }: Instance, name: string): AnyFunction | null {
  try {
    const value = own?.(name);
    return typeof value === "function" ? value as AnyFunction : null;
  } catch {
    // Its declaration has not been reached.
    return null;
  }
}
