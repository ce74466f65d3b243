import { assertEquals } from "@std/assert";
import { appMachine } from "../../../tests/cli/app_machine.ts";
import type { MachineResult, UpgradeFailure } from "@flyhot/runtime/protocol";
import { describeBad, machineReport, restingReport } from "./outcome.ts";
import { type MachineState, queued } from "../machines/verdict.ts";

const MACHINE = appMachine();
const FAILURE: UpgradeFailure = {
  phase: "health",
  message: "the page is empty",
  end: "abort",
  transient: false,
};

function state(
  standing: MachineState["standing"],
  changes: Partial<MachineState> = {},
): MachineState {
  return { ...queued(MACHINE), standing, ...changes };
}

const result = (fingerprint: string) =>
  ({
    fingerprint,
    reloaded: ["a.ts"],
    modules: 2,
    holders: [],
    suspend_ms: 1,
    total_ms: 5,
    ended_at: "now",
  }) as Partial<MachineResult> as MachineResult;

Deno.test("machineReport() says where a machine is, and what it was that stopped the rollout", () => {
  const standing = (forward: MachineState, back?: MachineState) =>
    machineReport(forward, back)?.standing;
  assertEquals(standing(state("applied")), "applied");
  assertEquals(standing(state("applied"), state("applied")), "returned");
  assertEquals(standing(state("pending"), state("nothing_to_do")), "returned");
  assertEquals(standing(state("failed"), state("applied")), "failed");
  assertEquals(standing(state("applied"), state("silent")), "silent");
  assertEquals(
    standing(state("applied"), state("failed", { failure: FAILURE })),
    "failed",
  );
  assertEquals(
    standing(state("applied"), state("applies_at_next_start")),
    "applies_at_next_start",
  );
  assertEquals(machineReport(state("gone")), null);
  assertEquals(machineReport(state("applied"), state("gone")), null);
});

Deno.test("machineReport() tells what was reloaded on the way out, and what runs after the way back", () => {
  const report = machineReport(
    state("applied", { result: result("new") }),
    state("applied", { result: result("old") }),
  );
  assertEquals(report, {
    id: "m1",
    region: "fra",
    standing: "returned",
    reloaded: ["a.ts"],
    modules: 2,
    holders: [],
    suspend_ms: 1,
    total_ms: 5,
    fingerprint: "old",
    failure: null,
  });
  assertEquals(machineReport(state("queued")), {
    ...restingReport(MACHINE),
    standing: "queued",
  });
});

Deno.test("describeBad() names machine, step and reason", () => {
  assertEquals(
    describeBad(state("failed", { failure: FAILURE }), 1),
    "machine m1 failed in health: the page is empty",
  );
  assertEquals(
    describeBad(
      state("rolled_back", { failure: { ...FAILURE, phase: "probation" } }),
      1,
    ),
    "machine m1 went back by itself in probation: the page is empty",
  );
  assertEquals(
    describeBad(state("silent"), 120_000),
    "machine m1 did not say how it ended within 120 s",
  );
  assertEquals(describeBad(state("failed"), 1), "machine m1 failed");
});
