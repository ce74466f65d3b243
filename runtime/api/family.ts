/** Many holders of one kind, by key.
 * @module
 */
import { thrownText } from "../base/error_text.ts";
import type { FamilyDefinition } from "../state/definition.ts";
import type { FamilyCell } from "../state/cells/family_cell.ts";
import { HolderCallError } from "../state/cells/holder_cell.ts";
import { type RequiredSteps, stateParts, type StateSpec } from "./holder.ts";
import type { RequiredActions } from "../state/action_types.ts";
import { type Holder, stateHandle } from "../state/cells/state_handle.ts";
import { appProcess } from "../process/process.ts";

/** How the members of a family are made, changed and migrated. */
export interface FamilySpec<
  State,
  A extends object,
  Version extends number = number,
> extends StateSpec<State, A, Version> {
  /** Makes the first state of a member. */
  readonly state: (key: string) => State;
  /** How long a member that nobody calls or subscribes to is kept, in milliseconds. Default forever. */
  readonly idleMs?: number;
  /** Called with the last state of a member that is evicted. */
  readonly evicted?: (state: State, key: string) => void;
}

/** A family as callers see it. */
export interface Family<State, A extends object> {
  /** A member; it is made when it is first called or read. */
  get(key: string): Holder<State, A>;
  /** Whether there is such a member. */
  has(key: string): boolean;
  /** Removes a member with its state; returns whether there was one. */
  remove(key: string): boolean;
  /** The keys of the members there are now. */
  keys(): string[];
  /** How many members there are now. */
  readonly size: number;
}

/**
 * Declares a family: holders of one kind by key, one for each room, user or document.
 *
 * Members are made on demand. An upgrade migrates all of them in one transaction; a step that throws for one undoes
 * all and names the key.
 *
 * @param name the family's name, one for the whole app
 * @param spec its members' state, version, migrations and actions
 * @returns the family
 * @throws {TypeError} if the version is not a whole number from 1, `idleMs` is not above 0, or an action's name is reserved
 * @throws {DeclarationError} if another module declares the name
 *
 * @example
 * ```ts
 * import { family } from "@flyhot/runtime";
 *
 * const rooms = family("rooms", {
 *   state: (key) => ({ title: key, lines: [] as string[] }),
 *   actions: { say: (room, line: string) => room.lines.push(line) },
 * });
 *
 * await rooms.get("lobby").say("hello"); // 1
 * rooms.get("lobby").state.title; // "lobby"
 * rooms.keys(); // ["lobby"]
 * ```
 */
export function family<
  State,
  A extends object = Record<never, never>,
  const Version extends number = 1,
>(
  name: string,
  spec:
    & FamilySpec<State, A, Version>
    & RequiredSteps<NoInfer<State>, NoInfer<Version>>
    & RequiredActions<NoInfer<State>, NoInfer<A>>,
): Family<State, A> {
  const { evicted, idleMs = null } = spec;
  if (idleMs !== null && !(idleMs > 0)) {
    throw new TypeError(
      `Cannot declare ${name}: idleMs is ${idleMs}; give milliseconds above 0`,
    );
  }
  const declaring = appProcess.declaring();
  const definition: FamilyDefinition = {
    name,
    ...stateParts<State>(name, spec as StateSpec<State, object>),
    initialOf: spec.state,
    idleMs,
    evicted: evicted
      ? (state, key) => {
        // Nobody waits for it; what it throws must not end the app.
        (async () => await evicted(state as State, key))().catch((error) =>
          appProcess.logger.error(
            `evicting ${name}[${key}] failed: ${thrownText(error)}`,
          )
        );
      }
      : null,
    get module() {
      return declaring.module;
    },
    line: declaring.line,
  };
  const { staging } = declaring;
  appProcess.declare({ kind: "family", definition }, staging);
  const cell = (purpose: string): FamilyCell => {
    appProcess.requireIn(purpose, definition, staging);
    const { meets } = appProcess.generations;
    const found = appProcess.familyOf(name, meets);
    if (found) return found;
    throw new HolderCallError(
      `Cannot ${purpose}: an upgrade removed the family ${name}`,
    );
  };
  const actions = Object.keys(definition.actions);
  const onError = (error: unknown) =>
    appProcess.logger.error(
      `a listener of ${name} failed: ${thrownText(error)}`,
    );
  return Object.freeze({
    get: (key: string) =>
      stateHandle(`${name}[${key}]`, actions, {
        cell: (purpose) => cell(purpose).member(key),
        state: (purpose) => cell(purpose).stateOf(key),
        whenIn: (act) => appProcess.whenIn(staging, act),
        owner: () => appProcess.evaluating(),
        subscribed: (it) => appProcess.subscriptions.add(it),
        onError,
        own: (end) =>
          appProcess.owned.add(appProcess.callers.place("innermost"), end),
      }) as Holder<State, A>,
    has: (key: string) => cell(`look for ${name}[${key}]`).members.has(key),
    remove: (key: string) => cell(`remove ${name}[${key}]`).remove(key),
    keys: () => [...cell(`list ${name}`).members.keys()],
    get size() {
      return cell(`count ${name}`).members.size;
    },
  });
}
