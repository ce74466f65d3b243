/** Actions are code of one generation, whoever calls them: the state that they get is of its shape.
 * @module
 */
import { generations } from "../../modules/generations.ts";

/** The generation of actions that an upgrade has brought in. */
const since = new WeakMap<object, number>();

/** Notes when actions have come in. */
export function noteGeneration(actions: object, generation: number): void {
  since.set(actions, generation);
}

/**
 * Runs an action. Where its caller began before the upgrade that brought it in, all beneath it meets its own code all the
 * same: one answer is not made of two versions.
 */
export function inItsGeneration<T>(actions: object, act: () => T): T {
  const generation = since.get(actions);
  if (generation === undefined || generation <= generations.floor) return act();
  const { work } = generations;
  if (work === null || generations.meets >= generation) return act();
  return generations.as({ ...work, generation }, act);
}
