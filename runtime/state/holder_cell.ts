/** One holder's state with its queue: calls one after the other, held back while an upgrade has it suspended.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { HolderDefinition } from "./definition.ts";
import { isThenable } from "../base/thenable.ts";

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
  readonly context: CallContext;
  /** Runs the action in its caller's async context, whoever's action ends before it. */
  readonly asCaller: <T>(act: () => T) => T;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

interface RunningAction {
  readonly holder: string;
  ended: boolean;
  /** How many calls that it made wait at the gate of a suspended holder. */
  held: number;
  /** Lets those pass by that may, once it is held. */
  readonly wake: () => void;
}

interface CallContext {
  /** The actions that led to this call, outermost first; a timer set by one may fire after its end. */
  readonly chain: readonly RunningAction[];
  /** The part of an upgrade that the call comes from, which may use suspended holders. */
  readonly pass: { ended: boolean } | null;
}

const OUTSIDE: CallContext = { chain: [], pass: null };
const callContext = new AsyncLocalStorage<CallContext>();

/**
 * Runs a part of an upgrade whose calls reach suspended holders: a health check, a service that starts.
 *
 * Timers that it leaves behind lose the right when it ends.
 *
 * @param act what to run
 * @returns what it returns
 */
export async function runPassingGates<T>(
  act: () => T | Promise<T>,
): Promise<T> {
  const pass = { ended: false };
  try {
    return await callContext.run({ chain: [], pass }, act);
  } finally {
    pass.ended = true;
  }
}

/** The state of one holder and the calls to it. */
export class HolderCell {
  /** What the newest code declares. */
  definition: HolderDefinition;
  /** The state itself; only actions and upgrades change it. */
  state: unknown;
  readonly #running = new Set<RunningAction>();
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

  /** Called after every action and every migration. */
  readonly listeners: Set<() => void> = new Set();

  /** Whether no action runs. */
  get idle(): boolean {
    return this.#running.size === 0;
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
    const { chain: all, pass } = callContext.getStore() ?? OUTSIDE;
    // Kept, the ended ones would grow with every call that a timer of an action makes.
    const chain = all.filter(({ ended }) => !ended);
    const context: CallContext = { chain, pass };
    if (chain.some(({ holder }) => holder === name)) {
      return Promise.reject(
        new HolderCallError(
          `Cannot call ${name}.${action} from inside an action of ${name} (${
            [...chain.map(({ holder }) => holder), name].join(" -> ")
          }): it would wait for itself; work on the state directly`,
        ),
      );
    }
    if (this.#admits(context)) {
      if (this.#isFree(context)) return this.#run(action, args, context);
    } else {
      for (const running of chain) {
        running.held++;
        queueMicrotask(running.wake);
      }
    }
    if (this.#waiting.length >= QUEUE_MAX) {
      return Promise.reject(
        new HolderCallError(
          `Cannot call ${name}.${action}: ${QUEUE_MAX} calls are waiting already; slow the callers down`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const asCaller = AsyncLocalStorage.snapshot();
      this.#waiting.push({ action, args, context, asCaller, resolve, reject });
    });
  }

  /** Tells all listeners that the state may have changed. */
  notify(): void {
    for (const listener of this.listeners) listener();
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
    if (this.idle) return Promise.resolve();
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

  #admits({ chain, pass }: CallContext): boolean {
    // A call that an action in flight waits for must get through, or that action never ends.
    return this.#gate === "open" || pass?.ended === false ||
      (this.#gate === "draining" && chain.some(({ ended }) => !ended));
  }

  // A check must not queue behind an action from outside that waits for the very upgrade which the check decides.
  #isFree({ pass }: CallContext): boolean {
    if (this.idle) return true;
    return pass?.ended === false &&
      [...this.#running].every(({ held }) => held > 0);
  }

  #run(
    action: string,
    args: readonly unknown[],
    context: CallContext,
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
    const running: RunningAction = {
      holder: name,
      ended: false,
      held: 0,
      wake: () => this.#next(),
    };
    this.#running.add(running);
    const done = () => {
      running.ended = true;
      this.#running.delete(running);
      this.notify();
      this.#done();
    };
    let result: unknown;
    let waits: boolean;
    try {
      result = callContext.run(
        { ...context, chain: [...context.chain, running] },
        () => act(this.state, ...args),
      );
      waits = isThenable(result);
    } catch (error) {
      done();
      return Promise.reject(error);
    }
    if (!waits) {
      done();
      return Promise.resolve(result);
    }
    return Promise.resolve(result).finally(done);
  }

  #done(): void {
    this.#next();
    if (this.idle) {
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
    for (;;) {
      const at = this.#waiting.findIndex(({ context }) =>
        this.#admits(context) && this.#isFree(context)
      );
      const [call] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (!call) return;
      for (const running of call.context.chain) running.held = 0;
      call.asCaller(() => this.#run(call.action, call.args, call.context))
        .then(call.resolve, call.reject);
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
    // While one holder finishes, an action in flight may start work on another: a whole pass must find all idle.
    for (let restless = true; restless;) {
      restless = false;
      for (const cell of cells) {
        while (!cell.idle) {
          restless = true;
          if (deadline.aborted) throw stillBusy(cell);
          await Promise.race([cell.settled(), expired.promise]);
        }
      }
    }
  } finally {
    deadline.removeEventListener("abort", expire);
  }
  for (const cell of cells) cell.close();
}

function stillBusy(cell: HolderCell): HolderCallError {
  return new HolderCallError(
    `Cannot suspend the holder ${cell.definition.name}: it is still in an action; the upgrade is given up`,
  );
}
