import { assertEquals } from "@std/assert";
import type { PlanReport } from "@flyhot/runtime/plan";
import type { MachineInfo } from "@flyhot/runtime/protocol";
import { foretoldPlan } from "./foretold_plan.ts";

const MB = 1024 * 1024;
const PLAN: PlanReport = {
  hot: true,
  reload: ["app.ts"],
  mapped: [],
  assets: [],
  removed: [],
  unchanged: [],
  because: {},
  retained_bytes: MB,
  cold: [],
  refusals: [],
};

const machine = (retainedMb: number): MachineInfo => ({
  hotUpgradeApplied: false,
  currentImageRef: "local:a",
  fingerprint: "f",
  upgrades: 4,
  retainedModules: 3,
  retainedBytes: 1,
  memory: {
    retainedBytes: retainedMb * MB,
    budgetBytes: 100 * MB,
    upgradeBytes: null,
    upgradesLeft: null,
  },
  pid: 1,
  startedAt: "2026-01-01T00:00:00Z",
  lastUpgradeId: null,
});

Deno.test("foretoldPlan(): the machine that keeps most decides, in upgrades like the planned one", () => {
  const left = (plan: PlanReport, ...machines: number[]) =>
    foretoldPlan(plan, machines.map(machine)).upgrades_left;
  assertEquals(left(PLAN, 20, 40, 0), 60);
  assertEquals(left({ ...PLAN, retained_bytes: 16 * MB }, 20, 40), 3);
  assertEquals(left(PLAN, 20, 140), 0);
});

Deno.test("foretoldPlan(): what keeps nothing, or meets no machine, foretells nothing", () => {
  const nothing = { ...PLAN, retained_bytes: 0 };
  assertEquals(foretoldPlan(nothing, [machine(1)]), nothing);
  assertEquals(foretoldPlan(PLAN, []), PLAN);
});
