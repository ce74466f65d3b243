/** What speaks against keeping a value: what is done to it whenever its module is evaluated.
 * @module
 */
import type {
  ExportFact,
  NameRef,
  TakenMember,
} from "../../../protocol/manifest/module_analysis.ts";
import {
  type Keepable,
  keepableBindings,
  type KeepableNames,
  keepableOf,
} from "./keepable.ts";
import { derivedAt, staleOf, takenApart } from "../values/derived.ts";
import { COLLECTION_READS, isRuntime } from "../values/known_calls.ts";
import { isFunction, nameOf, type Node, one, unwrap } from "../code/nodes.ts";
import { placeOf } from "../code/places.ts";
import { Roots } from "../code/roots.ts";
import { Runs } from "../code/runs.ts";
import type { Binding } from "../code/bindings.ts";
import { ELEMENT, type Resolved, resolveNames } from "../code/scope.ts";
import { type Unit, unitAround, type Units, unitsOf } from "../code/units.ts";
import { type Use, useOf } from "../code/uses.ts";
import { ValueFacts } from "../values/value_facts.ts";

/** Something that evaluated code does to a value, and would do to a kept one a second time. */
export interface Repeat {
  /** For people: `push()`, `.limit =`, `assignment`. */
  readonly detail: string;
  /** True where it only looks at what the value holds: what it makes of that does not follow. */
  readonly isRead?: boolean;
  /** Where, 1-based. */
  readonly line: number;
  /** Where, 1-based. */
  readonly column: number;
}

/** What has to be known before a value is kept. */
export interface KeptFacts {
  /** The name that deno.json calls it by. */
  readonly name: string;
  /** What would be done to it a second time. */
  readonly repeats: readonly Repeat[];
  /** Where an object of a library that the module configures comes from; such a one is never proposed. */
  readonly library: string | null;
  /** The class of an instance of which evaluated code takes members. */
  readonly of?: NameRef;
  /** These members. */
  readonly members?: readonly TakenMember[];
}

/** No more is told: one is enough to refuse it. */
const REPEATS_MAX = 4;
const NO_READS: ReadonlySet<string> = new Set();
const COLLECTIONS = /^(?:Map|Set|WeakMap|WeakSet|Array)$/;

/**
 * Tells what speaks against keeping the values of a module. Returns a record for each value that can be kept, in the
 * order of the source.
 */
export function keptFactsOf(
  program: Node,
  resolved: Resolved = resolveNames(program),
  known: {
    readonly names: KeepableNames;
    readonly units: Units;
    /** Its roots know the variables that can be kept. */
    readonly code: { readonly roots: Roots; readonly runs: Runs };
  } | null = null,
): KeptFacts[] {
  const names = known?.names ?? keepableOf(program);
  const units = known?.units ?? unitsOf(resolved);
  const roots = known?.code.roots ??
    new Roots(resolved, units, keepableBindings(names, resolved));
  const runs = known?.code.runs ?? new Runs(resolved, units, roots);
  // Facts that are found on the way to another one may say less.
  const values = new ValueFacts(resolved, roots);
  const all = [...names.found.values()];
  const usesOf = new UsesOf(
    keepableBindings(names, resolved),
    { resolved, units, roots },
  );
  const runsWith = evaluations(resolved, units, runs);
  return all.map((it) => {
    const binding = it.id && resolved.bindings.get(it.id);
    // What nobody uses is neither configured nor looked at.
    if (!binding || usesOf.binding(binding).length === 0) {
      return { name: it.name, repeats: [], library: null };
    }
    const library = libraryOf(it, roots);
    // `get` of a router is not that of a Map.
    const reads = library === null && !isInstance(it)
      ? COLLECTION_READS
      : NO_READS;
    const fact = values.ofBinding(binding);
    const repeats = repeatsOf(
      usesOf.binding(binding),
      (isCalled) => runsWith(it, isCalled),
      resolved,
      reads,
      fact,
    );
    const of = fact.kind === "instance" && !fact.of?.global ? fact.of : null;
    const members = of
      ? membersOf(usesOf.binding(binding), runsWith(it, false), resolved)
      : [];
    return {
      name: it.name,
      repeats,
      ...(of && members.length > 0 ? { of, members } : {}),
      library: repeats.some(({ isRead }) => !isRead) ? library : null,
    };
  });
}

