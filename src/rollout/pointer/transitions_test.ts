import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  generationOf,
  HISTORY_MAX,
  type HotUpgrade,
  parsePointer,
  type Pointer,
  pointerWithGeneration,
} from "@flyhot/runtime/protocol";
import { bootUpgrades } from "../../../runtime/machine/decide_upgrade.ts";
import { FlyhotError } from "../../errors.ts";
import { lastCommitted, namesUpgrade, previousUpgrade } from "./history.ts";
import {
  committed,
  fenced,
  rolledBack,
  type Transition,
  withoutOldGenerations,
  withUpgrade,
  withWave,
} from "./transitions.ts";

const IMAGE = "registry.fly.io/shop:one";
const NOW = "2026-01-02T03:04:05.000Z";

function upgrade(id: string, content = id): HotUpgrade {
  return {
    id,
    version: `v${id}`,
    source_image_ref: `local:${content}`,
    key: `releases/shop-${content}.tar.gz`,
    tarball_url: `https://bucket/releases/shop-${content}.tar.gz`,
    sha256: content.padEnd(64, "0").slice(0, 64).replaceAll(/[^0-9a-f]/g, "0"),
    size: 10,
    deployed_at: NOW,
    deployed_by: "ann",
    state: "probation",
    wave: ["m1"],
  };
}

/** Applies transitions one after another; each must read back as it was written. */
function play(...transitions: Transition[]): Pointer {
  let pointer: Pointer | null = null;
  for (const transition of transitions) {
    const after: Pointer | null = transition(pointer);
    assert(after);
    assertEquals(
      parsePointer(JSON.parse(JSON.stringify(after))).generations,
      parsePointer(after).generations,
    );
    assertEquals(
      after.revision,
      (pointer?.revision ?? 0) + (after === pointer ? 0 : 1),
    );
    // A write whose answer was lost is repeated.
    assertStrictEquals(transition(after), after);
    pointer = after;
  }
  return pointer!;
}

const deploy = (id: string, content = id) => [
  withUpgrade("shop", IMAGE, upgrade(id, content), NOW),
  committed(id, NOW),
];
const undo = (upgradeId: string, id: string, target?: HotUpgrade | null) =>
  rolledBack({
    upgradeId,
    id,
    deployedBy: "bob",
    now: NOW,
    ...(target === undefined ? {} : { target }),
  });
const states = (pointer: Pointer) => {
  const { hot_upgrade, history } = pointer.generations[IMAGE]!;
  return [hot_upgrade!, ...history].map(({ id, state }) => `${id} ${state}`);
};

Deno.test("withUpgrade() begins a pointer, and keeps what it replaces in the history", () => {
  const first = play(withUpgrade("shop", IMAGE, upgrade("1"), NOW));
  assertEquals(first, {
    protocol: 1,
    app: "shop",
    revision: 1,
    set_at: NOW,
    image_ref: IMAGE,
    hot_upgrade: upgrade("1"),
    generations: {
      [IMAGE]: {
        image_ref: IMAGE,
        first_seen: NOW,
        hot_upgrade: upgrade("1"),
        history: [],
      },
    },
  });
  assertEquals(states(play(...deploy("1"), ...deploy("2"))), [
    "2 committed",
    "1 committed",
  ]);
});

Deno.test("withUpgrade() marks what never got past probation as rolled back", () => {
  const pointer = play(
    ...deploy("1"),
    withUpgrade("shop", IMAGE, upgrade("2"), NOW),
    withUpgrade("shop", IMAGE, upgrade("3"), NOW),
  );
  assertEquals(states(pointer), [
    "3 probation",
    "2 rolled_back",
    "1 committed",
  ]);
  assertEquals((bootUpgrades(pointer.generations[IMAGE]!)[0] ?? null)?.id, "1");
});

Deno.test("withUpgrade() refuses to bring back what was replaced", () => {
  const pointer = play(...deploy("1"), ...deploy("2"));
  const error = assertThrows(
    () => withUpgrade("shop", IMAGE, upgrade("1"), NOW)(pointer),
    FlyhotError,
    "Cannot change upgrade 1: 2 (v2, by ann) has replaced it",
  );
  assertEquals(error.code, "conflict");
});

