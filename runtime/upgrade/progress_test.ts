import { assert, assertEquals, assertThrows } from "@std/assert";
import { advance, BEGIN, type Progress, type Step } from "./progress.ts";

const STEPS: Step[] = [
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
  "undo",
  "probation",
  "return",
  "commit",
];

Deno.test("advance() leads through every step to applied when all goes well", () => {
  const seen: string[] = [];
  let progress: Progress = BEGIN;
  while ("step" in progress) {
    seen.push(progress.step);
    progress = advance(progress, "done");
  }
  assertEquals(
    seen,
    STEPS.filter((step) => step !== "undo" && step !== "return"),
  );
  assertEquals(progress, { end: "applied" });
});

Deno.test("advance() ends a failure before the swap in abort, and one after it never", () => {
  for (const step of STEPS.slice(0, STEPS.indexOf("swap"))) {
    assertEquals(advance({ step }, "failed"), { end: "abort" }, step);
  }
  for (const step of STEPS.slice(STEPS.indexOf("swap"))) {
    const next = advance({ step }, "failed");
    assert(!("end" in next) || next.end !== "abort", step);
  }
});

Deno.test("advance() undoes a failure of swap, start and health, and rolls back", () => {
  for (const step of ["swap", "start", "health"] as const) {
    const undo = advance({ step }, "failed");
    assertEquals(undo, { step: "undo" });
    assertEquals(advance(undo, "done"), { end: "rolled_back" });
  }
});

Deno.test("advance() reaches fail only where an undo or the way back fails", () => {
  const ways: string[] = [];
  const walk = (progress: Progress, path: string) => {
    if ("end" in progress) {
      if (progress.end === "fail") ways.push(path);
      return;
    }
    for (const outcome of ["done", "failed"] as const) {
      walk(advance(progress, outcome), `${path} ${progress.step}:${outcome}`);
    }
  };
  walk(BEGIN, "");
  assertEquals(ways.length, 4);
  for (const way of ways) {
    assert(/(?:undo|return):failed$/.test(way), way);
  }
});

Deno.test("advance() fails where the way back after probation is closed", () => {
  const back = advance({ step: "probation" }, "failed");
  assertEquals(back, { step: "return" });
  assertEquals(advance(back, "done"), { end: "rolled_back" });
  assertEquals(advance(back, "failed"), { end: "fail" });
});

Deno.test("advance() finds nothing to do in check and diff only, and refuses to go on after the end", () => {
  for (const step of STEPS) {
    if (step === "check" || step === "diff") {
      assertEquals(advance({ step }, "nothing"), { end: "nothing_to_do" });
    } else assertThrows(() => advance({ step }, "nothing"), TypeError, step);
  }
  assertThrows(() => advance({ end: "abort" }, "done"), TypeError, "abort");
});
