/** Chains of state migrations over several versions, up and down.
 * @module
 */
import { errorText } from "../base/error_text.ts";
import { isThenable } from "../base/waiting/thenable.ts";

/** What a migration step is told. */
export interface MigrationContext {
  /** The version of the state it is given. */
  readonly from: number;
  /** The version of the state it must return. */
  readonly to: number;
  /** `up` towards newer code, `down` on the way back. */
  readonly direction: "up" | "down";
}

/**
 * One step: takes a copy of the state of one version and returns the state of the next. Give the state its type:
 * each step has its own pair, which no common type can name.
 */
export type MigrationStep = {
  // Written as a method, because only those take a parameter of any type without calling it `any`.
  step(state: unknown, context: MigrationContext): unknown;
}["step"];

/**
 * The steps to a version from the one before it, and back. A function alone is the step up.
 */
export type Migration = MigrationStep | {
  /** From the version before to this one. */
  readonly up: MigrationStep;
  /** From this version back to the one before; without it there is no way back. */
  readonly down?: MigrationStep;
};

/** The migrations by the version they lead up to. */
export type Migrations = Readonly<Record<number, Migration>>;

/** One step whose result is checked. */
export type StepTo<State> = {
  // Written as a method, because only those take a parameter of any type without calling it `any`.
  step(state: unknown, context: MigrationContext): State | PromiseLike<State>;
}["step"];

/** The steps to the newest version, which must return what `state` returns. */
export type LastMigration<State> = StepTo<State> | {
  /** From the version before to this one. */
  readonly up: StepTo<State>;
  /** From this version back to the one before; without it there is no way back. */
  readonly down?: MigrationStep;
};

/** The versions from 2 to one, for the type checker. */
export type VersionsTo<
  Version extends number,
  Seen extends unknown[] = [unknown, unknown],
> = Seen["length"] extends 999 ? never
  : Seen["length"] extends Version ? Version
  : Seen["length"] | VersionsTo<Version, [...Seen, unknown]>;

/** The steps that a version needs: one for each version from 2, the last one to what `state` returns. */
export type MigrationsTo<State, Version extends number> = number extends Version
  ? Migrations
  : Version extends 1 ? Migrations
  :
    & {
      readonly [V in VersionsTo<Version>]: V extends Version
        ? LastMigration<State>
        : Migration;
    }
    & Migrations;

/** One link of a chain. */
export interface MigrationLink extends MigrationContext {
  /** The step to run. */
  readonly step: MigrationStep;
}

/** Thrown when state cannot be brought from one version to another. */
export class MigrationError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "MigrationError";
}

/**
 * Finds the steps that lead from one version to another. Returns the steps in order; empty where the versions are
 * equal. Throws if a step is missing.
 */
export function migrationChain(
  name: string,
  from: number,
  to: number,
  newer: Migrations,
): MigrationLink[] {
  const links: MigrationLink[] = [];
  for (let version = from; version < to; version++) {
    const migration = newer[version + 1];
    const step = typeof migration === "function" ? migration : migration?.up;
    if (!step) throw missing(name, version, version + 1, "up");
    links.push({ step, from: version, to: version + 1, direction: "up" });
  }
  for (let version = from; version > to; version--) {
    const migration = newer[version];
    const step = typeof migration === "function" ? undefined : migration?.down;
    if (!step) throw missing(name, version, version - 1, "down");
    links.push({ step, from: version, to: version - 1, direction: "down" });
  }
  return links;
}

function missing(
  name: string,
  from: number,
  to: number,
  direction: "up" | "down",
): MigrationError {
  const key = direction === "up" ? to : from;
  return new MigrationError(
    `Cannot migrate ${name} from version ${from} to ${to}: there is no migrate[${key}].${direction}; declare it or leave the version as it is`,
  );
}

/**
 * Runs a chain on a copy of the state. Returns the migrated state, as a promise only where a step returned one. Throws
 * if a step throws, rejects or returns undefined.
 */
export function runMigration(
  name: string,
  copy: unknown,
  chain: readonly MigrationLink[],
): unknown {
  let state = copy;
  for (let index = 0; index < chain.length; index++) {
    const link = chain[index]!;
    let next: unknown;
    try {
      next = link.step(state, {
        from: link.from,
        to: link.to,
        direction: link.direction,
      });
    } catch (cause) {
      throw broken(name, link, cause);
    }
    if (isThenable(next)) {
      return Promise.resolve(next).then(
        (settled) =>
          runMigration(
            name,
            defined(name, link, settled),
            chain.slice(index + 1),
          ),
        (cause) => {
          throw broken(name, link, cause);
        },
      );
    }
    state = defined(name, link, next);
  }
  return state;
}

function defined(name: string, link: MigrationLink, state: unknown): unknown {
  if (state !== undefined) return state;
  throw new MigrationError(
    `Cannot migrate ${name} from version ${link.from} to ${link.to}: the step returned undefined; return the new state`,
  );
}

function broken(
  name: string,
  link: MigrationLink,
  cause: unknown,
): MigrationError {
  const why = errorText(cause);
  return new MigrationError(
    `Cannot migrate ${name} from version ${link.from} to ${link.to}: the step failed: ${why}`,
    { cause },
  );
}
