/** What of a module would be lost with it, and what it changes of other modules after its evaluation.
 * @module
 */
import type {
  StateBinding,
  Touch,
} from "../../../protocol/manifest/module_analysis.ts";
import type { Code } from "../effects.ts";
import { placeOf } from "../code/places.ts";
import { isExternal, isRuntime } from "../values/known_calls.ts";
import { handleOf, instanceOf } from "./held_values.ts";
import { type Given, givenOf } from "./given_values.ts";
import { takesFile } from "./kept_files.ts";
import { changeOf, isListening, isMutator } from "../values/mutation.ts";
import { flag, keyName, many, type Node, one, unwrap } from "../code/nodes.ts";
import type { Root } from "../code/root.ts";
import type { Binding } from "../code/bindings.ts";
import type { Unit, Units } from "../code/units.ts";
import { useOf, writtenName } from "../code/uses.ts";

interface Change {
  readonly root: Root;
  readonly path: readonly string[];
  readonly how: "written" | "mutated";
  readonly detail: string;
  readonly node: Node;
}

/** Finds the state of a module: what code that runs after its evaluation changes, instances and open handles. */
export function stateOf(
  code: Code,
  units: Units,
  after: ReadonlySet<Unit>,
): {
  readonly bindings: StateBinding[];
  readonly later: Touch[];
  readonly keepsFiles: boolean;
  readonly given: Given;
} {
  let keepsFiles = false;
  const found = new Map<string, StateBinding>();
  const later = new Map<string, Touch>();
  const add = (state: StateBinding) => {
    if (!found.has(state.name)) found.set(state.name, state);
  };
  for (const binding of code.resolved.moduleLevel) {
    const handle = handleOf(binding, code);
    if (handle) add(handle);
  }
  for (const change of changes(code, units, after)) {
    const { root, path, detail, how, node } = change;
    if (root.specifier === null) {
      const name = stateName(root.binding!, path, code);
      if (name === null) continue;
      keepsFiles ||= takesFile(node, code);
      const at = placeOf(root.binding!.node);
      const { of } = code.values.ofBinding(root.binding!);
      add({
        name,
        ...at,
        why: how,
        detail,
        // Whether it is state depends on what made it.
        ...(how === "mutated" && of && !of.global ? { of: [of] } : {}),
      });
    } else if (!isExternal(root.specifier)) {
      const member = path.join(".");
      later.set(`${root.specifier}\n${root.name}\n${member}`, {
        specifier: root.specifier,
        name: root.name,
        how: path.at(-1)?.endsWith("()") ? "method" : "write",
        // `Object.assign(imported, …)` has no member.
        ...(member === "" ? {} : { member }),
        ...placeOf(node),
      });
    }
  }
  const given = givenOf(code, units, after);
  for (const { root, path, isWrite, node } of given.own) {
    const { line } = placeOf(node);
    if (root.specifier === null) {
      const fact = code.values.ofBinding(root.binding!);
      const change = changeOf(fact, path, isWrite);
      const name = change && stateName(root.binding!, path, code);
      if (!name) continue;
      const { of } = fact;
      add({
        name,
        ...placeOf(root.binding!.node),
        why: "mutated",
        detail: `${change} at line ${line}`,
        ...(of && !of.global ? { of: [of] } : {}),
      });
    } else {
      const member = path.join(".");
      later.set(`${root.specifier}\n${root.name}\n${member}`, {
        specifier: root.specifier,
        name: root.name,
        how: isWrite ? "write" : "method",
        ...(member === "" ? {} : { member }),
        ...placeOf(node),
      });
    }
  }
  for (const { binding, by, node } of filledElsewhere(code, units, after)) {
    add({
      name: binding.label,
      ...placeOf(binding.node),
      why: "mutated",
      detail: `${by}() at line ${placeOf(node).line}`,
    });
  }
  for (const binding of code.resolved.moduleLevel) {
    // What a default export is made of has names of its own.
    if (binding.node.type === "ExportDefaultDeclaration") continue;
    const instance = instanceOf(binding, code);
    if (instance) add(instance);
  }
  return {
    bindings: [...found.values()].sort((a, b) =>
      a.line - b.line || a.column - b.column
    ),
    later: [...later.values()],
    keepsFiles,
    given,
  };
}

function* changes(
  code: Code,
  units: Units,
  after: ReadonlySet<Unit>,
): Generator<Change> {
  const own = lifecycles(code, units);
  for (const unit of units.all) {
    if (own.has(unit)) continue;
    const isAfter = after.has(unit);
    for (
      const node of [...unit.references, ...unit.selves, ...madeBy(unit, code)]
    ) {
      if (code.resolved.bindings.get(node)?.node === node) continue;
      const use = useOf(node, code.resolved);
      // Who gets a bound method calls it later.
      const isLater = isAfter || use.path.at(-1) === "bind()" ||
        code.runs.isLate(node, unit);
      if (!isLater) continue;
      // An alias that is assigned to forgets where it came from.
      const isAssigned = code.resolved.targets.has(node);
      const binding = code.resolved.bindings.get(node);
      if (isAssigned && binding && !binding.top) continue;
      if (use.how !== "write" && !mayChange(use.path)) continue;
      const line = placeOf(node).line;
      for (const root of code.roots.ofUse(node, use)) {
        if (isAssigned && root.binding !== binding) continue;
        const { path } = root;
        // What a field holds that a package or another module has made for it goes with the instance.
        const isMade = node.type === "ThisExpression" &&
          root.specifier !== null &&
          path.slice(0, -1).some((step) => step.endsWith("()"));
        if (isMade) continue;
        const detail = isAssigned ? "assignment" : changeOf(
          // Of an import, who knows its module decides.
          root.specifier === null
            ? code.values.ofBinding(root.binding!)
            : IMPORTED,
          path,
          use.how === "write",
        );
        if (detail === null) continue;
        if (detail === "next()" && isOwnNext(root.binding, code)) continue;
        yield {
          root,
          path,
          how: isAssigned ? "written" : "mutated",
          detail: `${detail} at line ${line}`,
          node,
        };
      }
    }
  }
}

