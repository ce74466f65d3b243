import { assertEquals } from "@std/assert";
import { stripTypeScriptTypes } from "node:module";
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { insertInto } from "./line_map.ts";
import { Keeping } from "./keeping.ts";
import { around, between, inOrder } from "./placed.ts";

Deno.test("inOrder() leaves pieces inside of others inside", () => {
  const text = "abcdef";
  const placed = [
    ...around({ start: 2, end: 4 }, "<", ">"),
    ...around({ start: 0, end: 4 }, "(", ")"),
    between(4, "|"),
    ...around({ start: 0, end: 2 }, "[", "]"),
    ...around({ start: 4, end: 6 }, "{", "}"),
  ];
  for (const all of [placed, placed.toReversed()]) {
    assertEquals(insertInto(text, inOrder(all), ""), "([ab]<cd>)|{ef}");
  }
});

const parse = await acornParser(false);

async function everything(): Promise<Keeping> {
  const keeping = new Keeping();
  await keeping.start();
  await keeping.startRebinding();
  return keeping;
}

Deno.test("what ends at one place ends in its order, whatever it is for", async () => {
  const keeping = await everything();
  const sources = [
    "export default (uri) => new Socket(uri);",
    "export default async (uri) => { for (;;) { await x; } };",
    "const f = async () => { let a; for await (const it of all) a = new Map(it)\n }",
    "const f = async () => { let a; while (true) a = await take(new Map())\n }",
    "const f = async () => (await x, f());",
    "let a = take().then(() => f()), f = async () => { a = f(await x) };",
    "export const f = () => take().then(f).then(async () => f(await x));",
  ];
  for (const source of sources) parse(keeping.wrap(source, source));
});

/** All of them would take long. */
const EVERY = 3;

Deno.test("all that goes into the files of this repository leaves them modules", async () => {
  const keeping = await everything();
  const root = new URL("../../../", import.meta.url);
  let watched = 0, seen = 0;
  for (const room of ["runtime/", "src/"]) {
    for (const file of filesIn(new URL(room, root))) {
      if (++seen % EVERY !== 0) continue;
      let text: string;
      try {
        text = stripTypeScriptTypes(await Deno.readTextFile(file));
        parse(text);
      } catch {
        // What is not blanked out to JavaScript is nothing to try this on.
        continue;
      }
      const wrapped = keeping.wrap(text, file.href);
      parse(wrapped);
      if (wrapped.includes("$kept_wait")) watched++;
    }
  }
  assertEquals(watched > 5, true, `${watched} with waits`);
});

function* filesIn(folder: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const here = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) yield* filesIn(here);
    else if (name.endsWith(".ts")) yield here;
  }
}
