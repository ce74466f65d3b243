/** What user code holds of a holder or of a member of a family.
 * @module
 */
import type { AnyAction } from "./definition.ts";
import type { HolderCell } from "./holder_cell.ts";
import { type DeepReadonly, readOnly } from "./read_only.ts";

/** What the members of `actions` may be: functions of the state and the caller's arguments. */
export type Actions<State> = Record<string, Action<State>>;

/** One action; a parameter that is not given a type is `unknown`. */
export type Action<State> = {
  // Written as a method, because only those take parameters of any type without calling them `any`.
  act(state: State, ...args: unknown[]): unknown;
}["act"];

/** The actions as callers see them: without the state, always a promise. */
export type Calls<A> = string extends keyof A ? unknown : {
  readonly [Name in keyof A]: A[Name] extends
    (state: never, ...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

/** Options of `subscribe`. */
export interface SubscribeOptions {
  /** Ends the subscription. */
  readonly signal?: AbortSignal;
}

/** A holder as callers see it. It always reaches the newest code, from whichever generation it is called. */
export type Holder<State, A extends Actions<State>> = Calls<A> & {
  /** The state, as a view that cannot be written. */
  readonly state: DeepReadonly<State>;
  /** Calls a listener after every action and every migration; returns what ends it. */
  subscribe(
    listener: (state: DeepReadonly<State>) => void,
    options?: SubscribeOptions,
  ): () => void;
};

/** Names that an action cannot have. */
const RESERVED = ["state", "subscribe", "then"];

/** Finds the cell behind a handle. */
export interface CellAccess {
  /** The cell, for a call or a subscription. */
  cell(purpose: string): HolderCell;
  /** The current state. */
  state(purpose: string): unknown;
  /** Told what a listener throws. */
  onError(error: unknown): void;
  /** Notes a subscription that the evaluation of a module began, so that it ends with that; gives back what ends it. */
  own?(end: () => void): () => void;
}

/**
 * Forgets the types of actions, and refuses names that a handle needs for itself.
 *
 * @param name the holder or family
 * @param actions its actions
 * @returns the actions
 * @throws {TypeError} if a name is reserved
 */
export function untyped<State>(
  name: string,
  actions: Actions<State> | undefined,
): Record<string, AnyAction> {
  const result: Record<string, AnyAction> = {};
  for (const [action, act] of Object.entries(actions ?? {})) {
    if (RESERVED.includes(action)) {
      throw new TypeError(
        `Cannot declare ${name}: an action cannot be called "${action}"; rename it`,
      );
    }
    result[action] = (state, ...args) => act(state as State, ...args);
  }
  return result;
}

/**
 * Refuses a version that is not a whole number from 1.
 *
 * @param name the holder or family
 * @param version its version
 * @returns the version
 * @throws {TypeError} if it is something else
 */
export function checkedVersion(name: string, version: number): number {
  if (Number.isInteger(version) && version >= 1) return version;
  throw new TypeError(
    `Cannot declare ${name}: its version is ${version}; use a whole number from 1`,
  );
}

/**
 * Makes a handle.
 *
 * @param name what it is called in messages
 * @param actions the names of its actions
 * @param access finds the cell behind it
 * @returns the handle
 */
export function stateHandle(
  name: string,
  actions: readonly string[],
  access: CellAccess,
): object {
  const handle: Record<string, unknown> = Object.create(null);
  for (const action of actions) {
    handle[action] = (...args: unknown[]): Promise<unknown> => {
      try {
        return access.cell(`call ${name}.${action}`).call(action, args);
      } catch (error) {
        return Promise.reject(error);
      }
    };
  }
  handle.subscribe = (
    listener: (state: unknown) => void,
    { signal }: SubscribeOptions = {},
  ): () => void => {
    const { listeners } = access.cell(`subscribe to ${name}`);
    const listen = () => {
      try {
        listener(readOnly(access.state(`read the state of ${name}`)));
      } catch (error) {
        access.onError(error);
      }
    };
    const end = () => {
      listeners.delete(listen);
      signal?.removeEventListener("abort", end);
    };
    if (signal?.aborted) return end;
    listeners.add(listen);
    signal?.addEventListener("abort", end, { once: true });
    return access.own?.(end) ?? end;
  };
  Object.defineProperty(handle, "state", {
    enumerable: true,
    get: () => readOnly(access.state(`read the state of ${name}`)),
  });
  return Object.freeze(handle);
}
