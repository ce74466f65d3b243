import { assertEquals } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import type { Files } from "../../support/driven_app.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

const SERVE = `Deno.serve({
  port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {},
}, (request) => new Response(pages.answer(new URL(request.url).pathname)));`;

const PAGES = `
import { Player } from "./player.ts";
import { say } from "./words.ts";
export class Pages {
  readonly players = new Map<string, Player>();
  warm() { console.log(say("start")); }
  async later() { await 0; await new Promise((resolve) => setTimeout(resolve, 300)); this.warm(); }
  answer(path: string): string {
    const [, name = ""] = path.split("/");
    if (!this.players.has(name)) this.players.set(name, new Player(name));
    return this.players.get(name)!.describe() + ", " + say(name);
  }
}
`;

const words = (word: string) =>
  `export function say(name: string) { return "${word} " + name; }`;
const player = (word: string) =>
  `export class Player {
  name: string;
  moves = 0;
  constructor(name: string) { this.name = name; }
  describe() { return "${word} " + this.name + " " + ++this.moves; }
}`;

const files = (main: string): Files => ({
  "main.ts":
    `import { Pages } from "./pages.ts";\nconst own = (it: Pages) => [it][0]!;\n${main}`,
  "pages.ts": PAGES,
  "player.ts": player("player"),
  "words.ts": words("hello"),
  "deno.json": JSON.stringify({
    flyhot: {
      rebind: true,
      runtime: { probationMs: 200, drainMs: 300 },
      keep: ["main.ts#main.pages", "main.ts#pages"],
      consent: ["repeats:main.ts#pages", "repeats:main.ts#main.pages"],
    },
  }),
});

async function get(app: OrdinaryApp, path: string): Promise<string> {
  return await (await fetch(app.url + path)).text();
}

/** What an app evaluates when a module is replaced of which it only calls functions in methods of its classes. */
async function reloaded(main: string, changes: Files): Promise<string[]> {
  await using app = await OrdinaryApp.start(files(main));
  await using clients = new Clients(app.url);
  const report = await app.upgrade(changes);
  assertEquals(report.state, "applied", JSON.stringify(report));
  assertEquals(await clients.end(), []);
  return [...report.reloaded];
}

Deno.test("started: methods that the start has not run hold nothing back", async () => {
  await using app = await OrdinaryApp.start(
    files(`function main() { const pages = new Pages(); ${SERVE} } main();`),
  );
  assertEquals(await get(app, "/ann"), "player ann 1, hello ann");
  await using clients = new Clients(app.url);
  const first = await app.upgrade({ "words.ts": words("good day") });
  assertEquals(first.state, "applied", JSON.stringify(first));
  assertEquals(first.reloaded, ["words.ts"]);
  assertEquals(await get(app, "/ann"), "player ann 2, good day ann");
  const second = await app.upgrade({ "player.ts": player("gambler") });
  assertEquals(second.state, "applied", JSON.stringify(second));
  assertEquals(second.reloaded, ["player.ts"]);
  assertEquals(await get(app, "/ann"), "gambler ann 3, good day ann");
  assertEquals(await get(app, "/bob"), "gambler bob 1, good day bob");
  assertEquals(await clients.end(), []);
});

Deno.test("started: what the start has run, or may run yet, is evaluated again", async () => {
  const change = { "words.ts": words("good day") };
  const all = ["main.ts", "pages.ts", "words.ts"];
  for (
    const [main, expected] of Object.entries({
      [`const pages = new Pages(); pages.warm(); ${SERVE}`]: all,
      [`function main() { const pages = new Pages(); pages.warm(); ${SERVE} } main();`]:
        all,
      // It may still wait for something.
      [`async function main() { const pages = own(new Pages()); await 0; ${SERVE} } main();`]:
        all,
      [`const pages = new Pages(); pages.later(); ${SERVE}`]: all,
      [`const pages = own(new Pages()); Promise.resolve().then(() => {}); ${SERVE}`]:
        all,
      // And here not; or there is nothing that it could run.
      [`async function main() { const pages = new Pages(); await 0; ${SERVE} } main();`]:
        ["words.ts"],
      [`async function main() { const pages = own(new Pages()); await 0; ${SERVE} } await main();`]:
        ["words.ts"],
      [`async function main() { const pages = new Pages(); await 0; ${SERVE} } await main();`]:
        ["words.ts"],
    })
  ) {
    assertEquals(await reloaded(main, change), expected, main);
  }
});

Deno.test("started: who looks at the process by an inspector or collects its coverage is not disturbed", async () => {
  const main =
    `function main() { const pages = own(new Pages()); ${SERVE} } main();`;
  const folder = await Deno.makeTempDir();
  for (
    const flag of ["--inspect=127.0.0.1:0", `--coverage=${folder}/coverage`]
  ) {
    await using app = await OrdinaryApp.start(files(main), { flags: [flag] });
    await using clients = new Clients(app.url);
    const report = await app.upgrade({ "words.ts": words("good day") });
    assertEquals(report.state, "applied", JSON.stringify(report));
    // Then nothing is known of what has run.
    assertEquals(report.reloaded, ["main.ts", "pages.ts", "words.ts"]);
    assertEquals(await clients.end(), []);
  }
  await Deno.remove(folder, { recursive: true });
});
