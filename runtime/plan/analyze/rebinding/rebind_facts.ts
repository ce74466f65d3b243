/** How a module uses what it imports, and what its own functions leave behind: what rebinding asks.
 * @module
 */
import type {
  ImportUse,
  LeftBehind,
  PieceFacts,
  RebindFacts,
} from "../../../protocol/manifest/rebind_facts.ts";
import type { Code } from "../effects.ts";
import { localExports } from "../exports.ts";
import type { Binding } from "../code/bindings.ts";
import { keyName, type Node, unwrap } from "../code/nodes.ts";
import { placeOf } from "../code/places.ts";
import type { ClassUnits, Unit, Units } from "../code/units.ts";
import { isExternal } from "../values/known_calls.ts";
import { Fates } from "./fates.ts";
import { isLate } from "./late.ts";
import { metBy } from "./met.ts";
import { servesBy } from "./serving.ts";
import { leftBehind } from "./left_behind.ts";
import { numbersOf, piecesOf } from "../code/pieces.ts";
import { Reachable } from "./reachable.ts";
import { goingOn, isPlainlyMade } from "./start_facts.ts";

/** One use, and the code it stands in. */
interface Placed {
  readonly node: Node;
  readonly use: ImportUse;
  readonly unit: Unit;
}

/** Tells how a module uses what it imports. */
export function rebindFactsOf(code: Code, units: Units): RebindFacts {
  const fates = new Fates(code, units);
  const reachable = new Reachable(code, units);
  const placed: Placed[] = [];
  for (const unit of units.all) {
    for (const node of unit.references) {
      const binding = code.resolved.bindings.get(node);
      const imported = binding?.node === node ? null : binding?.imported;
      if (!imported || isExternal(imported.specifier)) continue;
      placed.push({ node, use: useOf(node, imported, code, fates), unit });
    }
  }
  placed.sort((a, b) => a.use.line - b.use.line || a.use.column - b.use.column);
  const places = (ran: ReadonlySet<Unit>) =>
    placed.flatMap(({ node, use, unit }, at) =>
      // What is handed to somebody who calls it later does not run here.
      ran.has(unit) && use.how !== "export" && !isLate(node, code) ? [at] : []
    );
  const runs: Record<string, number[]> = Object.create(null);
  const leaves: Record<string, LeftBehind> = Object.create(null);
  const going = goingOn(code, units);
  const goes: string[] = [];
  for (const [name, node] of localExports(code.resolved.program)) {
    const start = startOf(node, code, units, reachable);
    if (start === null) continue;
    const reached = reachable.from(start.units);
    const ran = places(reached);
    if (ran.length > 0) runs[name] = ran;
    if (start.of?.superClass === null) {
      runs[`new ${name}`] = places(reachable.from([start.of.construct]));
    }
    if (!reached.isDisjointFrom(going)) goes.push(name);
    leaves[name] = {
      ...leftBehind(start.units, start.of !== null, code, units),
      ...start.of === null
        ? { parameters: fates.ofParameters(start.units[0]!.node) }
        : isPlainlyMade(start.of, code)
        ? { plain: true }
        : {},
    };
  }
  const holds = fates.heldMembers();
  const reached = reachable.from([units.module]);
  const top = places(reached);
  // Of one that waits by itself nobody knows whether it is over.
  if (units.module.awaits.length > 0 || !reached.isDisjointFrom(going)) {
    goes.push("");
  }
  if (going.size > 0) goes.push("*");
  const all = placed.flatMap(({ unit }, at) =>
    unit === units.module ? [] : [at]
  );
  return {
    ...placed.length > 0 ? { uses: placed.map(({ use }) => use) } : {},
    ...top.length > 0 ? { top } : {},
    ...Object.keys(runs).length > 0 ? { runs } : {},
    ...all.length > 0 ? { all } : {},
    ...Object.keys(leaves).length > 0 ? { leaves } : {},
    ...goes.length > 0 ? { goes: goes.sort() } : {},
    ...holds.length > 0 ? { holds } : {},
    pieces: pieceFacts(
      units,
      code,
      placed.map(({ unit }) => unit),
      going,
      (unit) => places(reachable.from(reachable.handedBy(unit))),
    ),
  };
}