/** One place where a value is used, under its own name or another one. */
interface UseOfValue {
  readonly unit: Unit;
  readonly reference: Node;
  readonly use: Use;
  /** The members and calls on the way from the value. */
  readonly path: readonly string[];
}

/** Where the variables of a module are used, under whatever name. */
class UsesOf {
  readonly #uses = new Map<Binding, UseOfValue[]>();

  constructor(
    all: ReadonlySet<Binding>,
    { resolved, units, roots }: {
      readonly resolved: Resolved;
      readonly units: Units;
      readonly roots: Roots;
    },
  ) {
    for (const binding of all) this.#uses.set(binding, []);
    for (const unit of this.#uses.size > 0 ? units.all : []) {
      for (const reference of unit.references) {
        const named = resolved.bindings.get(reference)!;
        if (reference === named.node || !mayStandFor(named)) continue;
        const use = useOf(reference, resolved);
        const add = (binding: Binding, path: readonly string[]) =>
          this.#uses.get(binding)?.push({ unit, reference, use, path });
        add(named, use.path);
        // Assigning to another name does nothing to what it stood for.
        if (resolved.targets.has(reference)) continue;
        for (const { binding, path } of roots.ofUse(reference, use, true)) {
          if (binding && binding !== named) add(binding, path);
        }
      }
      // `this.rooms` of an instance that was given them.
      for (const self of unit.isStatic ? [] : unit.selves) {
        const use = useOf(self, resolved);
        for (const { binding, path } of roots.ofUse(self, use, true)) {
          if (!binding) continue;
          this.#uses.get(binding)?.push({ unit, reference: self, use, path });
        }
      }
      for (const call of unit.calls) {
        const callee = one(call, "callee");
        if (!callee || !roots.functionOf(callee)) continue;
        const use = useOf(call, resolved);
        for (const { binding, path } of roots.along(call, use, true)) {
          const it = { unit, reference: call, use, path };
          if (binding) this.#uses.get(binding)?.push(it);
        }
      }
    }
    this.#takenApart(resolved, units, roots);
  }

  /** `const { view: { size } } = state`: what is taken out by a pattern within a pattern. */
  #takenApart(resolved: Resolved, units: Units, roots: Roots): void {
    if (this.#uses.size === 0) return;
    for (const declared of resolved.declared) {
      const { from, node } = declared;
      if (!from || from.path.length < 2 || from.path[0] === ELEMENT) continue;
      const unit = unitAround(node, resolved, units);
      const use = { ...useOf(node, resolved), path: from.path };
      for (const { binding, path } of roots.of(from.value, from.path, true)) {
        if (!binding || path.length === 0) continue;
        this.#uses.get(binding)?.push({ unit, reference: node, use, path });
      }
    }
  }

  binding(binding: Binding): readonly UseOfValue[] {
    return this.#uses.get(binding) ?? [];
  }
}

function mayStandFor({ kind }: Binding): boolean {
  return kind === "const" || kind === "parameter" || kind === "let" ||
    kind === "var" || kind === "class";
}

/** What runs when the module is evaluated; for a local also with its function, whoever calls that. */
function evaluations(
  resolved: Resolved,
  units: Units,
  runs: Runs,
): (it: Keepable, isCalled: boolean) => ReadonlySet<Unit> {
  const known = [
    new Map<Node | null, Set<Unit>>(),
    new Map<Node | null, Set<Unit>>(),
  ] as const;
  const functionAround = (node: Node | null): Node | null => {
    let at = node;
    while (at && !(isFunction(at) && units.byFunction.has(at))) {
      at = resolved.parents.get(at)?.node ?? null;
    }
    return at;
  };
  return ({ id }, isCalled) => {
    // Those of one function run with the same code.
    const own = functionAround(id);
    const table = known[isCalled ? 1 : 0];
    let found = table.get(own);
    if (!found) {
      const start = [units.module];
      for (let at = own; at;) {
        start.push(units.byFunction.get(at)!);
        at = functionAround(resolved.parents.get(at)?.node ?? null);
      }
      table.set(own, found = runs.closure(start, isCalled));
    }
    return found;
  };
}

