import { assertEquals, assertThrows } from "@std/assert";
import { FlyhotError } from "../errors.ts";
import { lastExit, parseMachine, parseMachines } from "./machine.ts";

const FULL = {
  id: "6e82954f711e87",
  name: "falling-leaf-1",
  state: "started",
  region: "iad",
  instance_id: "01K95HV55T5DX0HMS85SABZPRX",
  host_status: "ok",
  image_ref: {
    registry: "registry.fly.io",
    repository: "my-app",
    tag: "deployment-01K9",
    digest: "sha256:aa",
    labels: {},
  },
  config: {
    image: "registry.fly.io/my-app:deployment-01K9",
    metadata: { fly_platform_version: "v2", fly_process_group: "app" },
    auto_destroy: false,
    standbys: ["1"],
  },
  events: [
    { type: "start", status: "started", source: "flyd", timestamp: 2 },
    {
      type: "exit",
      status: "stopped",
      source: "flyd",
      timestamp: 1,
      request: {
        restart_count: 1,
        exit_event: {
          exit_code: 0,
          guest_exit_code: 7,
          oom_killed: true,
          requested_stop: false,
          exited_at: 1700000000000,
        },
      },
    },
  ],
};

Deno.test("parseMachine() reads a whole machine", () => {
  const machine = parseMachine(FULL);
  assertEquals(machine.imageRef, "registry.fly.io/my-app:deployment-01K9");
  assertEquals(machine.metadata.fly_process_group, "app");
  assertEquals(machine.standbys, ["1"]);
  assertEquals(machine.events.length, 2);
  assertEquals(lastExit(machine), {
    code: 7,
    oomKilled: true,
    requestedStop: false,
    restarting: false,
    signal: null,
    at: 1700000000000,
  });
});

Deno.test("parseMachine() makes do without configuration, events and host status", () => {
  const bare = parseMachine({ id: "1", state: "stopped" });
  assertEquals([bare.hostStatus, bare.imageRef, bare.autoDestroy], [
    "ok",
    "",
    false,
  ]);
  assertEquals(lastExit(bare), null);
});

Deno.test("parseMachine() reads the incomplete configuration of a machine on an unreachable host", () => {
  const { config, ...rest } = FULL;
  const machine = parseMachine({
    ...rest,
    incomplete_config: config,
    host_status: "unreachable",
  });
  assertEquals(machine.hostStatus, "unreachable");
  assertEquals(machine.metadata.fly_platform_version, "v2");
});

Deno.test("parseMachine() puts the image together where the configuration does not name it", () => {
  const { config: _, ...rest } = FULL;
  assertEquals(
    parseMachine(rest).imageRef,
    "registry.fly.io/my-app:deployment-01K9@sha256:aa",
  );
});

Deno.test("lastExit() finds an exit that is nested one deeper", () => {
  const machine = parseMachine({
    id: "1",
    state: "stopped",
    events: [{
      type: "exit",
      request: { MonitorEvent: { exit_event: { exit_code: 137 } } },
    }],
  });
  assertEquals(lastExit(machine)?.code, 137);
});

Deno.test("parseMachines() refuses what is not a list of machines", () => {
  for (const value of [{ error: "x" }, null, [{ id: "1" }], ["1"]]) {
    const error = assertThrows(
      () => parseMachines(value),
      FlyhotError,
      "Cannot read what the Machines API answered: ",
    );
    assertEquals(error.code, "unexpected");
  }
});

Deno.test("parseMachine() lets no name draw on a terminal, and takes no id that leads elsewhere", () => {
  const { name, state, region } = parseMachine({
    ...FULL,
    name: "a\nb\x1b[31m",
    state: "started\u202e",
    region: "iad\r",
  });
  assertEquals(
    [name, state, region],
    ["a\\nb\\u001b[31m", "started\\u202e", "iad\\r"],
  );
  for (const id of ["", "../x", "a/b", "a b", "a\n", "ü", "x".repeat(65), 7]) {
    assertThrows(() => parseMachine({ ...FULL, id }), FlyhotError);
  }
});

Deno.test("parseMachine() tells an end that was asked for by the platform's word, or by what stands right before it", () => {
  const exit = (requested?: boolean) => ({
    type: "exit",
    source: "flyd",
    request: {
      exit_event: {
        exit_code: 143,
        ...(requested === undefined ? {} : { requested_stop: requested }),
      },
    },
  });
  const event = (type: string, source?: string) => ({ type, source });
  const start = event("start", "flyd");
  /** Oldest first. */
  const asked = (...told: object[]) =>
    parseMachine({
      id: "1",
      state: "started",
      events: told.map((it, index) => ({ ...it, timestamp: index + 1 }))
        .toReversed(),
    }).events.flatMap((it) => it.exit?.requestedStop ?? []);
  assertEquals(asked(start, exit(true)), [true]);
  assertEquals(asked(start, exit()), [false]);
  for (const type of ["stop", "restart", "update"]) {
    for (const source of ["user", "proxy"]) {
      assertEquals(asked(start, event(type, source), exit(false)), [true]);
    }
    // What the platform does by itself after a crash asks for nothing.
    assertEquals(asked(start, event(type, "flyd"), exit()), [false]);
    assertEquals(asked(start, event(type), exit()), [false]);
  }
  // What was asked for has ended the process before: this one ended by itself.
  assertEquals(
    asked(event("restart", "user"), exit(), start, exit()),
    [false, true],
  );
  assertEquals(asked(event("restart", "user"), start, exit()), [false]);
  assertEquals(asked(start, exit(), event("stop", "user")), [false]);
  assertEquals(asked(event("stop", "user"), exit(), exit()), [false, true]);
  // However the answer is ordered.
  const shuffled = parseMachine({
    id: "1",
    state: "started",
    events: [
      { ...event("restart", "user"), timestamp: 1 },
      { ...start, timestamp: 3 },
      { ...exit(), timestamp: 4 },
      { ...exit(), timestamp: 2 },
    ],
  });
  assertEquals(
    shuffled.events.flatMap((it) => it.exit?.requestedStop ?? []),
    [false, true],
  );
});
