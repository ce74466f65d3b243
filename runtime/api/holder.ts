/** Named state that outlives the module that declares it.
 * @module
 */
import { thrownText } from "../base/error_text.ts";
import type { HolderDefinition } from "../state/definition.ts";
import {
  HolderCallError,
  type HolderCell,
} from "../state/cells/holder_cell.ts";
import type { Migrations, MigrationsTo } from "../state/migration.ts";
import type { Actions, RequiredActions } from "../state/action_types.ts";
import {
  checkedVersion,
  type Holder,
  stateHandle,
  untyped,
} from "../state/cells/state_handle.ts";
import { appProcess } from "../process/process.ts";

/** Makes an instance of a new class of one of the old class. */
export type ClassConversion = {
  // Written as a method, because only those take a parameter of any type without calling it `any`.
  convert(old: unknown): unknown;
}["convert"];

/** Asks for every step from 2 to the version, and for what `state` returns from the last one. */
export type RequiredSteps<State, Version extends number> = number extends
  Version ? unknown
  : Version extends 1 ? unknown
  : {
    /** The steps between versions. */
    readonly migrate: MigrationsTo<State, Version>;
  };

/** What holders and families have in common. */
export interface StateSpec<
  State,
  A extends object,
  Version extends number = number,
> {
  /** The version of the state's shape; raise it together with a step in `migrate`. Default 1. */
  readonly version?: Version;
  /**
   * The steps between versions, by the version they lead up to. Where `version` is written as a number, the checker
   * asks for every step from 2, and for what `state` returns from the last one.
   */
  readonly migrate?: Migrations;
  /**
   * What can be done to the state; calls run one after the other. The state's type is known; a parameter is given a
   * type or a default. Generic actions stay generic: what comes back of the arguments is found out for each call.
   *
   * What an action has changed before it throws stays changed: check first, then write. (To put it back, each call
   * would have to copy the state, which costs more than most actions, or to write through proxies, which are not
   * what sockets and private members take them for.)
   */
  readonly actions?: A | Actions<NoInfer<State>>;
  /**
   * Copies a state before it is migrated. By default data and instances of the app's classes are copied whole, what
   * belongs to the host (sockets, streams) is carried as it is, and what can be neither is refused with its place.
   * With `"carry"` the state itself is handed to the migrations, which must then leave it as it is and return another
   * one.
   */
  readonly copy?: ((state: State) => State) | "carry";
  /**
   * Makes instances of a new class from kept ones of the old class, by the name of the class, where the new
   * constructor gives them what cannot be filled in.
   */
  readonly classes?: Readonly<Record<string, ClassConversion>>;
  /** `"keep"`: functions in the state may go on as the old code made them. Default: refused where their code changed. */
  readonly functions?: "keep";
  /** The name that an earlier version declared it under, so that its state is found. */
  readonly renamedFrom?: string;
}

/** How a holder is made, changed and migrated. */
export interface HolderSpec<
  State,
  A extends object,
  Version extends number = number,
> extends StateSpec<State, A, Version> {
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
 *     increment: (state, by = state.step) => (state.count += by),
 *   },
 * });
 *
 * await visits.increment(); // 1
 * visits.state.count; // 1
 * ```
 */
export function holder<
  State,
  A extends object = Record<never, never>,
  const Version extends number = 1,
>(
  name: string,
  spec:
    & HolderSpec<State, A, Version>
    & RequiredSteps<NoInfer<State>, NoInfer<Version>>
    & RequiredActions<NoInfer<State>, NoInfer<A>>,
): Holder<State, A> {
  const declaring = appProcess.declaring();
  const definition: HolderDefinition = {
    name,
    ...stateParts<State>(
      name,
      spec as StateSpec<State, object>,
    ),
    initial: spec.state,
    get module() {
      return declaring.module;
    },
    line: declaring.line,
  };
  const { staging } = declaring;
  appProcess.declare({ kind: "holder", definition }, staging);
  const cell = (purpose: string): HolderCell => {
    appProcess.requireIn(purpose, definition, staging);
    const { meets } = appProcess.generations;
    const found = appProcess.holderOf(name, meets);
    if (found) return found;
    throw new HolderCallError(
      `Cannot ${purpose}: an upgrade removed the holder ${name}`,
    );
  };
  const handle = stateHandle(name, Object.keys(definition.actions), {
    cell,
    state: (purpose) => cell(purpose).shown,
    whenIn: (act) => appProcess.whenIn(staging, act),
    owner: () => appProcess.evaluating(),
    subscribed: (it) => appProcess.subscriptions.add(it),
    onError: (error) =>
      appProcess.logger.error(
        `a listener of ${name} failed: ${thrownText(error)}`,
      ),
    own: (end) =>
      appProcess.owned.add(appProcess.callers.place("innermost"), end),
  });
  return handle as Holder<State, A>;
}

/** Reads what holders and families have in common. Throws if the version or the name of an action cannot be used. */
export function stateParts<State>(
  name: string,
  spec: StateSpec<State, object>,
): Pick<
  HolderDefinition,
  | "renamedFrom"
  | "version"
  | "migrate"
  | "actions"
  | "copy"
  | "classes"
  | "keepFunctions"
> {
  const { classes, copy } = spec;
  return {
    ...(classes ? { classes: { ...classes } } : {}),
    keepFunctions: spec.functions === "keep",
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
