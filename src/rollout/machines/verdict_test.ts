import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { appMachine } from "../../../tests/cli/app_machine.ts";
import {
  type MachineResult,
  PROTOCOL_VERSION,
  type UpgradeFailure,
} from "@flyhot/runtime/protocol";
import {
  isAwaited,
  isBad,
  isFinal,
  isGood,
  type MachineEvent,
  type MachineState,
  queued,
  type Standing,
  step,
  verdict,
} from "./verdict.ts";

const MACHINE = appMachine();
const TRANSIENT: UpgradeFailure = {
  phase: "fetch",
  message: "the line was cut",
  end: "abort",
  transient: true,
};
const FAILURE: UpgradeFailure = {
  ...TRANSIENT,
  phase: "health",
  transient: false,
};

function result(
  state: MachineResult["state"],
  failure: UpgradeFailure | null = null,
  startedAt = "2026-01-02T03:04:05.000Z",
): MachineEvent {
  return {
    type: "result",
    result: {
      protocol: PROTOCOL_VERSION,
      upgrade_id: "01A",
      machine_id: "m1",
      region: "fra",
      image_ref: MACHINE.imageRef,
      state,
      version: "1",
      started_at: startedAt,
      ended_at: null,
      fingerprint: "abc",
      reloaded: [],
      modules: 1,
      holders: [],
      suspend_ms: null,
      total_ms: 0,
      at_boot: false,
      failure,
    },
  };
}

const EVENTS: Readonly<Record<string, MachineEvent>> = {
  nudged: { type: "nudged" },
  pending: result("pending"),
  "pending, trouble": result("pending", TRANSIENT),
  applied: result("applied"),
  nothing_to_do: result("nothing_to_do"),
  failed: result("failed", FAILURE),
  rolled_back: result("rolled_back", FAILURE),
  started: { type: "listed", machine: { ...MACHINE, instanceId: "02" } },
  stopped: { type: "listed", machine: { ...MACHINE, state: "stopped" } },
  gone: { type: "listed", machine: null },
  "other image": {
    type: "listed",
    machine: { ...MACHINE, imageRef: "registry.fly.io/shop:two" },
  },
  deadline: { type: "deadline" },
};

const FINAL: readonly Standing[] = [
  "applied",
  "nothing_to_do",
  "failed",
  "rolled_back",
  "silent",
  "gone",
];

/** What each event makes of each open standing; what is not there changes nothing. */
const TABLE: Readonly<Record<string, Readonly<Record<string, Standing>>>> = {
  queued: {
    nudged: "nudged",
    stopped: "applies_at_next_start",
    deadline: "silent",
  },
  nudged: { stopped: "applies_at_next_start", deadline: "silent" },
  pending: { deadline: "silent" },
  "pending, trouble": { deadline: "failed" },
  applies_at_next_start: { started: "nudged" },
};
const ALWAYS: Readonly<Record<string, Standing>> = {
  pending: "pending",
  "pending, trouble": "pending",
  applied: "applied",
  nothing_to_do: "nothing_to_do",
  failed: "failed",
  rolled_back: "rolled_back",
  gone: "gone",
  "other image": "gone",
};

function stateOf(name: string): MachineState {
  const begin = queued(MACHINE);
  if (name === "pending, trouble") return step(begin, EVENTS[name]!);
  return {
    ...begin,
    standing: name as Standing,
    failure: name === "failed" ? FAILURE : null,
  };
}

Deno.test("step() does with every event in every standing what the table says", () => {
  for (const [name, changes] of Object.entries(TABLE)) {
    for (const [eventName, event] of Object.entries(EVENTS)) {
      const before = stateOf(name);
      const after = step(before, event);
      const expected = { ...ALWAYS, ...changes }[eventName] ?? before.standing;
      assertEquals(after.standing, expected, `${name} + ${eventName}`);
      if (event.type === "result") {
        assertEquals(after.result, event.result, `${name} + ${eventName}`);
        assertEquals(after.failure, event.result.failure);
      } else if (after.standing === before.standing) {
        assertStrictEquals(after, before, `${name} + ${eventName}`);
      }
    }
  }
});

