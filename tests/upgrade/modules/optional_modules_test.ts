import { assert, assertEquals } from "@std/assert";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

const SERVE = (body: string) =>
  `Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, ${body});`;

/** How a program gets a module that may not be there; `word()` is what it makes of it. */
const WAYS: Readonly<Record<string, string>> = {
  try:
    `let word = () => "none"; try { word = (await import("./extra.ts")).word; } catch { /* none */ }`,
  reaction:
    `const word = await import("./extra.ts").then((it) => it.word, () => () => "none");`,
  request:
    `const word = async () => { try { return (await import("./extra.ts")).word(); } catch { return "none"; } };`,
  query:
    `let word = () => "none"; try { word = (await import("./extra.ts?x=1")).word; } catch { /* none */ }`,
  computed:
    `let word = () => "none"; for (const name of ["extra"]) { try { word = (await import(\`./\${name}.ts\`)).word; } catch { /* none */ } }`,
};

for (const [name, way] of Object.entries(WAYS)) {
  Deno.test(`a module that may not be there comes, changes and goes, as in fresh processes, under calls: ${name}`, async () => {
    await using app = await OrdinaryApp.start({
      "main.ts": `${way} ${
        SERVE("async () => new Response(String(await word()))")
      }`,
    });
    const met = new Set<string>();
    let going = true;
    const load = (async () => {
      while (going) met.add(await app.ask());
    })();
    const versions = ["two", "three", null, "five", null];
    for (const version of versions) {
      const report = await app.upgrade({
        "extra.ts": version && `export const word = () => "${version}";`,
      });
      assertEquals(report.state, "applied", JSON.stringify(report));
      assertEquals(await app.ask(), `200 ${version ?? "none"}`);
    }
    going = false;
    await load;
    assertEquals(
      met,
      new Set(["none", "two", "three", "five"].map((it) => `200 ${it}`)),
    );
  });
}

Deno.test("what a module that goes has begun ends with it, though its importer names it still", async () => {
  await using app = await OrdinaryApp.start({
    "main.ts":
      `try { await import("./extra.ts"); } catch { /* none */ } const seen = globalThis as { ticks?: number }; ${
        SERVE("() => new Response(String(seen.ticks ?? 0))")
      }`,
    "extra.ts":
      `const seen = globalThis as { ticks?: number }; setInterval(() => { seen.ticks = (seen.ticks ?? 0) + 1; }, 1);`,
    "deno.json": JSON.stringify({
      flyhot: { consent: ["global:extra.ts#ticks"] },
    }),
  });
  const ticks = async () => Number((await app.ask()).slice(4));
  const report = await app.upgrade({ "extra.ts": null });
  assertEquals(report.state, "applied", JSON.stringify(report));
  const after = await ticks();
  assert(after > 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals(await ticks(), after);
});
