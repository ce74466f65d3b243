/** How modules use each other now and in the release, and which of that has run while modules were evaluated.
 *
 * By the texts alone, whatever the evaluation of a module may lead to counts as run. Where the machine says which functions
 * and classes evaluations have run, a use in any other of these does not count: nobody has to evaluate its module again, for
 * it has done nothing that a fresh start would do otherwise. Three things count all the same:
 *
 * - What an evaluation has given away, as to `queue.add(() => …)`, may be called as part of the start at any time; listeners
 *   may not, which are told of events.
 * - As soon as any async function has run that nobody is known to wait for, or one with a reaction to a promise, the start
 *   may still go on, with whatever it can reach: then the texts alone decide for all modules.
 * - A module of which nobody knows what it ran, as one that came in while the heap was too large to be noted, may have run
 *   whatever its text leads to, in other modules as well.
 *
 * @module
 */
import { type Steps, Turns } from "../../../base/in_slices.ts";
import type { View } from "../../lookup/views.ts";
import { NOTHING_KNOWN, type UsesOfView, usesOfView } from "./import_uses.ts";

/** What is known of the modules. */
export interface UsesInput {
  /** What runs. */
  readonly running: View;
  /** The release. */
  readonly release: View;
  /** The modules that are loaded. */
  readonly loaded: ReadonlySet<string>;
  /** What evaluations have run, by paths: the numbers of functions and classes. */
  readonly started?: Readonly<Record<string, readonly number[]>> | undefined;
  /** Whether a module of the release is not the one that runs. */
  readonly isChanged?: (path: string) => boolean;
}

/** Looks at how all modules use each other. Returns the uses now, and those in the release. */
export function* usesOfBoth(
  input: UsesInput,
): Steps<readonly [UsesOfView, UsesOfView]> {
  const { running, release, loaded } = input;
  const evaluated = new Set(loaded);
  const waiting = [...evaluated];
  const turns = new Turns();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (turns.due) yield;
    for (const next of release.imports(path)) {
      if (evaluated.has(next)) continue;
      evaluated.add(next);
      waiting.push(next);
    }
  }
  const now = yield* usesOfView(running, loaded, NOTHING_KNOWN);
  const pieces = startedOf(input);
  const known = pieces.size === 0
    ? now
    : yield* usesOfView(running, loaded, { pieces, among: now });
  // What goes on by itself may run anything yet.
  const isKnown = known !== now && !(now.goesOn && known.goesOn);
  const same = isKnown
    ? new Map([...pieces].filter(([path]) => isSame(path, input)))
    : NOTHING_KNOWN.pieces;
  return [
    isKnown ? known : now,
    yield* usesOfView(release, evaluated, { pieces: same, among: now }),
  ];
}

function startedOf(
  { started = {}, loaded }: UsesInput,
): Map<string, ReadonlySet<number>> {
  const found = new Map<string, ReadonlySet<number>>();
  for (const path of Object.keys(started)) {
    if (loaded.has(path)) found.set(path, setOf(started[path]!));
  }
  return found;
}

/** By the lists of what has run: this machine has the same ones in its next plan. */
const SETS = new WeakMap<readonly number[], ReadonlySet<number>>();

function setOf(pieces: readonly number[]): ReadonlySet<number> {
  let known = SETS.get(pieces);
  if (!known) SETS.set(pieces, known = new Set(pieces));
  return known;
}

/** Whether a module of the release is the one that was evaluated, and its uses have the same places. */
function isSame(
  path: string,
  { running, release, isChanged }: UsesInput,
): boolean {
  const [now, next] = [running, release].map((view) =>
    view.analysis(path)?.rebind
  );
  return isChanged?.(path) === false &&
    now?.pieces?.shape === next?.pieces?.shape &&
    now?.uses?.length === next?.uses?.length;
}
