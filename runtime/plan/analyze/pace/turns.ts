/** What happens in each turn of a loop, and what a turn waits for.
 * @module
 */
import { keyName, type Node, one, unwrap } from "../code/nodes.ts";
import type { Resolved } from "../code/scope.ts";
import type { Units } from "../code/units.ts";
import { type Pacing, pacingOfCode } from "./paces.ts";

/** Modules of the platform whose functions call back when the disk, the network or a process has answered. */
export const ANSWERING =
  /^(?:node:)?(?:fs|dns|child_process|crypto|zlib|http|https)$/;

/** Tells what a turn waits for, whatever it meets on its way. */
export function pacingOfTurn(
  node: Node,
  resolved: Resolved,
  units: Units,
): Pacing {
  return pacingOfCode(
    node,
    resolved,
    units,
    (it) => isInEachTurn(it, node, resolved),
  );
}

/**
 * Tells whether something happens in each turn: a rest that is taken only when there is nothing to do, or after an error,
 * lets a busy loop go on.
 */
export function isInEachTurn(
  node: Node,
  loop: Node,
  { parents }: Pick<Resolved, "parents">,
): boolean {
  for (let at = node; at !== loop;) {
    const up = parents.get(at);
    if (!up) return true;
    const { type } = up.node;
    if (
      /^(?:consequent|alternate)$/.test(up.key) ||
      type === "CatchClause" || up.key === "arguments" && isCatch(up.node) ||
      type === "LogicalExpression" && up.key === "right" ||
      // A loop inside may not be entered.
      up.node !== loop && up.key === "body" && /^(?:For|While)/.test(type)
    ) return false;
    at = up.node;
  }
  return true;
}

function isCatch(call: Node): boolean {
  const callee = one(call, "callee");
  return callee !== null && keyName(unwrap(callee), "property") === "catch";
}

/**
 * Tells whether what a call is given goes on when it has come to its end: `work().then(next)`, `fs.stat(path, next)`.
 */
export function goesOnAfter(call: Node, { bindings }: Resolved): boolean {
  const written = one(call, "callee");
  if (call.type !== "CallExpression" || !written) return false;
  let root = unwrap(written);
  if (
    root.type === "MemberExpression" &&
    /^(?:then|finally)$/.test(keyName(root, "property") ?? "")
  ) return true;
  while (root.type === "MemberExpression") root = unwrap(one(root, "object")!);
  return ANSWERING.test(bindings.get(root)?.imported?.specifier ?? "");
}
