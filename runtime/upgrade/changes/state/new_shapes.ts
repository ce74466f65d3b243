/** State that is kept must be what the new code's `state()` makes.
 * @module
 */
import { RefusedError } from "../../../base/upgrade_error.ts";
import type { StateDefinition } from "../../../state/definition.ts";
import type { FamilyPair, HolderPair } from "./state_pairs.ts";
import { type NewShape, newShape } from "./state_shape.ts";

/** Refuses what is new in `state()` while its version stays: kept state would lack it. Throws naming the first. */
export function refuseNewShapes(
  holders: readonly HolderPair[],
  families: readonly FamilyPair[],
): void {
  for (const { cell, next } of holders) {
    if (!cell || !next || cell.definition.version !== next.version) continue;
    const before = () => cell.definition.initial();
    refuseNewShape(next, newShape(() => next.initial(), before, cell.state));
  }
  for (const { cell, next } of families) {
    if (!cell || !next || cell.definition.version !== next.version) continue;
    const [first] = cell.members;
    if (!first) continue;
    const [key, member] = first;
    const before = () => cell.definition.initialOf(key);
    refuseNewShape(
      next,
      newShape(() => next.initialOf(key), before, member.state),
    );
  }
}

function refuseNewShape(
  { name, version, module, line }: StateDefinition,
  shape: NewShape | null,
): void {
  const { keys, kinds } = shape ?? { keys: [], kinds: [] };
  if (keys.length + kinds.length === 0) return;
  const why = keys.length > 0
    ? `${keys.join(", ")} ${keys.length === 1 ? "is" : "are"} new in state()`
    : `${kinds.join(", ")}`;
  const to = version + 1;
  const remedy = `raise version to ${to} and declare migrate[${to}]`;
  throw new RefusedError(
    {
      rule: "state",
      path: module,
      line: line ?? 0,
      column: 0,
      subject: name,
      why,
      remedy,
    },
    `Cannot keep the state of ${name}: ${why}; ${remedy}`,
  );
}
