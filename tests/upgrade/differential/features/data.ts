/** Pieces that read JSON and text, remember values, or keep variables of a module.
 * @module
 */
import type { Feature, Params } from "../program/model.ts";
import { asked, commonEdits, commonParams, word } from "./imports.ts";

const WAYS = [
  "json import",
  "json read",
  "json read at top",
  "text read",
  "text read by dirname",
  "text read at top",
] as const;

const reader = (id: string, params: Params): string => {
  const json = `new URL("./${id}_data.json", import.meta.url)`;
  const text = `new URL("./${id}_data.txt", import.meta.url)`;
  switch (params.way) {
    case "json import":
      return `import data from "./${id}_data.json" with { type: "json" };\nconst value = () => data.value;\n`;
    case "json read":
      return `const value = () => JSON.parse(Deno.readTextFileSync(${json})).value;\n`;
    case "json read at top":
      return `const data = JSON.parse(Deno.readTextFileSync(${json}));\nconst value = () => data.value;\n`;
    case "text read":
      return `const value = () => Deno.readTextFileSync(${text}).trim();\n`;
    case "text read by dirname":
      return `const value = () => Deno.readTextFileSync(import.meta.dirname + "/${id}_data.txt").trim();\n`;
    default:
      return `const data = Deno.readTextFileSync(${text}).trim();\nconst value = () => data;\n`;
  }
};

/** A module that reads a file beside it. */
export const data: Feature = {
  kind: "data",
  weight: 5,
  draw: (random) => ({
    ...commonParams(random),
    way: random.pick(WAYS),
    content: word(random),
  }),
  render(id, params) {
    const json = String(params.way).startsWith("json");
    return {
      files: {
        [`${id}.ts`]: `// note ${params.note}\n${
          reader(id, params)
        }export const read = (x: number) => "${params.word}" + value() + (x + ${params.step});\n`,
        [`${id}_data.${json ? "json" : "txt"}`]: json
          ? JSON.stringify({ value: params.content }) + "\n"
          : `${params.content}\n`,
      },
      entry: `${id}.ts`,
      exports: ["read"],
      probes: [asked(`${id}_read`, 1)],
    };
  },
  edits: {
    ...commonEdits,
    content: [6, (params, random) => ({ ...params, content: word(random) })],
    otherWay: [1, (params, random) => ({ ...params, way: random.pick(WAYS) })],
  },
};

/** A value made once from another module's function, and kept in a variable or a collection. */
export const memo: Feature = {
  kind: "memo",
  weight: 3,
  draw: (random) => ({
    ...commonParams(random),
    collection: random.chance(0.5),
    named: random.chance(0.7),
    cachedImport: random.chance(0.25),
  }),
  render(id, params) {
    const cache = params.collection
      ? `const cache = new Map<number, string>();\nconst remember = (x: number, make: () => string) => { if (!cache.has(x)) cache.set(x, make()); return cache.get(x); };\n`
      : `let cache: string | undefined;\nconst remember = (_x: number, make: () => string) => cache ??= make();\n`;
    const text = params.cachedImport
      ? `let cache: Promise<{ build(x: number): string }> | undefined;\nexport const read = async (x: number) => { cache ??= import("./${id}_build.ts"); return (await cache).build(x); };\n`
      : `import { build } from "./${id}_build.ts";\n${cache}export const read = (x: number) => remember(x, () => build(${
        params.collection ? "x" : "0"
      }));\n`;
    return {
      files: {
        [`${id}.ts`]: text,
        [`${id}_build.ts`]:
          `// note ${params.note}\nexport const build = (x: number) => "${params.word}" + (x + ${params.step});\n`,
      },
      entry: `${id}.ts`,
      exports: ["read"],
      probes: [asked(`${id}_read`, 4)],
      ...(params.named ? { startsAnew: [`${id}.ts#cache`] } : {}),
    };
  },
  edits: commonEdits,
};

/** A variable that requests change: of the module that reads it, or exported and read by another. */
export const variable: Feature = {
  kind: "variable",
  weight: 3,
  draw: (random) => ({
    ...commonParams(random),
    exported: random.chance(0.4),
    named: random.chance(0.7),
  }),
  render(id, params) {
    const own =
      `export ${"let"} count = 0;\nexport const peek = () => count;\nexport const restore = (value: number) => { count = value; };\n`;
    const bump = `"${params.word}" + x`;
    const files: Record<string, string> = params.exported
      ? {
        [`${id}_store.ts`]: `// note ${params.note}\n${own}`,
        [`${id}.ts`]:
          `import { count, peek, restore } from "./${id}_store.ts";\nexport { peek, restore };\nexport const bump = (x: number) => { restore(count + x * ${params.step}); return ${bump} + count; };\n`,
      }
      : {
        [`${id}.ts`]:
          `// note ${params.note}\n${own}export const bump = (x: number) => { count += x * ${params.step}; return ${bump} + count; };\n`,
      };
    const file = params.exported ? `${id}_store.ts` : `${id}.ts`;
    return {
      files,
      entry: `${id}.ts`,
      exports: ["bump", "peek", "restore"],
      probes: [],
      ...(params.named ? { startsAnew: [`${file}#count`] } : {}),
      variable: { piece: id, startsAnew: params.named === true },
    };
  },
  edits: commonEdits,
};
