/** How the modules of one state of an app use each other, and which uses may have run while modules were evaluated.
 * @module
 */
import { type Steps, Turns } from "../../../base/in_slices.ts";
import type { ModuleAnalysis } from "../../../protocol/manifest/module_analysis.ts";
import type { Passing } from "../../../protocol/manifest/passing_facts.ts";
import type {
  ImportUse,
  RebindFacts,
} from "../../../protocol/manifest/rebind_facts.ts";
import { ExportFinder, type Found } from "../../lookup/find_export.ts";
import type { View } from "../../lookup/views.ts";
import { Passings } from "./passings.ts";
import { type Entry, UsesByPlace } from "./uses_by_place.ts";

/** What the start of the process has run. */
export interface Started {
  /** By the modules, their functions and classes that have run; of other modules all may have run. */
  readonly pieces: ReadonlyMap<string, ReadonlySet<number>>;
  /** What the start may have run at all, by the text: timers and the like may have run by then as well. */
  readonly among: UsesOfView | null;
}

const NO_USES: readonly ImportUse[] = [];
/** The uses of a module by the facts of it: most of them are the same in the next plan, and lead to the same. */
const ENTRIES = new WeakMap<RebindFacts, readonly (Entry | null)[]>();
/** The name that stands for all. */
const EVERYTHING = [""];

/** Where nobody knows what has run. */
export const NOTHING_KNOWN: Started = { pieces: new Map(), among: null };

/** The uses in one state of an app. */
export class UsesOfView {
  /** The state. */
  readonly view: View;
  readonly #started: Started;
  readonly #exports: ExportFinder;
  readonly #entries: Map<string, (Entry | null)[]>;
  readonly #places: UsesByPlace;
  readonly #ran = new Map<string, Set<number>>();
  readonly #followed = new Map<string, Set<number>>();
  readonly #all = new Set<string>();
  readonly #held: Set<string>;
  readonly #passing: Passings;
  #goesOn = false;

  /**
   * @param view the state
   * @param started what the start of the process has run of the modules that are the same here
   * @param same the uses of all modules in the same state, as far as they do not depend on what has run
   */
  constructor(view: View, started: Started, same: UsesOfView | null = null) {
    this.view = view;
    this.#started = started;
    this.#exports = same ? same.#exports : new ExportFinder(view);
    this.#entries = same ? same.#entries : new Map();
    this.#places = same ? same.#places : new UsesByPlace(this.#entries);
    this.#held = same ? same.#held : new Set();
    this.#passing = same
      ? same.#passing
      : new Passings((by, { specifier, name }) =>
        this.#parametersOf(by, specifier, name)
      );
  }

