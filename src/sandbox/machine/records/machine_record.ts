/** A machine as the Machines API shows it.
 * @module
 */
import type { MachinePlace } from "../machine_place.ts";
import type { MachineSetup } from "../processes/machine_processes.ts";
import type { MachineRecord } from "./machine_types.ts";

/** Writes a machine down; `now` is what changes of it besides its setup. */
export function machineRecord(
  { id, name, region, privateIp }: MachinePlace,
  { config, image, instanceId }: MachineSetup,
  now: Pick<
    MachineRecord,
    "state" | "created_at" | "updated_at" | "events" | "checks"
  >,
): MachineRecord {
  const { ref, repository, tag, digest } = image;
  const { state, created_at, updated_at, events, checks } = now;
  return {
    id,
    name,
    state,
    region,
    instance_id: instanceId,
    version: instanceId,
    private_ip: privateIp,
    created_at,
    updated_at,
    image_ref: {
      registry: ref.split("/")[0] ?? "",
      repository,
      tag,
      digest,
      labels: {},
    },
    config,
    events,
    checks,
    host_status: "ok",
  };
}
