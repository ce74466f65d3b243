/** State that has no name to be kept by: parameters, variables of blocks, of `catch`, and of functions without a name, which
 * closures go on changing that were made while the module was evaluated.
 * @module
 */
import type { StateBinding } from "../../../protocol/manifest/module_analysis.ts";
import { placeOf } from "../code/places.ts";
import type { Code } from "../effects.ts";
import { isFunction, many, type Node, one, unwrap } from "../code/nodes.ts";
import type { Binding } from "../code/bindings.ts";
import { type Unit, unitAround, type Units } from "../code/units.ts";
import { callsItsArguments, useOf } from "../code/uses.ts";
import { handleOf, instanceOf } from "../state/held_values.ts";
import type { Keepable } from "./keepable.ts";
import { changed } from "./local_state.ts";

const LITERAL = /^(?:Array|Object)Expression$/;
const HIDDEN = /^(?:parameter|catch|var|let|const)$/;

/** Finds state without a name. */
export function hiddenStateOf(
  code: Code,
  units: Units,
  runs: { readonly top: ReadonlySet<Unit>; readonly after: ReadonlySet<Unit> },
  kept: Iterable<Keepable>,
): StateBinding[] {
  const { resolved } = code;
  const named = new Set<Node>();
  const made = new Map<Node, Keepable>();
  for (const it of kept) {
    if (it.id) named.add(it.id);
    if (it.kind === "expression") made.set(it.init!, it);
  }
  const escaping = new Escaping(code, units);
  const found: StateBinding[] = [];
  for (const binding of resolved.declared) {
    const { node, kind, top } = binding;
    if (top || named.has(node) || !HIDDEN.test(kind)) continue;
    if (binding.references.length === 0) continue;
    const home = unitAround(node, resolved, units);
    if (!runs.top.has(home)) continue;
    const lasts = (unit: Unit) =>
      home.kind === "module" ? unit !== home : escaping.leaves(unit, home);
    const state = changed(binding, code, units, runs.after, lasts) ??
      (isHeld(binding, units, home, lasts)
        ? handleOf(binding, code) ?? instanceOf(binding, code)
        : null);
    if (!state) continue;
    const { why, detail, of } = state;
    const add = (name: string, at: Node) =>
      found.push({
        name,
        ...placeOf(at),
        why,
        detail,
        ...(of ? { of } : {}),
      });
    const own = [...namesAround(node, code), binding.name].join(".");
    if (kind !== "parameter" || why !== "mutated") {
      add(own, node);
      continue;
    }
    // What a parameter is given is state where it comes from, if it has a name there.
    for (const value of givenTo(binding, code)) {
      const name = made.get(value)?.name;
      if (name !== undefined && code.values.of(value).of === undefined) {
        add(name, value);
      } else if (LITERAL.test(value.type)) {
        add(own, node);
        break;
      }
    }
  }
  return found;
}

/** What a parameter may hold: what calls in this module give it, and its default. */
function givenTo({ parameter, assigned }: Binding, { roots }: Code): Node[] {
  const { of, index, path } = parameter!;
  const given = roots.callsOf(of).map((call) => many(call, "arguments")[index]);
  return [...path.length === 0 ? given : [], ...assigned]
    .filter((it) => it !== undefined && it !== null).map(unwrap);
}

/** Whether closures that outlive the function name a variable. */
function isHeld(
  { references, kind }: Binding,
  units: Units,
  home: Unit,
  lasts: (unit: Unit) => boolean,
): boolean {
  // What a parameter is given has a name where it comes from.
  return kind !== "parameter" && references.some((it) => {
    const unit = units.around.get(it);
    return unit !== undefined && unit !== home && lasts(unit);
  });
}

/** The functions around a variable, as far as they have names; one that is called where it stands has that of its result. */
function namesAround(node: Node, { resolved, roots }: Code): string[] {
  const names: string[] = [];
  for (
    let at = resolved.parents.get(node)?.node;
    at;
    at = resolved.parents.get(at)?.node
  ) {
    if (!isFunction(at)) continue;
    const id = one(at, "id");
    const up = roots.above(at);
    const call = up?.key === "callee" ? roots.above(up.node) : null;
    const declared = call?.node.type === "VariableDeclarator"
      ? one(call.node, "id")
      : null;
    const name = roots.nameOfFunction(at)?.name ??
      (declared && resolved.bindings.get(declared)?.name) ??
      (id && resolved.bindings.get(id)?.name);
    if (name) names.unshift(name);
  }
  return names;
}

/** Which functions outlive the call of the function that made them. */
class Escaping {
  readonly #code: Code;
  readonly #units: Units;
  readonly #known = new Map<Unit, boolean>();

  constructor(code: Code, units: Units) {
    this.#code = code;
    this.#units = units;
  }

  /** Whether a function, or one around it inside of `home`, is handed out by that. */
  leaves(unit: Unit, home: Unit): boolean {
    for (let at: Unit | null = unit; at && at !== home; at = at.parent) {
      if (this.#isHandedOut(at)) return true;
    }
    return false;
  }

  #isHandedOut(unit: Unit): boolean {
    const known = this.#known.get(unit);
    if (known !== undefined) return known;
    // Against functions that name each other, while this is being found out.
    this.#known.set(unit, false);
    const named = this.#code.roots.nameOfFunction(unit.node);
    const found = unit.node.type === "FunctionDeclaration"
      ? this.#referencesLeave(named, unit)
      : unit.kind === "construct"
      ? true
      : unit.class !== null && unit.node.type !== "ArrowFunctionExpression" ||
        this.#goesOut(unit.node, unit);
    this.#known.set(unit, found);
    return found;
  }

  #goesOut(node: Node, unit: Unit): boolean {
    const { resolved, roots } = this.#code;
    const use = useOf(node, resolved);
    switch (use.how) {
      case "return":
        return true;
      case "pass":
        return use.given === null ||
          !callsItsArguments(use.given.call, this.#code.resolved);
      case "write":
        return true;
    }
    let up = roots.above(use.node);
    // Inside of a literal it goes where the literal goes.
    while (
      up && /^(?:Property|ObjectExpression|ArrayExpression)$/.test(up.node.type)
    ) {
      up = roots.above(up.node);
    }
    if (up?.node.type === "ExportDefaultDeclaration") return true;
    const id = up?.key === "init"
      ? one(up.node, "id")
      : up?.node.type === "AssignmentExpression" && up.key === "right"
      ? unwrap(one(up.node, "left")!)
      : null;
    if (id?.type !== "Identifier") return false;
    const binding = resolved.bindings.get(id);
    if (!binding) return true;
    if (up!.key === "right" && this.#isOutside(binding, unit)) return true;
    return this.#referencesLeave(binding, unit);
  }

  /** Whether what a variable holds is named where it goes on. */
  #referencesLeave(binding: Binding | null, unit: Unit): boolean {
    return binding?.references.some((it) => {
      if (it === binding.node) return false;
      const by = this.#units.around.get(it);
      if (by && by !== unit.parent && by !== unit && this.#isHandedOut(by)) {
        return true;
      }
      return this.#goesOut(it, unit);
    }) ?? false;
  }

  #isOutside(binding: Binding, { parent }: Unit): boolean {
    const home = unitAround(binding.node, this.#code.resolved, this.#units);
    for (let at: Unit | null = parent; at; at = at.parent) {
      if (at === home) return at !== parent;
    }
    return true;
  }
}
