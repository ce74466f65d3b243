/** What user code holds of a holder or of a member of a family.
 * @module
 */
import type { Calls } from "../action_types.ts";
import type { AnyAction } from "../definition.ts";
import type { HolderCell } from "./holder_cell.ts";
import { type DeepReadonly, readOnly } from "../copy/read_only/read_only.ts";
import type { Subscription, SubscriptionOwner } from "./subscriptions.ts";
import { noteHandle } from "../copy/read_only/snapshot.ts";

/** Options of `subscribe`. */
export interface SubscribeOptions {
  /** Ends the subscription. */
  readonly signal?: AbortSignal;
}

/** A holder as callers see it. It always reaches the newest code, from whichever generation it is called. */
export type Holder<State, A extends object> = Calls<State, A> & {
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
  /** Does something as soon as there is a cell: at once, but while an upgrade prepares the declaration. */
  whenIn?(act: () => void): void;
  /** Whose evaluation is going on, for subscriptions that end with it. */
  owner?(): SubscriptionOwner | null;
  /** Notes a subscription; returns what forgets it. */
  subscribed?(subscription: Subscription): () => void;
  /** Told what a listener throws. */
  onError(error: unknown): void;
  /** Notes a subscription that the evaluation of a module began, so that it ends with that; gives back what ends it. */
  own?(end: () => void): () => void;
}

/** Forgets the types of actions, and refuses names that a handle needs for itself. Throws if a name is reserved. */
export function untyped(
  name: string,
  actions: object | undefined,
): Record<string, AnyAction> {
  const result: Record<string, AnyAction> = {};
  for (const [action, act] of Object.entries(actions ?? {})) {
    if (RESERVED.includes(action)) {
      throw new TypeError(
        `Cannot declare ${name}: an action cannot be called "${action}"; rename it`,
      );
    }
    result[action] = act as AnyAction;
  }
  return result;
}

/** Refuses a version that is not a whole number from 1. Throws if it is something else. */
export function checkedVersion(name: string, version: number): number {
  if (Number.isInteger(version) && version >= 1) return version;
  throw new TypeError(
    `Cannot declare ${name}: its version is ${version}; use a whole number from 1`,
  );
}

/** Makes a handle. */
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
    const listen = () => {
      try {
        listener(readOnly(access.state(`read the state of ${name}`)));
      } catch (error) {
        access.onError(error);
      }
    };
    if (signal?.aborted) return () => {};
    const owner = access.owner?.() ?? null;
    let leave: (() => void) | null = () => {};
    const end = () => {
      leave?.();
      leave = null;
      signal?.removeEventListener("abort", end);
    };
    const listenTo = (cell: HolderCell) => {
      cell.listeners.add(listen);
      const forget = access.subscribed?.({ cell: () => cell, owner, end });
      leave = () => {
        cell.listeners.delete(listen);
        forget?.();
      };
    };
    const enter = () => {
      if (leave) listenTo(access.cell(`subscribe to ${name}`));
    };
    if (access.whenIn) access.whenIn(enter);
    else enter();
    signal?.addEventListener("abort", end, { once: true });
    return access.own?.(end) ?? end;
  };
  Object.defineProperty(handle, "state", {
    enumerable: true,
    get: () => readOnly(access.state(`read the state of ${name}`)),
  });
  noteHandle(handle, () => access.state(`take a snapshot of ${name}`));
  return Object.freeze(handle);
}
