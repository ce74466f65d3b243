/** What a module starts that goes on after its evaluation: servers, timers, workers, listeners, loops.
 * @module
 */
import type { OwnedFact } from "../../../protocol/manifest/owned_facts.ts";
import { placeOf } from "../code/places.ts";
import { loopsIn } from "./paced.ts";
import type { Pacing } from "./paces.ts";
import { textOf } from "../imports.ts";
import { keyName, many, type Node, one, unwrap } from "../code/nodes.ts";
import { eachChild } from "../code/tree.ts";
import type { Resolved } from "../code/scope.ts";
import type { Unit, Units } from "../code/units.ts";
import { calleeName, writtenName } from "../code/uses.ts";

const KINDS: Readonly<Record<string, OwnedFact["kind"]>> = {
  "Deno.serve": "server",
  "Deno.serveHttp": "server",
  "Deno.listen": "server",
  "Deno.listenTls": "server",
  "Deno.cron": "cron",
  "setInterval": "interval",
  "setTimeout": "timeout",
  "new Worker": "worker",
  "new SharedWorker": "worker",
  "addEventListener": "listener",
  "Deno.addSignalListener": "listener",
  "process.on": "listener",
  "process.once": "listener",
};
const METHODS: Readonly<Record<string, OwnedFact["kind"]>> = {
  listen: "server",
  listenQueue: "listener",
};

/** Finds what a module starts. */
export function ownedBy(
  resolved: Resolved,
  units: Units,
  top: ReadonlySet<Unit>,
): OwnedFact[] {
  const found: OwnedFact[] = [];
  for (const unit of units.all) {
    const isTop = top.has(unit);
    for (const call of unit.calls) {
      const kind = kindOf(call, resolved);
      if (!kind || !isTop && kind !== "worker") continue;
      const details = kind === "worker"
        ? scriptsOf(call, resolved)
        : [`${writtenName(call) ?? "listen"}()`];
      for (const detail of details) {
        found.push({
          kind,
          line: placeOf(call).line,
          detail,
          ...(isTop ? {} : { later: true }),
        });
      }
    }
    if (!isTop) continue;
    for (const { node, detail, pacing } of loopsIn(unit, resolved, units)) {
      found.push({
        kind: "loop",
        line: placeOf(node).line,
        detail,
        ...pacingFacts(pacing),
      });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

function pacingFacts(
  { timer, by }: Pacing,
): Pick<OwnedFact, "unpaced" | "pacedBy"> {
  if (timer) return {};
  return by.length > 0 ? { pacedBy: by } : { unpaced: true };
}

function kindOf(call: Node, resolved: Resolved): OwnedFact["kind"] | null {
  // Those of `node:worker_threads`, `node:process` and `node:timers` are imported under the same names.
  const name = calleeName(call, resolved) ?? importedName(call, resolved);
  if (name !== null && Object.hasOwn(KINDS, name)) return KINDS[name]!;
  const callee = one(call, "callee");
  const inner = callee ? unwrap(callee) : null;
  if (call.type !== "CallExpression" || inner?.type !== "MemberExpression") {
    return null;
  }
  const method = keyName(inner, "property") ?? "";
  return Object.hasOwn(METHODS, method) ? METHODS[method]! : null;
}

function importedName(call: Node, resolved: Resolved): string | null {
  const written = writtenName(call);
  if (written === null) return null;
  let root = unwrap(one(call, "callee") ?? one(call, "tag")!);
  while (root.type === "MemberExpression") {
    root = unwrap(one(root, "object")!);
  }
  const imported = resolved.bindings.get(root)?.imported;
  const from = /^(?:node:)?(worker_threads|process|timers)$/.exec(
    imported?.specifier ?? "",
  )?.[1];
  if (!imported || from === undefined) return null;
  const [, isNew, members] = /^(new )?[^.]*\.?(.*)$/.exec(written)!;
  // Whatever the module calls it.
  const names = [
    ...from === "process" ? [from] : [],
    ...imported.name === "*" || imported.name === "default"
      ? []
      : [imported.name],
    ...members ? [members] : [],
  ];
  return `${isNew ?? ""}${names.join(".")}`;
}

/** The scripts that `new Worker()` may start; one without a name where nothing tells. */
function scriptsOf(call: Node, { program }: Resolved): string[] {
  const told = scriptOf(call);
  if (told !== null) return [told];
  // By a variable, a field, a function: any script that the module names may be it.
  const named = new Set<string>();
  const visit = (node: Node): void => {
    if (/^(?:Import|Export(?:All|Named))/.test(node.type)) {
      eachChild(node, (child, key) => {
        if (key !== "source" && key !== "attributes") visit(child);
      });
      return;
    }
    const text = node.type === "Literal" || node.type === "TemplateLiteral"
      ? textOf(node)
      : null;
    if (text !== null && SCRIPT.test(text)) named.add(text);
    eachChild(node, visit);
  };
  visit(program);
  return named.size > 0 ? [...named] : [""];
}

const SCRIPT = /^[\w@#./-]+\.[cm]?[jt]sx?$/;

/** The script of `new Worker("./w.ts")`, also by `new URL()` and `import.meta.resolve()`. */
function scriptOf(call: Node): string | null {
  let at = many(call, "arguments")[0];
  while (at) {
    const inner = unwrap(at);
    const text = textOf(inner);
    if (text !== null) return text;
    at = inner.type === "MemberExpression"
      ? one(inner, "object") ?? undefined
      : inner.type === "NewExpression" || inner.type === "CallExpression"
      ? many(inner, "arguments")[0]
      : undefined;
  }
  return null;
}
