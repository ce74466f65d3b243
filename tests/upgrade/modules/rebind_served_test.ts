import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Files } from "../../support/driven_app.ts";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

const CONFIG = JSON.stringify({
  flyhot: { rebind: true, runtime: { probationMs: 200, drainMs: 300 } },
});

/** What answers, by a word that another module has. */
const handler = (word: string, more = "") =>
  `import { tail } from "./tail.ts";
export async function answer(this: unknown, request: Request, ...more: unknown[]): Promise<Response> {
  if (request.url.endsWith("/slow")) await new Promise((done) => setTimeout(done, 500));
  return new Response(["${word}", tail(), more.length, typeof this].join());
}
${more}`;
/** The same without a name. */
const nameless: typeof handler = (word, more) =>
  handler(word, more).replace(
    "export async function answer(this: unknown, request: Request, ...more: unknown[]): Promise<Response> {",
    "export default async (request: Request, ...more: unknown[]): Promise<Response> => {",
  ).replace("typeof this", `"nobody"`);
const TAIL = { "tail.ts": `export const tail = () => "x";` };
const TAIL_2 = { "tail.ts": `export const tail = () => "y";` };

const AT =
  `port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {}`;
const MAINS: Readonly<Record<string, string>> = {
  "Deno.serve":
    `import { answer } from "./answer.ts"; Deno.serve({ ${AT} }, answer);`,
  "its options":
    `import { answer } from "./answer.ts"; Deno.serve({ ${AT}, handler: answer });`,
};

async function get(app: OrdinaryApp, path = "/"): Promise<string> {
  return await (await fetch(app.url + path)).text();
}

async function live(files: Files, write = handler): Promise<void> {
  await using app = await OrdinaryApp.start(files);
  const first = await get(app);
  const said = first.split(",").slice(2).join();
  await using clients = new Clients(app.url);
  for (const word of ["two", "three"]) {
    const slow = get(app, "/slow");
    await new Promise((done) => setTimeout(done, 50));
    const report = await app.upgrade({ "answer.ts": write(word) });
    assertEquals(report.state, "applied", JSON.stringify(report));
    assertEquals(report.reloaded, ["answer.ts"]);
    assertEquals(await get(app), `${word},x,${said}`);
    // What began in the old code ends in it.
    assert(!(await slow).startsWith(word));
  }
  const tail = await app.upgrade(TAIL_2);
  assertEquals(tail.reloaded, ["tail.ts"]);
  assertEquals(await get(app), `three,y,${said}`);
  const broken = await app.upgrade({
    "answer.ts": write("broken", `throw new Error("bad release");`),
  });
  assertStringIncludes(broken.failure?.message ?? "", "bad release");
  const late = await app.upgrade({
    "answer.ts": write(
      "late",
      `setTimeout(() => { throw new Error("it went bad"); }, 60);`,
    ),
  });
  assertEquals(late.state, "rolled_back", JSON.stringify(late));
  assertEquals(await get(app), `three,y,${said}`);
  const last = await app.upgrade({ "answer.ts": write("four") });
  assertEquals(last.reloaded, ["answer.ts"]);
  assertEquals(await get(app), `four,y,${said}`);
  assertEquals(await clients.end(), []);
  for (const answer of clients.answers.keys()) {
    assert(!answer.includes("broken"), answer);
  }
}

for (const [name, main] of Object.entries(MAINS)) {
  Deno.test(`rebind: ${name} answers by the new function, and the module that serves stays`, async () => {
    await live({
      "main.ts": main,
      "answer.ts": handler("one"),
      ...TAIL,
      "deno.json": CONFIG,
    });
  });
}

Deno.test("rebind: a server whose handler is a default export without a name answers by the new one", async () => {
  await live({
    "main.ts":
      `import answer from "./answer.ts"; Deno.serve({ ${AT} }, answer);`,
    "answer.ts": nameless("one"),
    ...TAIL,
    "deno.json": CONFIG,
  }, nameless);
});
