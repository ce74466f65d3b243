import { assertEquals, assertThrows } from "@std/assert";
import { parseMachineRequest } from "./machine_config.ts";
import { PlatformError } from "../../machines_api/platform_error.ts";

Deno.test("parseMachineRequest() keeps what it does not read", () => {
  const config = {
    image: "registry.fly.io/a:x",
    env: { A: "1" },
    schedule: "daily",
    restart: { policy: "no", max_retries: 3 },
    guest: { memory_mb: 512, cpus: 1 },
    init: { cmd: ["a"], tty: false },
    services: [{ internal_port: 80 }],
    stop_config: { signal: "SIGTERM" },
  };
  assertEquals(
    parseMachineRequest({
      config,
      name: "n",
      region: "fra",
      lease_ttl: 30,
      skip_launch: true,
      skip_secrets: true,
      current_version: "v",
      lsvd: true,
    }),
    {
      config: { ...config, restart: { policy: "no" as const, max_retries: 3 } },
      name: "n",
      region: "fra",
      skipLaunch: true,
      skipSecrets: true,
      leaseTtl: 30,
      currentVersion: "v",
    },
  );
});

Deno.test("parseMachineRequest() refuses a body without an image with 422", () => {
  for (const body of [{}, { config: {} }, { config: { image: "" } }]) {
    const error = assertThrows(
      () => parseMachineRequest(body),
      PlatformError,
      "config.image required",
    );
    assertEquals(error.status, 422);
  }
});

Deno.test("parseMachineRequest() refuses wrong shapes with 400, naming them", () => {
  const cases: [unknown, string][] = [
    [[], "the body is not a JSON object"],
    [{ config: 1 }, "config is not an object"],
    [{ config: { image: 1 } }, "config.image is not text"],
    [with_({ env: { A: 1 } }), "config.env.A is not text"],
    [with_({ metadata: [] }), "config.metadata is not an object"],
    [with_({ auto_destroy: "x" }), "config.auto_destroy is neither"],
    [with_({ restart: { policy: "never" } }), `policy is "never"; it must be`],
    [
      with_({ restart: { max_retries: -1 } }),
      "max_retries is not a whole number",
    ],
    [with_({ init: { cmd: "a b" } }), "config.init.cmd is not a list of texts"],
    [with_({ guest: { memory_mb: 300 } }), "must be a multiple of 256"],
    [with_({ stop_config: { signal: "X" } }), "signal X is not a signal"],
    [with_({ services: {} }), "config.services is not a list"],
    [with_({ files: [1] }), "config.files is not a list"],
    [{ ...with_({}), name: 1 }, "name is not text"],
    [{ ...with_({}), lease_ttl: "x" }, "lease_ttl is not a whole number"],
  ];
  for (const [body, message] of cases) {
    const error = assertThrows(
      () => parseMachineRequest(body),
      PlatformError,
      message,
    );
    assertEquals(error.status, 400);
    assertEquals(error.message.startsWith("invalid_argument: "), true);
  }
});

function with_(config: Record<string, unknown>): Record<string, unknown> {
  return { config: { image: "x", ...config } };
}
