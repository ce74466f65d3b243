/** What functions change of what they are given, and what of a module is given to functions of others.
 * @module
 */
import type {
  ChangeOfGiven,
  GivenTo,
  GivenValue,
} from "../../../protocol/manifest/given_facts.ts";
import type { Code } from "../effects.ts";
import { placeOf } from "../code/places.ts";
import { ELEMENT_METHODS, isExternal } from "../values/known_calls.ts";
import { isListening, isMutator } from "../values/mutation.ts";
import { keyName, many, type Node, one, unwrap } from "../code/nodes.ts";
import type { Binding } from "../code/bindings.ts";
import { Roots } from "../code/roots.ts";
import type { Root } from "../code/root.ts";
import { ELEMENT } from "../code/scope.ts";
import type { Unit, Units } from "../code/units.ts";
import { type Use, useOf } from "../code/uses.ts";
import { localExports } from "../exports.ts";

const FIRST = /^(?:at|find|get|new)\(\)$/;
const FIELDS_MAX = 3;
const PATH_MAX = 4;
const CHANGES_MAX = 64;

/** What of a module is given away. */
export interface Given {
  /** What its exported functions change of what they are given. */
  readonly changes: readonly ChangeOfGiven[];
  /** What it gives to functions of other modules. */
  readonly given: readonly GivenValue[];
  /** What functions that it holds in tables change of its own: `commands[name](game)`. */
  readonly own: readonly OwnChange[];
}

/** What a function in a table changes. */
export interface OwnChange {
  readonly root: Root;
  /** The way to it and in it. */
  readonly path: readonly string[];
  readonly isWrite: boolean;
  readonly node: Node;
}

/** A change of one parameter. */
type Change = Omit<ChangeOfGiven, "function" | "index">;

interface Indexed {
  readonly index: number;
  readonly change: Change;
}

/** A value that is handed to a call. */
interface Pass {
  readonly node: Node;
  readonly unit: Unit;
  readonly call: Node;
  readonly index: number;
  /** Under which member of a literal. */
  readonly member: string | null;
  readonly roots: readonly Root[];
}

/** Finds what is given to functions, and what these change of it. */
export function givenOf(
  code: Code,
  units: Units,
  after: ReadonlySet<Unit>,
): Given {
  return new Finder(code, units, after).find();
}

class Finder {
  readonly #code: Code;
  readonly #units: Units;
  readonly #after: ReadonlySet<Unit>;
  readonly #roots: Roots;
  /** By function, what is changed of its parameters. */
  readonly #direct = new Map<Node, Indexed[]>();
  readonly #changes = new Map<Node, readonly Indexed[]>();
  readonly #passes: Pass[] = [];
  readonly #handed = new Map<Node, { pass: Pass; root: Root }[]>();
  readonly #whens = new Map<Node, Map<Unit, When>>();

  constructor(code: Code, units: Units, after: ReadonlySet<Unit>) {
    this.#code = code;
    this.#units = units;
    this.#after = after;
    const { resolved } = code;
    const parameters = new Set<Binding>();
    for (const unit of units.all) {
      for (const node of unit.references) {
        const binding = resolved.bindings.get(node);
        if (binding?.parameter) parameters.add(binding);
      }
    }
    this.#roots = new Roots(resolved, units, parameters);
  }

