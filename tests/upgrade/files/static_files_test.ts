import { assert, assertEquals } from "@std/assert";
import { OrdinaryApp } from "../../support/ordinary_app.ts";
import { canBeHad } from "../../support/packages.ts";
import { Clients } from "../../support/net/clients.ts";

const EXPRESS = "npm:express@5.2.1";

/** Handlers that look at a file first and read it later, each another way; other work goes on in between. */
const MAIN = `
import express from "${EXPRESS}";
import fs from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { word } from "./word.ts";
const app = express();
const wait = () => new Promise((done) => setTimeout(done, Math.random() * 40));
app.use("/static", express.static("public", { etag: false, lastModified: false, cacheControl: false }));
app.get("/send", async (_request: any, response: any) => { await wait(); response.sendFile("page.txt", { root: "public" }); });
const answer = (response: any, size: number, text: string) => response.type("text").send(size === text.length ? "whole " + word : "cut " + size + " of " + text.length);
app.get("/deno", async (_request: any, response: any) => {
  const { size } = await Deno.stat("public/page.txt");
  await wait();
  answer(response, size, await Deno.readTextFile("public/page.txt"));
});
app.get("/promises", async (_request: any, response: any) => {
  const { size } = await stat("public/page.txt");
  await wait();
  answer(response, size, await readFile("public/page.txt", "utf8"));
});
app.get("/stream", (_request: any, response: any) => {
  fs.stat("public/page.txt", (_error, { size }) => setTimeout(() => {
    let text = "";
    fs.createReadStream("public/page.txt").on("data", (piece) => text += piece).on("end", () => answer(response, size, text));
  }, 20));
});
app.listen(Number(Deno.env.get("PORT")), "127.0.0.1");`;

const page = (n: number) => `${n} `.repeat(n % 2 === 0 ? 20_000 : 5);

// Openings are in flight in the very turn of each swap.
Deno.test({
  name:
    "who looks at a file and reads it later reads what it has looked at, whatever is laid in between",
  ignore: !await canBeHad([EXPRESS]),
  async fn() {
    await using app = await OrdinaryApp.start({
      "deno.json": JSON.stringify({ flyhot: { runtime: { drainMs: 5_000 } } }),
      "main.ts": MAIN,
      "word.ts": `export const word = "1";`,
      "public/page.txt": page(1),
    });
    const paths = ["static/page.txt", "send", "deno", "promises", "stream"];
    const clients = paths.map((path) => new Clients(`${app.url}/${path}`, 3));
    for (let n = 2; n < 5; n++) {
      const report = await app.upgrade({
        "word.ts": `export const word = "${n}";`,
        "public/page.txt": page(n),
      });
      assert(report.state === "applied", JSON.stringify(report.failure));
    }
    for (const [at, each] of clients.entries()) {
      assertEquals(await each.end(), [], paths[at]);
      const pages = [1, 2, 3, 4].map(page);
      const wrong = [...each.answers.keys()].filter((text) =>
        !pages.includes(text) && !text.startsWith("whole ")
      ).map((text) => text.slice(0, 60));
      assertEquals(wrong, [], paths[at]);
      assert(each.total > 20, `${paths[at]}: ${each.total} answers`);
    }
  },
});
