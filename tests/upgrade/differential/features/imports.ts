/** Pieces that differ in how one module reaches another.
 * @module
 */
import type { Feature, Params, Probe } from "../program/model.ts";
import type { Random } from "../program/random.ts";

/** A probe that may be asked at any time. */
export const asked = (name: string, ...args: number[]): Probe => ({
  name,
  args,
  how: "call",
  underLoad: true,
});

/** A word that no other version has. */
export const word = (random: Random): string =>
  `w${random.integer(1000, 9999)}`;

/** Edits that nearly every piece knows: other words, other numbers, another comment. */
export const commonEdits: Feature["edits"] = {
  constant: [4, (params, random) => ({ ...params, word: word(random) })],
  body: [3, (params, random) => ({ ...params, step: random.integer(2, 90) })],
  comment: [1, (params, random) => ({
    ...params,
    note: random.integer(1, 999),
  })],
};

/** The parameters that the common edits change. */
export const commonParams = (random: Random): Params => ({
  word: word(random),
  step: random.integer(2, 90),
  note: 0,
});

const ALL_STYLES = [
  "plain",
  "reexport",
  "barrel",
  "namespace",
  "computed",
  "dynamic",
  "alias",
  "default",
  "extension",
] as const;

const leaf = (params: Params): string =>
  `// note ${params.note}
export const ${params.name} = (x: number): string => "${params.word}:" + (x + ${params.step});
${params.more ? `export const more = "more";\n` : ""}`;

/** One module reads a function of another, by one of the ways an import can be written. */
export const link: Feature = {
  kind: "link",
  weight: 6,
  draw: (random) => ({
    ...commonParams(random),
    style: random.pick(ALL_STYLES),
    name: "value",
    more: false,
    top: word(random),
  }),
  render(id, params) {
    const name = params.name;
    const file = `${id}_leaf.ts`;
    const files: Record<string, string> = { [file]: leaf(params) };
    const top = `"${params.top}/" + `;
    let text: string;
    switch (params.style) {
      case "reexport":
        files[`${id}_middle.ts`] =
          `export { ${name} as through } from "./${file}";\n`;
        text =
          `import { through } from "./${id}_middle.ts";\nexport const read = (x: number) => ${top}through(x);\n`;
        break;
      case "barrel":
        files[`${id}_barrel.ts`] =
          `export * from "./${file}";\nexport const other = 1;\n`;
        text =
          `import { ${name} } from "./${id}_barrel.ts";\nexport const read = (x: number) => ${top}${name}(x);\n`;
        break;
      case "namespace":
        text =
          `import * as all from "./${file}";\nexport const read = (x: number) => ${top}all.${name}(x) + Object.keys(all).join();\n`;
        break;
      case "computed":
        text =
          `const table: Record<string, string> = { a: "./${file}" };\nexport const read = async (x: number) => ${top}(await import(table["a"]!)).${name}(x);\n`;
        break;
      case "dynamic":
        text =
          `export const read = async (x: number) => { const { ${name} } = await import("./${file}"); return ${top}${name}(x); };\n`;
        break;
      case "alias":
        text =
          `import { ${name} } from "@${id}/${file}";\nexport const read = (x: number) => ${top}${name}(x);\n`;
        break;
      case "default":
        files[file] += `export default ${name};\n`;
        text =
          `import value from "./${file}";\nexport const read = (x: number) => ${top}value(x);\n`;
        break;
      case "extension":
        text =
          `import { ${name} as value } from "./${file}?part=1";\nexport const read = (x: number) => ${top}value(x);\n`;
        break;
      default:
        text =
          `import { ${name} } from "./${file}";\nexport const read = (x: number) => ${top}${name}(x);\n`;
    }
    files[`${id}.ts`] = text;
    return {
      files,
      entry: `${id}.ts`,
      exports: ["read"],
      probes: [asked(`${id}_read`, 1)],
      ...(params.style === "alias" ? { aliases: { [`@${id}/`]: "./" } } : {}),
    };
  },
  edits: {
    ...commonEdits,
    top: [2, (params, random) => ({ ...params, top: word(random) })],
    renameExport: [1, (params, random) => ({
      ...params,
      name: `value${random.integer(1, 99)}`,
    })],
    addExport: [
      1,
      (params) => params.more ? undefined : { ...params, more: true },
    ],
    removeExport: [
      1,
      (params) => params.more ? { ...params, more: false } : undefined,
    ],
    otherWay: [1, (params, random) => ({
      ...params,
      style: random.pick(ALL_STYLES),
    })],
  },
};

/** Two modules that import each other. */
export const cycle: Feature = {
  kind: "cycle",
  weight: 2,
  draw: commonParams,
  render: (id, params) => ({
    files: {
      [`${id}.ts`]:
        `import { there } from "./${id}_there.ts";\nexport const name = "${params.word}";\nexport function read(x: number): string { return there(x) + "back"; }\n`,
      [`${id}_there.ts`]:
        `// note ${params.note}\nimport { name, read } from "./${id}.ts";\nexport const there = (x: number) => name + (x * ${params.step}) + typeof read;\n`,
    },
    entry: `${id}.ts`,
    exports: ["read"],
    probes: [asked(`${id}_read`, 3)],
  }),
  edits: commonEdits,
};

/** A boundary inside the app, whose owner stays when what is behind it changes. */
export const boundary: Feature = {
  kind: "boundary",
  weight: 3,
  draw: (random) => ({ ...commonParams(random), top: word(random) }),
  render: (id, params) => ({
    files: {
      [`${id}.ts`]:
        `import { live } from "@flyhot/runtime";\nconst inner = await live(() => import("./${id}_inner.ts"));\nexport const read = async (x: number) => {\n  const first = "${params.top}" + inner.value(x);\n  await new Promise((done) => setTimeout(done, 2));\n  return first + inner.value(x);\n};\n`,
      [`${id}_inner.ts`]:
        `// note ${params.note}\nexport const value = (x: number): string => "${params.word}" + (x - ${params.step});\n`,
    },
    entry: `${id}.ts`,
    exports: ["read"],
    probes: [asked(`${id}_read`, 5)],
  }),
  edits: {
    ...commonEdits,
    top: [1, (params, random) => ({ ...params, top: word(random) })],
  },
};

/** A module that takes only types from another, and a variable that a needless reload would lose. */
export const types: Feature = {
  kind: "types",
  weight: 2,
  draw: (random) => ({
    ...commonParams(random),
    marked: random.chance(0.5),
    named: random.chance(0.6),
    shape: 0,
  }),
  render: (id, params) => ({
    files: {
      [`${id}.ts`]: `import { ${
        params.marked ? "type " : ""
      }Kind } from "./${id}_types.ts";\nlet count = 0;\nexport const bump = (x: number): Kind => "${params.word}" + (count += x + ${params.step});\nexport const peek = () => count;\nexport const restore = (value: number) => { count = value; };\n`,
      [`${id}_types.ts`]:
        `// note ${params.note}\nexport type Kind = string;\nexport interface Shape${params.shape} { side: number }\n`,
    },
    entry: `${id}.ts`,
    exports: ["bump", "peek", "restore"],
    probes: [],
    ...(params.named ? { startsAnew: [`${id}.ts#count`] } : {}),
    variable: { piece: id, startsAnew: params.named === true },
  }),
  edits: {
    ...commonEdits,
    shape: [4, (params, random) => ({
      ...params,
      shape: random.integer(1, 99),
    })],
  },
};
