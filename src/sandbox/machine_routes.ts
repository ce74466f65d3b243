/** What the Machines API does for each of its calls.
 * @module
 */
import { splitWords } from "./command_line.ts";
import { durationMs } from "./durations.ts";
import type { LoopbackAnswer } from "./loopback_server.ts";
import type { Machine } from "./machine.ts";
import { isRecord, parseMachineRequest } from "./machine_config.ts";
import type { MachineRecord } from "./machine_types.ts";
import { parseWait, waitForMachine } from "./machine_wait.ts";
import type { Machines } from "./machines.ts";
import { invalidArgument, PlatformError } from "./platform_error.ts";
import { isSignal } from "./processes.ts";
import type { StopOptions } from "./stop_habits.ts";

/** One call, taken apart. */
export interface Call {
  /** All machines. */
  readonly machines: Machines;
  /** The machine's id in the path; empty where there is none. */
  readonly id: string;
  /** The metadata key in the path; empty where there is none. */
  readonly key: string;
  /** The query. */
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
  /** The HTTP method. */
  readonly method: string;
  /** The path after `/machines`, with `:id` and `:key`. */
  readonly path: string;
  /** What rate limits count by. */
  readonly action: string;
  /** Answers it. */
  readonly run: (call: Call) => LoopbackAnswer | Promise<LoopbackAnswer>;
}

/** All calls that the sandbox knows. */
export const ROUTES: readonly Route[] = [
  { method: "GET", path: "", action: "list", run: list },
  { method: "POST", path: "", action: "create", run: create },
  { method: "GET", path: "/:id", action: "get", run: get },
  { method: "POST", path: "/:id", action: "update", run: update },
  { method: "DELETE", path: "/:id", action: "destroy", run: destroy },
  { method: "GET", path: "/:id/wait", action: "wait", run: wait },
  { method: "POST", path: "/:id/exec", action: "exec", run: exec },
  { method: "POST", path: "/:id/start", action: "start", run: start },
  { method: "POST", path: "/:id/stop", action: "stop", run: stop },
  { method: "POST", path: "/:id/suspend", action: "suspend", run: suspend },
  { method: "POST", path: "/:id/restart", action: "restart", run: restart },
  { method: "POST", path: "/:id/signal", action: "signal", run: signal },
  { method: "POST", path: "/:id/cordon", action: "cordon", run: cordon(true) },
  {
    method: "POST",
    path: "/:id/uncordon",
    action: "uncordon",
    run: cordon(false),
  },
  { method: "GET", path: "/:id/events", action: "events", run: events },
  { method: "GET", path: "/:id/versions", action: "versions", run: versions },
  { method: "GET", path: "/:id/metadata", action: "metadata", run: getAll },
  { method: "PATCH", path: "/:id/metadata", action: "metadata", run: setMany },
  { method: "PUT", path: "/:id/metadata", action: "metadata", run: setMany },
  {
    method: "GET",
    path: "/:id/metadata/:key",
    action: "metadata",
    run: getOne,
  },
  {
    method: "POST",
    path: "/:id/metadata/:key",
    action: "metadata",
    run: setOne,
  },
  {
    method: "DELETE",
    path: "/:id/metadata/:key",
    action: "metadata",
    run: removeOne,
  },
  { method: "GET", path: "/:id/lease", action: "lease", run: getLease },
  { method: "POST", path: "/:id/lease", action: "lease", run: takeLease },
  { method: "DELETE", path: "/:id/lease", action: "lease", run: dropLease },
];

/**
 * Makes a JSON answer.
 *
 * @param value the body
 * @param status the HTTP status. Default 200
 * @returns the answer
 */
export function json(value: unknown, status = 200): LoopbackAnswer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify(value),
  };
}

const OK = json({ ok: true });

function list({ machines, query }: Call): LoopbackAnswer {
  const states = query.get("state")?.split(",");
  const region = query.get("region");
  const deleted = query.get("include_deleted") === "true";
  const labels = [...query].filter(([name]) => name.startsWith("metadata."))
    .map(([name, value]) => [name.slice("metadata.".length), value]);
  const found = machines.all().filter((machine) =>
    (deleted || machine.state !== "destroyed") &&
    (states === undefined || states.includes(machine.state)) &&
    (region === null || region === machine.place.region) &&
    labels.every(([key = "", value]) =>
      machine.config.metadata?.[key] === value
    )
  ).map((machine) => machine.toRecord());
  return json(query.get("summary") === "true" ? found.map(summary) : found);
}

function summary(record: MachineRecord): Partial<MachineRecord> {
  const { config: _c, checks: _k, events: _e, host_status: _h, ...rest } =
    record;
  return rest;
}

function create({ machines, body }: Call): LoopbackAnswer {
  const request = parseMachineRequest(body);
  const machine = machines.create(request);
  const { leaseTtl } = request;
  const nonce = leaseTtl === null ? {} : {
    nonce: machine.lease.acquire(
      { ttl: leaseTtl, description: "", nonce: null },
      Date.now(),
    ).nonce,
  };
  const answer = json({ ...machine.toRecord(), ...nonce });
  if (!request.skipLaunch) begin(machine.start());
  return answer;
}

function get({ machines, id }: Call): LoopbackAnswer {
  return json(machines.get(id).toRecord());
}

async function update(call: Call): Promise<LoopbackAnswer> {
  const request = parseMachineRequest(call.body);
  const machine = leased(call);
  const image = call.machines.imageOf(request);
  const { currentVersion } = request;
  if (currentVersion !== null && currentVersion !== machine.instanceId) {
    throw new PlatformError(
      409,
      "aborted: machine update failed due to concurrent update",
    );
  }
  await machine.idle();
  begin(machine.update(request.config, image, request.skipLaunch));
  return json(machine.toRecord());
}

