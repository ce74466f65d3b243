import { assert, assertEquals } from "@std/assert";
import { lengthened, MARK, shortened } from "./phrases.ts";
import { scriptReader } from "./script_reader.ts";

Deno.test("what is shortened is what it was, at another URL", () => {
  const url = JSON.stringify("a:b");
  for (
    const text of [
      "",
      "a",
      `tell(${url}, ${url});`,
      `; case "a": return a; case "b": return b; `,
      `($kept().has("$&", 1) ? $kept().get("$&") : $kept().put("$&", (`,
      `($kept().has("a", 1) ? $kept().get("a", () => a, ($kept$) => { a = $kept$; }) : $kept().put("a", (`,
      ` if ($kept_moved) { const $kept_moved1 = $kept_moved("f"); if ($kept_moved1) return $kept_moved1.apply(this, arguments); }`,
    ]
  ) {
    const other = JSON.stringify("file:///$&");
    const short = shortened(text, url);
    assertEquals(lengthened(short, url), text);
    assertEquals(lengthened(short, other), text.replaceAll(url, () => other));
  }
});

Deno.test("what nobody has shortened is not said at length", () => {
  for (const torn of [MARK, `a${MARK}`, `${MARK}!`, `${MARK}${MARK}u`]) {
    assertEquals(lengthened(torn, "u"), null, JSON.stringify(torn));
  }
});

Deno.test("what is put into most texts is written down in a third of its length", async () => {
  const { edits } = await scriptReader();
  const source = `export const words = ["a"];
${
    Array.from(
      { length: 5 },
      (_, at) => `export function f${at}(it) { it.on("a", f${at}); }`,
    ).join("\n")
  }
const all = new Map();
export async function work(queue) { for (;;) all.set(await queue.take(), words); }
`;
  const record = edits(source, { loaded: "as it is", rebind: false })!;
  const parts: unknown = JSON.parse(record);
  const texts = [parts].flat(9).filter((it) => typeof it === "string");
  const long = texts.map((it) => lengthened(it, "u")!);
  const length = (some: readonly string[]) => some.join("").length;
  assert(
    length(texts) < length(long) / 3,
    `${length(texts)} of ${length(long)}`,
  );
});
