/** What modules declare about state, its types forgotten.
 * @module
 */
import type { Migrations } from "./migration.ts";
import type { SocketHandlers } from "./sockets/socket_handlers.ts";

/** An action: gets the state, which it may change, and the caller's arguments. */
export type AnyAction = (state: unknown, ...args: unknown[]) => unknown;

/** What holders and families have in common. */
export interface StateDefinition {
  /** The name, one for the whole app. */
  readonly name: string;
  /** The name that an earlier version declared it under, or null. */
  readonly renamedFrom: string | null;
  /** The version of the state's shape. */
  readonly version: number;
  /** Migrations by the version they lead up to. */
  readonly migrate: Migrations;
  /** The actions by name. */
  readonly actions: Readonly<Record<string, AnyAction>>;
  /** Copies a state so that a migration cannot harm the original; null for a faithful copy. */
  readonly copy: ((state: unknown) => unknown) | null;
  /** Makes instances of new classes of kept ones, by the name of the class. */
  readonly classes?: Readonly<Record<string, (old: unknown) => unknown>>;
  /** Whether functions in kept state may be those of old code. */
  readonly keepFunctions?: boolean;
  /** The module that declares it, as a path under the app root, or a URL outside it. */
  readonly module: string;
  /** The line of the declaration there, from 1, where it is known. */
  readonly line?: number | undefined;
}

/** What a module declared as a holder. */
export interface HolderDefinition extends StateDefinition {
  /** Makes the first state. */
  readonly initial: () => unknown;
}

/** What a module declared as a family. */
export interface FamilyDefinition extends StateDefinition {
  /** Makes the first state of a member. */
  readonly initialOf: (key: string) => unknown;
  /** How long a member may be idle before it is evicted, in milliseconds; null forever. */
  readonly idleMs: number | null;
  /** Called with the last state of a member that is evicted. */
  readonly evicted: ((state: unknown, key: string) => unknown) | null;
  /** What is done with sockets, where the members are the data of open sockets. */
  readonly sockets?: SocketHandlers;
}
