/** What running some code of a module does: to what it imports, and to the state of the module.
 * @module
 */
import type { Effects, Touch } from "../../protocol/module_analysis.ts";
import { judgeTouch } from "./judge_touch.ts";
import { callsItsArguments, type Use, useOf } from "./uses.ts";
import { COLLECTION_READS, isExternal } from "./known_calls.ts";
import { many, type Node, one, unwrap } from "./nodes.ts";
import type { Root, Roots } from "./roots.ts";
import type { Runs } from "./runs.ts";
import type { Binding, Resolved } from "./scope.ts";
import type { Unit } from "./units.ts";
import type { ValueFacts } from "./value_facts.ts";

const MEMBER_MAX = 120;

/** What is known of a module, for those who look at its code. */
export interface Code {
  readonly resolved: Resolved;
  readonly roots: Roots;
  readonly runs: Runs;
  readonly values: ValueFacts;
}

/**
 * What running some code does.
 *
 * @param code the module
 * @param units all the code that runs
 * @param options whether reads are told as well (default true)
 * @returns the effects; empty for none
 */
export function effectsOf(
  code: Code,
  units: Iterable<Unit>,
  options: { readonly reads?: boolean; readonly depth?: number } = {},
): Effects {
  const touches = new Map<string, Touch>();
  const state = new Set<string>();
  for (const unit of units) {
    for (const reference of unit.references) {
      const binding = code.resolved.bindings.get(reference)!;
      if (binding.node === reference || !mayMatter(binding)) continue;
      const use = inContext(useOf(reference, code.resolved), code);
      for (const root of code.roots.of(reference, use.path)) {
        // Assigning to an alias does nothing to what it stood for.
        const isAssigned = code.resolved.targets.has(reference);
        if (isAssigned && root.binding !== binding) continue;
        if (root.specifier === null) {
          if (gripsState(root, use, code)) state.add(root.name);
          continue;
        }
        // An alias is read where it is made; what is done to it counts here.
        if (use.how === "read" && !binding.imported) continue;
        if (use.how === "read" && options.reads === false) continue;
        if (isExternal(root.specifier)) continue;
        add(touches, touchOf(root, use, reference, code, options.depth));
      }
    }
  }
  const list = [...touches.values()].sort((a, b) =>
    a.line - b.line || a.column - b.column
  );
  return {
    ...(list.length > 0 ? { touches: list } : {}),
    ...(state.size > 0 ? { state: [...state].sort() } : {}),
  };
}

function mayMatter(binding: Binding): boolean {
  return binding.imported !== undefined || binding.top ||
    binding.from !== null || binding.parameter !== undefined ||
    binding.assigned.length > 0;
}

/** What is handed to code of this module is looked at there; what a collection of this module stores stays here. */
function inContext(use: Use, code: Code): Use {
  if (use.how !== "pass" || !use.given) return use;
  const { call } = use.given;
  if (callsItsArguments(call, code.resolved)) {
    // `names.forEach(register)` calls it; an object handed to `then` and its like is only read.
    return use.path.length === 0 ? { ...use, how: "call", path: ["()"] } : use;
  }
  const callee = one(call, "callee");
  if (!callee) return use;
  if (call.type === "CallExpression") {
    const called = code.runs.callees(callee);
    if (called.length > 0 && called.every((it) => it.class === null)) {
      return { ...use, how: "read" };
    }
  }
  const inner = unwrap(callee);
  if (inner.type !== "MemberExpression") return use;
  const holders = code.roots.of(one(inner, "object")!);
  const isOwn = holders.length > 0 &&
    holders.every((it) =>
      it.binding !== null && it.specifier === null && it.path.length === 0 &&
      /^(?:map|set|array)$/.test(code.values.ofBinding(it.binding).kind)
    );
  return isOwn ? { ...use, how: "read" } : use;
}

function gripsState(
  root: Root,
  use: Use,
  code: Code,
): boolean {
  const fact = code.values.ofBinding(root.binding!);
  if (fact.kind === "primitive") return false;
  if (fact.kind === "re-export") return false;
  const how = use.how === "return" ? "pass" : use.how;
  // A `let` that holds objects is state as a whole: assigning to it as well.
  return judgeTouch(fact, root.path, how).grip !== "none";
}

function touchOf(
  root: Root,
  use: Use,
  reference: Node,
  code: Code,
  depth = 0,
): Touch {
  const { path } = root;
  const member = path.join(".").slice(0, MEMBER_MAX);
  const how = endOf(use, path);
  const given = use.call && depth === 0
    ? many(use.call, "arguments").flatMap((it) => code.runs.functionsIn(it))
    : [];
  const callbacks = given.length > 0
    ? effectsOf(code, code.runs.closure(given), { reads: false, depth: 1 })
    : {};
  const imported = use.call && depth === 0 ? importedIn(use.call, code) : [];
  const touches = [...callbacks.touches ?? [], ...imported];
  const inner: Effects = {
    ...callbacks,
    ...(touches.length > 0 ? { touches } : {}),
  };
  return {
    specifier: root.specifier!,
    name: root.name,
    how,
    ...(member === "" ? {} : { member }),
    ...placeOf(reference),
    ...(inner.touches || inner.state ? { callbacks: inner } : {}),
  };
}

/** How the use ends, in the words of a touch. */
function endOf(use: Use, path: readonly string[]): Touch["how"] {
  const last = path.at(-1) ?? "";
  const isGiven = use.how === "pass" || use.how === "return";
  // The result of a call belongs to whoever made it; only what a collection holds is still its own.
  const isCall = use.how === "call" || use.how === "construct" ||
    isGiven && last.endsWith("()") && !COLLECTION_READS.has(last.slice(0, -2));
  if (isCall) {
    return path.length === 1 && last === "new()"
      ? "construct"
      : path.every((step) => step === "()")
      ? "call"
      : "method";
  }
  return use.how === "return" ? "pass" : use.how as Touch["how"];
}

/** Imported functions among the arguments of a call: whoever gets them may call them. */
function importedIn(call: Node, code: Code): Touch[] {
  return many(call, "arguments").flatMap((argument) =>
    unwrap(argument).type === "Identifier"
      ? code.roots.of(argument).flatMap((root) =>
        root.specifier === null || isExternal(root.specifier) ? [] : [
          {
            specifier: root.specifier,
            name: root.name,
            how: "call" as const,
            member: [...root.path, "()"].join("."),
            ...placeOf(argument),
          },
        ]
      )
      : []
  );
}

function add(touches: Map<string, Touch>, touch: Touch): void {
  const key = [touch.specifier, touch.name, touch.how, touch.member].join("\n");
  const known = touches.get(key);
  if (!known) {
    touches.set(key, touch);
    return;
  }
  // One of many like it stands for all, with what all of them would run.
  if (!touch.callbacks) return;
  const all = [
    ...known.callbacks?.touches ?? [],
    ...touch.callbacks.touches ?? [],
  ];
  const state = new Set([
    ...known.callbacks?.state ?? [],
    ...touch.callbacks.state ?? [],
  ]);
  const unique = new Map(all.map((it) => [JSON.stringify(it), it]));
  touches.set(key, {
    ...known,
    callbacks: {
      ...(unique.size > 0 ? { touches: [...unique.values()] } : {}),
      ...(state.size > 0 ? { state: [...state].sort() } : {}),
    },
  });
}

/**
 * Where a node begins, as people count.
 *
 * @param node the node
 * @returns line and column, both from 1
 */
export function placeOf(node: Node): { line: number; column: number } {
  const start = node.loc?.start;
  return { line: start?.line ?? 0, column: (start?.column ?? -1) + 1 };
}
