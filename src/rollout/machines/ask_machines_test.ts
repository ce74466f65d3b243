import { assertEquals, assertThrows } from "@std/assert";
import { appMachine } from "../../../tests/cli/app_machine.ts";
import { FlyhotError } from "../../errors.ts";
import { askMachines } from "./ask_machines.ts";

Deno.test("askMachines() tells running machines from resting ones of the same image", () => {
  const { running, resting, imageRef } = askMachines("shop", [
    appMachine("m1"),
    appMachine("m2", { state: "stopped" }),
    appMachine("m3", { state: "suspended" }),
    appMachine("m4", { hostOk: false }),
    appMachine("m5", {
      state: "stopped",
      imageRef: "registry.fly.io/shop:old",
    }),
    appMachine("m6", {
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
        appMachine("m1"),
        appMachine("m2", { imageRef: "registry.fly.io/shop:two" }),
        appMachine("m3"),
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
        appMachine("m1", { state: "failed" }),
        appMachine("m2", { state: "failed" }),
        appMachine("m3", { hostOk: false }),
      ]),
    FlyhotError,
    "Cannot upgrade shop: none of its 3 machines is started (2 failed, 1 on an unreachable host)",
  );
  assertEquals(error.code, "not_found");
});

Deno.test("askMachines() lets the machines at rest decide where none is started", () => {
  const { running, resting, imageRef } = askMachines("shop", [
    appMachine("m1", { state: "stopped" }),
    appMachine("m2", { state: "suspended" }),
    appMachine("m3", { state: "failed" }),
  ]);
  assertEquals(running, []);
  assertEquals(resting.map(({ id }) => id), ["m1", "m2", "m3"]);
  assertEquals(imageRef, "registry.fly.io/shop:one");
});

Deno.test("F17: askMachines() refuses a machine whose image cannot be told, and passes over one out of reach", () => {
  for (const others of [[], [appMachine("m1")]]) {
    const error = assertThrows(
      () =>
        askMachines("shop", [appMachine("m4", { imageRef: "" }), ...others]),
      FlyhotError,
      "Cannot upgrade shop: which image runs the app on m4 cannot be told",
    );
    assertEquals(error.code, "usage");
  }
  // Its host does not even say what it is made of.
  const lost = appMachine("m2", { imageRef: "", hostOk: false });
  const { running, resting } = askMachines("shop", [appMachine("m1"), lost]);
  assertEquals([running.length, resting.length], [1, 0]);
});
