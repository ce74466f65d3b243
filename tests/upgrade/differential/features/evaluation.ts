/** Pieces with values that evaluation makes from other modules, and exports that are assigned after their declaration.
 * @module
 */
import type { Feature, Params } from "../program/model.ts";
import { asked, commonEdits, commonParams, word } from "./imports.ts";

const VALUES: Readonly<Record<string, string>> = {
  object:
    `export const config = { limit, name: base + "!" };\nexport const value = (x: number) => config.name + (config.limit + x);\n`,
  static:
    `class Db {\n  static one = new Db(base);\n  static limit = limit;\n  constructor(readonly name: string) {}\n  static value(x: number) { return Db.one.name + (Db.limit + x); }\n}\nexport const value = (x: number) => Db.value(x);\n`,
  reassigned:
    `export let mode = "none";\nmode = base + limit;\nexport const value = (x: number) => mode + x;\n`,
  enum:
    `enum Kind { First = 1, Second }\nconst names = { [Kind.First]: base, [Kind.Second]: String(limit) };\nexport const value = (x: number) => names[x % 2 ? Kind.First : Kind.Second] + Kind[1] + x;\n`,
  closure:
    `const make = (name: string, most: number) => (x: number) => name + (most + x);\nexport const value = make(base, limit);\n`,
  frozen:
    `export const list = Object.freeze([base, limit]);\nexport const value = (x: number) => list.join("-") + x;\n`,
  awaited:
    `const loaded = await Promise.resolve({ name: base, limit });\nexport const value = (x: number) => loaded.name + (loaded.limit + x);\n`,
  "set by another":
    `export let mode = "none";\nexport const setMode = (to: string) => { mode = to; };\nexport const value = (x: number) => mode + x;\n`,
};

const STYLES = Object.keys(VALUES);

/** Values that are right only if all that they are made from is evaluated again with it. */
export const derived: Feature = {
  kind: "derived",
  weight: 4,
  draw: (random) => ({
    ...commonParams(random),
    style: random.pick(STYLES),
    named: random.chance(0.75),
    top: word(random),
  }),
  render(id, params) {
    const style = String(params.style);
    const isSet = style === "set by another";
    const imports = `import { base, limit } from "./${id}_base.ts";\n`;
    return {
      files: {
        [`${id}.ts`]: `import { value } from "./${id}_value.ts";\n${
          isSet ? `import "./${id}_set.ts";\n` : ""
        }export const read = (x: number) => "${params.top}/" + value(x);\n`,
        [`${id}_value.ts`]: `${isSet ? "" : imports}${VALUES[style]}`,
        [`${id}_base.ts`]:
          `// note ${params.note}\nexport const base: string = "${params.word}";\nexport const limit: number = ${params.step};\n`,
        ...isSet
          ? {
            [`${id}_set.ts`]:
              `import { setMode } from "./${id}_value.ts";\n${imports}setMode(base + limit);\n`,
          }
          : {},
      },
      entry: `${id}.ts`,
      exports: ["read"],
      probes: [asked(`${id}_read`, 1), asked(`${id}_read`, 2)],
      ...(isSet && params.named ? { startsAnew: [`${id}_value.ts#mode`] } : {}),
    };
  },
  edits: {
    ...commonEdits,
    top: [2, (params, random) => ({ ...params, top: word(random) })],
    otherStyle: [2, (params, random) => ({
      ...params,
      style: random.pick(STYLES),
    })],
  },
};

const WAYS = ["async", "generator", "async generator", "boundary"] as const;

const PAUSE = `await new Promise((done) => setTimeout(done, 2));`;

/** What begins in one turn and ends in another: with what it began with in hand, it must meet the code that made it. */
const working = (id: string, params: Params): string => {
  const shape = `./${id}_shape.ts`;
  const own = `import { begin, finish } from "${shape}";\n`;
  switch (params.way) {
    case "generator":
      return `${own}function* steps(x: number) {\n  const shape = begin(x);\n  yield "begun";\n  yield finish(shape);\n}\nexport const read = async (x: number) => {\n  const said: string[] = [];\n  for (const text of steps(x)) { said.push(text); ${PAUSE} }\n  return said.join();\n};\n`;
    case "async generator":
      return `${own}async function* steps(x: number) {\n  const shape = begin(x);\n  yield "begun";\n  ${PAUSE}\n  yield finish(shape);\n}\nexport const read = async (x: number) => {\n  const said: string[] = [];\n  for await (const text of steps(x)) said.push(text);\n  return said.join();\n};\n`;
    case "boundary":
      return `import { live } from "@flyhot/runtime";\nconst inner = await live(() => import("${shape}"));\nexport const read = async (x: number) => {\n  const shape = inner.begin(x);\n  ${PAUSE}\n  return inner.finish(shape);\n};\n`;
    default:
      return `${own}export const read = async (x: number) => {\n  const shape = begin(x);\n  ${PAUSE}\n  return finish(shape);\n};\n`;
  }
};

/** Work that is under way while an upgrade happens, with data whose shape changes. */
export const work: Feature = {
  kind: "work",
  weight: 3,
  draw: (random) => ({
    ...commonParams(random),
    way: random.pick(WAYS),
    field: `f${random.integer(1, 99)}`,
  }),
  render: (id, params) => ({
    files: {
      [`${id}.ts`]: working(id, params),
      [`${id}_shape.ts`]:
        `// note ${params.note}\nexport const begin = (x: number): any => ({ ${params.field}: x + ${params.step} });\nexport const finish = (shape: any): string => {\n  if (!("${params.field}" in shape)) throw new Error("made by other code: " + Object.keys(shape));\n  return "${params.word}" + shape.${params.field};\n};\n`,
    },
    entry: `${id}.ts`,
    exports: ["read"],
    probes: [asked(`${id}_read`, 4)],
  }),
  edits: {
    ...commonEdits,
    shape: [4, (params, random) => ({
      ...params,
      field: `f${random.integer(1, 99)}`,
    })],
    otherWay: [2, (params, random) => ({ ...params, way: random.pick(WAYS) })],
  },
};
