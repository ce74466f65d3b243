/** How the modules of one state of an app use each other, and which uses may have run while modules were evaluated.
 * @module
 */
import type { Steps } from "../../base/in_slices.ts";
import type {
  ImportUse,
  RebindFacts,
} from "../../protocol/manifest/rebind_facts.ts";
import { ExportFinder, type Found } from "../lookup/find_export.ts";
import type { View } from "../lookup/views.ts";

/** One use of something of the app. */
export interface Entry {
  /** The module that uses it. */
  readonly by: string;
  /** The use. */
  readonly use: ImportUse;
  /** Its place among the module's uses. */
  readonly at: number;
  /** What is used. */
  readonly found: Found;
}

/** The uses in one state of an app. */
export class UsesOfView {
  /** The state. */
  readonly view: View;
  readonly #exports: ExportFinder;
  readonly #users = new Map<string, Map<string, Entry[]>>();
  readonly #entries = new Map<string, (Entry | null)[]>();
  readonly #ran = new Map<string, Set<number>>();
  readonly #all = new Set<string>();

  /**
   * @param view the state
   */
  constructor(view: View) {
    this.view = view;
    this.#exports = new ExportFinder(view);
  }

  /** Whether it knows how a module uses others. */
  knows(path: string): boolean {
    return this.#entries.has(path);
  }

  /** What one module uses of another, and of what only passes through that. */
  of(path: string, by: string): readonly Entry[] {
    return this.#users.get(path)?.get(by) ?? [];
  }

  /** The modules that use something of a module, or of what passes through it. */
  usersOf(path: string): Iterable<string> {
    return this.#users.get(path)?.keys() ?? [];
  }

  /** Whether a use may have run while modules were evaluated, or made something that is held. */
  hasRun({ by, at }: Entry): boolean {
    return this.#ran.get(by)?.has(at) === true;
  }

  /** What a use of a module leads to here; null where that is not of the app. */
  find(by: string, { specifier, name }: ImportUse): Found | null {
    const target = this.view.resolve(by, specifier);
    return target === null ? null : this.#exports.find(target, name);
  }

  /** Takes the uses of a module. */
  add(by: string): void {
    const uses = this.#factsOf(by)?.uses;
    if (!this.#factsOf(by)) return;
    const entries = (uses ?? []).map((use, at): Entry | null => {
      const target = this.view.resolve(by, use.specifier);
      if (target === null) return null;
      const found = this.#exports.find(target, use.name);
      const entry: Entry = { by, use, at, found };
      const places = new Set([target]);
      if (found.kind === "here") places.add(found.path);
      for (const place of places) {
        let users = this.#users.get(place);
        if (!users) this.#users.set(place, users = new Map());
        const known = users.get(by);
        if (known) known.push(entry);
        else users.set(by, [entry]);
      }
      return entry;
    });
    this.#entries.set(by, entries);
  }

  /** Follows what the evaluation of a module runs, and what made that which it holds. */
  follow(by: string): void {
    const facts = this.#factsOf(by);
    const waiting: Entry[] = [];
    this.#run(by, facts?.top ?? [], waiting);
    for (const [at, use] of (facts?.uses ?? []).entries()) {
      if (use.fate === "held") this.#run(by, [at], waiting);
    }
    for (let entry = waiting.pop(); entry; entry = waiting.pop()) {
      this.#into(entry.found, waiting);
    }
  }

  #into(found: Found, waiting: Entry[]): void {
    if (found.kind !== "here" && found.kind !== "namespace") return;
    const { path } = found;
    const facts = this.#factsOf(path);
    const isKnown = found.kind === "here" &&
      facts?.leaves?.[found.name] !== undefined;
    if (isKnown) {
      return this.#run(path, facts?.runs?.[found.name] ?? [], waiting);
    }
    if (this.#all.has(path)) return;
    this.#all.add(path);
    this.#run(path, facts?.all ?? [], waiting);
  }

  #run(path: string, places: readonly number[], waiting: Entry[]): void {
    let ran = this.#ran.get(path);
    if (!ran) this.#ran.set(path, ran = new Set());
    for (const at of places) {
      if (ran.has(at)) continue;
      ran.add(at);
      const entry = this.#entries.get(path)?.[at];
      if (entry) waiting.push(entry);
    }
  }

  #factsOf(path: string): RebindFacts | undefined {
    return this.view.analysis(path)?.rebind;
  }
}

/** Looks at the uses of some modules. */
export function* usesOfView(
  view: View,
  paths: Iterable<string>,
): Steps<UsesOfView> {
  const uses = new UsesOfView(view);
  for (const path of paths) {
    yield;
    uses.add(path);
  }
  for (const path of paths) {
    yield;
    uses.follow(path);
  }
  return uses;
}
