/** The calls of the Machines API, and those that list, make, show, change and destroy machines.
 * @module
 */
import type { LoopbackAnswer } from "../server/loopback_server.ts";
import {
  exec,
  restart,
  signal,
  start,
  stop,
  suspend,
  wait,
} from "./machine_action_routes.ts";
import {
  begin,
  type Call,
  json,
  leased,
  OK,
  type Route,
} from "./machine_call.ts";
import { parseMachineRequest } from "../machine/records/machine_config.ts";
import { dropLease, getLease, setOne, takeLease } from "./lease_routes.ts";
import type { MachineRecord } from "../machine/records/machine_types.ts";
import { PlatformError } from "./platform_error.ts";

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
  {
    method: "POST",
    path: "/:id/metadata/:key",
    action: "metadata",
    run: setOne,
  },
  { method: "GET", path: "/:id/lease", action: "lease", run: getLease },
  { method: "POST", path: "/:id/lease", action: "lease", run: takeLease },
  { method: "DELETE", path: "/:id/lease", action: "lease", run: dropLease },
];

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
