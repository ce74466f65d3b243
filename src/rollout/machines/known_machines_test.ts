import { assertEquals } from "@std/assert";
import { appMachine } from "../../../tests/cli/app_machine.ts";
import type { MachineResult } from "@flyhot/runtime/protocol";
import type { ReportEvent } from "../../ui/reporter.ts";
import { countGood, KnownMachines } from "./known_machines.ts";
import { queued } from "./verdict.ts";

function known(...ids: string[]) {
  const told: ReportEvent[] = [];
  const reporter = { emit: (event: ReportEvent) => void told.push(event) };
  const machines = new KnownMachines({
    running: ids.map((id) => appMachine(id)),
    resting: [appMachine("at-rest")],
    asked: [],
  }, { reporter });
  return { machines, told };
}

Deno.test("tellAll() and reports() name those at rest after those that take part", () => {
  const { machines, told } = known("m1", "m2");
  machines.tellAll();
  const expected = [
    ["m1", "queued"],
    ["m2", "queued"],
    ["at-rest", "applies_at_next_start"],
  ];
  assertEquals(
    told.map((it) => it.type === "machine" ? [it.id, it.standing] : []),
    expected,
  );
  assertEquals(machines.reports().map((it) => [it.id, it.standing]), expected);
});

Deno.test("note() tells a machine that left in words, and set() tells nothing", () => {
  const { machines, told } = known("m1", "m2");
  machines.set({ ...queued(appMachine("m1")), standing: "applied" });
  assertEquals(told, []);
  machines.note({ ...queued(appMachine("m2")), standing: "gone" });
  assertEquals(told, [{
    type: "note",
    text: "machine m2 leaves the rollout: it is gone, or runs another image",
  }]);
  assertEquals(machines.reports().map(({ id }) => id), ["m1", "at-rest"]);
  assertEquals(countGood(machines.states), "1 machine");
});

Deno.test("again() keeps what a machine has said before it came to rest", () => {
  const { machines } = known("m1");
  const result = { upgrade_id: "01" } as MachineResult;
  assertEquals(machines.again(appMachine("m1")), queued(appMachine("m1")));
  machines.set({
    ...queued(appMachine("m1")),
    standing: "applies_at_next_start",
    result,
  });
  const { standing, result: kept } = machines.again(appMachine("m1"));
  assertEquals([standing, kept], ["nudged", result]);
});
