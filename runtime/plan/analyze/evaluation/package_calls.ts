/** What a module does to packages by calling them while it is evaluated: `dayjs.extend(utc)`, `axios.interceptors.use()`.
 *
 * A package stays loaded when its importer is replaced, so what such a call has done to it stays as well. Which calls do
 * something to the package itself, only their names tell: their results are dropped.
 *
 * @module
 */
import type { GlobalWrite } from "../../../protocol/manifest/module_analysis.ts";
import { isWrapper, many, type Node, one, unwrap } from "../code/nodes.ts";
import { placeOf } from "../code/places.ts";
import { textOf } from "../imports.ts";
import type { Root } from "../code/root.ts";
import type { Roots } from "../code/roots.ts";
import type { Resolved } from "../code/scope.ts";
import type { Unit } from "../code/units.ts";
import { useOf } from "../code/uses.ts";

/** What is set once more is what the last call says. */
const SETS =
  /^(?:set(?!Timeout$|Interval$|Immediate$)[A-Z]\w*|locale|config|configure|defaults|setup|init)$/;
/** What is added once more may be there twice. */
const ADDS =
  /^(?:(?:register|add|define)(?:[A-Z]\w*)?|extend|use|plugin|install|mixin)$/;
/** Handed over with the listeners. */
const LISTENER = /Listener$/;
/** Stands for what only the module itself has. */
const OWN = "…";

/** Where a call of a package is found. */
interface Called {
  /** `extend`, `use`. */
  readonly verb: string;
  /** `dayjs.extend`; `axios.interceptors.request.use`. */
  readonly name: string;
  readonly specifier: string;
}

/** Finds the calls by which a module changes packages while it is evaluated. */
export function packageCallsOf(
  resolved: Resolved,
  top: ReadonlySet<Unit>,
  roots: Roots,
  nameOfPackage: (specifier: string) => string | null,
): GlobalWrite[] {
  const found: GlobalWrite[] = [];
  for (const unit of top) {
    for (const node of unit.references) {
      const binding = resolved.bindings.get(node)!;
      if (node === binding.node || resolved.targets.has(node)) continue;
      const use = useOf(node, resolved);
      if (use.how !== "call" || !isDropped(use.node, resolved)) continue;
      for (const root of roots.along(node, use)) {
        const called = calledBy(root, nameOfPackage);
        const call = called && firstCall(node, resolved);
        if (!call) continue;
        const isAdded = ADDS.test(called.verb);
        const given = isAdded
          ? many(call, "arguments").map((it) =>
            givenText(it, resolved, nameOfPackage)
          )
          : [];
        found.push({
          name: `${called.name}(${given.join(", ")})`,
          ...placeOf(node),
          ...(given.includes(OWN) ? { again: true } : {}),
          specifier: called.specifier,
        });
      }
    }
  }
  return found;
}

function calledBy(
  { specifier, name, path }: Root,
  nameOfPackage: (specifier: string) => string | null,
): Called | null {
  const of = specifier === null ? null : nameOfPackage(specifier);
  if (specifier === null || of === null) return null;
  // Of what a call has made, nobody else has anything.
  const first = path.findIndex((step) => step.endsWith("()"));
  if (first === -1) return null;
  const members = path.slice(0, first);
  const last = path[first]!.slice(0, -2);
  const way = /^(?:default|\*)$/.test(name) ? members : [name, ...members];
  if (last !== "") way.push(last);
  const verb = way.at(-1);
  return verb === undefined || verb === "new" || LISTENER.test(verb) ||
      !(SETS.test(verb) || ADDS.test(verb))
    ? null
    : { verb, name: [of, ...way].join("."), specifier };
}

/** Whether nobody has what a call gives. */
function isDropped(node: Node, { parents }: Resolved): boolean {
  let up = parents.get(node);
  while (
    up && (isWrapper(up.node) || up.node.type === "AwaitExpression" ||
      up.node.type === "UnaryExpression")
  ) up = parents.get(up.node);
  return up?.node.type === "ExpressionStatement";
}

function firstCall(node: Node, { parents }: Resolved): Node | null {
  for (let up = parents.get(node); up; up = parents.get(up.node)) {
    if (up.key === "callee") {
      return up.node.type === "CallExpression" ? up.node : null;
    }
    if (up.node.type !== "MemberExpression" && !isWrapper(up.node)) return null;
  }
  return null;
}

/** A package's own value is the same whoever passes it; what the module makes is another one each time. */
function givenText(
  node: Node,
  resolved: Resolved,
  nameOfPackage: (specifier: string) => string | null,
): string {
  const at = unwrap(node);
  const text = textOf(at);
  if (text !== null) return JSON.stringify(text);
  if (at.type === "Literal") {
    return String((at as { readonly value?: unknown }).value);
  }
  const names: string[] = [];
  let root = at;
  while (root.type === "MemberExpression") {
    const property = one(root, "property");
    names.unshift(String((property as { name?: unknown } | null)?.name));
    root = unwrap(one(root, "object")!);
  }
  const imported = resolved.bindings.get(root)?.imported;
  const of = imported ? nameOfPackage(imported.specifier) : null;
  return imported && of !== null
    ? [of, imported.name, ...names].join(".")
    : OWN;
}
