/** One call of the Machines API, and what all of them share.
 * @module
 */
import type { LoopbackAnswer } from "../server/loopback_server.ts";
import type { Machine } from "../machine/machine.ts";
import type { Machines } from "../machines.ts";

/** One call, taken apart. */
export interface Call {
  readonly machines: Machines;
  /** The machine's id in the path; empty where there is none. */
  readonly id: string;
  /** The metadata key in the path; empty where there is none. */
  readonly key: string;
  readonly query: URLSearchParams;
  /** The JSON body; an empty object where there is none. */
  readonly body: unknown;
  /** The nonce of the caller's lease, or null. */
  readonly nonce: string | null;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
}

/** A call that the API knows. */
export interface Route {
  readonly method: string;
  /** The path after `/machines`, with `:id` and `:key`. */
  readonly path: string;
  /** What rate limits count by. */
  readonly action: string;
  /** Answers it. */
  readonly run: (call: Call) => LoopbackAnswer | Promise<LoopbackAnswer>;
}

/** Makes a JSON answer. */
export function json(value: unknown, status = 200): LoopbackAnswer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify(value),
  };
}

/** The answer of calls that have nothing to tell. */
export const OK: LoopbackAnswer = json({ ok: true });

/** The machine of a call that changes it. */
export function leased({ machines, id, nonce }: Call): Machine {
  const machine = machines.get(id);
  machine.lease.refuseOthers(nonce, Date.now());
  return machine;
}

/** Lets a change run on: the API answers at once, and what becomes of it is seen in the machine's state, events and log. */
export function begin(change: Promise<void>): void {
  change.catch(() => {});
}
