/** Pieces that go on without what may not be there, and modules that are loaded once for each query.
 * @module
 */
import type { Feature, Params } from "../program/model.ts";
import { asked, commonEdits, commonParams, word } from "./imports.ts";

const OPTIONAL = [
  "try at top",
  "catch at top",
  "reaction at top",
  "computed at top",
  "in each call",
  "remembered",
  "text at top",
  "text in each call",
] as const;

const isText = (style: Params[string] | undefined) =>
  String(style).startsWith("text");

/** `value` as far as it is there, in the ways a program can ask for it. */
const reader = (id: string, { style }: Params): string => {
  const it = `"./${id}_extra.ts"`;
  const text =
    `await Deno.readTextFile(new URL("./${id}_extra.txt", import.meta.url))`;
  const none = `{ value: () => "none" }`;
  switch (style) {
    case "try at top":
      return `let extra: any = ${none};\ntry { extra = await import(${it}); } catch { /* none */ }\nconst value = () => extra.value();\n`;
    case "catch at top":
      return `const extra: any = await import(${it}).catch(() => (${none}));\nconst value = () => extra.value();\n`;
    case "reaction at top":
      return `const value = await import(${it}).then((it: any) => it.value, () => () => "none");\n`;
    case "computed at top":
      return `let extra: any = ${none};\nfor (const name of ["extra"]) {\n  try { extra = await import(\`./${id}_\${name}.ts\`); } catch { /* none */ }\n}\nconst value = () => extra.value();\n`;
    case "in each call":
      return `const value = async () => { try { return (await import(${it})).value(); } catch { return "none"; } };\n`;
    case "remembered":
      return `let extra: any;\nconst value = async () => { extra ??= await import(${it}).catch(() => (${none})); return extra.value(); };\n`;
    case "text at top":
      return `let text = "none";\ntry { text = ${text}; } catch { /* none */ }\nconst value = () => text;\n`;
    default:
      return `const value = async () => { try { return ${text}; } catch { return "none"; } };\n`;
  }
};

/** A module that goes on without another one, or a file, that comes and goes. */
export const optional: Feature = {
  kind: "optional",
  weight: 4,
  draw(random) {
    const style = random.pick(OPTIONAL);
    return {
      ...commonParams(random),
      style,
      // Nobody can tell a file of the image that no release has from one that is gone.
      isThere: !isText(style) && random.chance(0.5),
      content: word(random),
    };
  },
  render(id, params) {
    const isText = String(params.style).startsWith("text");
    const extra = isText ? { [`${id}_extra.txt`]: `${params.content}` } : {
      [`${id}_extra.ts`]:
        `// note ${params.note}\nexport const value = (): string => "${params.content}";\n`,
    };
    return {
      files: {
        [`${id}.ts`]: `${
          reader(id, params)
        }export const read = async (x: number) => "${params.word}" + await value() + (x + ${params.step});\n`,
        ...(params.isThere ? extra : {}),
      },
      entry: `${id}.ts`,
      exports: ["read"],
      probes: [asked(`${id}_read`, 2)],
      ...(params.style === "remembered"
        ? { startsAnew: [`${id}.ts#extra`] }
        : {}),
    };
  },
  edits: {
    ...commonEdits,
    comeOrGo: [8, (params) => ({ ...params, isThere: !params.isThere })],
    content: [4, (params, random) => ({ ...params, content: word(random) })],
    otherWay: [2, (params, random) => ({
      ...params,
      style: random.pick(OPTIONAL),
    })],
  },
};

const QUERIES = ["", "?a", "?b=1", "?b=2", "#c", "?a#c"] as const;

/** A module under two names: each is a module of its own, and knows its name. */
export const queries: Feature = {
  kind: "queries",
  weight: 3,
  draw: (random) => ({
    ...commonParams(random),
    one: random.pick(QUERIES),
    other: random.pick(QUERIES),
    called: random.chance(0.2),
  }),
  render(id, params) {
    const file = `./${id}_part.ts`;
    const read =
      `export const read = async (x: number) => one(x) + "/" + await other(x);\n`;
    const other = params.called
      ? `const other = async (x: number) => (await import("${file}${params.other}")).value(x);\n`
      : `import { value as other } from "${file}${params.other}";\n`;
    return {
      files: {
        [`${id}.ts`]:
          `import { value as one } from "${file}${params.one}";\n${other}${read}`,
        [`${id}_part.ts`]:
          `// note ${params.note}\nconst { search, hash } = new URL(import.meta.url);\nexport const value = (x: number): string => "${params.word}" + search + hash + (x + ${params.step});\n`,
      },
      entry: `${id}.ts`,
      exports: ["read"],
      probes: [asked(`${id}_read`, 4)],
    };
  },
  edits: {
    ...commonEdits,
    otherQuery: [3, (params, random) => ({
      ...params,
      other: random.pick(QUERIES),
    })],
    otherWay: [1, (params) => ({ ...params, called: !params.called })],
  },
};
