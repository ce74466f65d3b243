import { assertEquals } from "@std/assert";
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { insertInto } from "./line_map.ts";
import { type EnterLoop, LOOP_KEY, watchLoops } from "./watch_loops.ts";

const parse = await acornParser();

function loopsOf(text: string): string[] {
  return watchLoops(text, parse(text), "file:///a.js").loops.map((it) =>
    it.text
  );
}

Deno.test("watchLoops() finds loops of functions that wait and end by nothing that they do themselves", () => {
  const one = "for await (const it of all) use(it);";
  const two = "for (;;) { await next(); }";
  const three = "outer: while (true) { for (;;) { await x; break outer; } }";
  const four = "while (!signal.aborted) { if (a) { await b(); } }";
  const five = "do { await c; } while (this.running)";
  const text =
    `const f = async () => { ${one} }; async function g() { if (f) ${two} }
    class A { async *h() { ${three} } async i() { ${four} } j() { return async () => { ${five} }; } }`;
  assertEquals(loopsOf(text), [
    one,
    two,
    three,
    "for (;;) { await x; break outer; }",
    four,
    five,
  ]);
});

Deno.test("watchLoops() leaves alone what has an end, waits for nothing, or is no function's", () => {
  assertEquals(
    loopsOf(
      `for await (const it of all) use(it);
      async function f() {
        for (const it of all) await it;
        for (let at = 0; at < 3; at++) await at;
        while (queue.length) await queue.pop();
        for (;;) { setTimeout(async () => { await x; }); break; }
      }`,
    ),
    [],
  );
});

Deno.test("a watched loop says when it is entered and left, whatever ends it", async () => {
  const text = `
    export async function ends(kind) {
      let turns = 0;
      outer: for (;;) {
        await null;
        for await (const it of [1, 2, 3]) {
          var seen = it;
          if (++turns === 2 && kind === "continue") continue outer;
          if (turns > 4) break outer;
          if (it === 2 && kind === "throw") throw new Error("thrown");
          if (it === 2 && kind === "return") return "returned " + seen;
        }
      }
      return "left " + seen + " " + turns;
    }
    export async function* numbers() { for (let at = 0;; at++) { await null; yield at; } }`;
  const { insertions, end, loops } = watchLoops(text, parse(text), "a.js");
  assertEquals(loops.length, 3);
  const inside: number[] = [];
  const told: string[] = [];
  const space = globalThis as { [LOOP_KEY]?: EnterLoop };
  space[LOOP_KEY] = (url, at) => {
    inside.push(at);
    told.push(`${url} ${at}`);
    return () => inside.splice(inside.indexOf(at), 1);
  };
  try {
    const source = insertInto(text, insertions, end);
    const url = (it: string) =>
      `data:text/javascript,${encodeURIComponent(it)}`;
    const watched = await import(url(source));
    const plain = await import(url(text));
    for (const kind of ["", "continue", "throw", "return"]) {
      const outcome = (it: typeof plain) =>
        it.ends(kind).catch(({ message }: Error) => message);
      assertEquals(await outcome(watched), await outcome(plain));
      assertEquals(inside, []);
    }
    const numbers = watched.numbers();
    assertEquals((await numbers.next()).value, 0);
    assertEquals(inside, [2]);
    await numbers.return();
    assertEquals(inside, []);
    assertEquals(told[0], "a.js 0");
  } finally {
    delete space[LOOP_KEY];
  }
});
