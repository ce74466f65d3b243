import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../json/parse.ts";
import { runtimeOptions } from "./runtime_options.ts";

Deno.test("runtimeOptions() takes the options that are plain values", () => {
  const options = {
    app: "chat",
    root: "..",
    bucket: "b",
    endpoint: "https://x",
    region: "auto",
    pollIntervalMs: 1,
    probationMs: 0,
    watch: false,
  };
  assertEquals(runtimeOptions(options, "runtime"), options);
  assertEquals(runtimeOptions({}, "runtime"), {});
});

Deno.test("runtimeOptions() says where it is wrong, and what goes elsewhere", () => {
  for (
    const [value, why] of [
      [[], "runtime"],
      [{ pollMs: 1 }, "runtime.pollMs: expected one of app, root"],
      [{ drainMs: "1" }, "runtime.drainMs: expected a number"],
      [{ drainMs: -1 }, "runtime.drainMs: expected a number"],
      [{ watch: 1 }, "runtime.watch: expected true or false"],
      [{ health: "x" }, "that goes to health() in a module"],
      [{ logger: {} }, "that goes to FLYHOT_LOG"],
      [{ __proto__: null, constructor: 1 }, "runtime.constructor"],
      [
        { credentials: { secretAccessKey: "hidden" } },
        "that goes to the environment",
      ],
    ] as const
  ) {
    const error = assertThrows(
      () => runtimeOptions(value, "runtime"),
      ProtocolError,
      why,
    );
    assertEquals(error.message.includes("hidden"), false);
  }
});
