import { assertEquals } from "@std/assert";
import { RateGate } from "./rate_gate.ts";

/** A clock on which only sleeping takes time, as for one caller who waits for each pass. */
function clock() {
  let now = 0;
  return {
    monotonicNow: () => now,
    sleep: (ms: number) => {
      now += ms;
      return Promise.resolve();
    },
    pass: (ms: number) => void (now += ms),
  };
}

Deno.test("RateGate.pass() lets a burst through at once, then one a second", async () => {
  const host = clock();
  const gate = new RateGate(host, { burst: 3, perSecond: 1 });
  const moments: number[] = [];
  for (let i = 0; i < 6; i++) {
    await gate.pass("m1");
    moments.push(host.monotonicNow());
  }
  assertEquals(moments, [0, 0, 0, 1000, 2000, 3000]);
});

Deno.test("RateGate.pass() regains the burst with time and counts each key apart", async () => {
  const host = clock();
  const gate = new RateGate(host, { burst: 2, perSecond: 1 });
  await gate.pass("m1");
  await gate.pass("m1");
  await gate.pass("m2");
  assertEquals(host.monotonicNow(), 0);
  host.pass(10_000);
  await gate.pass("m1");
  await gate.pass("m1");
  assertEquals(host.monotonicNow(), 10_000);
  await gate.pass("m1");
  assertEquals(host.monotonicNow(), 11_000);
});
