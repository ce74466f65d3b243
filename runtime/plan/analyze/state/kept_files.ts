/** Whether what a module keeps in its variables comes from files: then it is as old as they are.
 * @module
 */
import type { Code } from "../effects.ts";
import { isFunction, many, type Node, one, unwrap } from "../code/nodes.ts";
import { eachChild } from "../code/tree.ts";
import { writtenName } from "../code/uses.ts";

const READER =
  /(?:^|\.)(?:readTextFile|readFile|readDir|readdir|createReadStream)(?:Sync)?$/;
const HOPS_MAX = 3;

/** Tells whether a change of a variable puts into it what was read from a file. Returns true if the text tells so. */
export function takesFile(node: Node, code: Code): boolean {
  for (let at: Node | undefined = node, from = ""; at;) {
    if (at.type === "AssignmentExpression" && from === "left") {
      return isFromFile(one(at, "right"), code, 0);
    }
    if (at.type === "CallExpression" && from === "callee") {
      return many(at, "arguments").some((it) => isFromFile(it, code, 0));
    }
    const up: { node: Node; key: string } | undefined = code.resolved.parents
      .get(at);
    from = up?.key ?? "";
    at = up?.node;
  }
  return false;
}

function isFromFile(node: Node | null, code: Code, hops: number): boolean {
  if (!node) return false;
  const at = unwrap(node);
  if (isFunction(at)) return false;
  if (at.type === "CallExpression") {
    const name = writtenName(at);
    if (name !== null && READER.test(name)) return true;
    const callee = one(at, "callee");
    const called = callee ? code.runs.callees(callee) : [];
    if (called.some(({ calls }) => calls.some(isReader))) return true;
  }
  if (at.type === "Identifier" && hops < HOPS_MAX) {
    const binding = code.resolved.bindings.get(at);
    return binding !== undefined && !binding.top &&
      isFromFile(binding.from?.value ?? null, code, hops + 1);
  }
  let found = false;
  eachChild(at, (child) => {
    found ||= isFromFile(child, code, hops);
  });
  return found;
}

function isReader(call: Node): boolean {
  const name = writtenName(call);
  return name !== null && READER.test(name);
}
