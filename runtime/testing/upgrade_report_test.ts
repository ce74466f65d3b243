import { assertEquals, assertThrows } from "@std/assert";
import type { MachineResult } from "../protocol/machine/machine_result.ts";
import { formatUpgradeReport, reportOf } from "./upgrade_report.ts";

const RESULT: MachineResult = {
  protocol: 1,
  upgrade_id: "1",
  machine_id: "m",
  region: "local",
  image_ref: "registry.fly.io/a:1",
  state: "applied",
  version: "2.0.0",
  started_at: "2026-01-15T10:30:00Z",
  ended_at: "2026-01-15T10:30:01Z",
  fingerprint: "0123456789ab",
  reloaded: ["app.ts", "counter.ts"],
  modules: 6,
  holders: [
    { name: "counter", from: 1, to: 2, action: "migrated" },
    { name: "rooms", from: null, to: 1, action: "added" },
  ],
  suspend_ms: 2.6,
  total_ms: 41.2,
  at_boot: false,
  failure: null,
};

Deno.test("formatUpgradeReport() tells everything on one line", () => {
  assertEquals(
    formatUpgradeReport(reportOf(RESULT, [])),
    "2.0.0: applied, reloaded 2 of 6 modules (app.ts, counter.ts), migrated counter 1 -> 2, added rooms, suspended 3 ms, 41 ms in all",
  );
  assertEquals(
    formatUpgradeReport(reportOf({
      ...RESULT,
      state: "failed",
      reloaded: [],
      holders: [],
      suspend_ms: null,
      failure: {
        phase: "migrate",
        message: "no way up",
        end: "abort",
        transient: false,
      },
    }, [])),
    "2.0.0: failed in migrate (no way up), 41 ms in all",
  );
});

Deno.test("reportOf() refuses a result that is still pending", () => {
  assertThrows(
    () => reportOf({ ...RESULT, state: "pending" }, []),
    TypeError,
    "Cannot report an upgrade that is still pending",
  );
});
