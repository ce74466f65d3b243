import { assertEquals, assertStringIncludes } from "@std/assert";
import type { RunningManifest } from "../protocol/manifest.ts";
import { judgeSockets } from "./rules/socket_rule.ts";

const running = (about: Partial<RunningManifest>) => about as RunningManifest;
const ordinary = running({
  boot: [],
  openSockets: { "main.ts": 2, "other.ts": 1 },
  packageSockets: { "main.ts": 1 },
});

Deno.test("judgeSockets() refuses open sockets of replaced modules of an ordinary app, unless it says what becomes of them", () => {
  const { refusals, notes } = judgeSockets(ordinary, ["main.ts"], undefined);
  assertEquals(notes, []);
  assertEquals(refusals.map(({ rule, path }) => [rule, path]), [
    ["sockets", "main.ts"],
  ]);
  assertStringIncludes(refusals[0]!.why, "2 open sockets");
  for (
    const [way, told] of [
      ["keep", "they go on with the old code"],
      ["reconnect", "are closed with 1012"],
    ] as const
  ) {
    const said = judgeSockets(ordinary, ["main.ts"], way);
    assertEquals(said.refusals, []);
    assertEquals(said.notes.length, 1);
    assertStringIncludes(said.notes[0]!, told);
  }
});

Deno.test("judgeSockets() refuses to greet sockets of packages, and no others", () => {
  const { refusals } = judgeSockets(ordinary, ["main.ts"], "replay");
  assertStringIncludes(refusals[0]!.why, "1 open socket of packages");
  const other = judgeSockets(ordinary, ["other.ts"], "replay");
  assertEquals(other.refusals, []);
  assertStringIncludes(other.notes[0]!, "the new code greets them again");
});

Deno.test("judgeSockets() says nothing of modules that stay, and only notes those of an app with a boot shell", () => {
  assertEquals(judgeSockets(ordinary, ["stays.ts"], undefined), {
    refusals: [],
    notes: [],
  });
  assertEquals(judgeSockets(running({ boot: [] }), ["main.ts"], undefined), {
    refusals: [],
    notes: [],
  });
  const { refusals, notes } = judgeSockets(
    running({ openSockets: { "rooms.ts": 1 } }),
    ["rooms.ts"],
    undefined,
  );
  assertEquals(refusals, []);
  assertStringIncludes(
    notes[0]!,
    "1 open socket whose handlers are made by rooms.ts: they go on with the old code",
  );
});