Deno.test("withUpgrade() finds the generation by the parts of its image", () => {
  const pointer = play(...deploy("1"));
  const digest = `${IMAGE}@sha256:${"a".repeat(64)}`;
  const after = withUpgrade("shop", digest, upgrade("2"), NOW)(pointer)!;
  assertEquals(Object.keys(after.generations), [IMAGE]);
  assertEquals(states(after), ["2 probation", "1 committed"]);
  assertEquals(generationOf(after, digest)?.image_ref, IMAGE);
  assertEquals(generationOf(after, "registry.fly.io/shop:two"), null);
});

Deno.test("withUpgrade() remembers the last upgrades only", () => {
  const all = Array.from(
    { length: HISTORY_MAX + 5 },
    (_, index) => deploy(`${index}`),
  ).flat();
  const { history } = play(...all).generations[IMAGE]!;
  assertEquals(history.length, HISTORY_MAX);
  assertEquals(history[0]?.id, `${HISTORY_MAX + 3}`);
});

Deno.test("withoutOldGenerations() leaves 20, and any that a machine runs", () => {
  const at = (second: number) =>
    `2026-01-02T03:04:${`${second}`.padStart(2, "0")}.000Z`;
  const images = Array.from(
    { length: 25 },
    (_, index) => `registry.fly.io/shop:${index}`,
  );
  const pointer = play(
    ...images.map((image, index) =>
      withUpgrade("shop", image, upgrade(`${index}`), at(index))
    ),
  );
  // Whoever brings an upgrade does not know what other machines run, and what was brought must not be forgotten.
  assertEquals(Object.keys(pointer.generations).length, 25);
  assertEquals(pointer.image_ref, images.at(-1));
  const inUse = [`${images[1]}@sha256:00`, images[7]!, "registry.fly.io/x:1"];
  const after = withoutOldGenerations(inUse, at(59))(pointer)!;
  assertEquals(
    Object.keys(after.generations).sort(),
    images.filter((_, index) => index === 1 || index > 5).sort(),
  );
  assertEquals(after.revision, pointer.revision + 1);
  assertEquals(after.image_ref, images.at(-1));
  assertStrictEquals(withoutOldGenerations(inUse, at(59))(after), after);
  const all = withoutOldGenerations(images, at(59))(pointer)!;
  assertStrictEquals(all, pointer);
});

Deno.test("withUpgrade() forgets the oldest generations that nothing was ever brought to", () => {
  let pointer: Pointer | null = null;
  for (let index = 0; index < 100; index++) {
    pointer = pointerWithGeneration(
      pointer,
      "shop",
      {
        image_ref: `registry.fly.io/shop:${index}`,
        first_seen: new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString(),
        hot_upgrade: null,
        history: [],
      },
      NOW,
    );
    assert(Object.keys(pointer.generations).length <= 20);
  }
  const after = withUpgrade("shop", IMAGE, upgrade("1"), NOW)(pointer)!;
  assertEquals(Object.keys(after.generations).length, 20);
  assert(namesUpgrade(after, "1"));
});

Deno.test("withWave() and committed() change the current upgrade only", () => {
  const begun = play(
    ...deploy("1"),
    withUpgrade("shop", IMAGE, upgrade("2"), NOW),
  );
  const wider = withWave("2", ["m1", "m2"], NOW)(begun)!;
  assertEquals(wider.hot_upgrade?.wave, ["m1", "m2"]);
  assertStrictEquals(withWave("2", ["m1", "m2"], NOW)(wider), wider);
  const done = committed("2", NOW)(wider)!;
  assertEquals([done.hot_upgrade?.state, done.hot_upgrade?.wave], [
    "committed",
    "*",
  ]);
  for (
    const transition of [
      withWave("1", "*", NOW),
      committed("1", NOW),
      committed("9", NOW),
    ]
  ) {
    const error = assertThrows(() => transition(done), FlyhotError);
    assertEquals(error.code, "conflict");
  }
  assertThrows(
    () => committed("9", NOW)(null),
    FlyhotError,
    "Cannot change upgrade 9: the pointer does not name it",
  );
});

Deno.test("rolledBack() goes back to what was committed before, as a new upgrade", () => {
  const pointer = play(
    ...deploy("1"),
    withUpgrade("shop", IMAGE, upgrade("2"), NOW),
    undo("2", "3"),
  );
  assertEquals(pointer.hot_upgrade, {
    ...upgrade("1"),
    id: "3",
    deployed_by: "bob",
    state: "committed",
    wave: "*",
    rollback_of: "2",
  });
  assertEquals(states(pointer), [
    "3 committed",
    "2 rolled_back",
    "1 committed",
  ]);
});

