/** What functions of other modules change of what they are given.
 * @module
 */
import type {
  ChangeOfGiven,
  GivenTo,
  GivenValue,
} from "../../protocol/manifest/given_facts.ts";
import { own } from "../../base/own.ts";
import type {
  ExportFact,
  NameRef,
} from "../../protocol/manifest/module_analysis.ts";
import { ELEMENT } from "../analyze/code/scope.ts";
import type { ClassLookup } from "./class_lookup.ts";
import { declarationLine } from "./declaration_line.ts";
import type { ExportFinder, Found } from "./find_export.ts";
import type { View } from "./views.ts";

/** One change of what is given. */
export interface FoundChange {
  /** The module whose function does it. */
  readonly in: string;
  /** The members on the way from what is given. */
  readonly path: readonly string[];
  readonly isWrite: boolean;
  /** Whether it may happen when the function is over. */
  readonly later: boolean;
}

type Here = Extract<Found, { kind: "here" }>;

/** A function of a module, by the name that its changes go by; `name.` for all of an object. */
interface Named {
  readonly path: string;
  readonly name: string;
}

const OF_ELEMENT = /^(?:\[\]|\d+|(?:at|find|get)\(\))$/;
const DEPTH_MAX = 6;
const CLASSES_MAX = 8;

/** Finds in one state of an app what becomes of what functions are given. */
export class GivenChanges {
  readonly #view: View;
  readonly #exports: ExportFinder;
  readonly #classes: ClassLookup;
  readonly #known = new Map<string, readonly FoundChange[]>();

  /**
   * @param view the state of the app
   * @param exports finds exported names in it
   * @param classes finds classes in it
   */
  constructor(view: View, exports: ExportFinder, classes: ClassLookup) {
    this.#view = view;
    this.#exports = exports;
    this.#classes = classes;
  }

  /** What an imported function changes of an argument, by itself and by whom it hands it on to. */
  of(by: string, to: GivenTo, depth = 0): readonly FoundChange[] {
    if (depth > DEPTH_MAX) return [];
    const key = [by, to.specifier, to.name, to.path, to.index, to.member]
      .join("\n");
    const known = this.#known.get(key);
    if (known) return known;
    // Against functions that hand it on in circles.
    this.#known.set(key, []);
    const found = this.#functions(by, to).flatMap((it) =>
      this.#changes(it, to, depth)
    );
    this.#known.set(key, found);
    return found;
  }

  #changes(it: Named, to: GivenTo, depth: number): FoundChange[] {
    const { path, name } = it;
    const all = this.#view.analysis(path)?.changes ?? [];
    return all.flatMap((change) => {
      const isMeant = change.index === to.index &&
        (name.endsWith(".")
          ? change.function.startsWith(name)
          : change.function === name);
      const way = isMeant ? wayFrom(change, to.member) : null;
      if (!way) return [];
      const later = change.later === true;
      if (!change.to) {
        return [{ in: path, path: way, isWrite: change.write === true, later }];
      }
      return this.of(path, change.to, depth + 1).map((inner) => ({
        ...inner,
        path: [...way, ...inner.path],
        later: later || inner.later,
      }));
    });
  }

  #functions(by: string, to: GivenTo): Named[] {
    const target = this.#view.resolve(by, to.specifier);
    if (target === null) return [];
    const steps = to.path ?? [];
    const found = this.#exports.find(target, to.name);
    if (found.kind !== "namespace") return this.#named(found, steps);
    const [first, ...rest] = steps;
    if (first === undefined) return [];
    return first === ELEMENT
      ? this.#exports.all(found.path).flatMap((it) => this.#named(it, rest))
      : this.#named(this.#exports.find(found.path, first), rest);
  }

  #named(found: Found, steps: readonly string[]): Named[] {
    if (found.kind !== "here") return [];
    const { path, fact } = found;
    const name = fact.class ?? fact.local ?? found.name;
    const [first, second] = steps;
    if (fact.kind === "class") {
      if (first !== "new()") return [];
      return steps.length === 1
        ? [{ path, name }]
        : steps.length === 2
        ? this.#methods({ path, name }, second!)
        : [];
    }
    if (fact.kind === "instance" && fact.of && steps.length === 1) {
      const of = this.#classes.find(path, fact.of);
      return of
        ? this.#methods({ path: of.path, name: of.fact.name }, first!)
        : [];
    }
    const field = first === undefined ? undefined : own(fact.fields, first);
    if (field?.kind === "re-export" && field.from?.specifier !== undefined) {
      return this.#imported(path, field.from, steps.slice(1));
    }
    return steps.length === 1 && OF_ELEMENT.test(first!)
      ? [{ path, name: `${name}.` }, ...this.#heldBy(found)]
      : steps.at(-1) === ELEMENT
      ? [{ path, name: `${[name, ...steps.slice(0, -1)].join(".")}.` }]
      : [{ path, name: [name, ...steps].join(".") }];
  }

  /** The imported functions that a table or a list is made of: `systems = [clock, move]`. */
  #heldBy({ path, name }: Here): Named[] {
    const uses = own(this.#view.analysis(path)?.texts, name)?.uses ?? [];
    return uses.flatMap((it) => this.#imported(path, it, []));
  }

  #imported(
    path: string,
    { specifier, name }: NameRef,
    steps: readonly string[],
  ): Named[] {
    const target = specifier === undefined
      ? null
      : this.#view.resolve(path, specifier);
    return target === null
      ? []
      : this.#named(this.#exports.find(target, name), steps);
  }

  /** A method of a class, and of those that it extends. */
  #methods(of: Named, method: string): Named[] {
    const found: Named[] = [];
    let at = this.#classes.find(of.path, { name: of.name });
    while (at && found.length < CLASSES_MAX) {
      found.push({ path: at.path, name: `${at.fact.name}.${method}` });
      if (Object.hasOwn(at.fact.methods ?? {}, method)) break;
      at = at.fact.extends
        ? this.#classes.find(at.path, at.fact.extends)
        : null;
    }
    return found;
  }
}

/** The way from what is given, where it is given as a member of a literal; null where another member is changed. */
function wayFrom(
  { path = [], to }: ChangeOfGiven,
  member: string | undefined,
): readonly string[] | null {
  if (member === undefined) return path;
  const [first, ...rest] = path;
  return first === member && (rest.length > 0 || to) ? rest : null;
}

/** Finds the variable that is given, and what it holds; null for one from outside. */
export function heldBy(
  by: string,
  value: GivenValue,
  view: View,
  exports: ExportFinder,
): {
  readonly path: string;
  readonly name: string;
  readonly fact: ExportFact;
  readonly line: number;
  readonly column: number;
} | null {
  const { specifier, name, kind = "unknown", of } = value;
  if (specifier === undefined) {
    const fact = { kind, ...(of ? { of } : {}) };
    return {
      path: by,
      name,
      fact,
      line: value.line ?? 1,
      column: value.column ?? 1,
    };
  }
  const target = view.resolve(by, specifier);
  const found = target === null ? null : exports.find(target, name);
  if (found?.kind !== "here") return null;
  const { path, fact } = found;
  const local = fact.local ?? found.name;
  const line = fact.line ?? declarationLine(view.analysis(path), local);
  return { path, name: local, fact, line, column: fact.column ?? 0 };
}
