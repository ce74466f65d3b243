/** What code waits for: timers that end with its module, or functions of other modules that only these can tell of.
 * @module
 */
import type { PacedBy } from "../../../protocol/manifest/owned_facts.ts";
import {
  isClass,
  keyName,
  many,
  type Node,
  one,
  unwrap,
  word,
} from "../code/nodes.ts";
import { type Found, foundOf, treeOf } from "../code/tree.ts";
import type { Binding } from "../code/bindings.ts";
import type { Resolved } from "../code/scope.ts";
import { oncePerModule, type Unit, type Units } from "../code/units.ts";
import { calleeName } from "../code/uses.ts";

/** What some code waits for. */
export interface Pacing {
  /** Whether it is a timer. */
  readonly timer: boolean;
  /** What may be one. */
  readonly by: readonly PacedBy[];
}

/** It waits for a timer. */
export const PACED: Pacing = { timer: true, by: [] };
/** It waits for none. */
export const UNPACED: Pacing = { timer: false, by: [] };

const TIMERS = /^set(?:Timeout|Interval|Immediate)$/;
const TIMER_MODULES = /^node:timers(?:\/promises)?$|^timers(?:\/promises)?$/;
/** What the platform waits for by itself, whoever's module has ended. */
const NOT_HELD =
  /^(?:process\.nextTick|AbortSignal\.timeout|Atomics\.wait(?:Async)?|console\.time\w*)$/;

/** Joins what several pieces of code wait for. */
export function joined(all: readonly Pacing[]): Pacing {
  const by = new Map<string, PacedBy>();
  for (const pacing of all) {
    if (pacing.timer) return PACED;
    for (const it of pacing.by) by.set(`${it.specifier} ${it.name}`, it);
  }
  return by.size === 0 ? UNPACED : { timer: false, by: [...by.values()] };
}

/** Tells what a piece of code waits for, itself or by functions of its module. */
export function pacingOfCode(
  node: Node,
  resolved: Resolved,
  units: Units,
  counts: (node: Node) => boolean = () => true,
): Pacing {
  return pacingIn(node, resolved, units, new Set([node]), counts);
}

/** Tells whether a name says that something waits for a time, for what nobody can look into. */
export function soundsPaced(name: string): boolean {
  return /sleep|delay|wait|pause|timeout|timer|tick|interval|every/i.test(name);
}

/**
 * The function that a name or expression stands for, in its own module. Returns its code; null where it comes from
 * elsewhere.
 */
export function functionOf(
  callee: Node,
  resolved: Resolved,
  units: Units,
): Unit | null {
  if (callee.type !== "Identifier") return units.byFunction.get(callee) ?? null;
  const binding = resolved.bindings.get(callee);
  for (const node of [binding?.from?.value, binding?.node]) {
    const unit = node && units.byFunction.get(unwrap(node));
    if (unit) return unit;
  }
  return null;
}

function pacingIn(
  node: Node,
  resolved: Resolved,
  units: Units,
  seen: Set<Node>,
  counts: (node: Node) => boolean = () => true,
): Pacing {
  const found: Pacing[] = [];
  const { index, end } = foundOf(node);
  const all = waitedFor(resolved, units);
  for (let next = firstFrom(all, index); next < all.length;) {
    const { self: at, type, index: place, end: behind } = all[next]!;
    if (place >= end) break;
    next++;
    const skip = () => {
      while (next < all.length && all[next]!.index < behind) next++;
    };
    if (!counts(at)) {
      skip();
      continue;
    }
    if (type === "CallExpression" && isRace(at, resolved)) {
      // Whoever is first ends it: a timer is not waited for where something else may come before.
      const each = many(many(at, "arguments")[0] ?? at, "elements")
        .map((it) => pacingIn(it, resolved, units, new Set(seen)));
      if (each.length > 0 && each.every(({ timer }) => timer)) return PACED;
      skip();
      continue;
    }
    if (type !== "Identifier") {
      const callee = one(at, "callee");
      if (callee) {
        const pacing = pacingOfCall(at, unwrap(callee), resolved, units, seen);
        if (pacing) found.push(pacing);
      }
    } else {
      // `for await (const _ of setInterval(1000))`, a promise that a timer resolves, `promisify(setTimeout)`.
      return PACED;
    }
    if (found.at(-1)?.timer === true) return PACED;
  }
  return joined(found);
}

