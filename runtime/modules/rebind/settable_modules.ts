/** The module instances of the app whose functions and classes can be set: all that were ever loaded.
 * @module
 */
import { attemptOf, placeOf } from "../module_urls.ts";
import type { SetExport } from "./settable.ts";

/** One module instance. */
export interface SettableInstance {
  /** Its URL. */
  readonly url: string;
  /** The exported names that can be set. */
  readonly names: readonly string[];
  /** Reads or sets one of them; null as long as its evaluation has not begun. */
  readonly set: SetExport | null;
}

/** The instances by their URLs. */
export class SettableModules {
  readonly #instances = new Map<string, SettableInstance>();

  /** Whether anything is made settable; it is the image that says so. */
  isOn = false;

  /** Notes that an instance is loaded, and what can be set in it: nothing where its text could not be prepared. */
  loaded(url: string, names: readonly string[]): void {
    if (this.isOn) this.#instances.set(url, { url, names, set: null });
  }

  /** Takes what an instance hands out. */
  take(url: string, set: SetExport): void {
    const instance = this.#instances.get(url);
    if (instance) this.#instances.set(url, { ...instance, set });
  }

  /** The instances by paths. */
  byPath(
    pathOf: (url: string) => string | null,
  ): Map<string, SettableInstance[]> {
    const found = new Map<string, SettableInstance[]>();
    for (const instance of this.#instances.values()) {
      const path = pathOf(instance.url);
      if (path === null) continue;
      const known = found.get(path);
      if (known) known.push(instance);
      else found.set(path, [instance]);
    }
    return found;
  }

  /** Forgets the instances of an attempt that does not come in. */
  forget(attempt: number): void {
    for (const url of this.#instances.keys()) {
      if (attemptOf(url) === attempt) this.#instances.delete(url);
    }
  }
}

/** The names that can be set in all instances of a module; none where it is loaded by several names. */
export function namesInAll(instances: readonly SettableInstance[]): string[] {
  const [first, ...rest] = instances;
  if (!first) return [];
  const place = placeOf(first.url);
  if (/[?#]/.test(place) || rest.some(({ url }) => placeOf(url) !== place)) {
    return [];
  }
  return first.names.filter((name) =>
    instances.every(({ names, set }) => set !== null && names.includes(name))
  );
}
