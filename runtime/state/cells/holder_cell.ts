/** One holder's state with its queue: calls one after the other, held back while an upgrade has it suspended.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { isThenable } from "../../base/waiting/thenable.ts";
import {
  type CallContext,
  callContext,
  type CallTarget,
  circleOf,
  currentCaller,
  isHeldBack,
  isPassing,
  Running,
  type RunningAction,
  type WaitingCall,
} from "./call_context.ts";
import { inItsGeneration } from "./action_generation.ts";
import { ownArguments } from "../copy/read_only/own_arguments.ts";
import type { HolderDefinition } from "../definition.ts";
import { Gate, type Gated, quiesceGates } from "./gate.ts";

export { runPassingGates } from "./call_context.ts";

/** Thrown when a call cannot be taken. */
export class HolderCallError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "HolderCallError";
}

/** How many calls may wait for one holder. */
export const QUEUE_MAX = 10_000;

const NONE: ReadonlySet<RunningAction> = new Set();

/** Where a member of a family looks its definition up. */
export interface DefinitionSource {
  /** What the newest code declares. */
  readonly definition: HolderDefinition;
}

/** The state of one holder and the calls to it. */
export class HolderCell implements CallTarget {
  /** The state itself; only actions and upgrades change it. */
  state: unknown;
  /** Where an upgrade has its migrated state; a number here, because a map of a million takes long to grow. */
  stagedAt = -1;
  /** What an upgrade closes; members of a family have one together. */
  readonly gate: Gate<HolderCell>;
  #source: DefinitionSource;
  // Made when they are first needed: a family may have a million members at rest.
  #running: Set<RunningAction> | null = null;
  #waiting: WaitingCall[] | null = null;
  #listeners: Set<() => void> | null = null;
  #idle: PromiseWithResolvers<void> | null = null;
  #serving = false;

  /**
   * @param definition what the code declares
   * @param state its first state
   * @param gate what an upgrade closes. Default one of its own
   */
  constructor(
    definition: HolderDefinition | DefinitionSource,
    state: unknown,
    gate: Gate<HolderCell> = new Gate(),
  ) {
    this.#source = "definition" in definition ? definition : { definition };
    this.state = state;
    this.gate = gate;
  }

  /** What the newest code declares. */
  get definition(): HolderDefinition {
    return this.#source.definition;
  }

  set definition(definition: HolderDefinition) {
    this.#source = { definition };
  }

  /** What it is called in messages. */
  get name(): string {
    return this.definition.name;
  }

  /** The state as the caller may see it: before new code is trusted, outsiders see what was there before. */
  get shown(): unknown {
    const { before } = this.gate;
    if (!before || isPassing()) return this.state;
    const kept = before(this);
    return kept ? kept.state : this.state;
  }

  /** Called after every action and every migration. */
  get listeners(): Set<() => void> {
    return this.#listeners ??= new Set();
  }

