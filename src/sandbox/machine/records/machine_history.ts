/** What happened to a machine.
 * @module
 */
import { newUlid } from "../../ids.ts";
import type { MachineEvent } from "./machine_types.ts";
import type { ProcessEnd } from "../../computer/processes.ts";

const EVENTS_MAX = 20;

/** The newest events of a machine. */
export class MachineHistory {
  #events: readonly MachineEvent[] = [];

  /** The newest 20 events, newest first. */
  get events(): readonly MachineEvent[] {
    return this.#events;
  }

  /** Adds an event. */
  record(
    type: string,
    status: string,
    source: "user" | "flyd",
    request?: MachineEvent["request"],
  ): void {
    const event: MachineEvent = {
      id: newUlid(),
      type,
      status,
      source,
      timestamp: Date.now(),
      ...(request === undefined ? {} : { request }),
    };
    this.#events = [event, ...this.#events].slice(0, EVENTS_MAX);
  }

  /** Adds the end of a main process. */
  recordExit(
    end: ProcessEnd,
    how: {
      readonly requested: boolean;
      readonly restarting: boolean;
      readonly restarts: number;
    },
  ): void {
    this.record("exit", "stopped", "flyd", {
      exit_event: {
        exit_code: end.code,
        guest_exit_code: end.code,
        guest_signal: end.signal ?? -1,
        oom_killed: false,
        requested_stop: how.requested,
        restarting: how.restarting,
        signal: end.signal ?? -1,
        exited_at: new Date().toISOString(),
      },
      restart_count: how.restarts,
    });
  }
}
