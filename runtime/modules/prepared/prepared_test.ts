import { assert, assertEquals } from "@std/assert";
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { scriptReader } from "../edits/script_reader.ts";
import { EDITS_VERSION } from "../edits/edits_record.ts";
import { preparedText, readPrepared } from "./prepared_scripts.ts";
import { ModuleLoading } from "../hooks/hooks.ts";
import { ModuleTable } from "../module_table.ts";
import { folderUrl } from "../module_urls.ts";
import { prepareScripts } from "./prepare_scripts.ts";
import { isSameCode } from "./same_code.ts";

const parse = await acornParser(false);
const same = (one: string, other: string) =>
  isSameCode(parse(one), parse(other));

Deno.test("code is the same however it is laid out, and another one if anything else differs", () => {
  const texts = [
    "const a = 1;",
    "let a = 1;",
    "const a = 2;",
    'const a = "1";',
    "const a = 1n;",
    "const a = /1/;",
    "const a = /1/g;",
    "const a = `1`;",
    "const a = `\\u0031`;",
    "const a = f`1`;",
    "const a = [1];",
    "const a = [, 1];",
    "const a = -0;",
    "const a = () => 1;",
    "const a = async () => 1;",
    "const a = function () { return 1; };",
    "const a = function a() { return 1; };",
    "const a = { b: 1 };",
    "const a = { ['b']: 1 };",
    "const a = { get b() { return 1; } };",
    "const a = b?.c;",
    "const a = b.c;",
    "const a = b[c];",
    "const a = class { static b = 1; };",
    "const a = class { b = 1; };",
    "const a = class { #b = 1; };",
    'import "a";',
    'import * as a from "a";',
    'import a from "a";',
    'import { a } from "a";',
    'import { a as b } from "a";',
    'export { a } from "a";',
    'export * from "a";',
    'import a from "a" with { type: "json" };',
    "function a() {}",
    "function* a() {}",
    "async function a() {}",
    "for (const a of b) c(a);",
    "for await (const a of b) c(a);",
    "for (const a in b) c(a);",
    "",
  ];
  for (const one of texts) {
    for (const other of texts) {
      assertEquals(same(one, other), one === other, `${one} and ${other}`);
    }
    const laid = one.replaceAll(" ", "  ").replaceAll("{", "{\n")
      .replaceAll('"', "'");
    if (!one.includes("`")) assert(same(one, laid), laid);
    assert(same(one, `/* about */ ${one} // it`));
  }
  assert(same("const a = (1);", "const a = 1;"));
});

Deno.test("what is prepared is read as it was written; torn or of another version it is nothing", async () => {
  const { edits: make } = await scriptReader();
  const edits = make("export const a = new Map();", {
    loaded: "as it is",
    rebind: true,
  })!;
  const scripts = new Map([
    ["a.ts", { isErasable: true, edits }],
    ["__proto__", { isErasable: false, edits }],
  ]);
  const text = preparedText(scripts);
  assertEquals([...readPrepared(text)], [...scripts]);
  const version = `"version":${EDITS_VERSION}`;
  assert(text.includes(version));
  for (
    const other of [
      "",
      "null",
      "[]",
      text.slice(0, -2),
      text.replace(version, `"version":${EDITS_VERSION + 1}`),
      text.replace(version, `"version":"${EDITS_VERSION}"`),
      `{${version}}`,
      `{${version},"scripts":[]}`,
      `{${version},"scripts":{"a.ts":null,"b.ts":[true],"c.ts":[true,1]}}`,
    ]
  ) assertEquals(readPrepared(other).size, 0, other);
});

// Once there are hooks, Deno waits for their calls as long as the process lives.
Deno.test("what the command says of a script goes for what Deno makes of it", {
  sanitizeOps: false,
}, async () => {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-prepared-" });
  const modules = new ModuleLoading();
  modules.table = new ModuleTable(folderUrl(folder), `${folderUrl(folder)}r/`);
  modules.install();
  try {
    const { edits: make } = await scriptReader();
    for (
      const [source, isErasable] of [
        [
          `export enum Kind { A = "a" }\nexport const kinds = new Map<Kind, string>();\n`,
          false,
        ],
        [
          `import { type Map2 } from "./b.ts";\nimport { Gone } from "./b.ts";\nexport class A { constructor(readonly   b: Gone) {} }\nexport const all: A[] = [];`,
          false,
        ],
        [
          `namespace N { export const a = () => setTimeout(() => a(), 1); }\nexport const n = N;\n\n`,
          false,
        ],
        [
          `export function   f(a: string): string { return a; }\nexport const m = new Map<string, string>();\n`,
          true,
        ],
      ] as const
    ) {
      const name = `a${crypto.randomUUID()}.ts`;
      await Deno.writeTextFile(`${folder}/${name}`, source);
      const prepared = await prepareScripts(modules, [name], true);
      const loaded = isErasable ? "erased" : "transpiled";
      const edits = make(source, { loaded, rebind: true });
      assertEquals([...prepared], [[name, { isErasable, edits }]]);
    }
  } finally {
    modules.uninstall();
    await Deno.remove(folder, { recursive: true });
  }
});
