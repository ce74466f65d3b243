import { assertEquals } from "@std/assert";
import type { HostOutput } from "../../host.ts";
import { jsonReporter } from "./json_reporter.ts";
import { liveReporter } from "./live_reporter.ts";
import type { ReportEvent } from "../reporter.ts";
import { colored, paintFor, plain } from "../style.ts";
import { textReporter } from "./text_reporter.ts";

function output(columns = 40): HostOutput & { readonly writes: string[] } {
  const writes: string[] = [];
  return {
    isTerminal: true,
    columns,
    writes,
    write: (it) => void writes.push(it),
  };
}

const EVENTS: readonly ReportEvent[] = [
  { type: "step", name: "Publish release", detail: "my-app 1.2.3" },
  { type: "done", name: "Publish release", detail: "48.2 kB", ms: 310 },
  { type: "note", text: "canary first" },
  { type: "warning", text: "one machine is stopped" },
  {
    type: "machine",
    id: "m1",
    region: "iad",
    standing: "failed",
    detail: "a\nb",
  },
  { type: "output", program: "fly", line: "image: x" },
];

Deno.test("textReporter() writes one line for each event", () => {
  const to = output();
  const reporter = textReporter(to, plain);
  for (const event of EVENTS) reporter.emit(event);
  reporter.close();
  assertEquals(to.writes, [
    "… Publish release  my-app 1.2.3\n",
    "✓ Publish release  48.2 kB  310 ms\n",
    "· canary first\n",
    "! one machine is stopped\n",
    "✗ m1 (iad)  failed  a b\n",
    "| fly: image: x\n",
  ]);
});

Deno.test("liveReporter() draws over its own lines and nothing else", () => {
  const to = output();
  const reporter = liveReporter(to, plain);
  reporter.emit({ type: "step", name: "Nudge" });
  reporter.emit({
    type: "machine",
    id: "m1",
    region: "iad",
    standing: "queued",
  });
  reporter.emit({
    type: "machine",
    id: "m1",
    region: "iad",
    standing: "applied",
  });
  reporter.emit({ type: "done", name: "Nudge", ms: 5 });
  reporter.close();
  assertEquals(to.writes, [
    "… Nudge\n",
    "\x1b[1A\x1b[J… Nudge\n· m1  iad  queued\n",
    "\x1b[2A\x1b[J… Nudge\n✓ m1  iad  applied\n",
    "\x1b[2A\x1b[J✓ Nudge  5 ms\n✓ m1  iad  applied\n",
    "\x1b[1A\x1b[J",
  ]);
});

Deno.test("liveReporter() lets no line wrap, because it could not draw over it", () => {
  const to = output(24);
  liveReporter(to, plain).emit({
    type: "step",
    name: "A step with a very long name\nand two lines",
  });
  assertEquals(to.writes, ["… A step with a very l…\n"]);
});

Deno.test("T31: liveReporter() cuts nothing of what another program said", () => {
  const to = output(24);
  const line = `at rooms (file:///app/rooms.ts:12:${"3".repeat(80)})`;
  liveReporter(to, plain).emit({ type: "output", program: "m1", line });
  assertEquals(to.writes, [`| m1: ${line}\n`]);
});

Deno.test("jsonReporter() hands on lines that parse to the events", () => {
  const lines: string[] = [];
  const reporter = jsonReporter((line) => lines.push(line));
  for (const event of EVENTS) reporter.emit(event);
  assertEquals(lines.map((it) => JSON.parse(it)), [...EVENTS]);
  assertEquals(lines.every((it) => it.indexOf("\n") === it.length - 1), true);
});

Deno.test("paintFor() colors only terminals, and none with NO_COLOR", () => {
  const noEnv = { env: () => undefined };
  assertEquals(paintFor(noEnv, { isTerminal: true }), colored);
  assertEquals(paintFor(noEnv, { isTerminal: false }), plain);
  assertEquals(
    paintFor({ env: (name) => name === "NO_COLOR" ? "1" : undefined }, {
      isTerminal: true,
    }),
    plain,
  );
  assertEquals(colored("bad", "x"), "\x1b[31mx\x1b[39m");
});
