/** Starting a machine where all are at rest: a release is judged by a process that runs it, never by none.
 * @module
 */
import { errorText } from "@flyhot/runtime/protocol";
import type { AppMachine } from "../../fly/fleet/fleet.ts";
import { FlyhotError } from "../../errors.ts";
import { isAtRest, isRunning } from "./ask_machines.ts";
import { counted, tell } from "../steps.ts";
import type { RolloutDeps } from "../deps.ts";

/** How many machines are started before a rollout gives up. */
const WAKE_ATTEMPTS_MAX = 3;

const ANSWER_MS_MAX = 60_000;
const LOOK_MS = 1_000;

/** Machines that a rollout started, and stops again in the end. */
export class WokenMachines {
  readonly #deps: RolloutDeps;
  readonly #woken = new Set<string>();
  #attempts = 0;

  constructor(deps: RolloutDeps) {
    this.#deps = deps;
  }

  /** Whether one more may be started. */
  get mayTry(): boolean {
    return this.#attempts < WAKE_ATTEMPTS_MAX;
  }

  /**
   * Starts a machine that is at rest and waits until its runtime answers; tries others until the attempts are used up. Gives
   * the machine as it is now, or null if none could be started.
   */
  async wakeOne(
    resting: readonly AppMachine[],
    signal: AbortSignal,
  ): Promise<AppMachine | null> {
    const { reporter } = this.#deps;
    const order = [...resting.filter(isAtRest)].sort((a, b) =>
      Number(this.#woken.has(a.id)) - Number(this.#woken.has(b.id))
    );
    for (let turn = 0; this.mayTry && order.length > 0; turn++) {
      const { id } = order[turn % order.length]!;
      this.#attempts++;
      try {
        const name = "Start a machine";
        return await tell(
          this.#deps,
          { name, detail: `${id}, because all are at rest` },
          () => this.#start(id, signal),
        );
      } catch (error) {
        signal.throwIfAborted();
        reporter.emit({ type: "note", text: errorText(error) });
      }
    }
    return null;
  }

  async #start(id: string, signal: AbortSignal): Promise<AppMachine> {
    const { fleet, host } = this.#deps;
    await fleet.start(id, signal);
    // Only then: one that somebody else has started is not this rollout's to stop.
    this.#woken.add(id);
    const end = host.monotonicNow() + ANSWER_MS_MAX;
    for (;;) {
      const machine = (await fleet.list(signal)).find((it) => it.id === id);
      try {
        if (machine && isRunning(machine)) {
          await fleet.info(id, signal);
          return machine;
        }
      } catch (error) {
        // Its app may still be starting.
        if (signal.aborted || host.monotonicNow() >= end) throw error;
      }
      if (host.monotonicNow() >= end) {
        throw new FlyhotError(
          "incomplete",
          `Cannot start machine ${id}: it is ${
            machine?.state ?? "gone"
          } after ${ANSWER_MS_MAX / 1000} s`,
          {
            hint: `see why: fly logs --machine ${id}, fly machine status ${id}`,
          },
        );
      }
      await host.sleep(LOOK_MS, signal);
    }
  }

  /** Brings those that were started to rest again; trouble is only a note, because autostop does it as well. */
  async rest(): Promise<void> {
    const { fleet, reporter } = this.#deps;
    for (const id of this.#woken) {
      try {
        await fleet.stop(id);
        reporter.emit({ type: "note", text: `machine ${id} rests again` });
      } catch (error) {
        reporter.emit({ type: "note", text: errorText(error) });
      }
    }
    this.#woken.clear();
  }

  /** The error for an app that could not be kept awake. */
  failed(app: string): FlyhotError {
    return new FlyhotError(
      "incomplete",
      this.#attempts === 0
        ? `Cannot upgrade ${app}: no machine is left that could prove the release`
        : `Cannot upgrade ${app}: no machine stayed started to prove the release (${
          counted(this.#attempts, "machine")
        } started)`,
      {
        hint:
          "see why they do not stay with: fly logs; or set min_machines_running = 1 in fly.toml",
      },
    );
  }
}
