/** Pieces whose requests hand functions on by their names to a module that holds them where nobody can look.
 * @module
 */
import type { Feature, Params } from "../program/model.ts";
import { asked, commonEdits, commonParams } from "./imports.ts";

const FORMS = ["function", "arrow", "apart", "expression", "method"] as const;

// Its own function makes what it holds a function of its own, and no instance of anything.
const SHELF =
  `class Shelf {\n  #held = new Set<(x: number) => string>();\n  add(it: (x: number) => string) { this.#held.add(it); }\n  drop(it: (x: number) => string) { this.#held.delete(it); }\n  ask(x: number) { return [...this.#held].map((it) => it(x)).join("|"); }\n}\nexport const shelf = new Shelf();\n`;

const declared = (name: string, params: Params): string => {
  const value = `"${params.word}" + (x + ${params.step})`;
  switch (params.form) {
    case "arrow":
      return `const ${name} = (x: number): string => ${value};\n`;
    case "apart":
      return `const ${name} = (x: number, { by } = { by: 0 }): string => ${value} + by;\n`;
    case "expression":
      return `const ${name} = function (x: number): string { return ${value}; };\n`;
    default:
      return `function ${name}(x: number): string { return ${value}; }\n`;
  }
};

const given = (name: string, params: Params): string => {
  const drop = params.drops
    ? `export const drop = () => { shelf.drop(${name}); };\n`
    : "";
  return `export const put = () => { shelf.add(${name}); };\n${drop}export const read = (x: number) => shelf.ask(x);\n`;
};

/** What a request hands on by its name is held by somebody else. */
export const handedNames: Feature = {
  kind: "handed names",
  weight: 3,
  draw: (random) => ({
    ...commonParams(random),
    form: random.pick(FORMS),
    name: "tell",
    apart: random.chance(0.5),
    drops: random.chance(0.2),
  }),
  render: (id, params) => {
    const name = String(params.name);
    const imports = `import { shelf } from "./${id}_shelf.ts";\n`;
    const files: Record<string, string> = { [`${id}_shelf.ts`]: SHELF };
    if (params.form === "method") {
      files[`${id}.ts`] =
        `// note ${params.note}\n${imports}class Teller {\n  ${name}(x: number): string { return "${params.word}" + (x + ${params.step}); }\n  put() { shelf.add(this.${name}); }\n}\nexport const put = () => { new Teller().put(); };\nexport const read = (x: number) => shelf.ask(x);\n`;
    } else if (params.apart) {
      files[`${id}_tell.ts`] = `// note ${params.note}\nexport ${
        declared(name, params)
      }`;
      files[`${id}.ts`] =
        `${imports}import { ${name} } from "./${id}_tell.ts";\n${
          given(name, params)
        }`;
    } else {
      files[`${id}.ts`] = `// note ${params.note}\n${imports}${
        declared(name, params)
      }${given(name, params)}`;
    }
    return {
      files,
      entry: `${id}.ts`,
      exports: ["put", "read"],
      probes: [asked(`${id}_read`, 3)],
      given: [{ name: `${id}_put`, args: [] }],
    };
  },
  edits: {
    ...commonEdits,
    form: [1, (params, random) => ({ ...params, form: random.pick(FORMS) })],
    name: [1, (params, random) => ({
      ...params,
      name: `tell${random.integer(1, 9)}`,
    })],
    drops: [1, (params) => ({ ...params, drops: !params.drops })],
  },
};