  /** What an imported function does with its arguments, and in which module it is; null where nobody knows. */
  #parametersOf(by: string, specifier: string, name: string) {
    const target = this.view.resolve(by, specifier);
    const found = target === null ? null : this.#exports.find(target, name);
    if (found?.kind !== "here") return null;
    const { path } = found;
    const list = this.#factsOf(path)?.leaves?.[found.name]?.parameters;
    return list ? { path, list } : null;
  }

  /** Whether it knows how a module uses others. */
  knows(path: string): boolean {
    return this.#entries.has(path);
  }

  /** What one module uses of another, and of what only passes through that. */
  of(path: string, by: string): readonly Entry[] {
    return this.#places.usersOf(path).get(by) ?? [];
  }

  /** The modules that use something of a module, or of what passes through it. */
  usersOf(path: string): Iterable<string> {
    return this.#places.usersOf(path).keys();
  }

  /** Whether a use may have run while modules were evaluated, or made something that is held. */
  hasRun({ by, at }: Entry): boolean {
    return this.mayRun(by, at);
  }

  /** The same of a use by its place. */
  mayRun(by: string, at: number): boolean {
    return this.#ran.get(by)?.has(at) === true;
  }

  /** Whether what evaluations have begun may go on by itself: then what has run until now tells nothing. */
  get goesOn(): boolean {
    return this.#goesOn;
  }

  /** What a use of a module leads to here; null where that is not of the app. */
  find(by: string, { specifier, name }: ImportUse): Found | null {
    const target = this.view.resolve(by, specifier);
    return target === null ? null : this.#exports.find(target, name);
  }

  /** Takes the uses of a module. */
  add(by: string): void {
    const facts = this.#factsOf(by);
    if (!facts) return;
    const { uses, pieces, holds = [] } = facts;
    // Older commands do not say what is held.
    for (const name of pieces ? holds : EVERYTHING) this.#held.add(name);
    const before = ENTRIES.get(facts) ?? [];
    const entries = (uses ?? NO_USES).map((use, at) =>
      this.#entryOf(by, use, at, before[at] ?? null)
    );
    this.#entries.set(by, entries);
    ENTRIES.set(facts, entries);
  }

  #entryOf(
    by: string,
    use: ImportUse,
    at: number,
    before: Entry | null,
  ): Entry | null {
    const target = this.view.resolve(by, use.specifier);
    if (target === null) return null;
    const of = this.view.analysis(target);
    // What a module declares itself, it declares as long as it is the same.
    const isKnown = before?.by === by && before.target === target &&
      before.of === of && before.found.kind === "here" &&
      before.found.path === target;
    return isKnown ? before : {
      by,
      use,
      at,
      target,
      of,
      found: this.#exports.find(target, use.name),
    };
  }

  /** Follows what the evaluation of a module runs: as far as is known what it ran, and else whatever it may run. */
  follow(by: string): void {
    const facts = this.#factsOf(by);
    const waiting: Entry[] = [];
    const started = this.#startedIn(by);
    if (started === null) {
      this.#goesOn ||= facts?.goes?.includes("") === true;
      this.#run(by, facts?.top ?? [], waiting);
    } else {
      const { within = [], hands = {}, going = [] } = facts!.pieces!;
      this.#goesOn ||= going.some((it) => it === 0 || started.has(it));
      const marked = this.#marked(by);
      for (const [at, piece] of within.entries()) {
        if (facts!.uses![at]!.how === "export") continue;
        if (piece !== 0 && !started.has(piece)) continue;
        if (this.#started.among?.mayRun(by, at) === false) continue;
        marked.add(at);
        const entry = this.#entries.get(by)?.[at];
        // What others have run is known of them.
        if (entry && this.#isOpen(entry.found)) waiting.push(entry);
      }
      for (const [piece, places] of Object.entries(hands)) {
        if (piece === "0" || started.has(Number(piece))) {
          this.#run(by, places, waiting);
        }
      }
    }
    this.#drain(waiting, true);
  }

  /** Follows what made that which a module holds. */
  followHeld(by: string): void {
    const { uses = NO_USES } = this.#factsOf(by) ?? {};
    if (uses.length === 0) return;
    const waiting: Entry[] = [];
    const entries = this.#entries.get(by);
    for (const [at, use] of uses.entries()) {
      const entry = entries?.[at];
      const fate = entry ? this.fateOf(entry) : use.fate;
      if (fate !== "held") continue;
      const made = entry ? this.#madeBy(entry) : null;
      if (made === null) this.#run(by, [at], waiting);
      else this.#run(made.path, made.places, waiting);
    }
    this.#drain(waiting, false);
  }

  /** What becomes of the result of a use, through all functions that get it. */
  fateOf({ by, use, found }: Entry): Passing["fate"] {
    const from = found.kind === "here" ? found.path : null;
    return this.#passing.fateOf(by, use, from);
  }

  /** What makes an instance that is held, where nobody holds what its methods give; null where somebody may. */
  #madeBy({ use, found }: Entry) {
    if (use.how !== "new" || found.kind !== "here") return null;
    const { path, name } = found;
    const places = this.#factsOf(path)?.runs?.[`new ${name}`];
    return places && !this.holdsOf(path, name) ? { path, places } : null;
  }

  /** Whether any module may hold what a method of a class gives, as far as its name tells. */
  holdsOf(path: string, name: string): boolean {
    if (this.#held.has("")) return true;
    const methods = methodsOf(this.view.analysis(path), name);
    return methods !== null && !methods.isDisjointFrom(this.#held);
  }

  #startedIn(path: string): ReadonlySet<number> | null {
    return this.#factsOf(path)?.pieces
      ? this.#started.pieces.get(path) ?? null
      : null;
  }

  #isOpen(found: Found): boolean {
    return "path" in found && this.#startedIn(found.path) === null;
  }

  #drain(waiting: Entry[], isEvaluated: boolean): void {
    for (let entry = waiting.pop(); entry; entry = waiting.pop()) {
      const idle = this.#idle(entry);
      if (idle) this.#run(idle.path, idle.places, waiting);
      else this.#into(entry.found, waiting, isEvaluated);
    }
  }

  /** What makes an instance of which nobody calls a method while modules are evaluated; null where somebody may. */
  #idle({ by, use, found }: Entry) {
    if (use.how !== "new" || !use.met || found.kind !== "here") return null;
    const { path, name } = found;
    const facts = this.#factsOf(path);
    const places = facts?.runs?.[`new ${name}`];
    if (!places || !facts?.leaves?.[name]?.plain) return null;
    const names = this.#passing.met(by, use.met);
    const methods = methodsOf(this.view.analysis(path), name);
    return names && methods && names.isDisjointFrom(methods)
      ? { path, places }
      : null;
  }

  #into(found: Found, waiting: Entry[], isEvaluated: boolean): void {
    if (found.kind !== "here" && found.kind !== "namespace") return;
    const { path } = found;
    const facts = this.#factsOf(path);
    const isKnown = found.kind === "here" &&
      facts?.leaves?.[found.name] !== undefined;
    if (isEvaluated) {
      this.#goesOn ||= facts?.goes?.includes(isKnown ? found.name : "*") ===
        true;
    }
    if (isKnown) {
      return this.#run(path, facts?.runs?.[found.name] ?? [], waiting);
    }
    if (this.#all.has(path)) return;
    this.#all.add(path);
    this.#run(path, facts?.all ?? [], waiting);
  }

  #marked(path: string): Set<number> {
    let ran = this.#ran.get(path);
    if (!ran) this.#ran.set(path, ran = new Set());
    return ran;
  }

  #run(path: string, places: readonly number[], waiting: Entry[]): void {
    const marked = this.#marked(path);
    let followed = this.#followed.get(path);
    if (!followed) this.#followed.set(path, followed = new Set());
    for (const at of places) {
      marked.add(at);
      if (followed.has(at)) continue;
      followed.add(at);
      const entry = this.#entries.get(path)?.[at];
      if (entry) waiting.push(entry);
    }
  }

  #factsOf(path: string): RebindFacts | undefined {
    return this.view.analysis(path)?.rebind;
  }
}

/** The names of the methods of an exported class, of itself and of its instances; null where nobody knows it. */
function methodsOf(
  analysis: ModuleAnalysis | undefined,
  name: string,
): Set<string> | null {
  const of = analysis?.exports?.[name]?.class ?? name;
  const found = analysis?.classes?.find((it) => it.name === of);
  return found
    ? new Set(
      Object.keys(found.methods ?? {}).map((it) =>
        it.replace(/^(?:static|get|set) /, "")
      ),
    )
    : null;
}

/** Looks at the uses of some modules. */
export function* usesOfView(
  view: View,
  paths: Iterable<string>,
  started: Started,
): Steps<UsesOfView> {
  // What the uses are does not depend on which of them have run.
  const { among } = started;
  const same = among?.view === view ? among : null;
  const uses = new UsesOfView(view, started, same);
  const turns = new Turns();
  if (!same) {
    for (const path of paths) {
      if (turns.due) yield;
      uses.add(path);
    }
  }
  for (const path of paths) {
    if (turns.due) yield;
    uses.follow(path);
  }
  for (const path of paths) {
    if (turns.due) yield;
    uses.followHeld(path);
  }
  return uses;
}
