import { assertEquals, assertThrows } from "@std/assert";
import { UpgradeError } from "../../../base/upgrade_error.ts";
import type { StateDefinition } from "../../../state/definition.ts";
import { pairs } from "./state_pairs.ts";

type Named = readonly [name: string, renamedFrom?: string];

const definition = ([name, renamedFrom = null]: [string, (string | null)?]) =>
  ({ name, renamedFrom, module: "state.ts" }) as unknown as StateDefinition;

/** Which state each declared name goes on with. */
function paired(
  there: readonly Named[],
  declared: readonly Named[],
): Record<string, string | null> {
  const cells = there.map((it) => ({ definition: definition([...it]) }));
  return Object.fromEntries(
    pairs({
      there: new Map(cells.map((cell) => [cell.definition.name, cell])),
      removed: new Map(),
      declared: declared.map((it) => definition([...it])),
      replaced: new Set(["state.ts"]),
    }).map(({ cell, next }) => [
      next?.name ?? `-${cell!.definition.name}`,
      cell?.definition.name ?? null,
    ]),
  );
}

Deno.test("pairs() follows a new name, also long after, and leaves a new holder of the old name alone", () => {
  assertEquals(paired([["a"]], [["b", "a"]]), { b: "a" });
  assertEquals(paired([["b", "a"]], [["b", "a"]]), { b: "b" });
  assertEquals(paired([["b", "a"]], [["b", "a"], ["a"]]), { b: "b", a: null });
  assertEquals(paired([["b", "a"], ["a"]], [["b", "a"], ["a"]]), {
    b: "b",
    a: "a",
  });
});

Deno.test("pairs() refuses to guess where a name is given on and declared as well", () => {
  const cases: readonly (readonly [readonly Named[], readonly Named[]])[] = [
    // Two names that change places.
    [[["a"], ["b"]], [["a", "b"], ["b", "a"]]],
    // A new holder takes the name that another gives up.
    [[["a"]], [["b", "a"], ["a"]]],
    // One after the other.
    [[["a"], ["b"]], [["b", "a"], ["c", "b"]]],
  ];
  for (const [there, declared] of cases) {
    assertThrows(
      () => paired(there, declared),
      UpgradeError,
      "rename over a name that nothing has, in two upgrades",
    );
  }
});