/** The module by its functions and classes, each by its number. */
function pieceFacts(
  units: Units,
  { resolved }: Code,
  within: readonly Unit[],
  going: ReadonlySet<Unit>,
  handed: (unit: Unit) => number[],
): PieceFacts {
  const pieces = piecesOf(resolved.program);
  const numbers = numbersOf(pieces);
  const numberOf = ({ kind, node }: Unit) =>
    kind === "module" ? 0 : numbers.get(node)!;
  const hands: Record<string, number[]> = Object.create(null);
  for (const unit of units.all) {
    const given = handed(unit);
    if (given.length > 0) hands[numberOf(unit)] = given;
  }
  return {
    shape: pieces.shape,
    ...within.length > 0 ? { within: within.map(numberOf) } : {},
    ...Object.keys(hands).length > 0 ? { hands } : {},
    ...going.size > 0 ? { going: [...going].map(numberOf).sort(byNumber) } : {},
  };
}

function byNumber(a: number, b: number): number {
  return a - b;
}

/** The code of an export that is a function or a class; null for any other. */
function startOf(
  node: Node,
  { resolved }: Code,
  units: Units,
  reachable: Reachable,
): { readonly units: readonly Unit[]; readonly of: ClassUnits | null } | null {
  const binding = resolved.bindings.get(unwrap(node));
  if (binding?.imported || (binding && binding.assigned.length > 0)) {
    return null;
  }
  const from: Binding["from"] = binding
    ? binding.from
    : { value: node, path: [] };
  if (!from || from.path.length > 0) return null;
  const value = unwrap(from.value);
  const of = units.classes.get(value);
  if (of) return { units: reachable.ofClass(of), of };
  const unit = units.byFunction.get(value);
  return unit ? { units: [unit], of: null } : null;
}

function useOf(
  node: Node,
  imported: NonNullable<Binding["imported"]>,
  code: Code,
  fates: Fates,
): ImportUse {
  const { specifier } = imported;
  const { roots, resolved } = code;
  const place = placeOf(node);
  let { name } = imported;
  let at = node;
  const use = (
    how: ImportUse["how"],
    more: Partial<ImportUse> = {},
  ): ImportUse => ({ specifier, name, how, ...more, ...place });
  let up = roots.above(at);
  if (up?.node.type === "ExportSpecifier") return use("export");
  if (name === "*") {
    const member = up?.node.type === "MemberExpression" && up.key === "object"
      ? keyName(up.node, "property")
      : null;
    if (member === null || resolved.targets.has(up!.node)) {
      return use("value", { why: "uses it as a whole" });
    }
    name = member;
    at = up!.node;
    up = roots.above(at);
  }
  const ended = (how: ImportUse["how"], result: Node): ImportUse => {
    return use(how, fates.of(result));
  };
  if (!up) return use("value", { why: "uses its value" });
  const { node: parent, key } = up;
  if (key === "callee") {
    if (parent.type !== "NewExpression") return ended("call", parent);
    const made = ended("new", parent);
    const isHeld = made.fate === "held";
    const takes = isHeld ? fates.takenOf(parent) : [];
    const met = metBy(parent, code);
    return {
      ...made,
      ...isHeld && fates.isInside(parent) ? { inside: true } : {},
      ...takes.length > 0 ? { takes } : {},
      ...met ? { met } : {},
    };
  }
  if (parent.type === "MemberExpression" && key === "object") {
    const above = roots.above(parent);
    if (keyName(parent, "property") === null || resolved.targets.has(parent)) {
      return use("value", { why: "changes it" });
    }
    return ended("member", above?.key === "callee" ? above.node : parent);
  }
  if (
    parent.type === "BinaryExpression" && key === "right" &&
    operatorOf(parent) === "instanceof"
  ) return use("test");
  const serves = servesBy(up, code);
  return use("value", {
    why: whyOf(parent, key),
    ...serves ? { serves } : {},
  });
}

function operatorOf(node: Node): unknown {
  return (node as unknown as { readonly operator?: unknown }).operator;
}

/** What is done with a value, for people. */
function whyOf(parent: Node, key: string): string {
  switch (parent.type) {
    case "ClassDeclaration":
    case "ClassExpression":
      return key === "superClass" ? "extends it" : "uses its value";
    case "Decorator":
      return "decorates with it";
    case "TaggedTemplateExpression":
      return "tags a template with it";
    case "UnaryExpression":
      return operatorOf(parent) === "typeof"
        ? "asks for its type"
        : "uses its value";
    case "CallExpression":
    case "NewExpression":
      return "passes it on";
    case "Property":
    case "ArrayExpression":
      return "puts it away";
    case "VariableDeclarator":
    case "AssignmentExpression":
    case "AssignmentPattern":
      return "gives it another name";
    case "ReturnStatement":
    case "ArrowFunctionExpression":
      return "returns it";
    case "ExportDefaultDeclaration":
      return "exports its value";
  }
  return parent.type.startsWith("JSX") ? "renders it" : "uses its value";
}
