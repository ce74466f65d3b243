/** The uses of one state of an app by the modules that they lead to.
 * @module
 */
import type { ModuleAnalysis } from "../../../protocol/manifest/module_analysis.ts";
import type { ImportUse } from "../../../protocol/manifest/rebind_facts.ts";
import type { Found } from "../../lookup/find_export.ts";

/** One use of something of the app. */
export interface Entry {
  /** The module that uses it. */
  readonly by: string;
  /** The use. */
  readonly use: ImportUse;
  /** Its place among the module's uses. */
  readonly at: number;
  /** The module that it is imported from. */
  readonly target: string;
  /** What is known of that. */
  readonly of: ModuleAnalysis | undefined;
  /** What is used. */
  readonly found: Found;
}

/** So many modules are asked for one by one: to look through all for a few is less than to put each to its place. */
const FEW = 8;

/** Uses by the modules that they lead to, be it through others. */
export class UsesByPlace {
  readonly #entries: ReadonlyMap<string, readonly (Entry | null)[]>;
  /** By users, as far as somebody has asked. */
  readonly #users = new Map<string, ReadonlyMap<string, readonly Entry[]>>();
  /** By places, once somebody has asked for many. */
  #places: ReadonlyMap<string, readonly Entry[]> | null = null;

  /**
   * @param entries the uses by the modules that they are in; all are there when somebody asks
   */
  constructor(entries: ReadonlyMap<string, readonly (Entry | null)[]>) {
    this.#entries = entries;
  }

  /** What leads to a module, by those who use it. */
  usersOf(path: string): ReadonlyMap<string, readonly Entry[]> {
    let users = this.#users.get(path);
    if (!users) {
      if (this.#users.size === FEW) this.#places = this.#byPlace();
      const found = this.#places
        ? this.#places.get(path) ?? []
        : this.#leadingTo(path);
      users = Map.groupBy(found, ({ by }) => by);
      this.#users.set(path, users);
    }
    return users;
  }

  #leadingTo(path: string): Entry[] {
    const found: Entry[] = [];
    for (const entries of this.#entries.values()) {
      for (const it of entries) if (it && leadsTo(it, path)) found.push(it);
    }
    return found;
  }

  #byPlace(): Map<string, Entry[]> {
    const places = new Map<string, Entry[]>();
    const note = (place: string, entry: Entry) => {
      const known = places.get(place);
      if (known) known.push(entry);
      else places.set(place, [entry]);
    };
    for (const entry of [...this.#entries.values()].flat()) {
      if (!entry) continue;
      const { target, found } = entry;
      note(target, entry);
      // It may only pass through there.
      if (found.kind === "here" && found.path !== target) {
        note(found.path, entry);
      }
    }
    return places;
  }
}

function leadsTo({ target, found }: Entry, path: string): boolean {
  return target === path || found.kind === "here" && found.path === path;
}
