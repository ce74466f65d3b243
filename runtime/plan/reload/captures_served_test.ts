import { assertEquals } from "@std/assert";
import { type App, change, M, M2 } from "./captures_fixture_test.ts";

Deno.test("captures: who hands a function to a server and to nobody else stays", () => {
  const app = (main: string, more: App = {}) =>
    change({ "m.ts": M, "main.ts": main, ...more }, { "m.ts": M2 });
  const import_ = `import { f, g, C, value } from "./m.ts";`;
  for (
    const main of [
      `Deno.serve(f);`,
      `Deno.serve({ port: 1 }, f);`,
      `Deno.serve({ handler: f });`,
      `export default { fetch: f };`,
      `export default { fetch: f } satisfies Deno.ServeDefaultExport;`,
    ]
  ) assertEquals(app(`${import_} ${main}`), [], main);
  for (
    const [main, why] of Object.entries({
      [`export default { fetch: f, other: g };`]: "g puts it away",
      [`Deno.serve(f); export const x = f;`]: "f gives it another name",
      [`Deno.serve(C);`]: "C passes it on",
      [`Deno.serve(value);`]:
        "value uses what is neither a function nor a class",
      [`Deno.serve(f); f();`]: "f may run it while modules are evaluated",
    })
  ) {
    assertEquals(
      app(`${import_} ${main}`),
      [`main.ts: m.ts#${why} at 1`],
      main,
    );
  }
  // Of another module, or where somebody imports it, anybody may have it.
  assertEquals(
    app(`import "./a.ts";`, {
      "a.ts": `${import_} export default { fetch: f };`,
    }),
    [
      "a.ts: m.ts#f puts it away at 1",
      "main.ts: a.ts# imports it for its effects at 1",
    ],
  );
  assertEquals(
    app(`${import_} import "./a.ts"; export default { fetch: f };`, {
      "a.ts": `import main from "./main.ts"; export const a = () => main;`,
    }).slice(-1),
    ["main.ts: m.ts#f puts it away at 1"],
  );
});
