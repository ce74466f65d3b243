import { assertEquals } from "@std/assert";
import { appMachines, roleOf } from "./app_machine.ts";
import { type Machine, parseMachine } from "../machine.ts";

const APP = { fly_platform_version: "v2", fly_process_group: "app" };

function machine(
  metadata: Record<string, string>,
  rest: Record<string, unknown> = {},
  config: Record<string, unknown> = {},
): Machine {
  return parseMachine({
    id: "1",
    state: "started",
    region: "iad",
    config: { metadata, ...config },
    ...rest,
  });
}

Deno.test("roleOf() counts machines of Fly Launch in ordinary groups, with or without services, started or not", () => {
  assertEquals(roleOf(machine(APP)), { role: "app", group: "app" });
  assertEquals(
    roleOf(machine({ ...APP, fly_process_group: "worker" })),
    { role: "app", group: "worker" },
  );
  assertEquals(
    roleOf(machine({ fly_platform_version: "v2", process_group: "web" })),
    { role: "app", group: "web" },
  );
  for (
    const state of ["created", "starting", "stopped", "suspended", "failed"]
  ) {
    assertEquals(roleOf(machine(APP, { state })).role, "app", state);
  }
});

Deno.test("roleOf() leaves out everything else and says why", () => {
  for (
    const [given, because] of [
      [machine({}), "it is not managed by Fly Launch"],
      [
        machine({ ...APP, fly_platform_version: "v1" }),
        "it is not managed by Fly Launch",
      ],
      [machine({ fly_platform_version: "v2" }), "it has no process group"],
      [
        machine({ ...APP, fly_process_group: "fly_app_release_command" }),
        "its process group fly_app_release_command is reserved",
      ],
      [
        machine({ ...APP, fly_process_group: "fly_app_test_machine_command" }),
        "its process group fly_app_test_machine_command is reserved",
      ],
      [
        machine({ ...APP, fly_process_group: "fly_app_console" }),
        "its process group fly_app_console is reserved",
      ],
      [
        machine({
          fly_platform_version: "v2",
          process_group: "release_command",
        }),
        "its process group release_command is reserved",
      ],
      [
        machine({ ...APP, flyhot_role: "orchestrator" }),
        "it is a flyhot orchestrator",
      ],
      [machine(APP, {}, { auto_destroy: true }), "it is temporary"],
      [machine(APP, { state: "destroying" }), "it is destroying"],
      [machine(APP, { state: "destroyed" }), "it is destroyed"],
      [machine(APP, { state: "replacing" }), "it is replacing"],
    ] as const
  ) {
    assertEquals(roleOf(given), { role: "other", because });
  }
});

Deno.test("appMachines() sorts by region and id and tells of unreachable hosts", () => {
  const found = appMachines([
    machine(APP, { id: "3", region: "sjc" }),
    machine(APP, { id: "2", host_status: "unreachable" }),
    machine({}, { id: "9" }),
    machine(APP, { id: "1", state: "stopped" }),
  ]);
  assertEquals(found.map((it) => [it.id, it.region, it.state, it.hostOk]), [
    ["1", "iad", "stopped", true],
    ["2", "iad", "started", false],
    ["3", "sjc", "started", true],
  ]);
});
