import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  afterTransientFailure,
  bootUpgrades,
  decideUpgrade,
  type UpgradeMemory,
} from "./decide_upgrade.ts";
import {
  type Generation,
  generationOf,
  type HotUpgrade,
  type Pointer,
} from "../protocol/pointer.ts";

const IMAGE = "registry.fly.io/my-app:deployment-01A";
const ME = "6e82954f711e87";

function upgradeOf(overrides: Partial<HotUpgrade> = {}): HotUpgrade {
  return {
    id: "01K94R",
    version: "1.2.3",
    source_image_ref: IMAGE,
    key: "releases/my-app-1.2.3.tar.gz",
    tarball_url: "https://bucket/releases/my-app-1.2.3.tar.gz",
    sha256: "a".repeat(64),
    size: 100,
    deployed_at: "2024-01-15T10:30:00Z",
    deployed_by: "deployer@example.com",
    state: "committed",
    wave: "*",
    ...overrides,
  };
}

function generation(
  hot_upgrade: HotUpgrade | null,
  history: readonly HotUpgrade[] = [],
): Generation {
  return { image_ref: IMAGE, first_seen: "", hot_upgrade, history };
}

function pointerOf(...images: string[]): Pointer {
  return {
    protocol: 1,
    app: "my-app",
    revision: 1,
    set_at: "",
    image_ref: images[0] ?? "",
    hot_upgrade: null,
    generations: Object.fromEntries(
      images.map((image) => [image, {
        image_ref: image,
        first_seen: "",
        hot_upgrade: null,
        history: [],
      }]),
    ),
  };
}

const NOW = 50_000;
const WAVES: readonly (HotUpgrade["wave"])[] = [
  "*",
  [ME],
  ["other", ME],
  ["other"],
  [],
  // Not a list of letters, and no prefix counts.
  [`${ME}0`],
  ["*"],
];
const STATES = ["probation", "committed", "rolled_back"] as const;
const MEMORIES: readonly (UpgradeMemory | undefined)[] = [
  undefined,
  { state: "ended" },
  { state: "waiting", attempts: 1, retryAt: NOW - 1 },
  { state: "waiting", attempts: 1, retryAt: NOW },
  { state: "waiting", attempts: 4, retryAt: NOW + 1 },
];

Deno.test("decideUpgrade() decides every wave, state and memory", () => {
  let cases = 0;
  for (const wave of WAVES) {
    for (const state of STATES) {
      for (const remembered of MEMORIES) {
        for (const key of ["releases/x.tar.gz", null]) {
          const upgrade = upgradeOf({ wave, state, key });
          const memory = new Map<string, UpgradeMemory>([
            ["another", { state: "ended" }],
          ]);
          if (remembered) memory.set(upgrade.id, remembered);
          const decision = decideUpgrade(
            generation(upgrade),
            ME,
            memory,
            NOW,
          );
          const mine = wave === "*" || wave.includes(ME);
          if (state === "rolled_back" || !mine) {
            assertEquals(decision.act, "none");
          } else if (remembered?.state === "ended") {
            assertEquals(decision.act, "none");
          } else if (
            remembered?.state === "waiting" && remembered.retryAt > NOW
          ) {
            assertEquals(decision, {
              act: "wait",
              until: remembered.retryAt,
            });
          } else {
            assertEquals(decision, { act: "apply", upgrade });
          }
          cases++;
        }
      }
    }
  }
  assertEquals(cases, 7 * 3 * 5 * 2);
});

Deno.test("decideUpgrade() lets no failed upgrade block the next one", () => {
  const memory = new Map<string, UpgradeMemory>([
    ["failed", { state: "ended" }],
    ["waiting", { state: "waiting", attempts: 3, retryAt: Infinity }],
  ]);
  const next = upgradeOf({ id: "next", state: "probation", wave: [ME] });
  assertEquals(decideUpgrade(generation(next), ME, memory, NOW), {
    act: "apply",
    upgrade: next,
  });
});

Deno.test("decideUpgrade() never takes anything from the history", () => {
  const decision = decideUpgrade(
    generation(null, [upgradeOf()]),
    ME,
    new Map(),
    NOW,
  );
  assertEquals(decision.act, "none");
});

