import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

const SERVE =
  `{ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }`;
const CONFIG = JSON.stringify({
  flyhot: { runtime: { prepareTimeoutMs: 1500 } },
});

/** Main modules that serve a while after they have been evaluated, as people write them. */
const LATE: Readonly<Record<string, (word: string) => string>> = {
  "from a function that waits for a database first": (word) => `
const connect = () => new Promise((resolve) => setTimeout(resolve, 300));
async function main() { await connect(); Deno.serve(${SERVE}, () => new Response("${word}")); }
main();`,
  "from an arrow function whose failure ends the process": (word) => `
const start = async () => { for (let at = 0; at < 3; at++) await new Promise((resolve) => setTimeout(resolve, 100)); return Deno.serve(${SERVE}, () => new Response("${word}")); };
start().catch((error) => { console.error(error); Deno.exit(1); });`,
  "from a timer": (word) => `
setTimeout(() => Deno.serve(${SERVE}, () => new Response("${word}")), 300);`,
  "from a promise chain over an import": (word) => `
import("./late.ts").then(({ ready }) => ready).then(() => Deno.serve(${SERVE}, () => new Response("${word}")));`,
  "with node:http, after it has waited": (word) => `
import { createServer } from "node:http";
(async () => { await new Promise((resolve) => setTimeout(resolve, 300)); createServer((_, response) => response.end("${word}")).listen(Number(Deno.env.get("PORT")), "127.0.0.1"); })();`,
};

Deno.test("P68: a server that is opened a while after its module was evaluated is waited for, under load", async () => {
  const first = Object.values(LATE)[0]!;
  await using app = await OrdinaryApp.start({
    "main.ts": first("start"),
    "deno.json": CONFIG,
    "late.ts":
      `export const ready = new Promise((resolve) => setTimeout(resolve, 300));`,
  });
  await using clients = new Clients(app.url, 3);
  let version = 0;
  const answered = async (word: string) => {
    for (let tries = 0; tries < 100; tries++) {
      if (await app.ask() === `200 ${word}`) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assertEquals(await app.ask(), `200 ${word}`);
  };
  for (const [how, main] of Object.entries(LATE)) {
    const word = `v${++version}`;
    const { state, failure } = await app.upgrade({ "main.ts": main(word) });
    if (how.startsWith("with node:http")) {
      // Another kind of server cannot take the address over: that fails the upgrade, and ends nothing.
      assertEquals(state, "failed", failure?.message);
      assertStringIncludes(failure?.message ?? "", "EADDRINUSE");
      await answered(`v${version - 1}`);
      continue;
    }
    assertEquals(state, "applied", `${how}: ${failure?.message}`);
    await answered(word);
  }
  assertEquals(await clients.end(), []);
});

Deno.test("P68: a server that is never opened, or whose function fails before, leaves the old one serving", async () => {
  const main = Object.values(LATE)[0]!;
  await using app = await OrdinaryApp.start({
    "main.ts": main("old"),
    "deno.json": CONFIG,
  });
  await using clients = new Clients(app.url, 2);
  for (
    const [body, said] of [
      [`await new Promise(() => {});`, "8"],
      [`throw new Error("no database");`, "no database"],
    ] as const
  ) {
    const { state, failure } = await app.upgrade({
      "main.ts":
        `async function main() { await new Promise((resolve) => setTimeout(resolve, 100)); ${body}
Deno.serve(${SERVE}, () => new Response("never")); }
main();`,
    });
    assertEquals(state, "failed", body);
    if (said === "no database") {
      assertStringIncludes(failure?.message ?? "", said);
    } else assert(failure?.message, body);
    assertEquals(await app.ask(), "200 old");
  }
  const { state, failure } = await app.upgrade({ "main.ts": main("new") });
  assertEquals(state, "applied", failure?.message);
  assertEquals(await clients.end(), []);
});
