import { assertEquals } from "@std/assert";
import { phaseNamed, phaseOnTheWire, UPGRADE_PHASES } from "./phases.ts";

Deno.test("phaseOnTheWire() keeps the names that results have always had", () => {
  assertEquals(UPGRADE_PHASES.map(phaseOnTheWire), [
    "check",
    "fetch",
    "verify",
    "unpack",
    "diff",
    "prepare",
    "suspend",
    "migrate",
    "swap",
    "start",
    "health",
    "probation",
    "commit",
  ]);
});

Deno.test("phaseNamed() reads both names of every phase, and nothing else", () => {
  for (const phase of UPGRADE_PHASES) {
    assertEquals(phaseNamed(phase), phase);
    assertEquals(phaseNamed(phaseOnTheWire(phase)), phase);
  }
  for (const other of ["", "undo", "toString", null, undefined, 1]) {
    assertEquals(phaseNamed(other), undefined);
  }
});
