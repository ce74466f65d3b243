import { assert, assertEquals, assertThrows } from "@std/assert";
import { generate } from "./generator.ts";
import { renderVersion } from "./render.ts";
import {
  blamed,
  combined,
  failsOnPurpose,
  healthOf,
  membersOf,
  MOST_TOGETHER,
} from "./together.ts";

const programs = Array.from(
  { length: MOST_TOGETHER },
  (_, index) => generate(index + 1),
);

Deno.test("programs that run together have all files of each, and share none but the entry", () => {
  const members = membersOf(programs);
  const own = members.map(({ versions, program }) =>
    Object.keys(renderVersion(versions[0]!, program.health).files)
  );
  const all = renderVersion(
    combined(members, members.map(() => 0)),
    healthOf(programs),
  );
  const shared = ["app.ts", "app_words.ts", "deno.json"];
  const expected = [...own.flat().filter((path) => !shared.includes(path))];
  assertEquals(new Set(expected).size, expected.length);
  assertEquals(Object.keys(all.files).sort(), [...expected, ...shared].sort());
  assertEquals(
    all.probes.length,
    1 + members.reduce(
      (sum, { versions, program }) =>
        sum + renderVersion(versions[0]!, program.health).probes.length - 1,
      0,
    ),
  );
});

Deno.test("the first of them is the program as it is alone", () => {
  const [member] = membersOf(programs.slice(0, 1));
  assertEquals(
    combined([member!], [0]).pieces,
    member!.program.pieces.map((piece) => piece),
  );
});

Deno.test("health is asked where a program has an unhealthy version", () => {
  const unhealthy = Array.from({ length: 200 }, (_, index) => generate(index))
    .find(({ steps }) =>
      steps.flat().some(({ name }) => name === "unhealthy")
    )!;
  const quiet = { ...programs[0]!, health: "none" as const };
  assertEquals(healthOf([quiet, unhealthy]), unhealthy.health);
  assert(unhealthy.health !== "none");
  const [member] = membersOf([unhealthy]);
  assert(
    member!.versions.some((version) =>
      failsOnPurpose(version, unhealthy.health)
    ),
  );
  assert(!failsOnPurpose(member!.versions[0]!, unhealthy.health));
});

Deno.test("blamed() finds whose names a refusal names, and nobody where it names none", () => {
  const members = membersOf(programs.slice(0, 3));
  const ports = { main: 10_001, m1: 10_002, n3: 10_003 };
  const letters = (message: string) =>
    blamed({ state: "failed", message }, members, ports)
      .map(({ letter }) => letter);
  assertEquals(letters("n2_state.ts:4 n2_kept: why; remedy"), ["n"]);
  assertEquals(letters("Cannot keep o0_kept.items[0] (Item): new"), ["o"]);
  assertEquals(letters("they did not serve 127.0.0.1:10003 (app.ts)"), ["n"]);
  assertEquals(letters("they did not serve 127.0.0.1:10001 (app.ts)"), []);
  assertEquals(letters("health said no"), []);
});

Deno.test("more programs than there are names for are refused", () => {
  assertThrows(
    () => membersOf([...programs, generate(99)]),
    Error,
    "at most",
  );
});
