import { assertEquals, assertMatch } from "@std/assert";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

/** What classes may keep to themselves that calls have returned. */
const HIDDEN: Readonly<Record<string, string>> = {
  assigned: "box.it = made();",
  shared: "return box.share(made());",
  spread: "return box.share({ ...made() });",
  awaited: "return box.fetch(async () => made());",
};

Deno.test("a function that only a class can reach, in what a call has returned to it, is refused by name", async () => {
  const app = (code: string, word: string, consent: string[] = []) => ({
    "main.ts": `import { box } from "./box.ts";
import { start } from "./work.ts";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async (request) => {
  if (request.url.endsWith("/start")) await start();
  return new Response(box.tell());
});`,
    "box.ts": `type Told = { tell(): string };
export class Box {
  #it?: Told;
  set it(to: Told) { this.#it = to; }
  share(it: Told) { this.#it = it; return this; }
  async fetch(make: () => Promise<Told>) { this.#it ??= await make(); }
  tell() { return this.#it?.tell() ?? ""; }
}
export const box = new Box();`,
    "work.ts": `import { box } from "./box.ts";
const made = () => ({ tell: () => "${word}" });
export const start = () => { ${code} };`,
    "deno.json": JSON.stringify({ flyhot: { consent } }),
  });
  for (const [name, code] of Object.entries(HIDDEN)) {
    await using running = await OrdinaryApp.start(app(code, "one"));
    assertEquals(await running.ask("/start"), "200 one", name);
    const { state, failure } = await running.upgrade(app(code, "two"));
    assertEquals(state, "failed", name);
    assertMatch(
      failure!.message,
      /^Cannot replace work\.ts: it has handed a function to somebody .*, in box\.ts#box\.#it\.tell;/,
    );
    const consent = ["timers:work.ts"];
    const consented = await running.upgrade(app(code, "two", consent));
    assertEquals(consented.state, "applied", consented.failure?.message);
    // What was fetched once stays.
    const told = name === "awaited" ? "200 one" : "200 two";
    assertEquals(await running.ask("/start"), told);
  }
});