  find(): Given {
    for (const unit of this.#units.all) {
      for (const node of [...unit.references, ...unit.selves]) {
        this.#look(node, unit);
      }
    }
    const given: GivenValue[] = [], own: OwnChange[] = [];
    const seen = new Set<string>();
    for (const pass of this.#passes) {
      const isLater = this.#after.has(pass.unit) ||
        this.#code.runs.isLate(pass.node, pass.unit);
      for (const root of pass.roots) {
        if (root.binding?.parameter) continue;
        const fact = root.binding && root.specifier === null
          ? this.#code.values.ofBinding(root.binding)
          : null;
        if (
          fact && !/^(?:map|set|array|object|instance|unknown)$/.test(fact.kind)
        ) continue;
        const add = (to: GivenTo, path: readonly string[], late: boolean) => {
          const value: GivenValue = {
            ...(root.specifier === null ? {} : { specifier: root.specifier }),
            name: root.specifier === null ? root.binding!.label : root.name,
            ...(path.length > 0 ? { path } : {}),
            ...(late ? { later: true } : {}),
            ...(fact ? { kind: fact.kind } : {}),
            ...(fact?.of ? { of: fact.of } : {}),
            to,
            ...(fact ? placeOf(root.binding!.node) : {}),
          };
          const key = JSON.stringify(value);
          if (seen.has(key)) return;
          seen.add(key);
          given.push(value);
        };
        for (const to of this.#targets(pass)) add(to, root.path, isLater);
        for (const change of this.#changesAt(pass)) {
          const late = isLater || change.later === true;
          const path = [...root.path, ...change.path ?? []];
          if (change.to) add(change.to, path, late);
          else if (late) {
            own.push({
              root,
              path,
              isWrite: change.write === true,
              node: pass.node,
            });
          }
        }
      }
    }
    return { changes: this.#exported(), given, own };
  }

  #look(node: Node, unit: Unit): void {
    const { resolved } = this.#code;
    const binding = resolved.bindings.get(node);
    if (binding?.node === node) return;
    const use = useOf(node, resolved);
    if (use.how === "pass" && use.given) return this.#pass(node, unit, use);
    const isChange = use.how === "write" || use.path.some(isMutator) ||
      isListening(use.path);
    if (!isChange || resolved.targets.has(node)) return;
    for (const root of this.#roots.ofUse(node, use, true)) {
      const parameter = root.specifier === null && root.binding?.parameter;
      if (!parameter) continue;
      // `Object.assign(it, …)` changes any member.
      const any = use.how === "write" && use.given ? [ELEMENT] : [];
      const path = [...parameter.path, ...root.path, ...any];
      if (path.length === 0 || path.length > PATH_MAX) continue;
      const when = this.#when(parameter.of, unit);
      this.#add(parameter.of, parameter.index, {
        path,
        ...(use.how === "write" ? { write: true } : {}),
        ...when,
      });
    }
  }

  #add(of: Node, index: number, change: Change): void {
    const known = this.#direct.get(of);
    if (known) known.push({ index, change });
    else this.#direct.set(of, [{ index, change }]);
  }

  #pass(node: Node, unit: Unit, use: Use): void {
    const { call, index } = use.given!;
    if (index < 0 || !use.path.every(isHeld)) return;
    const argument = many(call, "arguments")[index]!;
    const member = this.#memberOf(use.node, argument);
    if (member === undefined) return;
    const roots = this.#roots.ofUse(node, use, true).filter((root) =>
      root.path.length <= PATH_MAX && root.path.every(isHeld) &&
      (root.specifier === null || !isExternal(root.specifier))
    );
    if (roots.length === 0) return;
    const pass: Pass = { node, unit, call, index, member, roots };
    this.#passes.push(pass);
    for (const root of roots) {
      const parameter = root.specifier === null && root.binding?.parameter;
      if (!parameter) continue;
      let known = this.#handed.get(parameter.of);
      if (!known) this.#handed.set(parameter.of, known = []);
      known.push({ pass, root });
    }
  }

  /** The member of a literal under which something is given; null for itself, undefined where nobody knows. */
  #memberOf(node: Node, argument: Node): string | null | undefined {
    let member: string | null | undefined = null;
    for (let at = node; at !== argument;) {
      const up = this.#code.resolved.parents.get(at);
      if (!up) return undefined;
      if (up.node.type === "Property") {
        member = keyName(up.node, "key") ?? undefined;
      } else if (up.node.type === "ArrayExpression") member = ELEMENT;
      at = up.node;
    }
    return member;
  }

  /** The imported functions that a call may be of. */
  #targets({ call, index, member }: Pass): GivenTo[] {
    const isNew = call.type === "NewExpression";
    return this.#code.roots.of(one(call, "callee")!).flatMap((root) =>
      root.specifier === null || isExternal(root.specifier) ||
        !isFunctionAt(root.path)
        ? []
        : [{
          specifier: root.specifier,
          name: root.name,
          ...(root.path.length > 0 || isNew
            ? { path: isNew ? [...root.path, "new()"] : root.path }
            : {}),
          index,
          ...(member === null ? {} : { member }),
        }]
    );
  }

  /** What functions of this module change of what a call gives them, where nothing else tells. */
  #changesAt({ call, index, member }: Pass): Change[] {
    if (call.type === "NewExpression") return [];
    const called = this.#code.runs.callees(one(call, "callee")!);
    return called.flatMap((unit) => {
      // A call by its name is followed from the other end.
      if (this.#roots.callsOf(unit.node).includes(call)) return [];
      return this.#changesOf(unit.node).flatMap((it) =>
        it.index === index ? within(it.change, member) : []
      );
    });
  }

  /** What a function changes of its parameters. */
  #changesOf(of: Node): readonly Indexed[] {
    const known = this.#changes.get(of);
    if (known) return known;
    const found: Indexed[] = [], texts = new Set<string>();
    // Against functions that hand it on in circles.
    this.#changes.set(of, found);
    const add = (index: number, change: Change) => {
      if (
        found.length >= CHANGES_MAX || (change.path?.length ?? 0) > PATH_MAX
      ) {
        return;
      }
      const text = `${index}${JSON.stringify(change)}`;
      if (!texts.has(text)) found.push({ index, change });
      texts.add(text);
    };
    for (const { index, change } of this.#direct.get(of) ?? []) {
      add(index, change);
    }
    for (const { pass, root } of this.#handed.get(of) ?? []) {
      const { index, path } = root.binding!.parameter!;
      const when = this.#when(of, pass.unit);
      const way = [...path, ...root.path];
      for (const to of this.#targets(pass)) {
        add(index, { ...(way.length > 0 ? { path: way } : {}), to, ...when });
      }
      for (const change of this.#changesAt(pass)) {
        const whole = [...way, ...change.path ?? []];
        const soon = when.soon && change.soon;
        const later = when.later || change.later;
        const { soon: _soon, later: _later, path: _path, ...what } = change;
        add(index, {
          ...(whole.length > 0 ? { path: whole } : {}),
          ...what,
          ...(soon ? { soon: true } : {}),
          ...(later ? { later: true } : {}),
        });
      }
    }
    return found;
  }

  /** Whether code that a function is given something for runs while it runs, or later. */
  #when(of: Node, unit: Unit): When {
    let known = this.#whens.get(of);
    if (!known) this.#whens.set(of, known = new Map());
    let when = known.get(unit);
    if (!when) known.set(unit, when = this.#findWhen(of, unit));
    return when;
  }

  #findWhen(of: Node, unit: Unit): When {
    const own = this.#units.byFunction.get(of);
    if (!own || own === unit) return { soon: true };
    const { runs } = this.#code;
    const soon = runs.closure([own]).has(unit);
    const isMethod = own.kind === "construct" && unit !== own &&
      unit.class === own.class;
    const isInside = !soon || isMethod || this.#isLeft(unit, own);
    return {
      ...(soon ? { soon: true } : {}),
      ...(isInside ? { later: true } : {}),
    };
  }

  /** Whether a function inside of another may be called when that is over. */
  #isLeft(unit: Unit, own: Unit): boolean {
    for (let at: Unit | null = unit; at && at !== own; at = at.parent) {
      if (at.kind === "function" && this.#code.runs.goesOn(at)) return true;
    }
    return false;
  }

  /** What exported functions change, by the names that others know. */
  #exported(): ChangeOfGiven[] {
    const { resolved } = this.#code;
    const found: ChangeOfGiven[] = [];
    const seen = new Set<string>();
    const add = (name: string, of: Node | undefined) => {
      if (!of || seen.has(name)) return;
      seen.add(name);
      for (const { index, change } of this.#changesOf(of)) {
        found.push({ function: name, index, ...change });
      }
    };
    const value = (name: string, node: Node, depth: number): void => {
      const at = unwrap(node);
      if (this.#units.byFunction.has(at)) return add(name, at);
      const of = this.#units.classes.get(at);
      if (of) {
        const made = many(one(at, "body"), "body").find((it) =>
          keyName(it, "key") === "constructor"
        );
        add(name, made ? one(made, "value")! : undefined);
        for (const [method, list] of of.methods) {
          if (!method.startsWith("#")) add(`${name}.${method}`, list[0]?.node);
        }
        return;
      }
      if (at.type !== "ObjectExpression" || depth > FIELDS_MAX) return;
      for (const item of many(at, "properties")) {
        const key = item.type === "Property" ? keyName(item, "key") : null;
        const inner = one(item, "value");
        if (key !== null && inner) value(`${name}.${key}`, inner, depth + 1);
      }
    };
    for (const [name, node] of localExports(resolved.program)) {
      const binding = resolved.bindings.get(unwrap(node));
      if (!binding) value(name, node, 0);
      else if (binding.from?.path.length === 0) {
        value(binding.label, binding.from.value, 0);
      }
    }
    return found;
  }
}

interface When {
  readonly soon?: true;
  readonly later?: true;
}

/** Whether a step leads to what a value holds, and not to what a call makes. */
function isHeld(step: string): boolean {
  return step.endsWith("()")
    ? ELEMENT_METHODS.has(step.slice(0, -2))
    : !/^(?:length|size)$/.test(step);
}

/** Whether a way may lead to a function that others know by its name. */
function isFunctionAt(path: readonly string[]): boolean {
  return path.length <= FIELDS_MAX &&
    path.every((step, at) =>
      !step.startsWith("#") &&
      (!step.endsWith("()") || at === 0 && FIRST.test(step))
    );
}

/** A change of what is given as a member of a literal; none where another member is changed. */
function within(change: Change, member: string | null): Change[] {
  if (member === null) return [change];
  const [first, ...rest] = change.path ?? [];
  return first === member && (rest.length > 0 || change.to)
    ? [{ ...change, path: rest }]
    : [];
}
