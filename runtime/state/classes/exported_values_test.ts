import { assertEquals } from "@std/assert";
import { ExportedValues } from "./exported_values.ts";

Deno.test("constants that a module makes again are known by their exports, members included", () => {
  const same = {}, before = { A: { x: { n: 1 } }, same, n: 1, List: [] };
  const values = new ExportedValues();
  values.learn("a.ts", before, { A: { x: { n: 2 } }, same, n: 2, List: [] });
  assertEquals(values.isEmpty, false);
  assertEquals(
    [before.A, before.A.x, same, before.List].map((it) => values.nameOf(it)),
    ["a.ts#A", "a.ts#A", undefined, undefined],
  );
});

Deno.test("neither getters nor exports without a value are asked, and what is gone or of a class is left alone", () => {
  const values = new ExportedValues();
  const get = () => {
    throw new Error("asked");
  };
  const old = Object.defineProperty({}, "x", { get, enumerable: true });
  const early = Object.defineProperty(
    { old, gone: {}, date: new Date(0) },
    "b",
    {
      get,
      enumerable: true,
    },
  );
  values.learn("a.ts", early, { old: {}, date: new Date(0), b: {} });
  assertEquals(values.nameOf(old), "a.ts#old");
  assertEquals(values.nameOf(early.gone), undefined);
  assertEquals(values.nameOf(early.date), undefined);
});
