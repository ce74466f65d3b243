import { assert, assertEquals } from "@std/assert";
import { type DeployLock, parseDeployLock } from "@flyhot/runtime/protocol";
import {
  decideLock,
  describeLock,
  heldRecord,
  releasedRecord,
  skewMarginMs,
} from "./decision.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const CLAIM = {
  owner: "01A",
  holder: "ann",
  purpose: "deploy 1.2.3",
  ttlMs: 300_000,
};

Deno.test("decideLock() creates a lock where there is none, and takes a released one over", () => {
  assertEquals(decideLock(null, NOW, false), { action: "create" });
  assertEquals(decideLock(null, NOW, true), { action: "create" });
  const released = releasedRecord(heldRecord(CLAIM, NOW), NOW);
  assertEquals(decideLock(released, NOW, false), {
    action: "take_over",
    why: "released",
  });
});

Deno.test("decideLock() refuses a held lock until it has lapsed by more than clocks may differ", () => {
  const held = heldRecord(CLAIM, NOW);
  const margin = 10_000;
  assertEquals(decideLock(held, NOW + 1_000, false), {
    action: "refuse",
    lapsesInMs: 309_000,
  });
  assertEquals(decideLock(held, NOW + 300_000, false), {
    action: "refuse",
    lapsesInMs: margin,
  });
  assertEquals(decideLock(held, NOW + 300_000 + margin, false), {
    action: "refuse",
    lapsesInMs: 0,
  });
  assertEquals(decideLock(held, NOW + 300_001 + margin, false), {
    action: "take_over",
    why: "lapsed",
  });
  // A clock that is behind sees a lock from the future.
  assertEquals(decideLock(held, NOW - 60_000, false), {
    action: "refuse",
    lapsesInMs: 370_000,
  });
});

Deno.test("decideLock() overrides a held lock only by force", () => {
  const held = heldRecord(CLAIM, NOW);
  assertEquals(decideLock(held, NOW, true), {
    action: "take_over",
    why: "forced",
  });
  assertEquals(decideLock(held, NOW + 400_000, true), {
    action: "take_over",
    why: "lapsed",
  });
});

Deno.test("decideLock() never takes over a record whose times cannot be read, unless forced", () => {
  const odd: DeployLock = { ...heldRecord(CLAIM, NOW), expires_at: "soon" };
  assertEquals(decideLock(odd, NOW, false), {
    action: "refuse",
    lapsesInMs: null,
  });
  assertEquals(decideLock(odd, NOW, true), {
    action: "take_over",
    why: "forced",
  });
});

Deno.test("skewMarginMs() is a tenth, within bounds, so that owner and taker can never meet", () => {
  assertEquals([-5, 0, 1_000, 30_000, 100_000, 900_000].map(skewMarginMs), [
    0,
    0,
    100,
    3_000,
    10_000,
    10_000,
  ]);
  for (const ttlMs of [1_000, 5_000, 60_000, 300_000, 3_600_000]) {
    const margin = skewMarginMs(ttlMs);
    const record = heldRecord({ ...CLAIM, ttlMs }, NOW);
    const givenUp = NOW + ttlMs - margin;
    // As seen by clocks that differ by almost twice the margin.
    const decision = decideLock(record, givenUp + 2 * margin - 1, false);
    assertEquals(decision.action, "refuse", `${ttlMs}`);
  }
});

Deno.test("heldRecord() and releasedRecord() write what the protocol reads", () => {
  const held = heldRecord(CLAIM, NOW);
  assertEquals(parseDeployLock(JSON.parse(JSON.stringify(held))), held);
  assertEquals(held.expires_at, "2026-01-02T03:09:05.000Z");
  const renewed = heldRecord(CLAIM, NOW + 100_000, held.acquired_at);
  assertEquals(renewed.acquired_at, held.acquired_at);
  assertEquals(renewed.renewed_at, "2026-01-02T03:05:45.000Z");
  const released = releasedRecord(renewed, NOW + 200_000);
  assertEquals(parseDeployLock(released), released);
  assertEquals([released.state, released.owner], ["released", "01A"]);
});

Deno.test("describeLock() says who, since when, what for and until when", () => {
  const held = heldRecord(CLAIM, NOW);
  assertEquals(
    describeLock(held, NOW + 12_400),
    "held by ann for 12 s to deploy 1.2.3; it lapses in 298 s if not renewed",
  );
  assertEquals(
    describeLock(held, NOW + 400_000),
    "held by ann for 400 s to deploy 1.2.3; it can be taken over",
  );
  assert(describeLock(held, NOW - 5_000).startsWith("held by ann for 0 s"));
  assertEquals(
    describeLock({ ...held, acquired_at: "?", expires_at: "?" }, NOW),
    "held by ann to deploy 1.2.3; its record does not say when it lapses",
  );
});
