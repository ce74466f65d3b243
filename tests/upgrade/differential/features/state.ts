/** Pieces with holders and families, whose state may hold instances of the app's classes.
 * @module
 */
import type {
  Feature,
  HolderModel,
  Params,
  StateStep,
} from "../program/model.ts";
import type { Random } from "../program/random.ts";
import { asked, commonEdits, commonParams, word } from "./imports.ts";

/** The steps of a state, as they are written in a parameter: `add:f1:5 scale:3`. */
export function stepsOf(params: Params): StateStep[] {
  return String(params.steps).split(" ").filter((text) => text !== "").map(
    (text) => {
      const [kind, first, value] = text.split(":");
      return kind === "scale"
        ? { kind, by: Number(first) }
        : { kind: "add", field: String(first), value: Number(value) };
    },
  );
}

const migration = (step: StateStep, version: number, down: boolean) => {
  const trail = `trail: [...old.trail, "up${version}"]`;
  const back = `trail: [...old.trail, "down${version}"]`;
  const up = step.kind === "scale"
    ? `({ ...old, n: old.n * ${step.by}, ${trail} })`
    : `({ ...old, ${step.field}: ${step.value}, ${trail} })`;
  const undo = step.kind === "scale"
    ? `(old: any) => ({ ...old, n: old.n / ${step.by}, ${back} })`
    : `({ ${step.field}, ...old }: any) => ({ ...old, ${back} })`;
  return `    ${version}: ${
    down ? `{ up: (old: any) => ${up}, down: ${undo} }` : `(old: any) => ${up}`
  },\n`;
};

const itemClass = (params: Params): string => {
  const fields = [
    params.field ? `  tone = ${params.field};\n` : "",
    params.hidden ? `  #secret = 3;\n` : "",
    params.derived ? `  twice: number;\n` : "",
  ].join("");
  const extra = [
    params.field ? `this.tone` : "",
    params.hidden ? `this.#secret` : "",
    params.derived ? `this.twice` : "",
    params.inherits ? `this.base(x)` : "",
    params.method ? `this.helper${params.method}()` : "",
  ].filter((text) => text !== "");
  const text = `\`${params.word}:\${[this.x, x + ${params.step}${
    extra.map((text) => ", " + text).join("")
  }].join(" ")}\``;
  const describe = params.arrow
    ? `  describe = (x: number): string => ${text};\n`
    : `  describe(x: number): string { return ${text}; }\n`;
  return `// note ${params.note}\n${
    params.exported ? "export " : ""
  }class Item${
    params.inherits ? " extends Base" : ""
  } {\n${fields}  x: number;\n  constructor(x: number) {\n${
    params.inherits ? "    super();\n" : ""
  }    this.x = x;\n${
    params.derived ? "    this.twice = x * 2;\n" : ""
  }  }\n${describe}${
    params.method
      ? `  helper${params.method}(): string { return "helps${params.method}" + this.x; }\n`
      : ""
  }}\n${
    params.exported ? "" : "export const make = (x: number) => new Item(x);\n"
  }`;
};

const stateModule = (id: string, params: Params): string => {
  const steps = stepsOf(params);
  const keys = [
    `n: 0`,
    `trail: [] as string[]`,
    `items: [] as any[]`,
    ...steps.flatMap((step) =>
      step.kind === "add" ? [`${step.field}: ${step.value}`] : []
    ),
    ...(params.unannounced ? [`unannounced: ${params.unannounced}`] : []),
  ].join(", ");
  const version = steps.length + 1;
  const fields = steps.flatMap((step) =>
    step.kind === "add" ? [`state.${step.field}`] : []
  );
  const shown = [
    `state.n`,
    ...fields,
    ...(params.unannounced ? [`state.unannounced + 1`] : []),
  ].join(", ");
  const make = params.classes
    ? params.exported
      ? `import { Item } from "./${id}_item.ts";\nconst make = (x: number) => (globalThis as any).made(new Item(x));\n`
      : `import { make as fromClass } from "./${id}_item.ts";\nconst make = (x: number) => (globalThis as any).made(fromClass(x));\n`
    : `const make = (x: number) => ({ x, describe: undefined });\n`;
  const text = params.classes ? `item.describe(x)` : `item.x + x`;
  return `import { ${
    params.family ? "family" : "holder"
  } } from "@flyhot/runtime";
${make}export const ${id}_kept = ${
    params.family ? "family" : "holder"
  }("${id}_${params.named}", {
  version: ${version},
${
    params.renamedFrom
      ? `  renamedFrom: "${id}_${params.renamedFrom}",\n`
      : ""
  }  state: () => ({ ${keys} }),
  migrate: {
${
    steps.map((step, index) => migration(step, index + 2, params.down === true))
      .join("")
  }  },
  actions: {
    add: (state: any, by: number) => { state.n += by + ${params.inAdd}; return [${version}, by + ${params.inAdd}]; },
    put: (state: any, x: number) => { state.items.push(make(x)); return state.items.length; },
    show: (state: any, x: number) => [${shown}, ...state.items.map((item: any) => ${text})].slice(x < 0 ? 1 : 0).join("|"),
    restore: (state: any, saved: any) => {
      Object.assign(state, saved, { items: saved.items.map((fields: any) => Object.assign(make(fields.x), fields)) });
    },
  },
});
`;
};

