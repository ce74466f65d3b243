/** Named state that outlives the module that declares it.
 * @module
 */
import {
  type AnyAction,
  HolderCallError,
  type HolderDefinition,
} from "./holder_cell.ts";
import type { Migrations } from "./migration.ts";
import { type DeepReadonly, readOnly } from "./read_only.ts";
import { system } from "./system.ts";

/** What the members of `actions` may be: functions of the state and the caller's arguments. */
export type Actions<State> = Record<
  string,
  // deno-lint-ignore no-explicit-any -- a constraint only: the caller's own parameter types are inferred and kept
  (state: State, ...args: any[]) => unknown
>;

/** The actions as callers see them: without the state, always a promise. */
export type Calls<A> = string extends keyof A ? unknown : {
  readonly [Name in keyof A]: A[Name] extends // deno-lint-ignore no-explicit-any -- matches any state type; it is dropped
  (state: any, ...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

/** How a holder is made, changed and migrated. */
export interface HolderSpec<State, A extends Actions<State>> {
  /** The version of the state's shape; raise it together with a step in `migrate`. Default 1. */
  readonly version?: number;
  /** Makes the first state. */
  readonly state: () => State;
  /** The steps between versions, by the version they lead up to. */
  readonly migrate?: Migrations;
  /** What can be done to the state; calls run one after the other. */
  readonly actions?: A;
  /** Copies a state before it is migrated. Default `structuredClone`. */
  readonly copy?: (state: State) => State;
}

/** A holder as callers see it. It always reaches the newest code, from whichever generation it is called. */
export type Holder<State, A extends Actions<State>> = Calls<A> & {
  /** The state, as a view that cannot be written. */
  readonly state: DeepReadonly<State>;
};

/**
 * Declares a holder: state that stays when the module that declares it is replaced.
 *
 * Call it at the top level of a hot module. When an upgrade brings a higher version, the state is migrated on a copy,
 * all holders or none. When the version is the same the state is carried over untouched.
 *
 * @param name the holder's name, one for the whole app
 * @param spec its state, version, migrations and actions
 * @returns the holder
 * @throws {TypeError} if the version is not a whole number from 1, or an action is called `state` or `then`
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
  const version = spec.version ?? 1;
  if (!Number.isInteger(version) || version < 1) {
    throw new TypeError(
      `Cannot declare the holder ${name}: its version is ${version}; use a whole number from 1`,
    );
  }
  const actions: Record<string, AnyAction> = {};
  for (const [action, act] of Object.entries(spec.actions ?? {})) {
    actions[action] = (state, ...args) => act(state as State, ...args);
  }
  for (const reserved of ["state", "then"]) {
    if (Object.hasOwn(actions, reserved)) {
      throw new TypeError(
        `Cannot declare the holder ${name}: an action cannot be called "${reserved}"; rename it`,
      );
    }
  }
  const { copy } = spec;
  const declared = system.declareHolder((module): HolderDefinition => ({
    name,
    version,
    initial: spec.state,
    migrate: spec.migrate ?? {},
    actions,
    copy: copy
      ? (state) => copy(state as State)
      : (state) => structuredClone(state),
    get module() {
      return module();
    },
  }));
  const handle: Record<string, unknown> = Object.create(null);
  for (const action of Object.keys(actions)) {
    handle[action] = (...args: unknown[]): Promise<unknown> => {
      try {
        return declared.cell(`call ${name}.${action}`).call(action, args);
      } catch (error) {
        return Promise.reject(error);
      }
    };
  }
  Object.defineProperty(handle, "state", {
    enumerable: true,
    get: () => readOnly(declared.cell(`read the state of ${name}`).state),
  });
  return Object.freeze(handle) as Holder<State, A>;
}

export { HolderCallError };
