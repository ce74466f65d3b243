import { assert, assertEquals } from "@std/assert";
import { scriptReader } from "@flyhot/runtime/modules";
import { analyzeOrBroken, type ScriptText } from "./analyze.ts";
import { analyzeAll } from "./analysis_pool.ts";

const SCRIPTS = Array.from({ length: 60 }, (_, at): ScriptText => ({
  path: at % 7 === 3 ? `x${at}.js` : `x${at}.ts`,
  text: at % 10 === 9
    ? "export const = 1;"
    : `import { y } from "./x${
      at + 1
    }.ts";\nexport const rooms${at} = new Map<string, number>();\nexport const f = () => rooms${at}.set(y, ${at});\n${
      "// long\n".repeat(1000)
    }`.replace(at % 7 === 3 ? "<string, number>" : "\0", ""),
  options: at % 2 === 0 ? { verbatim: true } : {},
}));

Deno.test("threads find what the main thread finds, in the same order, and the main thread takes its share", async () => {
  const reader = await scriptReader();
  const expected = SCRIPTS.map((it) => analyzeOrBroken(it, { reader }));
  assert(expected.some((it) => it.edits !== undefined));
  let own = 0;
  const found = await analyzeAll(SCRIPTS, (script) => {
    own++;
    return analyzeOrBroken(script, { reader });
  }, 1);
  assertEquals(JSON.stringify(found), JSON.stringify(expected));
  assert(own > 0);
});

Deno.test("each script is analyzed once, long ones last", async () => {
  const scripts = SCRIPTS.map((it, at) => ({
    ...it,
    text: it.text + "// more\n".repeat((at * 7) % 60),
  }));
  const seen: ScriptText[] = [];
  const found = await analyzeAll(scripts, (script) => {
    seen.push(script);
    return { names: [script.path] };
  }, 0);
  assertEquals(found.map(({ names }) => names), scripts.map((it) => [it.path]));
  assertEquals(new Set(seen).size, scripts.length);
  assertEquals(seen.length, scripts.length);
  const lengths = seen.map(({ text }) => text.length);
  assertEquals(lengths, lengths.toSorted((a, b) => a - b));
});

Deno.test("where there is no thread, the main thread does it all", async () => {
  const { Worker } = globalThis;
  let own = 0;
  const all = () =>
    analyzeAll(SCRIPTS.slice(0, 5), (script) => {
      own++;
      return analyzeOrBroken(script);
    }, 2);
  try {
    for (
      const fails of [
        class {
          constructor() {
            throw new Deno.errors.NotCapable("no threads here");
          }
        },
        // As where its script cannot be had.
        class {
          onerror: (event: { preventDefault(): void }) => void = () => {};
          postMessage() {
            queueMicrotask(() => this.onerror({ preventDefault() {} }));
          }
          terminate() {}
        },
      ]
    ) {
      Object.assign(globalThis, { Worker: fails });
      own = 0;
      assertEquals((await all()).length, 5);
      assertEquals(own, 5);
    }
  } finally {
    Object.assign(globalThis, { Worker });
  }
});
