import { assertEquals } from "@std/assert";
import { underLoad } from "./load_verdict.ts";
import { differences } from "./observe.ts";
import { expectedStates } from "./state_model.ts";

const seen = (answer: string, began: number) => ({
  probe: "p(1)",
  over: "call" as const,
  began,
  ended: began + 1,
  answer,
});

Deno.test("underLoad() lets callers have the old or the new answer, and after the end only the new", () => {
  const verdict = (answer: string, began: number) =>
    underLoad([seen(answer, began)], { "p(1)": "old" }, { "p(1)": "new" }, 10)
      .length;
  assertEquals(verdict("old", 5), 0);
  assertEquals(verdict("new", 5), 0);
  assertEquals(verdict("new", 15), 0);
  assertEquals(verdict("old", 15), 1);
  assertEquals(verdict("oldnew", 5), 1);
  assertEquals(
    underLoad(
      [{ probe: "p(1)", over: "HTTP", began: 1, ended: 2, error: "no" }],
      {},
      {},
      10,
    )
      .length,
    1,
  );
});

Deno.test("expectedStates() counts what callers added by the version that added it", () => {
  const holder = (...steps: { kind: "scale"; by: number }[]) => ({
    piece: "m",
    family: false,
    steps,
  });
  const added = [
    { piece: "m", key: "it", version: 1, by: 2 },
    { piece: "m", key: "it", version: 2, by: 5 },
    { piece: "other", key: "it", version: 1, by: 99 },
  ];
  const before = { it: { n: 1, trail: [] } };
  assertEquals(
    expectedStates(before, added, holder(), holder({ kind: "scale", by: 10 })),
    { it: { n: 35, trail: ["up2"] } },
  );
  assertEquals(expectedStates(before, added, holder(), holder()), {
    it: { n: 3, trail: [] },
  });
  assertEquals(
    expectedStates(
      { it: { n: 30, trail: [] } },
      [{ piece: "m", key: "it", version: 1, by: 1 }],
      holder({ kind: "scale", by: 10 }),
      holder(),
    ),
    { it: { n: 4, trail: ["down2"] } },
  );
});

Deno.test("differences() does not mind the order of keys", () => {
  assertEquals(
    differences("x", { a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } }),
    [],
  );
  assertEquals(differences("x", { a: 1 }, {}).length, 1);
});
