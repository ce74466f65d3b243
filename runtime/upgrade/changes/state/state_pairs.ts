/** What an upgrade makes of each holder and family: kept, migrated, renamed, added, removed.
 * @module
 */
import { UpgradeError, upgradeError } from "../../../base/upgrade_error.ts";
import type { HolderChange } from "../../../protocol/machine/machine_result.ts";
import type { FamilyCell } from "../../../state/cells/family_cell.ts";
import type { HolderCell } from "../../../state/cells/holder_cell.ts";
import type {
  FamilyDefinition,
  HolderDefinition,
  StateDefinition,
} from "../../../state/definition.ts";
import {
  type Declared,
  refuseTwice,
  type Staging,
} from "../../../state/staging.ts";
import type { RemovedState } from "../../../process/declared/declarations.ts";

/** What is there, and what takes its place. */
export interface Pair<Cell, Definition> {
  /** What is there; null for what the new code adds. */
  readonly cell: Cell | null;
  /** What the new code declares; null for what it does not declare any more. */
  readonly next: Definition | null;
}

/** A holder, and what takes its place. */
export type HolderPair = Pair<HolderCell, HolderDefinition>;

/** A family, and what takes its place. */
export type FamilyPair = Pair<FamilyCell, FamilyDefinition>;

/** State that an upgrade would remove. */
export interface RemovedName {
  /** The holder or family. */
  readonly name: string;
  /** How many members it has; 1 for a holder. */
  readonly size: number;
  /** Whether these are open sockets. */
  readonly sockets: boolean;
  /** The module that declares it. */
  readonly module: string;
  /** Where, as far as that is known. */
  readonly line?: number | undefined;
  /** What the app consents to by name. */
  readonly consent: string;
}

/** What finds pairs. */
export interface PairSource<Cell, Definition> {
  /** What is there, by name. */
  readonly there: ReadonlyMap<string, Cell>;
  /** What the last upgrade removed, by name. */
  readonly removed: ReadonlyMap<string, Cell>;
  /** What the new code declares. */
  readonly declared: readonly Definition[];
  /** The modules that are reloaded or gone. */
  readonly replaced: ReadonlySet<string>;
}

/**
 * Finds what takes whose place. Throws if a module that stays declares a name too, or a name is given on and declared
 * as well.
 */
export function pairs<
  Cell extends { definition: Definition },
  Definition extends StateDefinition,
>(source: PairSource<Cell, Definition>): Pair<Cell, Definition>[] {
  const { there, removed, declared, replaced } = source;
  const names = new Set(declared.map(({ name }) => name));
  const taken = new Set<Cell>();
  const goes = (cell: Cell | undefined): Cell | undefined =>
    cell && replaced.has(cell.definition.module) &&
      !names.has(cell.definition.name) && !taken.has(cell)
      ? cell
      : undefined;
  const result: Pair<Cell, Definition>[] = declared.map((next) => {
    const same = there.get(next.name);
    if (same && !replaced.has(same.definition.module)) {
      refuse(same.definition, next);
    }
    const { renamedFrom } = next;
    if (
      renamedFrom !== null && there.has(renamedFrom) &&
      names.has(renamedFrom) && same?.definition.renamedFrom !== renamedFrom
    ) throw ambiguous(next.name, renamedFrom, same !== undefined);
    const cell = same ??
      goes(renamedFrom === null ? undefined : there.get(renamedFrom)) ??
      // On the way back the older code does not know the newer name.
      [...there.values()].find((other) =>
        goes(other)?.definition.renamedFrom === next.name
      ) ?? removed.get(next.name) ?? null;
    if (cell) taken.add(cell);
    return { cell, next };
  });
  for (const cell of there.values()) {
    if (replaced.has(cell.definition.module) && !taken.has(cell)) {
      result.push({ cell, next: null });
    }
  }
  return result;
}

/** Tells what becomes of a holder or family. */
export function changeOf(
  { cell, next }: Pair<{ definition: StateDefinition }, StateDefinition>,
): HolderChange {
  const from = cell?.definition.version ?? null;
  const to = next?.version ?? null;
  const name = next?.name ?? cell!.definition.name;
  const action = from === null
    ? "added"
    : to === null
    ? "removed"
    : from === to
    ? "kept"
    : "migrated";
  return { name, from, to, action };
}

/** A name that is given on and taken again in one upgrade: the state under it may be meant for either. */
function ambiguous(name: string, from: string, isThere: boolean): UpgradeError {
  const why = isThere
    ? `both have state, and both are declared`
    : `${from} is declared too, and would keep it`;
  return new UpgradeError(
    "load",
    `Cannot rename ${from} to ${name}: ${why}; rename over a name that nothing has, in two upgrades`,
  );
}

function refuse(first: Declared, second: Declared): never {
  try {
    refuseTwice(first, second);
  } catch (error) {
    throw upgradeError("load", null, error);
  }
}

/** `rooms["a"]`, for a member that messages call `rooms[a]`. */
export function memberPath(member: string, family: string): string {
  return `${family}[${JSON.stringify(member.slice(family.length + 1, -1))}]`;
}

/**
 * The removed state that may come back: only a way back brings state back, to the release that had it, or to its
 * declaration in the same module. Another module that takes up the name begins like a fresh process.
 */
export function removedFor(
  removed: RemovedState,
  release: string | null,
  staging: Staging,
): RemovedState {
  if (removed.release === release) return removed;
  const modules = new Map(
    [...staging.holders, ...staging.families].map((
      { name, module },
    ) => [name, module]),
  );
  const same = <Cell extends { readonly definition: StateDefinition }>(
    cells: ReadonlyMap<string, Cell>,
  ) =>
    new Map(
      [...cells].filter(([name, { definition }]) =>
        modules.get(name) === definition.module
      ),
    );
  return {
    release: removed.release,
    holders: same(removed.holders),
    families: same(removed.families),
  };
}

/** Refuses to make sockets of a family, or a family of sockets. Throws naming the first one. */
export function refuseOtherKinds(families: readonly FamilyPair[]): void {
  for (const { cell, next } of families) {
    if (!cell || !next || !cell.definition.sockets === !next.sockets) continue;
    throw upgradeError(
      "load",
      null,
      new Error(
        `Cannot change ${next.name}: ${cell.definition.module} declares it by ${
          kindOf(cell.definition)
        } and ${next.module} by ${kindOf(next)}; give one of them another name`,
      ),
    );
  }
}

function kindOf({ sockets }: FamilyDefinition): string {
  return sockets ? "sockets()" : "family()";
}
