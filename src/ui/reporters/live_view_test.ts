import { assertEquals } from "@std/assert";
import {
  advance,
  draw,
  drawEnd,
  IDLE,
  type LiveState,
  MACHINES_SHOWN_MAX,
} from "./live_view.ts";
import type { MachineStanding, ReportEvent } from "../reporter.ts";

function play(events: readonly ReportEvent[]): {
  readonly state: LiveState;
  readonly settled: readonly string[];
} {
  let state = IDLE;
  const settled: string[] = [];
  for (const event of events) {
    const next = advance(state, event);
    state = next.state;
    settled.push(...next.settled.map((it) => `${it.mark} ${it.text}`));
  }
  return { state, settled };
}

const shown = (lines: ReturnType<typeof draw>) =>
  lines.map((it) => `${it.mark} ${it.text}`);

const machine = (id: string, standing: MachineStanding): ReportEvent => ({
  type: "machine",
  id,
  region: "iad",
  standing,
});

Deno.test("advance() keeps a step in the drawing until it is done, then settles it", () => {
  const begun = play([{ type: "step", name: "Pack release", detail: "/app" }]);
  assertEquals(begun.settled, []);
  assertEquals(shown(draw(begun.state)), ["… Pack release  /app"]);
  const ended = play([
    { type: "step", name: "Pack release" },
    { type: "done", name: "Pack release", detail: "48 kB", ms: 310 },
  ]);
  assertEquals(ended.settled, ["✓ Pack release  48 kB  310 ms"]);
  assertEquals(draw(ended.state), []);
});

Deno.test("advance() settles notes and warnings at once", () => {
  const { state, settled } = play([
    { type: "step", name: "Build" },
    { type: "note", text: "cached" },
    { type: "warning", text: "old runtime" },
  ]);
  assertEquals(settled, ["· cached", "! old runtime"]);
  assertEquals(shown(draw(state)), ["… Build"]);
});

Deno.test("draw() shows every machine once, where it stands now, in a table", () => {
  const { state } = play([
    machine("m1", "queued"),
    machine("machine-2", "queued"),
    machine("m1", "pending"),
    {
      type: "machine",
      id: "m1",
      region: "iad",
      standing: "applied",
      detail: "14 ms",
    },
  ]);
  assertEquals(shown(draw(state)), [
    "✓ m1         iad  applied  14 ms",
    "· machine-2  iad  queued",
  ]);
});

Deno.test("draw() shows only machines that still move when there are many", () => {
  const count = MACHINES_SHOWN_MAX + 3;
  const { state } = play([
    { type: "step", name: "Upgrade" },
    ...Array.from({ length: count }, (_, i) => machine(`m${i}`, "pending")),
    machine("m0", "applied"),
  ]);
  const lines = shown(draw(state));
  assertEquals(lines.length, 1 + MACHINES_SHOWN_MAX + 1);
  assertEquals(lines[1]!.startsWith("… m1 "), true);
  assertEquals(lines.at(-1), "  and 3 more");
  assertEquals(drawEnd(state).length, 1 + count);
});

Deno.test("draw() shows the newest line of another program, drawEnd() the last ones if its step failed", () => {
  const output = (line: string): ReportEvent => ({
    type: "output",
    program: "fly",
    line,
  });
  const failed = play([
    { type: "step", name: "Build image" },
    output("a"),
    output("b"),
  ]);
  assertEquals(shown(draw(failed.state)), ["… Build image", "| fly: b"]);
  assertEquals(shown(drawEnd(failed.state)), [
    "✗ Build image",
    "| fly: a",
    "| fly: b",
  ]);
  const passed = play([
    { type: "step", name: "Build image" },
    output("a"),
    { type: "done", name: "Build image", ms: 1 },
  ]);
  assertEquals(drawEnd(passed.state), []);
});

Deno.test("advance() settles the output of another program at once outside of any step", () => {
  const { state, settled } = play([
    { type: "output", program: "m1", line: "listening" },
  ]);
  assertEquals(settled, ["| m1: listening"]);
  assertEquals(draw(state), []);
});