/** All that may be waited for in a module, in the order of the source: calls, and timers by their names. */
const waitedFor = oncePerModule((resolved): readonly Found[] =>
  treeOf(resolved.program).filter(({ type, self }) =>
    type === "CallExpression" || type === "NewExpression" ||
    type === "Identifier" && isTimer(self, resolved)
  )
);

/** The first that stands at a place or behind it. */
function firstFrom(all: readonly Found[], index: number): number {
  let low = 0, high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle]!.index < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isRace(node: Node, resolved: Resolved): boolean {
  return /^Promise\.(?:race|any)$/.test(calleeName(node, resolved) ?? "");
}

function isTimer(node: Node, { bindings }: Resolved): boolean {
  const binding = bindings.get(node);
  if (!binding) return TIMERS.test(word(node, "name"));
  const { imported } = binding;
  return imported !== undefined && TIMER_MODULES.test(imported.specifier);
}

function pacingOfCall(
  call: Node,
  callee: Node,
  resolved: Resolved,
  units: Units,
  seen: Set<Node>,
): Pacing | null {
  const name = calleeName(call, resolved);
  if (name !== null && NOT_HELD.test(name)) return null;
  if (callee.type === "MemberExpression") {
    return pacingOfMethod(callee, resolved, units, seen);
  }
  return pacingOfValue(callee, resolved, units, seen);
}

/**
 * Tells what a function waits for when it is called. Returns what it waits for; null for what is not known to be a
 * function.
 */
export function pacingOfValue(
  value: Node,
  resolved: Resolved,
  units: Units,
  seen: Set<Node> = new Set(),
): Pacing | null {
  const made = functionOf(value, resolved, units);
  if (made) {
    if (seen.has(made.node)) return null;
    seen.add(made.node);
    return pacingIn(made.node, resolved, units, seen);
  }
  if (value.type !== "Identifier") return null;
  const binding = resolved.bindings.get(value);
  if (!binding) {
    // A global of the platform, or of somebody who has put it there.
    return soundsPaced(word(value, "name")) ? PACED : null;
  }
  const { imported, from } = binding;
  if (imported) {
    const { specifier, name } = imported;
    return { timer: false, by: [{ specifier, name }] };
  }
  // `const sleep = promisify(setTimeout)`, `const { sleep } = tools`.
  if (from && isClass(unwrap(from.value))) return null;
  if (from && !seen.has(from.value)) {
    seen.add(from.value);
    const made = pacingIn(from.value, resolved, units, seen);
    // What something unknown has made, `await import(name)` for one, is judged by its name.
    if (made.timer || made.by.length > 0) return made;
  }
  return soundsPaced(wordOf(binding)) ? PACED : null;
}

/** `setTimeout` of `{ setTimeout: x }`. */
function wordOf({ name, from }: Binding): string {
  return from?.path.at(-1) ?? name;
}

function pacingOfMethod(
  callee: Node,
  resolved: Resolved,
  units: Units,
  seen: Set<Node>,
): Pacing | null {
  const name = keyName(callee, "property");
  if (name === null) return null;
  const root = unwrap(one(callee, "object")!);
  const imported = root.type === "Identifier"
    ? resolved.bindings.get(root)?.imported
    : undefined;
  if (imported && TIMER_MODULES.test(imported.specifier)) return PACED;
  // `tools.sleep()` of a namespace is the export itself.
  if (imported?.name === "*") {
    return { timer: false, by: [{ specifier: imported.specifier, name }] };
  }
  const own = methodsOf(resolved, units).get(name);
  if (own) {
    return joined(own.flatMap(({ node }) => {
      if (seen.has(node)) return [];
      seen.add(node);
      return [pacingIn(node, resolved, units, seen)];
    }));
  }
  return soundsPaced(name) ? { timer: false, by: [{ name }] } : null;
}

/** The methods of classes and of object literals of a module. */
export const methodsOf = oncePerModule((
  resolved,
  units,
): ReadonlyMap<string, readonly Unit[]> => {
  const found = new Map<string, Unit[]>();
  const add = (name: string, made: Unit) =>
    found.set(name, [...found.get(name) ?? [], made]);
  for (const { methods, statics } of units.classes.values()) {
    for (const [name, made] of [...methods, ...statics]) {
      for (const it of made) add(name, it);
    }
  }
  for (const [node, made] of units.byFunction) {
    const up = resolved.parents.get(node);
    if (up?.key !== "value" || !/Property$/.test(up.node.type)) continue;
    const name = keyName(up.node, "key");
    if (name !== null) add(name, made);
  }
  return found;
});
