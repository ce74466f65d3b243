import { assertEquals, assertStringIncludes } from "@std/assert";
import type { RunningManifest } from "../../protocol/manifest/manifest.ts";
import { NO_SETTINGS } from "../../protocol/manifest/release_settings.ts";
import { judgeSockets, socketsWay } from "../rules/socket_rule.ts";

const running = (about: Partial<RunningManifest>) => about as RunningManifest;
const ordinary = running({
  boot: [],
  openSockets: { "main.ts": 2, "other.ts": 1 },
  packageSockets: { "main.ts": 1 },
});

const lineOf = (more: Partial<RunningManifest>) =>
  judgeSockets({ ...ordinary, ...more }, ["main.ts"], undefined)
    .refusals[0]!.line;

Deno.test("judgeSockets() refuses open sockets of replaced modules of an ordinary app, unless it says what becomes of them", () => {
  const { refusals, notes } = judgeSockets(ordinary, ["main.ts"], undefined);
  assertEquals(notes, []);
  assertEquals(refusals.map(({ rule, path }) => [rule, path]), [
    ["sockets", "main.ts"],
  ]);
  assertStringIncludes(refusals[0]!.why, "2 open sockets");
  assertEquals(lineOf({}), 0, "nobody knows where");
  assertEquals(lineOf({ socketLines: { "main.ts": 7 } }), 7);
  const serves = (...lines: number[]) => ({
    "main.ts": {
      owned: lines.map((line) => ({
        kind: "server" as const,
        line,
        detail: "listen()",
      })),
    },
  });
  assertEquals(lineOf({ analysis: serves(4) }), 4);
  assertEquals(lineOf({ analysis: serves(4, 9) }), 0, "it may be either");
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
  assertStringIncludes(
    refusals[0]!.why,
    "1 open socket that cannot be greeted again",
  );
  const other = judgeSockets(ordinary, ["other.ts"], "replay");
  assertEquals(other.refusals, []);
  assertStringIncludes(other.notes[0]!, "the new code greets them again");
});

Deno.test("judgeSockets() says nothing of modules that stay, and the same of an app with a boot shell", () => {
  assertEquals(judgeSockets(ordinary, ["stays.ts"], undefined), {
    refusals: [],
    notes: [],
  });
  assertEquals(judgeSockets(running({ boot: [] }), ["main.ts"], undefined), {
    refusals: [],
    notes: [],
  });
  const shell = running({ openSockets: { "rooms.ts": 1 } });
  const { refusals, notes } = judgeSockets(shell, ["rooms.ts"], undefined);
  assertEquals(notes, []);
  assertStringIncludes(refusals[0]!.why, "1 open socket,");
  assertStringIncludes(refusals[0]!.remedy, "sockets()");
});

Deno.test("the way back is not closed by open sockets: they are asked to connect again, or what is said becomes of them", () => {
  assertEquals(socketsWay(undefined, ordinary, false), undefined);
  assertEquals(socketsWay(undefined, ordinary, true), "reconnect");
  const said = running({
    ...ordinary,
    settings: { ...NO_SETTINGS, sockets: "keep" },
  });
  assertEquals(socketsWay(undefined, said, false), undefined);
  assertEquals(socketsWay(undefined, said, true), "keep");
  assertEquals(socketsWay("replay", said, true), "replay");
  assertEquals(
    judgeSockets(ordinary, ["main.ts"], "replay", true).refusals,
    [],
  );
});