Deno.test("decideUpgrade() does not mind ids that are names of object members", () => {
  for (const id of ["__proto__", "constructor", "toString", ""]) {
    const upgrade = upgradeOf({ id });
    assertEquals(
      decideUpgrade(generation(upgrade), ME, new Map(), NOW).act,
      "apply",
    );
  }
});

Deno.test("generationOf() compares images by their parts", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const pointer = pointerOf(
    "registry.fly.io/my-app:deployment-01A",
    `registry.fly.io/my-app:deployment-01B@${digest}`,
    "registry.fly.io/other:deployment-01C",
  );
  const found = (image: string) =>
    generationOf(pointer, image)?.image_ref ?? null;
  assertEquals(
    found("registry.fly.io/my-app:deployment-01A"),
    "registry.fly.io/my-app:deployment-01A",
  );
  assertEquals(
    found(`registry.fly.io/my-app@${digest}`),
    `registry.fly.io/my-app:deployment-01B@${digest}`,
  );
  assertEquals(
    found("registry.fly.io/my-app:deployment-01B"),
    `registry.fly.io/my-app:deployment-01B@${digest}`,
  );
  assertEquals(found("registry.fly.io/my-app:deployment-01C"), null);
  assertEquals(found("registry.fly.io/my-app:deployment-01"), null);
  assertEquals(generationOf(pointerOf(), "registry.fly.io/x:1"), null);
});

/** What a machine starts with. */
const bootUpgrade = (entry: Generation | null) =>
  bootUpgrades(entry)[0] ?? null;

Deno.test("bootUpgrades() takes only what is committed, the newest first", () => {
  const old = upgradeOf({ id: "old" });
  const older = upgradeOf({ id: "older" });
  const rolledBack = upgradeOf({ id: "bad", state: "rolled_back" });
  const trial = upgradeOf({ id: "trial", state: "probation" });
  const idOf = (entry: Generation | null) => bootUpgrade(entry)?.id ?? null;
  assertEquals(idOf(null), null);
  assertEquals(idOf(generation(null)), null);
  assertEquals(idOf(generation(old)), "old");
  assertEquals(idOf(generation(trial)), null);
  assertEquals(idOf(generation(rolledBack)), null);
  assertEquals(idOf(generation(trial, [old, older])), "old");
  assertEquals(idOf(generation(rolledBack, [trial, old, older])), "old");
  assertEquals(idOf(generation(rolledBack, [rolledBack, trial])), null);
  assertEquals(idOf(generation(null, [old])), "old");
});

Deno.test("bootUpgrades() boots the image as it is where that is the newest committed thing", () => {
  const toBase = upgradeOf({
    id: "base",
    key: null,
    tarball_url: null,
    sha256: null,
  });
  const old = upgradeOf({ id: "old" });
  assertEquals(bootUpgrade(generation(toBase, [old])), null);
  const trial = upgradeOf({ id: "trial", state: "probation" });
  assertEquals(bootUpgrade(generation(trial, [toBase, old])), null);
});

Deno.test("bootUpgrades() does not look at the wave: all machines of the image boot the same", () => {
  const committed = upgradeOf({ wave: ["other"] });
  assertStrictEquals(bootUpgrade(generation(committed)), committed);
});

Deno.test("afterTransientFailure() waits twice as long each time, and gives up at last", () => {
  const waits: number[] = [];
  let memory: UpgradeMemory | undefined;
  for (let tries = 1; tries <= 100; tries++) {
    memory = afterTransientFailure(memory, NOW);
    if (memory.state === "ended") break;
    assertEquals(memory.attempts, tries);
    waits.push(memory.retryAt - NOW);
  }
  assertEquals(memory, { state: "ended" });
  assertEquals(waits.length > 0 && waits.length < 20, true);
  waits.slice(1).forEach((wait, index) => {
    assertEquals(wait, Math.min(60_000, waits[index]! * 2));
  });
});

Deno.test("afterTransientFailure() makes decideUpgrade() wait exactly until then", () => {
  const upgrade = upgradeOf();
  const memory = afterTransientFailure(undefined, NOW);
  const decide = (now: number) =>
    decideUpgrade(generation(upgrade), ME, new Map([[upgrade.id, memory]]), now)
      .act;
  const until = memory.state === "waiting" ? memory.retryAt : NaN;
  assertEquals(decide(NOW), "wait");
  assertEquals(decide(until - 0.001), "wait");
  assertEquals(decide(until), "apply");
});
