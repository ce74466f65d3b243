import { assertEquals, assertStrictEquals } from "@std/assert";
import { BucketError } from "../bucket/bucket.ts";
import { UPGRADE_PHASES } from "./phases.ts";
import { UpgradeError, upgradeError } from "./upgrade_error.ts";

Deno.test("UpgradeError carries the step, is final by default, and has a cause only where there is one", () => {
  for (const phase of UPGRADE_PHASES) {
    const error = new UpgradeError(phase, "Cannot do it");
    assertEquals(error.phase, phase);
    assertEquals(error.transient, false);
    assertEquals(error.message, "Cannot do it");
    assertEquals(error.name, "UpgradeError");
    assertEquals(Object.hasOwn(error, "cause"), false);
  }
  const cause = new Error("why");
  const error = new UpgradeError("fetch", "Cannot", { transient: true, cause });
  assertEquals(error.transient, true);
  assertStrictEquals(error.cause, cause);
});

Deno.test("upgradeError() hands an upgrade error through, step and all", () => {
  const error = new UpgradeError("fetch", "Cannot fetch", { transient: true });
  assertStrictEquals(upgradeError("unpack", "Cannot unpack", error), error);
  assertStrictEquals(upgradeError("unpack", null, error), error);
});

Deno.test("upgradeError() says what was tried before why it failed", () => {
  const cause = new TypeError("it is a string");
  const error = upgradeError("load", "Cannot load the new modules", cause);
  assertEquals(error.phase, "load");
  assertEquals(error.message, "Cannot load the new modules: it is a string");
  assertStrictEquals(error.cause, cause);
  assertEquals(upgradeError("load", null, cause).message, "it is a string");
});

Deno.test("upgradeError() keeps what the cause says about a retry", () => {
  const transient = (thrown: unknown) =>
    upgradeError("fetch", null, thrown).transient;
  assertEquals(transient(new BucketError("network", "Cannot reach it")), true);
  assertEquals(transient(new BucketError("server", "Cannot read it")), true);
  assertEquals(transient(new BucketError("credentials", "Cannot")), false);
  assertEquals(transient({ transient: "yes" }), false);
  assertEquals(transient(new Error("x")), false);
});

Deno.test("upgradeError() takes whatever is thrown", () => {
  const cases: [unknown, string][] = [
    ["text", "text"],
    [null, "null"],
    [undefined, "undefined"],
    [42, "42"],
    [new DOMException("stopped", "AbortError"), "stopped"],
  ];
  for (const [thrown, message] of cases) {
    const error = upgradeError("health", "Cannot", thrown);
    assertEquals(error.message, `Cannot: ${message}`);
    assertEquals(error.transient, false);
  }
});
