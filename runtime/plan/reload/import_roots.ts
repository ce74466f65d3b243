/** The fewest modules to import so that a whole set is loaded.
 * @module
 */
import { inOneGo, type Steps, Turns } from "../../base/in_slices.ts";

/**
 * Picks the fewest modules whose static imports reach the whole set: one of each circle that nothing outside it imports.
 *
 * @param set the modules to load
 * @param imports what each imports statically
 * @returns the roots, in path order
 */
export function importRoots(
  set: Iterable<string>,
  imports: (path: string) => readonly string[],
): string[] {
  return inOneGo(importRootSteps(set, imports));
}

/** As {@linkcode importRoots}, in steps. */
export function* importRootSteps(
  set: Iterable<string>,
  imports: (path: string) => readonly string[],
): Steps<string[]> {
  const members = new Set([...set].sort());
  const circles = yield* circlesOf(members, imports);
  const imported = new Set<number>();
  const turns = new Turns();
  for (const path of members) {
    if (turns.due) yield;
    for (const to of imports(path)) {
      const circle = circles.get(to);
      if (circle !== undefined && circle !== circles.get(path)) {
        imported.add(circle);
      }
    }
  }
  const roots = new Map<number, string>();
  for (const path of members) {
    const circle = circles.get(path)!;
    if (!imported.has(circle) && !roots.has(circle)) roots.set(circle, path);
  }
  return [...roots.values()].sort();
}

/** The circle of imports that each module is in, as a number; most are in one of their own. By Tarjan, without recursion. */
function* circlesOf(
  members: ReadonlySet<string>,
  imports: (path: string) => readonly string[],
): Steps<Map<string, number>> {
  const circles = new Map<string, number>();
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  let count = 0;
  const turns = new Turns();
  for (const start of members) {
    if (order.has(start)) continue;
    const walk: { path: string; edges: readonly string[]; next: number }[] = [];
    const enter = (path: string) => {
      order.set(path, order.size);
      lowest.set(path, order.get(path)!);
      open.push(path);
      const edges = imports(path).filter((to) => members.has(to));
      walk.push({ path, edges, next: 0 });
    };
    enter(start);
    for (let at = walk.at(-1); at; at = walk.at(-1)) {
      if (turns.due) yield;
      const { path } = at;
      const to = at.edges[at.next++];
      if (to !== undefined) {
        if (!order.has(to)) enter(to);
        else if (!circles.has(to)) lower(lowest, path, order.get(to)!);
        continue;
      }
      walk.pop();
      const above = walk.at(-1);
      if (above) lower(lowest, above.path, lowest.get(path)!);
      if (lowest.get(path) !== order.get(path)) continue;
      for (let done = open.pop(); done !== undefined; done = open.pop()) {
        circles.set(done, count);
        if (done === path) break;
      }
      count++;
    }
  }
  return circles;
}

function lower(table: Map<string, number>, path: string, value: number): void {
  if (value < table.get(path)!) table.set(path, value);
}