  /** Whether anybody listens. */
  get isFollowed(): boolean {
    return (this.#listeners?.size ?? 0) > 0;
  }

  /** The actions that run. */
  get running(): ReadonlySet<RunningAction> {
    return this.#running ?? NONE;
  }

  /** Whether an upgrade holds calls back. */
  get gated(): boolean {
    return this.gate.state !== "open";
  }

  /** Whether no action runs. */
  get idle(): boolean {
    return this.running.size === 0;
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#waiting?.length ?? 0;
  }

  /**
   * Calls an action, at once or when its turn comes. Throws (as a rejection) if the call comes from inside this holder,
   * would close a circle of holders that wait for each other, the queue is full, or there is no such action.
   */
  call(action: string, args: readonly unknown[]): Promise<unknown> {
    const { name } = this;
    const context = currentCaller();
    const { chain } = context;
    if (chain.some(({ holder }) => holder === name)) {
      return Promise.reject(
        new HolderCallError(
          `Cannot call ${name}.${action} from inside an action of ${name} (${
            [...chain.map(({ holder }) => holder), name].join(" -> ")
          }): it would wait for itself; work on the state directly`,
        ),
      );
    }
    if (this.#admits(context)) return this.#run(action, args, context);
    if (this.waiting >= QUEUE_MAX) {
      return Promise.reject(
        new HolderCallError(
          `Cannot call ${name}.${action}: ${QUEUE_MAX} calls are waiting already; slow the callers down`,
        ),
      );
    }
    const circle = circleOf(context, this);
    if (circle) {
      const refused = new HolderCallError(
        `Cannot call ${name}.${action}: holders wait for each other (${
          circle.names.join(" -> ")
        }); let one of the actions end before the other holder is called`,
      );
      for (const call of circle.calls) {
        call.target.forget(call);
        call.reject(refused);
      }
      return Promise.reject(refused);
    }
    return this.#wait(action, args, context);
  }

  /** Takes a call out of the queue. */
  forget(call: WaitingCall): void {
    const at = this.#waiting?.indexOf(call) ?? -1;
    if (at >= 0) this.#takeOut(at);
  }

  /** Tells all listeners that the state may have changed. */
  notify(): void {
    if (this.#listeners) { for (const listener of this.#listeners) listener(); }
  }

  /** Stops taking calls from outside; {@linkcode HolderCell.settled} tells when the running one is done. */
  drain(): void {
    this.gate.state = "draining";
  }

  /** Stops taking any call. */
  close(): void {
    this.gate.state = "closed";
  }

  /** Takes calls again, those that waited first. */
  open(): void {
    this.gate.open();
  }

  /** Waits until no action runs. */
  settled(): Promise<void> {
    if (this.idle) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  /** Rejects all calls that wait, for a holder that is gone. */
  refuseWaiting(reason: Error): void {
    while (this.#waiting) this.#takeOut(0).reject(reason);
  }

  /** Serves the calls that wait, as far as they are admitted. */
  serve(): void {
    // An action that ends at once comes back here; a loop serves the queue without growing the stack.
    if (this.#serving) return;
    this.#serving = true;
    try {
      while (this.#waiting) {
        // A check that waits behind outsiders, who wait for what it has closed, would never end.
        let at = this.#waiting.findIndex(({ context }) =>
          passes(context) && this.#admits(context)
        );
        if (at < 0) {
          at = this.#waiting.findIndex(({ context }) => this.#admits(context));
        }
        if (at < 0) return;
        const call = this.#takeOut(at);
        call.asCaller(() => this.#run(call.action, call.args, call.context))
          .then(call.resolve, call.reject);
      }
    } finally {
      this.#serving = false;
    }
  }

  #wait(
    action: string,
    args: readonly unknown[],
    context: CallContext,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const asCaller = AsyncLocalStorage.snapshot();
      const call: WaitingCall = {
        action,
        args,
        context,
        asCaller,
        target: this,
        resolve,
        reject,
      };
      this.#waiting ??= [];
      this.#waiting.push(call);
      this.gate.waiting.add(this);
      context.chain.at(-1)?.waitsFor.add(call);
      // Calls of a check may run beside an action that is held back now.
      if (this.gated) { for (const action of context.chain) action.serve(); }
    });
  }

  #takeOut(at: number): WaitingCall {
    const [call] = this.#waiting!.splice(at, 1);
    if (this.#waiting!.length === 0) {
      this.#waiting = null;
      this.gate.waiting.delete(this);
    }
    call!.context.chain.at(-1)?.waitsFor.delete(call!);
    return call!;
  }

  #admits(context: CallContext): boolean {
    const { state } = this.gate;
    if (passes(context)) {
      return this.idle || [...this.running].every((it) => isHeldBack(it));
    }
    // A call that an action in flight waits for must get through, or that action never ends.
    return this.idle &&
      (state === "open" || (state === "draining" &&
        context.chain.some(({ ended }) => !ended)));
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
    const running: RunningAction = new Running(name, this);
    const caller = context.chain.at(-1);
    caller?.called.add(running);
    this.#running ??= new Set();
    this.#running.add(running);
    this.gate.busy.add(this);
    const done = () => {
      running.ended = true;
      caller?.called.delete(running);
      this.#touch();
      this.notify();
      this.#done(running);
    };
    let result: unknown;
    let waits: boolean;
    try {
      result = callContext.run(
        { ...context, chain: [...context.chain, running] },
        () =>
          inItsGeneration(
            actions,
            () => act(this.state, ...ownArguments(args, this.state)),
          ),
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
    this.#touch();
    return Promise.resolve(result).finally(done);
  }

  #touch(): void {
    this.gate.touched?.add(this);
    this.gate.walked?.add(this);
  }

  #done(running: RunningAction): void {
    this.#running!.delete(running);
    if (this.#running!.size === 0) {
      this.#running = null;
      this.gate.busy.delete(this);
    }
    this.serve();
    if (this.idle) {
      this.#idle?.resolve();
      this.#idle = null;
    }
  }
}

function passes({ pass }: CallContext): boolean {
  return pass?.ended === false;
}

/**
 * Brings holders to rest: none takes calls from outside, and each finishes the action it is in. Throws naming a holder
 * that is still busy at the deadline; the holders are left draining.
 */
export async function quiesce(
  gated: readonly Gated[],
  deadline: AbortSignal,
): Promise<void> {
  await quiesceGates(gated, deadline, (name) =>
    new HolderCallError(
      `Cannot suspend the holder ${name}: it is still in an action; the upgrade is given up`,
    ));
}
