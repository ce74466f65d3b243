import { assert, assertEquals } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

const SERVE = `port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1"`;

/** Asks until there is the wanted answer. */
async function answers(app: OrdinaryApp, wanted: string): Promise<void> {
  let got = "";
  for (let tries = 0; tries < 100; tries++) {
    got = await app.ask().catch(String);
    if (got === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertEquals(got, wanted);
}

async function upgraded(
  app: OrdinaryApp,
  changes: Readonly<Record<string, string>>,
): Promise<void> {
  const report = await app.upgrade(changes);
  assertEquals(report.state, "applied", JSON.stringify(report));
}

const word = (text: string) => `export const word = "${text}";`;

/** Ordinary main modules, each of which serves `word`. */
const SHAPES: Readonly<Record<string, string>> = {
  "serves at its top level": `
import { word } from "./word.ts";
Deno.serve({ ${SERVE}, onListen() {} }, () => new Response(word));`,
  "serves from a function that it calls": `
import { word } from "./word.ts";
async function main() {
  await new Promise((resolve) => setTimeout(resolve, 30));
  Deno.serve({ ${SERVE}, onListen() {} }, () => new Response(word));
}
main();`,
  "waits for its server to end": `
import { word } from "./word.ts";
await Deno.serve({ ${SERVE}, onListen() {} }, () => new Response(word)).finished;`,
  "waits without end after it has served": `
import { word } from "./word.ts";
Deno.serve({ ${SERVE}, onListen() {} }, () => new Response(word));
await new Promise(() => {});`,
  "serves with node:http": `
import { createServer } from "node:http";
import { word } from "./word.ts";
createServer((_request, response) => response.end(word)).listen(Number(Deno.env.get("PORT")), "127.0.0.1");`,
  "waits in a loop for connections": `
import { word } from "./word.ts";
const listener = Deno.listen({ ${SERVE} });
for await (const connection of listener) {
  (async () => {
    await connection.read(new Uint8Array(4096));
    const text = "HTTP/1.1 200 OK\\r\\ncontent-length: " + word.length + "\\r\\nconnection: close\\r\\n\\r\\n" + word;
    await connection.write(new TextEncoder().encode(text));
    connection.close();
  })();
}`,
  "is only the main module if it is the main module": `
import { word } from "./word.ts";
if (import.meta.main) {
  if (Deno.mainModule !== import.meta.url) throw new Error(Deno.mainModule);
  Deno.serve({ ${SERVE}, onListen() {} }, () => new Response(word));
}`,
};

for (const [shape, main] of Object.entries(SHAPES)) {
  Deno.test(`an app that knows of nothing is upgraded under load: its main module ${shape}`, async () => {
    await using app = await OrdinaryApp.start({
      "main.ts": main,
      "word.ts": word("v1"),
    });
    await answers(app, "200 v1");
    const { pid } = app.app;
    await using clients = new Clients(app.url);
    for (let version = 2; version <= 4; version++) {
      await upgraded(app, {
        "word.ts": word(`v${version}`),
        "main.ts": `${main}\n// ${version}`,
      });
      await answers(app, `200 v${version}`);
    }
    assertEquals(await clients.end(), []);
    assertEquals([...clients.answers.keys()].at(-1), "v4");
    assert(clients.total > 30, `${clients.total} answers`);
    assertEquals(app.app.pid, pid);
    await app.app.restart();
    await answers(app, "200 v4");
    await upgraded(app, { "word.ts": word("v5") });
    await answers(app, "200 v5");
  });
}

Deno.test("modules that the main module imports, and circles through it, are one instance each", async () => {
  const main = (version: number) => `
import { words } from "./words.ts";
export const version = ${version};
const all = globalThis as { count?: number };
all.count = (all.count ?? 0) + 1;
Deno.serve({ ${SERVE}, onListen() {} }, () => new Response(words() + " of " + all.count));
`;
  const words = (text: string) => `
import { version } from "./main.ts";
export const words = () => "${text} " + version + " " + new URL(import.meta.url).search + import.meta.main;
`;
  await using app = await OrdinaryApp.start({
    "deno.json": JSON.stringify({
      flyhot: { consent: ["global:main.ts#count"] },
    }),
    "main.ts": main(1),
    "words.ts": words("a"),
  });
  await answers(app, "200 a 1 false of 1");
  await upgraded(app, { "main.ts": main(2) });
  await answers(app, "200 a 2 false of 2");
  await upgraded(app, { "words.ts": words("b") });
  await answers(app, "200 b 2 false of 3");
  await app.app.restart();
  await answers(app, "200 b 2 false of 1");
  await upgraded(app, { "words.ts": words("c") });
  await answers(app, "200 c 2 false of 2");
});

Deno.test("a new main module that does not load, or does not serve, leaves the old one serving, with all it owns", async () => {
  const main = (text: string, more = "") => `
setInterval(() => console.log("tick ${text}"), 20);
Deno.addSignalListener("SIGUSR1", () => console.log("signal ${text}"));
Deno.serve({ ${SERVE}, onListen() {} }, () => { Deno.kill(Deno.pid, "SIGUSR1"); return new Response("${text}"); });
${more}`;
  await using app = await OrdinaryApp.start({
    "main.ts": main("one"),
    "deno.json": `{ "flyhot": { "runtime": { "prepareTimeoutMs": 800 } } }`,
  });
  for (
    const [broken, why] of [
      [main("two", `throw new Error("no");`), "no"],
      [
        main(
          "two",
          `await new Promise((r) => setTimeout(r, 10)); Promise.reject(new Error("nobody")); await new Promise((r) => setTimeout(r, 10));`,
        ),
        "nobody",
      ],
      [main("two", `Deno.exit(1);`), "Deno.exit(1)"],
      [`console.log("serves nothing");`, "did not serve"],
    ] as const
  ) {
    const { state, failure } = await app.upgrade({ "main.ts": broken });
    assertEquals(state, "failed", broken);
    assert(failure?.message.includes(why), failure?.message);
    const from = app.log.length;
    assertEquals(await app.ask(), "200 one");
    await app.app.logged("signal one", { from });
    await app.app.logged("tick one", { from });
    const lines = app.log.slice(from).filter((it) => /^(tick|signal)/.test(it));
    assertEquals(lines.filter((it) => it.endsWith("two")), []);
  }
  await upgraded(app, { "main.ts": main("three") });
  await answers(app, "200 three");
});

Deno.test("errors of the main module name its own file and line", async () => {
  await using app = await OrdinaryApp.start({
    "main.ts":
      `Deno.serve({ ${SERVE}, onListen() {} }, () => new Response("v1"));`,
  });
  const two = `interface Types { readonly a: string }
const a: Types = { a: "x" };
Deno.serve({ ${SERVE}, onListen() {} }, () => new Response(new Error(a.a).stack));`;
  await upgraded(app, { "main.ts": two });
  const [, at] = (await app.ask()).split("\n");
  assert(/main\.ts(?:\?\S*)?:3:\d+/.test(at!), at);
});