function destroy(call: Call): LoopbackAnswer {
  const flags = [call.query.get("force"), call.query.get("kill")];
  begin(leased(call).destroy(flags.includes("true")));
  return OK;
}

async function wait({ machines, id, query, signal }: Call): Promise<
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

async function exec({ machines, id, body, signal }: Call): Promise<
  LoopbackAnswer
> {
  const machine = machines.get(id);
  if (!isRecord(body)) throw invalidArgument("the body is no JSON object");
  const { cmd, stdin, timeout = 0 } = body;
  if (
    typeof timeout !== "number" || !Number.isInteger(timeout) || timeout < 0
  ) {
    throw invalidArgument("timeout is no whole number of seconds");
  }
  if (stdin !== undefined && typeof stdin !== "string") {
    throw invalidArgument("stdin is no text");
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
  throw invalidArgument("command is no list of texts and cmd no command line");
}

function start(call: Call): LoopbackAnswer {
  const machine = leased(call);
  const previous_state = machine.state;
  begin(machine.start());
  return json({ previous_state, migrated: false, new_host: "" });
}

function stop(call: Call): LoopbackAnswer {
  const machine = leased(call);
  if (!isRecord(call.body)) throw invalidArgument("the body is no JSON object");
  begin(machine.stop(stopOptions(call.body.signal, call.body.timeout, "ns")));
  return OK;
}

function suspend(call: Call): LoopbackAnswer {
  leased(call).suspend();
  return OK;
}

function restart(call: Call): LoopbackAnswer {
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
  if (timeoutMs === null) throw invalidArgument("timeout is no duration");
  const wanted = signal === undefined || signal === null || signal === ""
    ? undefined
    : signalOf(signal);
  return {
    ...(wanted === undefined ? {} : { signal: wanted }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

function signalOf(name: unknown): Deno.Signal {
  if (typeof name === "string" && isSignal(name)) return name;
  throw invalidArgument(`${JSON.stringify(name)} is no signal`);
}

function signal(call: Call): LoopbackAnswer {
  if (!isRecord(call.body)) throw invalidArgument("the body is no JSON object");
  leased(call).signal(signalOf(call.body.signal));
  return OK;
}

function cordon(cordoned: boolean): Route["run"] {
  return (call) => {
    leased(call).cordoned = cordoned;
    return OK;
  };
}

function events({ machines, id, query }: Call): LoopbackAnswer {
  const limit = Number(query.get("limit") ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > 50) {
    throw invalidArgument("limit must be between 1 and 50");
  }
  return json(machines.get(id).history.events.slice(0, limit));
}

function versions({ machines, id }: Call): LoopbackAnswer {
  const { instanceId, config } = machines.get(id);
  return json([{ version: instanceId, user_config: config }]);
}

function getAll({ machines, id }: Call): LoopbackAnswer {
  return json(machines.get(id).config.metadata ?? {});
}

function getOne({ machines, id, key }: Call): LoopbackAnswer {
  const value = machines.get(id).config.metadata?.[key];
  if (value === undefined) {
    throw new PlatformError(404, `metadata key "${key}" not found`);
  }
  return json({ value });
}

// Whether Fly minds a lease here is not known; the sandbox does not.
function setOne({ machines, id, key, body }: Call): LoopbackAnswer {
  const value = isRecord(body) ? body.value : undefined;
  if (typeof value !== "string") throw invalidArgument("value is no text");
  machines.get(id).setMetadata({ [key]: value });
  return { status: 204 };
}

function setMany({ machines, id, body }: Call): LoopbackAnswer {
  const machine = machines.get(id);
  if (!isRecord(body) || !isRecord(body.metadata)) {
    throw invalidArgument("metadata is no object");
  }
  const { machine_version: version } = body;
  if (version && version !== machine.instanceId) {
    throw new PlatformError(
      412,
      "failed_precondition: machine version mismatch",
    );
  }
  const change: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(body.metadata)) {
    if (value !== null && typeof value !== "string") {
      throw invalidArgument(`metadata.${key} is no text`);
    }
    change[key] = value || null;
  }
  machine.setMetadata(change);
  return json({ metadata: machine.config.metadata ?? {} });
}

function removeOne({ machines, id, key }: Call): LoopbackAnswer {
  machines.get(id).setMetadata({ [key]: null });
  return { status: 204 };
}

function getLease({ machines, id }: Call): LoopbackAnswer {
  const lease = machines.get(id).lease.current(Date.now());
  if (lease === null) throw new PlatformError(404, "lease not found");
  return json({ status: "success", data: lease });
}

const LEASE_SECONDS = 3600;

function takeLease({ machines, id, query, body, nonce }: Call): LoopbackAnswer {
  const { ttl: inBody, description } = isRecord(body) ? body : {};
  const ttl = Number(query.get("ttl") ?? inBody ?? LEASE_SECONDS);
  if (!Number.isInteger(ttl) || ttl < 1) {
    throw invalidArgument("ttl is no whole number of seconds");
  }
  const lease = machines.get(id).lease.acquire({
    ttl,
    description: typeof description === "string" ? description : "",
    nonce,
  }, Date.now());
  return json({ status: "success", data: lease }, 201);
}

function dropLease({ machines, id, nonce }: Call): LoopbackAnswer {
  machines.get(id).lease.release(nonce, Date.now());
  return OK;
}

function leased({ machines, id, nonce }: Call): Machine {
  const machine = machines.get(id);
  machine.lease.refuseOthers(nonce, Date.now());
  return machine;
}

// The API answers at once; what becomes of the change is seen in the machine's state, events and log.
function begin(change: Promise<void>): void {
  change.catch(() => {});
}
