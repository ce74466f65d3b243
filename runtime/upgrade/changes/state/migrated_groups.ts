/** The states that an upgrade migrates, with the steps that lead to their new versions.
 * @module
 */
import { upgradeError } from "../../../base/upgrade_error.ts";
import type { StateDefinition } from "../../../state/definition.ts";
import {
  migrationChain,
  MigrationError,
  type MigrationLink,
} from "../../../state/migration.ts";
import type { MigratedGroup } from "../../../state/staged_states.ts";
import { type FamilyPair, type HolderPair, memberPath } from "./state_pairs.ts";
import { missingShape } from "./state_shape.ts";

/** What is grouped. */
export interface GroupedStates {
  /** The holders, and what takes their place. */
  readonly holders: readonly HolderPair[];
  /** The same of families. */
  readonly families: readonly FamilyPair[];
  /** Why a function cannot be carried into a copy, or null. */
  readonly functionWhy: MigratedGroup["functionWhy"];
}

/** Groups the states that change their version by what migrates them. Throws if a step to a version is missing. */
export function migratedGroups(
  { holders, families, functionWhy }: GroupedStates,
): MigratedGroup[] {
  const groups: MigratedGroup[] = [];
  try {
    for (const { cell, next } of holders) {
      if (!cell || !next) continue;
      const chain = chainOf(cell.definition, next);
      if (chain.length === 0) continue;
      groups.push({
        cells: () => [cell],
        nameOf: () => next.name,
        pathOf: () => next.name,
        gate: cell.gate,
        copy: cell.definition.copy,
        functionWhy: next.keepFunctions ? null : functionWhy,
        chain,
        check: checkAgainst(() => next.initial(), next.name, chain),
      });
    }
    for (const { cell, next } of families) {
      if (!cell || !next) continue;
      const chain = chainOf(cell.definition, next);
      if (chain.length === 0) continue;
      const [first] = cell.members.keys();
      groups.push({
        cells: () => cell.members.values(),
        nameOf: (member) => member.name,
        pathOf: (member) => memberPath(member.name, cell.definition.name),
        gate: cell.gate,
        copy: cell.definition.copy,
        functionWhy: next.keepFunctions ? null : functionWhy,
        chain,
        check: first === undefined
          ? () => {}
          : checkAgainst(() => next.initialOf(first), next.name, chain),
      });
    }
  } catch (error) {
    throw upgradeError("migrate", null, error);
  }
  return groups;
}

function chainOf(
  current: StateDefinition,
  next: StateDefinition,
): MigrationLink[] {
  const newer = next.version > current.version ? next : current;
  return migrationChain(
    next.name,
    current.version,
    next.version,
    newer.migrate,
  );
}

function checkAgainst(
  initial: () => unknown,
  name: string,
  chain: readonly MigrationLink[],
): MigratedGroup["check"] {
  const last = chain.at(-1)!;
  if (last.direction === "down") return () => {};
  let first: unknown;
  try {
    first = initial();
  } catch {
    // A state() that throws cannot be compared.
    return () => {};
  }
  return (_, state) => {
    const { keys, kinds } = missingShape(first, state);
    if (keys.length + kinds.length === 0) return;
    throw new MigrationError(
      `Cannot migrate ${name} to version ${last.to}: migrate[${last.to}] returned a state ${
        keys.length > 0
          ? `without ${keys.join(", ")}, which state() has`
          : `of another shape than state(): ${kinds.join(", ")}`
      }`,
    );
  };
}