/** What is done first, then what is only looked at. */
function repeatsOf(
  uses: readonly UseOfValue[],
  runsOf: (isCalled: boolean) => ReadonlySet<Unit>,
  resolved: Resolved,
  reads: ReadonlySet<string>,
  fact: ExportFact,
): Repeat[] {
  const repeats: Repeat[] = [];
  const seen = new Set<string>();
  const isFixed = fact.kind === "primitive" &&
    !uses.some(({ reference }) => resolved.targets.has(reference));
  if (isFixed || uses.length === 0) return repeats;
  const evaluated = runsOf(false);
  let called: ReadonlySet<Unit> | null = null;
  for (const it of uses) {
    if (!evaluated.has(it.unit)) continue;
    const detail = repeatOf(it, resolved, reads, fact);
    if (detail === null) continue;
    if (detail.isRead && !(called ??= runsOf(true)).has(it.unit)) continue;
    const { line, column } = placeOf(it.reference);
    const key = `${line}:${column}`;
    if (seen.has(key)) continue;
    seen.add(key);
    repeats.push({ ...detail, line, column });
  }
  return repeats.sort((a, b) =>
    Number(a.isRead ?? false) - Number(b.isRead ?? false) ||
    a.line - b.line || a.column - b.column
  ).slice(0, REPEATS_MAX);
}

/** The members that evaluated code takes without calling them: what it was given stays what it was. */
function membersOf(
  uses: readonly UseOfValue[],
  evaluated: ReadonlySet<Unit>,
  resolved: Resolved,
): TakenMember[] {
  const found = new Map<string, TakenMember>();
  for (const { unit, path, use, reference } of uses) {
    if (!evaluated.has(unit)) continue;
    for (const name of membersAt(path, use, reference, resolved)) {
      if (found.has(name)) continue;
      found.set(name, { name, ...placeOf(reference) });
    }
  }
  return [...found.values()];
}

function membersAt(
  [name, next]: readonly string[],
  use: Use,
  reference: Node,
  resolved: Resolved,
): string[] {
  if (name === undefined) {
    return (takenApart(reference, resolved) ?? [])
      .filter((it) => /^\.[^.]/.test(it)).map((it) => it.slice(1));
  }
  if (name.endsWith("()") || name === ELEMENT) return [];
  const isTaken = next === "bind()" ||
    next === undefined && use.how !== "write";
  return isTaken ? [name] : [];
}

/** What one use does to a value; null if it hands it on, or only shows it. */
function repeatOf(
  { use, path }: UseOfValue,
  resolved: Resolved,
  reads: ReadonlySet<string>,
  fact: ExportFact,
): Pick<Repeat, "detail" | "isRead"> | null {
  const called = path.find((step) => step.endsWith("()"));
  // Does nothing to it: what is bound is told as a member that is taken.
  const isBound = path.length === 2 && path[1] === "bind()";
  if (isBound && fact.kind === "instance") return null;
  if (called !== undefined) {
    const method = called.slice(0, -2);
    if (method === "") return null;
    if (!reads.has(method)) {
      // What was called when it got its other name is told there.
      return use.path.some((step) => step.endsWith("()"))
        ? { detail: called }
        : null;
    }
  } else if (use.how === "write") {
    const last = path.at(-1);
    const detail = last === undefined || last === ELEMENT
      ? "assignment"
      : `.${last} =`;
    return { detail };
  }
  if (reads.size === 0) return null;
  const stale = staleOf(
    fact,
    path,
    derivedAt(use, path, resolved),
  );
  return stale === null ? null : { detail: stale, isRead: true };
}

/** Whether a value is made by a class that is not one of the platform's collections. */
function isInstance({ init }: Keepable): boolean {
  const value = init ? unwrap(init) : null;
  return value?.type === "NewExpression" &&
    !COLLECTIONS.test(nameOf(one(value, "callee")));
}

/** The package that made a value, as its import says it; modules of the app and the runtime's own are none. */
function libraryOf({ init }: Keepable, roots: Roots): string | null {
  if (!init) return null;
  for (const { specifier } of roots.of(unwrap(init))) {
    if (specifier === null || isRuntime(specifier)) continue;
    if (!/^(?:\.{0,2}\/|file:)/.test(specifier)) return specifier;
  }
  return null;
}