/**
 * Finds what begins empty, what nothing in its module fills, and what later code gives to an import: only that can fill it,
 * and it would be of no use if nobody did.
 */
function* filledElsewhere(
  code: Code,
  units: Units,
  after: ReadonlySet<Unit>,
): Generator<
  { readonly binding: Binding; readonly by: string; readonly node: Node }
> {
  const { resolved } = code;
  const empty = new Set(
    resolved.moduleLevel.filter((binding) => {
      const { from, assigned, references, label } = binding;
      return assigned.length === 0 && from?.path.length === 0 &&
        isEmpty(from.value) && !/^[\p{Lu}\d_]+$/u.test(label) &&
        references.every((it) => {
          const { how, path } = useOf(it, resolved);
          return how !== "write" && !path.some(isMutator);
        });
    }),
  );
  if (empty.size === 0) return;
  for (const unit of units.all) {
    for (const node of unit.references) {
      const binding = resolved.bindings.get(node);
      if (!binding || !empty.has(binding)) continue;
      const { how, path, given } = useOf(node, resolved);
      if (how !== "pass" || path.length > 0 || !given) continue;
      if (!after.has(unit) && !code.runs.isLate(node, unit)) continue;
      const isImported = code.roots.of(one(given.call, "callee")!).some((it) =>
        it.specifier !== null && !isRuntime(it.specifier)
      );
      if (!isImported) continue;
      yield { binding, by: writtenName(given.call) ?? "a call", node };
    }
  }
}

/** `[]`, `{}`, `new Map()`. */
function isEmpty(value: Node): boolean {
  const at = unwrap(value);
  switch (at.type) {
    case "ArrayExpression":
      return many(at, "elements").length === 0;
    case "ObjectExpression":
      return many(at, "properties").length === 0;
    case "NewExpression":
      return /^new (?:Map|Set)$/.test(writtenName(at) ?? "") &&
        many(at, "arguments").length === 0;
  }
  return false;
}

/** Whatever an import is. */
const IMPORTED = { kind: "map", of: { name: "" } } as const;

/** Whether a use may change something, by the names on its way. */
function mayChange(path: readonly string[]): boolean {
  return path.some(isMutator) || isListening(path) || path.at(-1) === "bind()";
}

/** What functions of this module hand out: `roomsOf().push()`. */
function madeBy(unit: Unit, { roots, resolved }: Code): Node[] {
  return unit.calls.filter((call) => {
    const callee = one(call, "callee");
    const { how, path } = useOf(call, resolved);
    return callee !== null && (how === "write" || mayChange(path)) &&
      roots.functionOf(callee) !== null;
  });
}

/** Whether a function of this module that is not a generator made what `next()` is called on: then it is one of the app's methods. */
function isOwnNext(binding: Binding | null, code: Code): boolean {
  const value = binding?.from ? unwrap(binding.from.value) : null;
  const callee = value?.type === "CallExpression" ? one(value, "callee") : null;
  const made = callee ? code.roots.functionOf(callee) : null;
  return made !== null && !flag(made.node, "generator") ||
    value?.type === "ObjectExpression";
}

/** The functions that a module gives to `accept()`, `dispose()`, and as `start` and `stop` of services: what they assign is made again with them. */
function lifecycles(code: Code, units: Units): Set<Unit> {
  const found = new Set<Unit>();
  // Nothing leads to the runtime where nothing imports it.
  const { moduleLevel, importCalls } = code.resolved;
  const mayReachRuntime = importCalls.length > 0 ||
    moduleLevel.some((it) => it.imported && isRuntime(it.imported.specifier));
  if (!mayReachRuntime) return found;
  for (const unit of units.all) {
    for (const call of unit.calls) {
      const callee = one(call, "callee");
      const root = callee
        ? code.roots.of(callee).find((it) =>
          it.specifier !== null && isRuntime(it.specifier)
        )
        : undefined;
      if (!root) continue;
      const last = root.path.at(-1);
      const args = many(call, "arguments");
      if (root.name === "hot" && (last === "accept" || last === "dispose")) {
        for (const it of args) {
          for (const f of code.runs.functionsIn(it)) found.add(f);
        }
      } else if (root.name === "service") {
        for (const it of args) {
          for (const item of many(unwrap(it), "properties")) {
            if (!/^(?:start|stop)$/.test(keyName(item, "key") ?? "")) continue;
            const value = one(item, "value");
            for (const f of value ? code.runs.callees(value) : []) found.add(f);
          }
        }
      }
    }
  }
  return found;
}

/** Under which name a change is state: a variable, or a static field; null for what is none. */
function stateName(
  binding: Binding,
  path: readonly string[],
  code: Code,
): string | null {
  if (binding.imported) return null;
  // What Deno puts beside decorators, and which replaces itself.
  if (/^_apply_decs_\w+$/.test(binding.label)) return null;
  const [first] = path;
  const fact = code.values.ofBinding(binding);
  if (fact.kind === "runtime" || fact.kind === "frozen") return null;
  if (first === undefined) return binding.label;
  if (fact.kind === "class") {
    return first.endsWith("()") || first === "prototype"
      ? null
      : `${binding.label}.${first}`;
  }
  if (fact.kind === "function") {
    return first.endsWith("()") ? null : binding.label;
  }
  // What an import holds is state of its own module.
  if (fact.kind === "re-export") return null;
  return binding.label;
}
