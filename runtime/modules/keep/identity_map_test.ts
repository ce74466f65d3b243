/** Places are told as they are.
 * @module
 */
import { assertEquals } from "@std/assert";
import { SourceMap } from "node:module";
import { identityMap } from "./identity_map.ts";

const TEXT = `first(second);

  third.fourth(fifth); "ä" + sixth;
${"x".repeat(300)} seventh
last`;

Deno.test("a word is where it is, whatever line and column", () => {
  const line = identityMap(TEXT, "file:///app/a.ts");
  const [, encoded = ""] = /base64,(\S+)$/.exec(line) ?? [];
  const map = new SourceMap(JSON.parse(atob(encoded)));
  for (
    const word of [
      "first",
      "second",
      "third",
      "fourth",
      "fifth",
      "sixth",
      "seventh",
      "last",
    ]
  ) {
    const before = TEXT.slice(0, TEXT.indexOf(word)).split("\n");
    const [row, column] = [before.length - 1, before.at(-1)!.length];
    const entry = map.findEntry(row, column) as {
      originalSource: string;
      originalLine: number;
      originalColumn: number;
    };
    assertEquals(
      [entry.originalSource, entry.originalLine, entry.originalColumn],
      ["file:///app/a.ts", row, column],
      word,
    );
  }
});

Deno.test("a text of any length has a map", () => {
  const text = `${"a ".repeat(200_000)}\n${"\n".repeat(2000)}${
    " ".repeat(70_000)
  }b`;
  const map = new SourceMap(
    JSON.parse(atob(/base64,(\S+)$/.exec(identityMap(text, "a.ts"))![1]!)),
  );
  for (const [row, column] of [[0, 0], [0, 399_998], [2001, 70_000]] as const) {
    const entry = map.findEntry(row, column) as {
      originalLine: number;
      originalColumn: number;
    };
    assertEquals([entry.originalLine, entry.originalColumn], [row, column]);
  }
});

Deno.test("a file with a name in any script has a map", () => {
  const line = identityMap("a", "file:///app/%C3%A4.ts");
  assertEquals(line.startsWith("\n//# sourceMappingURL=data:"), true);
});
