/** Who is calling: the actions that led to a call, and the part of an upgrade it belongs to.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** An action that runs, and what it waits for. */
export interface RunningAction {
  /** The holder's name. */
  readonly holder: string;
  /** Whether it is over. */
  ended: boolean;
  /** Actions of other holders that run because it called them. */
  readonly called: Set<RunningAction>;
  /** Its calls that wait. */
  readonly waitsFor: Set<WaitingCall>;
  /** Lets its holder look at its queue once more. */
  serve(): void;
}

/** What an action is known by while it runs; most call nobody and wait for nobody. */
export class Running implements RunningAction {
  readonly holder: string;
  ended = false;
  readonly #cell: { serve(): void };
  #called: Set<RunningAction> | null = null;
  #waitsFor: Set<WaitingCall> | null = null;

  /**
   * @param holder the holder's name
   * @param cell looks at its queue
   */
  constructor(holder: string, cell: { serve(): void }) {
    this.holder = holder;
    this.#cell = cell;
  }

  get called(): Set<RunningAction> {
    return this.#called ??= new Set();
  }

  get waitsFor(): Set<WaitingCall> {
    return this.#waitsFor ??= new Set();
  }

  serve(): void {
    this.#cell.serve();
  }
}

/** A call that waits for its turn. */
export interface WaitingCall {
  /** The action's name. */
  readonly action: string;
  /** The caller's arguments. */
  readonly args: readonly unknown[];
  /** Who is calling. */
  readonly context: CallContext;
  /** Runs the action in its caller's async context, whoever's action ends before it. */
  readonly asCaller: <T>(act: () => T) => T;
  /** What it waits for. */
  readonly target: CallTarget;
  /** Answers the caller. */
  readonly resolve: (value: unknown) => void;
  /** Refuses the caller. */
  readonly reject: (reason: unknown) => void;
}

/** What a call can wait for. */
export interface CallTarget {
  /** The actions that run there. */
  readonly running: ReadonlySet<RunningAction>;
  /** Whether an upgrade holds calls back. */
  readonly gated: boolean;
  /** Takes a call out of the queue. */
  forget(call: WaitingCall): void;
}

/** Who is calling. */
export interface CallContext {
  /** The actions that led to this call, outermost first; a timer set by one may fire after its end. */
  readonly chain: readonly RunningAction[];
  /** The part of an upgrade that the call comes from, which may use suspended holders. */
  readonly pass: { ended: boolean } | null;
}

const OUTSIDE: CallContext = { chain: [], pass: null };

/** The context of the code that runs. */
export const callContext: AsyncLocalStorage<CallContext> =
  new AsyncLocalStorage();

/** Who is calling now. */
export function currentCaller(): CallContext {
  const context = callContext.getStore();
  if (!context) return OUTSIDE;
  // Kept, the ended ones would grow with every call that a timer of an action makes.
  return context.chain.some(({ ended }) => ended)
    ? { ...context, chain: context.chain.filter(({ ended }) => !ended) }
    : context;
}

/** Whether the code that runs belongs to an upgrade's check, or to a service that it starts. */
export function isPassing(): boolean {
  return callContext.getStore()?.pass?.ended === false;
}

/**
 * Runs a part of an upgrade whose calls reach suspended holders: a health check, a service that starts.
 *
 * Timers that it leaves behind lose the right when it ends.
 */
export async function runPassingGates<T>(
  act: () => T | Promise<T>,
  deadline?: AbortSignal,
): Promise<T> {
  const pass = { ended: deadline?.aborted ?? false };
  const end = () => {
    pass.ended = true;
  };
  deadline?.addEventListener("abort", end, { once: true });
  try {
    return await callContext.run({ chain: [], pass }, act);
  } finally {
    end();
    deadline?.removeEventListener("abort", end);
  }
}

/**
 * Finds holders that wait for each other: a call that would wait for an action that waits for the caller. Returns the
 * waiting calls that close the circle, with the names on the way; null where there is none.
 */
export function circleOf(
  { chain }: CallContext,
  target: CallTarget,
): { readonly calls: readonly WaitingCall[]; readonly names: string[] } | null {
  if (chain.length === 0) return null;
  const callers = new Set(chain);
  const seen = new Set<RunningAction>();
  const calls: WaitingCall[] = [];
  const names: string[] = [];
  const leadsBack = (action: RunningAction): boolean => {
    if (callers.has(action)) return true;
    if (seen.has(action)) return false;
    seen.add(action);
    names.push(action.holder);
    for (const inner of action.called) if (leadsBack(inner)) return true;
    for (const call of action.waitsFor) {
      calls.push(call);
      for (const running of call.target.running) {
        if (leadsBack(running)) return true;
      }
      calls.pop();
    }
    names.pop();
    return false;
  };
  for (const running of target.running) {
    if (leadsBack(running)) {
      const first = chain.at(-1)!.holder;
      return { calls, names: [first, ...names, first] };
    }
  }
  return null;
}

/** Whether an action waits for a holder that an upgrade holds back. */
export function isHeldBack(action: RunningAction): boolean {
  for (const call of action.waitsFor) {
    if (call.target.gated) return true;
    for (const running of call.target.running) {
      if (isHeldBack(running)) return true;
    }
  }
  for (const inner of action.called) if (isHeldBack(inner)) return true;
  return false;
}
