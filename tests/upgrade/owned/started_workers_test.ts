import { assertEquals, assertStringIncludes } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

const WORKER = (word: string) =>
  `import { said } from "./said.ts"; self.onmessage = () => self.postMessage(said + " ${word}");`;
const SAID = (word: string) => `export const said = "${word}";`;

/** Asks a worker, whose name the text does not tell, while the module is evaluated or when somebody asks. */
const main = (version: string, atOnce: boolean) => `
const ask = () => {
  const worker = new Worker(new URL(["./w", "ts"].join("."), import.meta.url), { type: "module" });
  const { promise, resolve } = Promise.withResolvers<string>();
  worker.onmessage = ({ data }) => { worker.terminate(); resolve(data); };
  worker.postMessage(0);
  return promise;
};
${atOnce ? "const first = ask();" : ""}
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async (request) =>
  new Response(request.url.endsWith("/ask") ? await ${
  atOnce ? "first" : "ask()"
} : "${version}"));`;

Deno.test("a worker that new code starts while it is evaluated never runs a script of the code before", async () => {
  await using app = await OrdinaryApp.start({
    "main.ts": main("v1", false),
    "w.ts": WORKER("one"),
    "said.ts": SAID("said"),
  });
  await using clients = new Clients(app.url, 2);
  assertEquals(await app.ask("/ask"), "200 said one");
  for (
    const change of [
      { "w.ts": WORKER("two") },
      { "w.ts": WORKER("one"), "said.ts": SAID("told") },
    ]
  ) {
    const report = await app.upgrade({
      "main.ts": main("v2", true),
      ...change,
    });
    assertEquals(report.state, "failed", JSON.stringify(report));
    assertStringIncludes(
      report.failure!.message,
      `Cannot start a worker of w.ts while its module is evaluated: ${
        "said.ts" in change ? "said.ts, which it imports," : "it"
      } has changed`,
    );
    assertEquals(await app.ask("/ask"), "200 said one");
  }
  const report = await app.upgrade({
    "main.ts": main("v3", false),
    "w.ts": WORKER("three"),
  });
  assertEquals(report.state, "applied", JSON.stringify(report));
  assertEquals(await app.ask("/ask"), "200 told three");
  assertEquals(await clients.end(), []);
  assertEquals([...clients.answers.keys()].sort(), ["v1", "v3"]);
});
