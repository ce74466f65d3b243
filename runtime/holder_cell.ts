/** One holder's state with its queue: calls one after the other, held back while an upgrade has it suspended.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Migrations } from "./migration.ts";

/** An action: gets the state, which it may change, and the caller's arguments. */
export type AnyAction = (state: unknown, ...args: unknown[]) => unknown;

/** What a module declared under a name, its types forgotten. */
export interface HolderDefinition {
  /** The holder's name. */
  readonly name: string;
  /** The version of its state. */
  readonly version: number;
  /** Makes the first state. */
  readonly initial: () => unknown;
  /** Migrations by the version they lead up to. */
  readonly migrate: Migrations;
  /** The actions by name. */
  readonly actions: Readonly<Record<string, AnyAction>>;
  /** Copies a state, so that a migration cannot harm the original. */
  readonly copy: (state: unknown) => unknown;
  /** The module that declares it, as a path under the app root, or a URL outside it. */
  readonly module: string;
}

/** Thrown when a call cannot be taken. */
export class HolderCallError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "HolderCallError";
}

/** How many calls may wait for one holder. */
export const QUEUE_MAX = 10_000;

interface WaitingCall {
  readonly action: string;
  readonly args: readonly unknown[];
  readonly chain: readonly string[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

const callChain = new AsyncLocalStorage<readonly string[]>();

/** The state of one holder and the calls to it. */
export class HolderCell {
  /** What the newest code declares. */
  definition: HolderDefinition;
  /** The state itself; only actions and upgrades change it. */
  state: unknown;
  #busy = false;
  #serving = false;
  #gate: "open" | "draining" | "closed" = "open";
  #waiting: WaitingCall[] = [];
  #idle: PromiseWithResolvers<void> | null = null;

  /**
   * @param definition what the code declares
   * @param state its first state
   */
  constructor(definition: HolderDefinition, state: unknown) {
    this.definition = definition;
    this.state = state;
  }

  /** Whether no action runs. */
  get idle(): boolean {
    return !this.#busy;
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Calls an action, at once or when its turn comes.
   *
   * @param action the action's name
   * @param args the caller's arguments
   * @returns what the action returns
   * @throws {HolderCallError} (as a rejection) if the call comes from inside this holder, the queue is full, or there is no such action
   */
  call(action: string, args: readonly unknown[]): Promise<unknown> {
    const { name } = this.definition;
    const chain = callChain.getStore() ?? [];
    if (chain.includes(name)) {
      return Promise.reject(
        new HolderCallError(
          `Cannot call ${name}.${action} from inside an action of ${name} (${
            [...chain, name].join(" -> ")
          }): it would wait for itself; work on the state directly`,
        ),
      );
    }
    // A call that an action in flight waits for must get through, or that action never ends.
    const admitted = this.#gate === "open" ||
      (this.#gate === "draining" && chain.length > 0);
    if (admitted && !this.#busy) return this.#run(action, args, chain);
    if (this.#waiting.length >= QUEUE_MAX) {
      return Promise.reject(
        new HolderCallError(
          `Cannot call ${name}.${action}: ${QUEUE_MAX} calls are waiting already; slow the callers down`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ action, args, chain, resolve, reject });
    });
  }

  /** Stops taking calls from outside; {@linkcode HolderCell.settled} tells when the running one is done. */
  drain(): void {
    this.#gate = "draining";
  }

  /** Stops taking any call. */
  close(): void {
    this.#gate = "closed";
  }

  /** Takes calls again, those that waited first. */
  open(): void {
    this.#gate = "open";
    this.#next();
  }

  /**
   * Waits until no action runs.
   *
   * @returns settles when the holder is idle
   */
  settled(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  /**
   * Rejects all calls that wait, for a holder that is gone.
   *
   * @param reason why
   */
  refuseWaiting(reason: Error): void {
    for (const call of this.#waiting.splice(0)) call.reject(reason);
  }

  #run(
    action: string,
    args: readonly unknown[],
    chain: readonly string[],
  ): Promise<unknown> {
    const { name, actions } = this.definition;
    const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!act) {
      return Promise.reject(
        new HolderCallError(
          `Cannot call ${name}.${action}: the current code of ${name} has no such action`,
        ),
      );
    }
    this.#busy = true;
    let result: unknown;
    try {
      result = callChain.run([...chain, name], () => act(this.state, ...args));
    } catch (error) {
      this.#done();
      return Promise.reject(error);
    }
    if (!isThenable(result)) {
      this.#done();
      return Promise.resolve(result);
    }
    return Promise.resolve(result).finally(() => this.#done());
  }

  #done(): void {
    this.#busy = false;
    this.#next();
    if (!this.#busy) {
      this.#idle?.resolve();
      this.#idle = null;
    }
  }

  #next(): void {
    // An action that ends at once comes back here; a loop serves the queue without growing the stack.
    if (this.#serving) return;
    this.#serving = true;
    try {
      this.#serve();
    } finally {
      this.#serving = false;
    }
  }

  #serve(): void {
    while (!this.#busy && this.#gate !== "closed") {
      const at = this.#gate === "open"
        ? 0
        : this.#waiting.findIndex((call) => call.chain.length > 0);
      const [call] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (!call) return;
      this.#run(call.action, call.args, call.chain).then(
        call.resolve,
        call.reject,
      );
    }
  }
}

/**
 * Brings holders to rest: none takes calls from outside, and each finishes the action it is in.
 *
 * @param cells the holders
 * @param deadline aborted when it takes too long
 * @returns settles when all are idle and closed
 * @throws {HolderCallError} naming a holder that is still busy at the deadline; the holders are left draining
 */
export async function quiesce(
  cells: readonly HolderCell[],
  deadline: AbortSignal,
): Promise<void> {
  for (const cell of cells) cell.drain();
  const expired = Promise.withResolvers<void>();
  const expire = () => expired.resolve();
  deadline.addEventListener("abort", expire, { once: true });
  try {
    // While one holder finishes, an action in flight may start work on another: all must be idle in the same turn.
    for (let busy = busyOf(cells); busy; busy = busyOf(cells)) {
      if (deadline.aborted) {
        throw new HolderCallError(
          `Cannot suspend the holder ${busy.definition.name}: it is still in an action; the upgrade is given up`,
        );
      }
      await Promise.race([busy.settled(), expired.promise]);
    }
  } finally {
    deadline.removeEventListener("abort", expire);
  }
  for (const cell of cells) cell.close();
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}

function busyOf(cells: readonly HolderCell[]): HolderCell | undefined {
  return cells.find((cell) => !cell.idle);
}
