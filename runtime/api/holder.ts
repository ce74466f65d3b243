/** Named state that outlives the module that declares it.
 * @module
 */
import type { HolderDefinition } from "../state/definition.ts";
import { HolderCallError, type HolderCell } from "../state/holder_cell.ts";
import type { Migrations } from "../state/migration.ts";
import {
  type Actions,
  checkedVersion,
  type Holder,
  stateHandle,
  untyped,
} from "../state/state_handle.ts";
import { appProcess } from "../process/process.ts";

/** What holders and families have in common. */
export interface StateSpec<State, A extends Actions<State>> {
  /** The version of the state's shape; raise it together with a step in `migrate`. Default 1. */
  readonly version?: number;
  /** The steps between versions, by the version they lead up to. */
  readonly migrate?: Migrations;
  /** What can be done to the state; calls run one after the other. */
  readonly actions?: A;
  /**
   * Copies a state before it is migrated. Default `structuredClone`. With `"carry"` the state itself is handed to
   * the migrations, which must then leave it as it is and return another one.
   */
  readonly copy?: ((state: State) => State) | "carry";
  /** The name that an earlier version declared it under, so that its state is found. */
  readonly renamedFrom?: string;
}

/** How a holder is made, changed and migrated. */
export interface HolderSpec<State, A extends Actions<State>>
  extends StateSpec<State, A> {
  /** Makes the first state. */
  readonly state: () => State;
}

/**
 * Declares a holder: state that stays when the module that declares it is replaced.
 *
 * Call it at the top level of a hot module. When an upgrade brings a higher version, the state is migrated on a copy,
 * all holders or none. When the version is the same the state is carried over untouched.
 *
 * @param name the holder's name, one for the whole app
 * @param spec its state, version, migrations and actions
 * @returns the holder
 * @throws {TypeError} if the version is not a whole number from 1, or an action is called `state`, `subscribe` or `then`
 * @throws {DeclarationError} if another module declares the name
 *
 * @example
 * ```ts
 * import { holder } from "@flyhot/runtime";
 *
 * const visits = holder("visits", {
 *   version: 2,
 *   state: () => ({ count: 0, step: 1 }),
 *   migrate: {
 *     2: {
 *       up: (old: { count: number }) => ({ ...old, step: 1 }),
 *       down: ({ count }: { count: number }) => ({ count }),
 *     },
 *   },
 *   actions: {
 *     increment: (state, by: number = state.step) => (state.count += by),
 *   },
 * });
 *
 * await visits.increment(); // 1
 * visits.state.count; // 1
 * ```
 */
export function holder<State, A extends Actions<State>>(
  name: string,
  spec: HolderSpec<State, A>,
): Holder<State, A> {
  const declaring = appProcess.declaring();
  const definition: HolderDefinition = {
    name,
    ...stateParts(name, spec),
    initial: spec.state,
    get module() {
      return declaring.module;
    },
  };
  const { staging } = declaring;
  appProcess.declare({ kind: "holder", definition }, staging);
  const cell = (purpose: string): HolderCell => {
    appProcess.requireIn(purpose, definition, staging);
    const found = appProcess.holders.get(name);
    if (found) return found;
    throw new HolderCallError(
      `Cannot ${purpose}: an upgrade removed the holder ${name}`,
    );
  };
  const handle = stateHandle(name, Object.keys(definition.actions), {
    cell,
    state: (purpose) => cell(purpose).state,
    onError: (error) =>
      appProcess.logger.error(`a listener of ${name} failed: ${error}`),
    own: (end) =>
      appProcess.owned.add(appProcess.callingPlace("innermost"), end),
  });
  return handle as Holder<State, A>;
}

/**
 * Reads what holders and families have in common.
 *
 * @param name the name
 * @param spec the caller's spec
 * @returns the parts of a definition
 * @throws {TypeError} if the version or the name of an action cannot be used
 */
export function stateParts<State, A extends Actions<State>>(
  name: string,
  spec: StateSpec<State, A>,
): Pick<
  HolderDefinition,
  "renamedFrom" | "version" | "migrate" | "actions" | "copy"
> {
  const { copy } = spec;
  return {
    renamedFrom: spec.renamedFrom ?? null,
    version: checkedVersion(name, spec.version ?? 1),
    migrate: spec.migrate ?? {},
    actions: untyped(name, spec.actions),
    copy: copy === "carry"
      ? (state) => state
      : copy
      ? (state) => copy(state as State)
      : null,
  };
}
