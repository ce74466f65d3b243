/** What modules declare, and the staging area where new modules declare it while the old code serves.
 * @module
 */
import type { HolderDefinition } from "./holder_cell.ts";

/** Where a set of declarations stands. */
export type DeclarationState = "live" | "staged" | "discarded";

/** Thrown when a declaration cannot be accepted. */
export class DeclarationError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "DeclarationError";
}

/** The declarations of the modules of one attempt. */
export class Staging {
  /** The number in the cache-busting query of its modules. */
  readonly attempt: number;
  /** The holders declared so far, by name. */
  readonly holders = new Map<string, HolderDefinition>();
  /** Where these declarations stand. */
  state: DeclarationState = "staged";

  /**
   * @param attempt the number in the cache-busting query of its modules
   */
  constructor(attempt: number) {
    this.attempt = attempt;
  }

  /**
   * Takes a holder's declaration.
   *
   * @param definition the holder
   * @throws {DeclarationError} if another module declares the same name
   */
  addHolder(definition: HolderDefinition): void {
    const other = this.holders.get(definition.name);
    if (other) refuseTwice(other, definition);
    this.holders.set(definition.name, definition);
  }
}

/**
 * Throws that one name is declared twice.
 *
 * @param first the declaration there already
 * @param second the one refused
 * @throws {DeclarationError} always
 */
export function refuseTwice(
  first: HolderDefinition,
  second: HolderDefinition,
): never {
  throw new DeclarationError(
    first.module === second.module
      ? `Cannot declare the holder ${second.name}: ${second.module} declares it already; give each holder its own name`
      : `Cannot declare the holder ${second.name} in ${second.module}: ${first.module} declares it already; rename one of them`,
  );
}
