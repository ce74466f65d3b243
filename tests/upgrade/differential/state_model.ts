/** What states must become: the driver's own account, which shares nothing with the runtime.
 * @module
 */
import type { Added } from "./load.ts";
import type { HolderModel, StateStep } from "./program/model.ts";

/** A state as JSON has it. */
export type Saved = Record<string, unknown>;
/** The states of a piece by key; a holder has the key `it`. */
export type SavedStates = Record<string, Saved>;

/** What a state must be after an upgrade, given what it was and what callers added meanwhile. */
export function expectedStates(
  before: SavedStates,
  added: readonly Added[],
  from: HolderModel,
  to: HolderModel,
): SavedStates {
  const expected: SavedStates = {};
  const oldVersion = from.steps.length + 1;
  const newVersion = to.steps.length + 1;
  for (const [key, saved] of Object.entries(before)) {
    const own = added.filter((one) =>
      one.piece === to.piece && one.key === key
    );
    const sum = (version: number) =>
      own.filter((one) => one.version === version)
        .reduce((total, { by }) => total + by, 0);
    const migrated = migrate(
      { ...saved, n: Number(saved.n) + sum(oldVersion) },
      from,
      to,
    );
    if (newVersion !== oldVersion) {
      migrated.n = Number(migrated.n) + sum(newVersion);
    }
    expected[key] = migrated;
  }
  return expected;
}

/** Leads a state from one version to another. */
export function migrate(
  saved: Saved,
  from: HolderModel,
  to: HolderModel,
): Saved {
  let current = { ...saved };
  for (let at = from.steps.length; at < to.steps.length; at++) {
    current = up(current, to.steps[at]!, at + 2);
  }
  for (let at = from.steps.length; at > to.steps.length; at--) {
    current = down(current, from.steps[at - 1]!, at + 1);
  }
  return current;
}

function up(saved: Saved, step: StateStep, version: number): Saved {
  const trail = [...saved.trail as string[], `up${version}`];
  return step.kind === "scale"
    ? { ...saved, n: Number(saved.n) * step.by, trail }
    : { ...saved, [step.field]: step.value, trail };
}

function down(saved: Saved, step: StateStep, version: number): Saved {
  const trail = [...saved.trail as string[], `down${version}`];
  if (step.kind === "scale") {
    return { ...saved, n: Number(saved.n) / step.by, trail };
  }
  const { [step.field]: _removed, ...kept } = saved;
  return { ...kept, trail };
}
