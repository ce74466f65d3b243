import { assertEquals, assertThrows } from "@std/assert";
import type { AppMachine } from "../../fly/fleet.ts";
import { FlyhotError } from "../../errors.ts";
import { askMachines } from "./ask_machines.ts";

function machine(id: string, changes: Partial<AppMachine> = {}): AppMachine {
  return {
    id,
    name: id,
    region: "fra",
    state: "started",
    group: "app",
    imageRef: "registry.fly.io/shop:one",
    hostOk: true,
    instanceId: "01",
    ...changes,
  };
}

Deno.test("askMachines() tells running machines from resting ones of the same image", () => {
  const { running, resting, imageRef } = askMachines("shop", [
    machine("m1"),
    machine("m2", { state: "stopped" }),
    machine("m3", { state: "suspended" }),
    machine("m4", { hostOk: false }),
    machine("m5", { state: "stopped", imageRef: "registry.fly.io/shop:old" }),
    machine("m6", {
      imageRef: `registry.fly.io/shop:one@sha256:${"a".repeat(64)}`,
    }),
  ]);
  assertEquals(running.map(({ id }) => id), ["m1", "m6"]);
  assertEquals(resting.map(({ id }) => id), ["m2", "m3", "m4"]);
  assertEquals(imageRef, "registry.fly.io/shop:one");
});

Deno.test("askMachines() refuses machines of different images, and lists them", () => {
  const error = assertThrows(
    () =>
      askMachines("shop", [
        machine("m1"),
        machine("m2", { imageRef: "registry.fly.io/shop:two" }),
        machine("m3"),
      ]),
    FlyhotError,
    "Cannot upgrade shop: its machines run different images (registry.fly.io/shop:one on m1, m3; registry.fly.io/shop:two on m2)",
  );
  assertEquals(error.code, "conflict");
});

Deno.test("askMachines() refuses where nothing runs, and says what there is", () => {
  const none = assertThrows(
    () => askMachines("shop", []),
    FlyhotError,
    "Cannot upgrade shop: it has no machines",
  );
  assertEquals([none.code, none.hint], [
    "not_found",
    "deploy it once with: fly deploy",
  ]);
  const error = assertThrows(
    () =>
      askMachines("shop", [
        machine("m1", { state: "failed" }),
        machine("m2", { state: "failed" }),
        machine("m3", { hostOk: false }),
      ]),
    FlyhotError,
    "Cannot upgrade shop: none of its 3 machines is started (2 failed, 1 on an unreachable host)",
  );
  assertEquals(error.code, "not_found");
});

Deno.test("askMachines() lets the machines at rest decide where none is started", () => {
  const { running, resting, imageRef } = askMachines("shop", [
    machine("m1", { state: "stopped" }),
    machine("m2", { state: "suspended" }),
    machine("m3", { state: "failed" }),
  ]);
  assertEquals(running, []);
  assertEquals(resting.map(({ id }) => id), ["m1", "m2", "m3"]);
  assertEquals(imageRef, "registry.fly.io/shop:one");
});

Deno.test("F17: askMachines() refuses a machine whose image cannot be told, and passes over one out of reach", () => {
  for (const others of [[], [machine("m1")]]) {
    const error = assertThrows(
      () => askMachines("shop", [machine("m4", { imageRef: "" }), ...others]),
      FlyhotError,
      "Cannot upgrade shop: which image runs the app on m4 cannot be told",
    );
    assertEquals(error.code, "usage");
  }
  // Its host does not even say what it is made of.
  const lost = machine("m2", { imageRef: "", hostOk: false });
  const { running, resting } = askMachines("shop", [machine("m1"), lost]);
  assertEquals([running.length, resting.length], [1, 0]);
});
