/** Which machines of a Fly app run the app itself.
 * @module
 */
import type { AppMachine } from "./fleet.ts";
import type { Machine, MachineContainer } from "../machine.ts";

/** What a machine is, and for anything but `app` why. */
type MachineRole =
  | {
    /** It runs the app. */
    readonly role: "app";
    /** Its process group. */
    readonly group: string;
  }
  | {
    /** It is none of a rollout's business. */
    readonly role: "other";
    /** Why. */
    readonly because: string;
  };

const GONE = new Set([
  "destroying",
  "destroyed",
  "replacing",
  "replaced",
  "migrated",
  "launch_failed",
]);

/**
 * Tells whether a machine runs the app: made by Fly Launch, in an ordinary process group, there to stay.
 *
 * Services are not asked for, because workers have none.
 */
export function roleOf(machine: Machine): MachineRole {
  const other = (because: string): MachineRole => ({ role: "other", because });
  const { metadata } = machine;
  if (metadata.fly_platform_version !== "v2") {
    return other("it is not managed by Fly Launch");
  }
  const group = metadata.fly_process_group ?? metadata.process_group ?? "";
  if (group === "") return other("it has no process group");
  if (group.startsWith("fly_app_") || group === "release_command") {
    return other(`its process group ${group} is reserved`);
  }
  if (metadata.flyhot_role !== undefined) {
    return other(`it is a flyhot ${metadata.flyhot_role}`);
  }
  if (machine.autoDestroy) return other("it is temporary");
  if (GONE.has(machine.state)) return other(`it is ${machine.state}`);
  return { role: "app", group };
}

/**
 * Finds the container of a machine that runs the app: the only one, the one named `app` or like the process group, or the
 * only one with the image of the machine. Null where the machine has none, or none of several can be told to be the app's.
 */
export function containerOf(
  { containers, metadata, imageRef }: Pick<
    Machine,
    "containers" | "metadata" | "imageRef"
  >,
): MachineContainer | null {
  if (containers.length <= 1) return containers[0] ?? null;
  const group = metadata.fly_process_group ?? metadata.process_group;
  const named = containers.find(({ name }) => name === "app") ??
    containers.find(({ name }) => name === group);
  if (named) return named;
  const same = containers.filter(({ image }) =>
    image !== "" && image === imageRef
  );
  return same.length === 1 ? same[0]! : null;
}

/** Picks the machines that run the app. */
export function appMachines(
  machines: readonly Machine[],
): readonly AppMachine[] {
  const found: AppMachine[] = [];
  for (const machine of machines) {
    const role = roleOf(machine);
    if (role.role !== "app") continue;
    found.push({
      id: machine.id,
      name: machine.name,
      region: machine.region,
      state: machine.state,
      group: role.group,
      imageRef: containerOf(machine)?.image || machine.imageRef,
      hostOk: machine.hostStatus === "ok",
      instanceId: machine.instanceId,
      exits: machine.events.map(({ exit }) => exit).filter((exit) =>
        exit !== null
      ),
    });
  }
  const key = (it: AppMachine) => `${it.region} ${it.id}`;
  return found.sort((a, b) => key(a) < key(b) ? -1 : 1);
}
