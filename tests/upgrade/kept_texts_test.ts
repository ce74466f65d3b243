/** Functions that state holds are those of the new code where their text is, whichever way Deno was given it.
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Clients } from "../support/net/clients.ts";
import type { Files } from "../support/driven_app.ts";
import { OrdinaryApp } from "../support/ordinary_app.ts";

const state = (word: string, more = "", body = "x * 2") => `
interface Rule { readonly of: (x: number, y?: string) => number }
export const rules = new Map<string, Rule>();
${more}
export function act(path: string): string {
  if (path === "/set") {
    rules.set("double", {
      of: (x: number, _y?: string): number => { if (x > 1e6) return 0; return ${body}; },
    });
  }
  return "${word} " + [...rules.values()].map(({ of }) => of(21));
}
`;
const MAIN = `
import { act } from "./state.ts";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, (request) =>
  new Response(act(new URL(request.url).pathname)));
`;

Deno.test("a function in a kept value stays one, typed as it is, where its text stays", async () => {
  await using app = await OrdinaryApp.start({
    "main.ts": MAIN,
    "state.ts": state("one"),
    "deno.json": JSON.stringify({ flyhot: { keep: ["state.ts#rules"] } }),
  });
  assertEquals(await app.ask("/set"), "200 one 42");
  await using clients = new Clients(app.url);
  const applied = async (changes: Files, answer: string) => {
    const report = await app.upgrade(changes);
    assertEquals(report.state, "applied", JSON.stringify(report));
    assertEquals(await app.ask(), answer);
  };
  // Deno transpiled the image; the types of the releases are blanked out, but where an enum needs more.
  await applied({ "state.ts": state("two") }, "200 two 42");
  await applied(
    { "state.ts": state("three", "export enum Word { A }") },
    "200 three 42",
  );
  await applied({ "state.ts": state("four") }, "200 four 42");
  assertEquals(await app.ask("/set"), "200 four 42");
  await applied({ "state.ts": state("one") }, "200 one 42");
  const report = await app.upgrade({ "state.ts": state("five", "", "x * 3") });
  assertStringIncludes(
    report.failure?.message ?? "",
    "its text is not in the new code",
  );
  assertEquals(await app.ask(), "200 one 42");
  assertEquals(await clients.end(), []);
});