const entryModule = (id: string, params: Params): string =>
  params.family
    ? `import { ${id}_kept as kept } from "./${id}_state.ts";
const keyOf = (x: number) => ["ann", "bob", "cyd"][Math.abs(x) % 3]!;
export const add = (x: number) => kept.get(keyOf(x)).add(x);
export const put = (x: number) => kept.get(keyOf(x)).put(x);
export const show = (x: number) => kept.get(keyOf(x)).show(x);
export const still = (x: number) => kept.get(keyOf(x)).show(-3 - x);
export const peek = () => JSON.stringify(Object.fromEntries([...kept.keys()].sort().map((key) => [key, kept.get(key).state])));
export const restore = async (all: any) => { for (const [key, saved] of Object.entries(all)) await kept.get(key).restore(saved); };
`
    : `import { ${id}_kept as kept } from "./${id}_state.ts";
export const add = (x: number) => kept.add(x);
export const put = (x: number) => kept.put(x);
export const show = (x: number) => kept.show(x);
export const still = (x: number) => kept.show(-3 - x);
export const peek = () => JSON.stringify({ it: kept.state });
export const restore = (all: any) => kept.restore(all.it);
`;

const raise = (params: Params, step: string): Params => ({
  ...params,
  steps: `${params.steps} ${step}`.trim(),
});

const perhapsField = (random: Random) =>
  random.chance(0.4) ? random.integer(1, 9) : 0;

/** A holder or a family, with the modules of its class. */
export const state: Feature = {
  kind: "state",
  weight: 8,
  draw: (random) => ({
    ...commonParams(random),
    family: random.chance(0.4),
    named: `kept_${word(random)}`,
    renamedFrom: "",
    steps: random.chance(0.3) ? `add:f0:${random.integer(1, 9)}` : "",
    down: random.chance(0.7),
    inAdd: random.integer(0, 3),
    unannounced: 0,
    classes: random.chance(0.75),
    exported: random.chance(0.6),
    inherits: random.chance(0.3),
    hidden: random.chance(0.12),
    arrow: random.chance(0.15),
    derived: random.chance(0.2),
    field: perhapsField(random),
    method: 0,
    baseStep: random.integer(1, 9),
  }),
  render(id, params) {
    const files: Record<string, string> = {
      [`${id}.ts`]: entryModule(id, params),
      [`${id}_state.ts`]: stateModule(id, params),
    };
    if (params.classes) {
      files[`${id}_item.ts`] =
        (params.inherits ? `import { Base } from "./${id}_base.ts";\n` : "") +
        itemClass(params);
      if (params.inherits) {
        files[`${id}_base.ts`] =
          `export class Base {\n  base(x: number): string { return "base" + (x * ${params.baseStep}); }\n}\n`;
      }
    }
    const holder: HolderModel = {
      piece: id,
      family: params.family === true,
      steps: stepsOf(params),
    };
    return {
      files,
      entry: `${id}.ts`,
      exports: ["add", "put", "show", "still", "peek", "restore"],
      // `still` leaves out the number that callers change meanwhile: its answer depends on the version alone.
      probes: [asked(`${id}_still`, 0), asked(`${id}_still`, 1)],
      holder,
    };
  },
  edits: {
    ...commonEdits,
    action: [
      3,
      (params) => ({ ...params, inAdd: (Number(params.inAdd) + 1) % 5 }),
    ],
    raiseAdd: [
      4,
      (params, random) =>
        raise(
          params,
          `add:f${stepsOf(params).length + 1}:${random.integer(1, 9)}`,
        ),
    ],
    raiseScale: [
      2,
      (params) => raise(params, `scale:${stepsOf(params).length + 2}`),
    ],
    unannounced: [
      1,
      (params, random) => ({ ...params, unannounced: random.integer(1, 9) }),
    ],
    rename: [
      1,
      (params, random) => ({
        ...params,
        named: `kept_${word(random)}`,
        renamedFrom: String(params.named),
      }),
    ],
    field: [
      2,
      (params, random) =>
        params.classes
          ? { ...params, field: params.field ? 0 : random.integer(1, 9) }
          : undefined,
    ],
    derived: [
      1,
      (params) =>
        params.classes ? { ...params, derived: !params.derived } : undefined,
    ],
    method: [
      2,
      (params, random) =>
        params.classes
          ? { ...params, method: random.integer(1, 99) }
          : undefined,
    ],
    base: [
      2,
      (params, random) =>
        params.classes && params.inherits
          ? { ...params, baseStep: random.integer(10, 99) }
          : undefined,
    ],
  },
};
