import { assertEquals } from "@std/assert";
import { lastingStarts, shellCommands } from "./shell_starts.ts";

Deno.test("shellCommands() splits lines and scripts as a shell does", () => {
  const cases: [text: string, commands: string[][]][] = [
    ["", []],
    ["a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]],
    ["a && b || c | d & e; f\ng", [
      ["a", "&&"],
      ["b", "||"],
      ["c", "|"],
      ["d", "&"],
      ["e"],
      ["f"],
      ["g"],
    ]],
    ["a \\\n b # c && d\n#e\nf", [["a", "b"], ["f"]]],
    ["a > b 2>&1", [["a", ">", "b", "2>&1"]]],
    ["(cd x; a)", [["cd", "x"], ["a"]]],
    // What does not end, ends with the text.
    ["a 'b && c", [["a", "b && c"]]],
    ['a "b \\', [["a", "b \\"]]],
  ];
  for (const [text, commands] of cases) {
    assertEquals(
      shellCommands(text).map(({ words, then }) => [
        ...words.map((it) => it.text),
        ...then === ";" ? [] : [then],
      ]),
      commands,
      text,
    );
  }
});

Deno.test("lastingStarts() has the offsets of each word, within quotes too", () => {
  const text =
    `deno run m.ts && tool -exec "deno run -A a.ts" -v '$X' & exec deno b.ts`;
  const found = lastingStarts(text).map(({ words, places }) => {
    const cut = places.map(([start, end]) => text.slice(start, end));
    assertEquals(words, cut);
    return cut.join(" ");
  });
  assertEquals(found, ["deno run -A a.ts", "exec deno b.ts"]);
});

Deno.test("shellCommands() takes as long as its text is", () => {
  const long = (text: string, times: number) => text.repeat(times);
  for (const piece of ["'", '"', "\\", "&", "a 'b' ", "(", "\n#", "$( "]) {
    const time = (text: string) => {
      const before = performance.now();
      lastingStarts(text);
      return performance.now() - before;
    };
    time(long(piece, 20_000));
    const ratios: number[] = [];
    // What is slow once only is the computer.
    do {
      const short = Math.max(time(long(piece, 20_000)), 1);
      ratios.push(time(long(piece, 160_000)) / short);
    } while (ratios.length < 5 && ratios.at(-1)! >= 40);
    assertEquals(
      ratios.at(-1)! < 40,
      true,
      `${JSON.stringify(piece)}: ${ratios}`,
    );
  }
});