Deno.test("rolledBack() goes back to the base image where nothing was committed before", () => {
  const pointer = play(
    withUpgrade("shop", IMAGE, upgrade("1"), NOW),
    undo("1", "2"),
  );
  const { version, key, tarball_url, sha256, size, source_image_ref, state } =
    pointer.hot_upgrade!;
  assertEquals(
    { version, key, tarball_url, sha256, size, source_image_ref, state },
    {
      version: "base",
      key: null,
      tarball_url: null,
      sha256: null,
      size: 0,
      source_image_ref: IMAGE,
      state: "committed",
    },
  );
  // A release of the same name may be tried again, and fail again.
  const again = play(
    withUpgrade("shop", IMAGE, upgrade("1"), NOW),
    undo("1", "2"),
    withUpgrade("shop", IMAGE, upgrade("3", "1"), NOW),
    undo("3", "4"),
  );
  assertEquals(again.hot_upgrade?.version, "base");
});

Deno.test("rolledBack() agrees with what a machine that starts again runs", () => {
  // 2 was deployed again as 3, and 3 fell by the wayside: 2 is still what was committed last.
  const pointer = play(
    ...deploy("1"),
    ...deploy("2"),
    withUpgrade("shop", IMAGE, upgrade("3", "2"), NOW),
    withUpgrade("shop", IMAGE, upgrade("4"), NOW),
  );
  const before = bootUpgrades(pointer.generations[IMAGE]!)[0] ?? null;
  assertEquals(before?.id, "2");
  assertEquals(lastCommitted(pointer.generations[IMAGE]!)?.id, "2");
  const after = undo("4", "5")(pointer)!;
  assertEquals(after.hot_upgrade?.sha256, before?.sha256);
});

Deno.test("rolledBack() goes to a target, and refuses what is not current", () => {
  const pointer = play(...deploy("1"), ...deploy("2"), ...deploy("3"));
  assertEquals(
    undo("3", "4", upgrade("1"))(pointer)?.hot_upgrade?.version,
    "v1",
  );
  assertEquals(undo("3", "4", null)(pointer)?.hot_upgrade?.version, "base");
  assertThrows(
    () => undo("1", "4")(pointer),
    FlyhotError,
    "3 (v3, by ann) has replaced it",
  );
});

Deno.test("previousUpgrade() goes back step by step, and never to what was undone", () => {
  let pointer = play(...deploy("1"), ...deploy("2"), ...deploy("3"));
  const versions: (string | undefined)[] = [];
  for (const id of ["a", "b", "c"]) {
    const generation = pointer.generations[IMAGE]!;
    const target = previousUpgrade(generation);
    versions.push(target?.version);
    pointer = undo(generation.hot_upgrade!.id, id, target)(pointer)!;
  }
  assertEquals(versions, ["v2", "v1", undefined]);
  // What is deployed once more counts again.
  pointer = play(
    ...deploy("1"),
    ...deploy("2"),
    undo("2", "a", upgrade("1")),
    ...deploy("3", "2"),
    ...deploy("4"),
  );
  assertEquals(previousUpgrade(pointer.generations[IMAGE]!)?.id, "3");
  // A rollout that was left half way is undone first.
  pointer = play(
    ...deploy("1"),
    ...deploy("2"),
    withUpgrade("shop", IMAGE, upgrade("3"), NOW),
  );
  assertEquals(previousUpgrade(pointer.generations[IMAGE]!)?.id, "2");
});

Deno.test("fenced() changes nothing but the revision, and begins a pointer that names no upgrade", () => {
  const pointer = play(...deploy("1"));
  assertEquals(fenced("shop", IMAGE, "later")(pointer), {
    ...pointer,
    revision: 3,
    set_at: "later",
  });
  const fresh = fenced("shop", IMAGE, NOW)(null)!;
  assertEquals(parsePointer(fresh).generations, Object.create(null));
  assertEquals([fresh.revision, fresh.hot_upgrade], [1, null]);
});

Deno.test("namesUpgrade() looks at the current and at earlier ones", () => {
  const pointer = play(...deploy("1"), ...deploy("2"));
  assertEquals(["1", "2", "3"].map((id) => namesUpgrade(pointer, id)), [
    true,
    true,
    false,
  ]);
  assertEquals(namesUpgrade(null, "1"), false);
});
