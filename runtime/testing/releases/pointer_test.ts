import { assertEquals } from "@std/assert";
import { bootUpgrades, decideUpgrade } from "../../machine/decide_upgrade.ts";
import {
  generationOf,
  parsePointer,
  type Pointer,
} from "../../protocol/pointer.ts";
import {
  begun,
  begunBack,
  committed,
  type Deployed,
  type NewUpgrade,
  pointerWith,
  previous,
  refused,
} from "./pointer.ts";

const WHERE = { app: "a", imageRef: "registry.fly.io/a:1" };
const NOTHING: Deployed = { current: null, history: [] };

const release = (id: string, sha: string | null = id): NewUpgrade => ({
  id,
  version: id,
  source_image_ref: "local:1",
  key: sha && `releases/${sha}.tar.gz`,
  tarball_url: sha && `http://127.0.0.1/${sha}`,
  sha256: sha && sha.repeat(64),
  size: 1,
  deployed_at: "2026-01-15T10:30:00Z",
  deployed_by: "test",
});

const upgraded = (deployed: Deployed, id: string, sha = id) =>
  committed(begun(deployed, release(id, sha), "m"));

const back = (deployed: Deployed, id: string) => {
  const target = previous(deployed);
  const sha = target?.id ?? null;
  return committed(begunBack(deployed, target, release(id, sha), "m"));
};

/** What a running machine, one that starts again and another machine make of it. */
function seen(deployed: Deployed): (string | null)[] {
  const pointer = pointerWith(null, WHERE, deployed, "2026-01-15T10:30:00Z");
  assertEquals(parsePointer(JSON.parse(JSON.stringify(pointer))), pointer);
  const generation = generationOf(pointer, WHERE.imageRef);
  const running = (id: string) => {
    const decision = decideUpgrade(generation, id, new Map(), 0);
    return decision.act === "apply" ? decision.upgrade.id : null;
  };
  return [
    running("m"),
    (bootUpgrades(generation)[0] ?? null)?.id ?? null,
    running("other"),
  ];
}

Deno.test("begun() shows an upgrade to one machine only, committed() to all and at boot", () => {
  const first = begun(NOTHING, release("1"), "m");
  assertEquals(seen(first), ["1", null, null]);
  assertEquals(seen(committed(first)), ["1", "1", "1"]);
  const second = begun(committed(first), release("2"), "m");
  assertEquals(seen(second), ["2", "1", null]);
  assertEquals(seen(committed(second)), ["2", "2", "2"]);
});

Deno.test("refused() makes what ran before current again", () => {
  const first = begun(NOTHING, release("1"), "m");
  assertEquals(seen(refused(NOTHING, first)), [null, null, null]);
  const ran = committed(first);
  const after = refused(ran, begun(ran, release("2"), "m"));
  assertEquals(seen(after), ["1", "1", "1"]);
  assertEquals(after.history.map(({ id, state }) => [id, state]), [
    ["2", "rolled_back"],
  ]);
  assertEquals(refused(ran, NOTHING), ran);
});

Deno.test("previous() and begunBack() lead back step by step, past what is the same", () => {
  let deployed = upgraded(upgraded(NOTHING, "1"), "2");
  deployed = upgraded(deployed, "3", "2");
  deployed = refused(deployed, begun(deployed, release("4"), "m"));
  deployed = back(deployed, "5");
  assertEquals(deployed.current?.tarball_url, "http://127.0.0.1/1");
  assertEquals(seen(deployed), ["5", "5", "5"]);
  deployed = back(deployed, "6");
  assertEquals(deployed.current?.tarball_url, null);
  assertEquals(seen(deployed), ["6", null, "6"]);
});

Deno.test("pointerWith() grows the revision and leaves other generations alone", () => {
  const other = pointerWith(
    null,
    { app: "a", imageRef: "registry.fly.io/a:0" },
    upgraded(NOTHING, "0"),
    "2026-01-15T10:30:00Z",
  );
  const both: Pointer = pointerWith(other, WHERE, NOTHING, "2026-01-16");
  assertEquals([other.revision, both.revision], [1, 2]);
  assertEquals(Object.keys(both.generations).sort(), [
    "registry.fly.io/a:0",
    "registry.fly.io/a:1",
  ]);
  assertEquals(both.hot_upgrade, null);
  const later = pointerWith(both, WHERE, NOTHING, "2026-01-17");
  assertEquals(
    later.generations["registry.fly.io/a:1"]?.first_seen,
    "2026-01-16",
  );
});
