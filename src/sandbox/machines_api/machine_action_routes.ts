/** The calls of the Machines API that make machines do something.
 * @module
 */
import { splitWords } from "../image/command_line.ts";
import { durationMs } from "../durations.ts";
import type { LoopbackAnswer } from "../server/loopback_server.ts";
import { begin, type Call, json, leased, OK } from "./machine_call.ts";
import { isRecord } from "../../base/values.ts";
import { parseWait, waitForMachine } from "./machine_wait.ts";
import { invalidArgument } from "./platform_error.ts";
import { isSignal, type Signal, signalName } from "../computer/processes.ts";
import type { StopOptions } from "../machine/stop_habits.ts";

/** Waits for a state: `GET /:id/wait`. */
export async function wait({ machines, id, query, signal }: Call): Promise<
  LoopbackAnswer
> {
  const machine = machines.get(id);
  await waitForMachine(machine, parseWait(query), signal);
  return json({
    ok: true,
    state: machine.state,
    version: machine.instanceId,
    event_id: machine.history.events[0]?.id,
  });
}

const EXEC_SECONDS = 30;
// Fly's proxy gives up about then, whatever was asked for.
const EXEC_SECONDS_MAX = 60;

/** Runs a command: `POST /:id/exec`. */
export async function exec({ machines, id, body, signal }: Call): Promise<
  LoopbackAnswer
> {
  const machine = machines.get(id);
  if (!isRecord(body)) throw invalidArgument("the body is not a JSON object");
  const { cmd, stdin, timeout = 0 } = body;
  if (
    typeof timeout !== "number" || !Number.isInteger(timeout) || timeout < 0
  ) {
    throw invalidArgument("timeout is not a whole number of seconds");
  }
  if (stdin !== undefined && typeof stdin !== "string") {
    throw invalidArgument("stdin is not text");
  }
  const seconds = Math.min(timeout || EXEC_SECONDS, EXEC_SECONDS_MAX);
  const outcome = await machine.exec({
    command: commandOf(body.command, cmd),
    ...(stdin === undefined ? {} : { stdin }),
    timeoutMs: seconds * 1000,
    signal,
  });
  return json({
    exit_code: outcome.exitCode,
    ...(outcome.exitSignal === 0 ? {} : { exit_signal: outcome.exitSignal }),
    ...(outcome.stdout === "" ? {} : { stdout: outcome.stdout }),
    ...(outcome.stderr === "" ? {} : { stderr: outcome.stderr }),
  });
}

function commandOf(command: unknown, cmd: unknown): readonly string[] {
  if (
    Array.isArray(command) && command.length > 0 &&
    command.every((word) => typeof word === "string")
  ) return command;
  if (command === undefined && typeof cmd === "string" && cmd.trim() !== "") {
    try {
      return splitWords(cmd);
    } catch (error) {
      throw invalidArgument(error instanceof Error ? error.message : cmd);
    }
  }
  throw invalidArgument(
    "command is not a list of texts and cmd is not a command line",
  );
}

/** Starts or resumes a machine: `POST /:id/start`. */
export function start(call: Call): LoopbackAnswer {
  const machine = leased(call);
  const previous_state = machine.state;
  begin(machine.start());
  return json({ previous_state, migrated: false, new_host: "" });
}

/** Stops a machine: `POST /:id/stop`. */
export function stop(call: Call): LoopbackAnswer {
  const machine = leased(call);
  if (!isRecord(call.body)) {
    throw invalidArgument("the body is not a JSON object");
  }
  begin(machine.stop(stopOptions(call.body.signal, call.body.timeout, "ns")));
  return OK;
}

/** Freezes a machine: `POST /:id/suspend`. */
export function suspend(call: Call): LoopbackAnswer {
  leased(call).suspend();
  return OK;
}

/** Stops and starts a machine: `POST /:id/restart`. */
export function restart(call: Call): LoopbackAnswer {
  const { query } = call;
  const options = query.get("force_stop") === "true"
    ? { signal: "SIGKILL" as const }
    : stopOptions(
      query.get("signal") ?? undefined,
      query.get("timeout") ?? undefined,
      "s",
    );
  begin(leased(call).restart(options));
  return OK;
}

function stopOptions(
  signal: unknown,
  timeout: unknown,
  unit: "ns" | "s",
): StopOptions {
  const timeoutMs = timeout === undefined || timeout === null
    ? undefined
    : durationMs(timeout, unit);
  if (timeoutMs === null) throw invalidArgument("timeout is not a duration");
  const wanted = signal === undefined || signal === null || signal === ""
    ? undefined
    : signalOf(signal);
  return {
    ...(wanted === undefined ? {} : { signal: wanted }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

function signalOf(wanted: unknown): Signal {
  // fly-go kills with a number.
  const name = typeof wanted === "number" ? signalName(wanted) : wanted;
  if (typeof name === "string" && isSignal(name)) return name;
  throw invalidArgument(`${JSON.stringify(wanted)} is not a signal`);
}

/** Sends a signal: `POST /:id/signal`. */
export function signal(call: Call): LoopbackAnswer {
  if (!isRecord(call.body)) {
    throw invalidArgument("the body is not a JSON object");
  }
  leased(call).signal(signalOf(call.body.signal));
  return OK;
}
