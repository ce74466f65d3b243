/** What the functions of a module wait for, and which of them begin loops that nothing ends.
 * @module
 */
import type { PacingFact } from "../../../protocol/manifest/owned_facts.ts";
import { localExports } from "../exports.ts";
import { type Node, one, unwrap } from "../code/nodes.ts";
import type { Resolved } from "../code/scope.ts";
import type { Unit, Units } from "../code/units.ts";
import { loopsIn } from "./paced.ts";
import {
  functionOf,
  joined,
  methodsOf,
  type Pacing,
  pacingOfCode,
  pacingOfValue,
  soundsPaced,
  UNPACED,
} from "./paces.ts";

/**
 * Tells which functions of a module wait for a timer, or begin a loop that waits for something else: exported ones, and
 * methods.
 */
export function pacingOf(resolved: Resolved, units: Units): PacingFact[] {
  const facts: PacingFact[] = [];
  const add = (name: string, { timer, by }: Pacing, begun: readonly Unit[]) => {
    const loops = begun.flatMap((it) => [...reached(it, resolved, units)])
      .flatMap((it) => loopsIn(it, resolved, units))
      .filter(({ pacing }) => !pacing.timer);
    const [loop] = loops;
    if (!timer && by.length === 0 && !loop && !isMethodThatSounds(name)) return;
    facts.push({
      name,
      ...timer ? { timer } : {},
      ...by.length > 0 ? { by } : {},
      ...loop ? { loop: true, loopBy: loop.pacing.by } : {},
    });
  };
  for (const [name, node] of localExports(resolved.program)) {
    const value = unwrap(node);
    const made = functionOf(value, resolved, units);
    add(
      name,
      pacingOfValue(value, resolved, units) ?? UNPACED,
      made ? [made] : [],
    );
  }
  for (const [name, made] of methodsOf(resolved, units)) {
    const pacing = joined(
      made.map((it) => pacingOfCode(it.node, resolved, units)),
    );
    add(`.${name}`, pacing, made);
  }
  return facts.sort((a, b) => a.name < b.name ? -1 : 1);
}

function isMethodThatSounds(name: string): boolean {
  return name.startsWith(".") && soundsPaced(name);
}

/** A function, and what it calls in its own module. */
function reached(first: Unit, resolved: Resolved, units: Units): Set<Unit> {
  const found = new Set([first]);
  for (const unit of found) {
    for (const call of unit.calls) {
      const callee = calleeOf(call);
      const made = callee && functionOf(callee, resolved, units);
      if (made) found.add(made);
    }
  }
  return found;
}

function calleeOf(call: Node): Node | null {
  const callee = one(call, "callee");
  return callee && unwrap(callee);
}
