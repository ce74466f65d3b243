import { assertEquals } from "@std/assert";
import type { RestartPolicy } from "./records/machine_types.ts";
import { afterExit } from "./restart_policy.ts";

const NOW = 10_000_000;

function decide(
  policy: RestartPolicy | undefined,
  exitCode: number,
  restarts = 0,
  more: { auto_destroy?: boolean; max_retries?: number; agoMs?: number } = {},
): string {
  const { max_retries, auto_destroy = false, agoMs = 1000 } = more;
  const decision = afterExit(
    {
      image: "x",
      auto_destroy,
      ...(policy === undefined ? {} : {
        restart: {
          policy,
          ...(max_retries === undefined ? {} : { max_retries }),
        },
      }),
    },
    exitCode,
    Array.from({ length: restarts }, () => NOW - agoMs),
    NOW,
  );
  return decision.action === "restart"
    ? `restart after ${decision.pauseMs}`
    : decision.action;
}

Deno.test("afterExit() follows the restart policy", () => {
  assertEquals(decide("no", 0), "stop");
  assertEquals(decide("no", 1), "stop");
  assertEquals(decide("on-failure", 0), "stop");
  assertEquals(decide("on-failure", 1), "restart after 100");
  assertEquals(decide(undefined, 1), "restart after 100");
  assertEquals(decide(undefined, 0), "stop");
  assertEquals(decide("always", 0), "restart after 100");
});

Deno.test("afterExit() destroys only with policy no", () => {
  const more = { auto_destroy: true };
  assertEquals(decide("no", 0, 0, more), "destroy");
  assertEquals(decide("no", 1, 0, more), "destroy");
  assertEquals(decide("on-failure", 0, 0, more), "stop");
  assertEquals(decide("always", 0, 0, more), "restart after 100");
});

Deno.test("afterExit() gives up after the retries, counted within five minutes", () => {
  assertEquals(decide("on-failure", 1, 9), "restart after 5000");
  assertEquals(decide("on-failure", 1, 10), "stop");
  assertEquals(decide("on-failure", 1, 2, { max_retries: 2 }), "stop");
  assertEquals(
    decide("on-failure", 1, 10, { agoMs: 300_000 }),
    "restart after 100",
  );
  assertEquals(decide("always", 1, 100), "restart after 5000");
  assertEquals(decide("always", 1, 2), "restart after 400");
});
