import { assert, assertEquals } from "@std/assert";
import { DrivenApp, type Files } from "../../support/driven_app.ts";

/** Code and files of a version; `read` waits between its two looks at each. */
const version = (word: string, more = ""): Files => ({
  "app.ts": `
const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));
const at = (name: string) => new URL(name, import.meta.url);
const text = (name: string) => {
  try { return Deno.readTextFileSync(at(name)).trim(); } catch { return "nothing"; }
};
const look = async () => {
  const file = await Deno.open(at("page.txt"));
  const opened = (await new Response(file.readable).text()).trim();
  const { size } = await Deno.stat(at("page.txt"));
  return ["${word}", text("page.txt"), opened, size, text("extra.txt"), text("added.txt"), text("same.txt")].join(" ");
};
export const read = async (ms: number) => [await look(), (await sleep(ms), await look())];
export const write = (text: string) => { Deno.writeTextFileSync(at("page.txt"), text); };
export const append = async (text: string) => { using file = await Deno.open(at("page.txt"), { append: true }); await file.write(new TextEncoder().encode(text)); };
${more}
`,
  "page.txt": word.repeat(word.length),
  "same.txt": "same",
  ...word === "old" ? { "extra.txt": "extra" } : { "added.txt": "added" },
});

/** The version after. */
const NEWER = (): Files => ({ ...version("newer", LOOK), "extra.txt": null });

const OLD = "old oldoldold oldoldold 9 extra nothing same";
const NEW =
  "newer newernewernewernewernewer newernewernewernewernewer 25 nothing added same";

/** A check that waits, so that others can ask meanwhile, and notes what it reads. */
const LOOK = `
import { health } from "@flyhot/runtime";
health(async () => { (globalThis as { seen?: string }).seen = await look(); await sleep(300); return (globalThis as { fine?: boolean }).fine !== false; });
export const fail = () => { (globalThis as { fine?: boolean }).fine = false; };
export const seen = () => (globalThis as { seen?: string }).seen;
`;

const settings = {
  "settings.ts":
    `export const settings = { probationMs: 50, drainMs: 60_000 };`,
};

async function start(): Promise<DrivenApp> {
  const app = await DrivenApp.start({ ...settings, ...version("old", LOOK) });
  // Only what a release had is gone with the next: an image may hold more.
  const { state } = await app.upgrade(version("old", LOOK + "// release"));
  assertEquals(state, "applied");
  return app;
}

/** One request that goes on for so long. */
function reading(app: DrivenApp, ms: number): Promise<unknown> {
  const answer = app.call("read", ms);
  answer.catch(() => {});
  return answer;
}

/** Asks again and again while something goes on. */
async function asking(
  app: DrivenApp,
  during: Promise<unknown>,
): Promise<Set<string>> {
  let isOver = false;
  during.finally(() => isOver = true).catch(() => {});
  const answers = new Set<string>();
  while (!isOver) {
    for (const look of await app.call("read", 1) as string[]) answers.add(look);
  }
  return answers;
}

Deno.test("work begun before the swap reads the files of its version, gone ones too, and nobody reads new ones before health", async () => {
  await using app = await start();
  const slow = reading(app, 4000);
  const upgrading = app.upgrade(NEWER());
  const answers = await asking(app, upgrading);
  const result = await upgrading;
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(await app.call("read", 1), [NEW, NEW]);
  assertEquals(await app.call("seen"), NEW, "the check reads the new ones");
  answers.delete(NEW);
  assertEquals([...answers], [OLD], "nobody reads a mixture");
  assertEquals(await slow, [OLD, OLD]);
});

Deno.test("after a failed check all files are as before, and nobody has read others", async () => {
  await using app = await start();
  await app.call("fail");
  const upgrading = app.upgrade(NEWER());
  const answers = await asking(app, upgrading);
  const result = await upgrading;
  assert(result.state === "failed", JSON.stringify(result));
  assertEquals(await app.call("seen"), NEW, "the check reads the new ones");
  assertEquals([...answers], [OLD]);
  assertEquals(await app.call("read", 1), [OLD, OLD]);
});

Deno.test("what the app writes into a file of a release is what it reads, whoever began when", async () => {
  await using app = await start();
  const slow = reading(app, 5000);
  const result = await app.upgrade(NEWER());
  assertEquals(result.state, "applied", JSON.stringify(result));
  await app.call("append", "!");
  const own = "newernewernewernewernewer!";
  assertEquals(
    await app.call("read", 1),
    [0, 1].map(() => `newer ${own} ${own} 26 nothing added same`),
  );
  assertEquals(
    (await slow as string[])[1],
    `old ${own} ${own} 26 extra nothing same`,
  );
});

Deno.test("work that goes on over two upgrades still reads what it began with", async () => {
  await using app = await start();
  const slow = reading(app, 8000);
  for (
    const files of [
      { ...version("second", LOOK), "extra.txt": null },
      version("newer", LOOK),
    ]
  ) {
    const result = await app.upgrade(files);
    assertEquals(result.state, "applied", JSON.stringify(result));
  }
  assertEquals(await app.call("read", 1), [NEW, NEW]);
  assertEquals(await slow, [OLD, OLD]);
});