Deno.test("step() changes nothing any more at an end", () => {
  for (const standing of FINAL) {
    const state = stateOf(standing);
    assert(isFinal(state), standing);
    for (const event of Object.values(EVENTS)) {
      assertStrictEquals(step(state, event), state);
    }
  }
});

Deno.test("step() takes the same word twice for one", () => {
  for (const name of ["pending", "pending, trouble"]) {
    const once = step(queued(MACHINE), EVENTS[name]!);
    assertStrictEquals(step(once, structuredClone(EVENTS[name]!)), once);
  }
  const once = step(queued(MACHINE), result("pending"));
  const anew = step(once, result("pending", null, "2026-01-02T03:04:09.000Z"));
  assertEquals(anew.result?.started_at, "2026-01-02T03:04:09.000Z");
});

Deno.test("step() leads every sequence of four events to a sensible state", () => {
  const events = Object.values(EVENTS);
  let sequences = 0;
  const walk = (state: MachineState, depth: number) => {
    // Exactly one of these holds.
    const kinds = [
      isGood(state),
      isBad(state),
      isAwaited(state),
      state.standing === "gone",
      state.standing === "applies_at_next_start",
    ];
    assertEquals(kinds.filter((kind) => kind).length, 1, state.standing);
    assertEquals(
      isFinal(state),
      !isAwaited(state) && state.standing !== "applies_at_next_start",
    );
    if (isGood(state)) assertEquals(state.result?.state, state.standing);
    if (state.standing === "failed") assert(state.failure);
    sequences++;
    if (depth > 0) {
      for (const event of events) walk(step(state, event), depth - 1);
    }
  };
  walk(queued(MACHINE), 4);
  assert(sequences > 10_000);
});

Deno.test("verdict() is bad as soon as one is, good when none is awaited, else open", () => {
  const all = [
    "queued",
    "nudged",
    "pending",
    "applies_at_next_start",
    ...FINAL,
  ];
  const isBadName = (name: string) =>
    ["failed", "rolled_back", "silent"].includes(name);
  const isOpenName = (name: string) =>
    ["queued", "nudged", "pending"].includes(name);
  assertEquals(verdict([]), "good");
  for (const a of all) {
    for (const b of all) {
      const expected = isBadName(a) || isBadName(b)
        ? "bad"
        : isOpenName(a) || isOpenName(b)
        ? "open"
        : "good";
      assertEquals(verdict([stateOf(a), stateOf(b)]), expected, `${a} ${b}`);
    }
  }
});

Deno.test("step() takes in what becomes of a process even after its word, and never makes good of bad", () => {
  const failure = {
    phase: "probation",
    message: "its process ended",
    end: "fail",
    transient: false,
  } as const;
  for (const standing of ["applied", "nothing_to_do", "pending", "nudged"]) {
    const state = { ...stateOf(standing) };
    const died = step(state, { type: "died", failure });
    assertEquals([died.standing, died.failure], ["failed", failure]);
    assertEquals(
      step(state, { type: "rested" }).standing,
      "applies_at_next_start",
    );
    assertEquals(step(state, { type: "left" }).standing, "gone");
  }
  for (const standing of ["failed", "rolled_back", "silent", "gone"]) {
    const state = stateOf(standing);
    for (const type of ["rested", "left"] as const) {
      assertStrictEquals(step(state, { type }), state);
    }
    assertStrictEquals(step(state, { type: "died", failure }), state);
  }
});

Deno.test("step() does not take the old word of a machine that rested since for a new one", () => {
  const applied = step(queued(MACHINE), result("applied"));
  const rested = step(applied, { type: "rested" });
  const started = step(rested, { type: "listed", machine: MACHINE });
  assertEquals(started.standing, "nudged");
  assertStrictEquals(step(started, result("applied")), started);
  const anew = step(
    started,
    result("applied", null, "2026-01-02T03:04:09.000Z"),
  );
  assertEquals(anew.standing, "applied");
});
