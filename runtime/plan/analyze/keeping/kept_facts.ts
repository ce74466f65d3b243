/** What speaks against keeping a value: what is done to it whenever its module is evaluated.
 * @module
 */
import { type Keepable, type KeepableNames, keepableOf } from "./keepable.ts";
import { COLLECTION_READS, isRuntime } from "../values/known_calls.ts";
import {
  isFunction,
  keyName,
  nameOf,
  type Node,
  one,
  unwrap,
} from "../code/nodes.ts";
import { Roots } from "../code/roots.ts";
import { Runs } from "../code/runs.ts";
import { type Binding, type Resolved, resolveNames } from "../code/scope.ts";
import { type Unit, type Units, unitsOf } from "../code/units.ts";
import { useOf } from "../code/uses.ts";

/** Something that evaluated code does to a value, and would do to a kept one a second time. */
export interface Repeat {
  /** For people: `push()`, `.limit =`, `assignment`. */
  readonly detail: string;
  /** True where it only looks through all that a collection holds: what it makes of that does not follow. */
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
}

/** What takes one element, which stays the same, or only asks for it. */
const READS_SOME = /^(?:at|find|findLast|get|has|includes)$/;
const COPIES =
  /^(?:Map|Set|Array\.from|Object\.(?:assign|entries|fromEntries|groupBy|keys|values)|Map\.groupBy|JSON\.stringify|structuredClone)$/;
const NO_READS: ReadonlySet<string> = new Set();
const COLLECTIONS = /^(?:Map|Set|WeakMap|WeakSet|Array)$/;

/**
 * Tells what speaks against keeping the values of a module.
 *
 * @param program the root of its tree
 * @param resolved its names, where they are resolved already
 * @param known what else is known of it already
 * @returns a record for each value that can be kept, in the order of the source
 */
export function keptFactsOf(
  program: Node,
  resolved: Resolved = resolveNames(program),
  known: {
    readonly names: KeepableNames;
    readonly units: Units;
    readonly code: { readonly roots: Roots; readonly runs: Runs };
  } | null = null,
): KeptFacts[] {
  const units = known?.units ?? unitsOf(resolved);
  const roots = known?.code.roots ?? new Roots(resolved, units);
  const runs = known?.code.runs ?? new Runs(resolved, units, roots);
  const { found } = known?.names ?? keepableOf(program);
  return [...found.values()].map((it) => {
    const binding = it.id && resolved.bindings.get(it.id);
    const library = libraryOf(it, roots);
    // `get` of a router is not that of a Map.
    const reads = library === null && !isInstance(it)
      ? COLLECTION_READS
      : NO_READS;
    const repeats = binding
      ? repeatsOf(
        binding,
        evaluatedWith(it, resolved, units, runs),
        resolved,
        reads,
      )
      : [];
    return {
      name: it.name,
      repeats,
      library: repeats.length > 0 ? library : null,
    };
  });
}

/** What runs when the module is evaluated; for a local also what its function runs, whoever calls that. */
function evaluatedWith(
  { id }: Keepable,
  resolved: Resolved,
  units: Units,
  runs: Runs,
): ReadonlySet<Unit> {
  const start = [units.module];
  let at = id;
  while (at) {
    const unit = isFunction(at) ? units.byFunction.get(at) : undefined;
    if (unit) start.push(unit);
    at = resolved.parents.get(at)?.node ?? null;
  }
  return runs.closure(start);
}

function repeatsOf(
  binding: Binding,
  evaluated: ReadonlySet<Unit>,
  resolved: Resolved,
  reads: ReadonlySet<string>,
): Repeat[] {
  const repeats: Repeat[] = [];
  for (const unit of evaluated) {
    for (const reference of unit.references) {
      if (resolved.bindings.get(reference) !== binding) continue;
      if (reference === binding.node) continue;
      const detail = repeatOf(reference, resolved, reads);
      if (detail === null) continue;
      const { line = 0, column = -1 } = reference.loc?.start ?? {};
      repeats.push({ ...detail, line, column: column + 1 });
    }
  }
  return repeats.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** What one use does to a value; null if it only looks at some of it or hands it on. */
function repeatOf(
  reference: Node,
  resolved: Resolved,
  reads: ReadonlySet<string>,
): Pick<Repeat, "detail" | "isRead"> | null {
  const { how, path } = useOf(reference, resolved);
  const called = path.find((step) => step.endsWith("()"));
  if (called !== undefined) {
    const method = called.slice(0, -2);
    if (method === "") return null;
    if (!reads.has(method)) return { detail: called };
    return READS_SOME.test(method) ? null : { detail: called, isRead: true };
  }
  if (how === "write") {
    const last = path.at(-1);
    const detail = last === undefined || last === "[]"
      ? "assignment"
      : `.${last} =`;
    return { detail };
  }
  const all = path.length === 0 && reads.size > 0
    ? readsAll(reference, resolved)
    : null;
  return all === null ? null : { detail: all, isRead: true };
}

/** `...rooms`, `for (const it of rooms)`, `new Map(rooms)`: all that a collection holds now. */
function readsAll(
  reference: Node,
  { parents, bindings }: Resolved,
): string | null {
  const up = parents.get(reference);
  if (!up) return null;
  if (up.node.type === "SpreadElement") return "...";
  if (up.node.type === "ForOfStatement" && up.key === "right") return "for of";
  if (up.key !== "arguments") return null;
  const callee = unwrap(one(up.node, "callee")!);
  const owner = callee.type === "MemberExpression"
    ? unwrap(one(callee, "object")!)
    : callee;
  if (bindings.has(owner)) return null;
  const name = callee === owner
    ? nameOf(callee)
    : `${nameOf(owner)}.${keyName(callee, "property") ?? ""}`;
  return COPIES.test(name) ? `${name}()` : null;
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
