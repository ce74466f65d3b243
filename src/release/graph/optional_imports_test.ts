import { assertEquals } from "@std/assert";
import { optionalImports } from "./optional_imports.ts";

Deno.test("optionalImports() names what a program goes on without", () => {
  const optional = (source: string) => [...optionalImports("a.ts", source)];
  assertEquals(
    optional(`
      let a: unknown;
      try { a = await import("./tried.ts"); } catch { a = 1; }
      const b = await import("./caught.ts").catch(() => null);
      const c = await import("./then.ts").then((m) => m.default, () => 1);
      const d = await (await import("./awaited.ts")).run().catch(() => 1);
      const e = await import("./late.ts").then((m) => m.run()).catch(() => 1);
      await Promise.allSettled([import("./settled.ts")]);
      const f = async () => { try { return await import("./inner.ts"); } catch { return 1; } };
    `),
    [
      "./tried.ts",
      "./caught.ts",
      "./then.ts",
      "./awaited.ts",
      "./late.ts",
      "./settled.ts",
      "./inner.ts",
    ],
  );
});

Deno.test("optionalImports() leaves out what would fail", () => {
  const optional = (source: string) => [...optionalImports("a.ts", source)];
  assertEquals(
    optional(`
      await import("./plain.ts");
      try { await import("./no_catch.ts"); } finally { a(); }
      try { a(); } catch { await import("./in_catch.ts"); }
      try { later(() => import("./another.ts")); } catch { a(); }
      const m = await import("./then.ts").then((m) => m.default);
      try { await import("./both.ts"); } catch { a(); }
      await import("./both.ts");
      await load(() => import("./handler.ts")).catch(() => 1);
      await Promise.all([import("./all.ts")]);
    `),
    [],
  );
  assertEquals(optional("let = ;"), []);
});
