/** Pieces in which one module registers something into another while it is evaluated.
 * @module
 */
import type { Feature } from "../program/model.ts";
import { asked, commonEdits, commonParams, word } from "./imports.ts";

const STYLES = ["map", "array", "router", "class router", "assign"] as const;

const REGISTRIES: Readonly<Record<string, string>> = {
  map:
    `export const table = new Map<string, (x: number) => string>();\nexport const ask = (x: number) => [...table].map(([key, run]) => key + run(x)).join();\n`,
  array:
    `export const table: [string, (x: number) => string][] = [];\nexport const ask = (x: number) => table.map(([key, run]) => key + run(x)).join();\n`,
  router:
    `const table: [string, (x: number) => string][] = [];\nexport const app = { get(path: string, run: (x: number) => string) { table.push([path, run]); } };\nexport const ask = (x: number) => table.map(([key, run]) => key + run(x)).join();\n`,
  "class router":
    `class Router {\n  table: [string, (x: number) => string][] = [];\n  get(path: string, run: (x: number) => string) { this.table.push([path, run]); return this; }\n}\nexport const app = new Router();\nexport const ask = (x: number) => app.table.map(([key, run]) => key + run(x)).join();\n`,
  assign:
    `export const table: Record<string, (x: number) => string> = {};\nexport const ask = (x: number) => Object.entries(table).map(([key, run]) => key + run(x)).join();\n`,
};

const registering = (style: unknown, key: string, run: string): string => {
  if (style === "map") return `table.set("${key}", ${run});\n`;
  if (style === "array") return `table.push(["${key}", ${run}]);\n`;
  if (style === "assign") return `table["${key}"] = ${run};\n`;
  return `app.get("${key}", ${run});\n`;
};

/** A table in one module, filled by the top level of another. */
export const registration: Feature = {
  kind: "registration",
  weight: 5,
  draw: (random) => ({
    ...commonParams(random),
    style: random.pick(STYLES),
    key: `/${word(random)}`,
    second: random.chance(0.4),
    named: random.chance(0.75),
    table: word(random),
    times: 1,
  }),
  render(id, params) {
    const style = String(params.style);
    const imported = style.endsWith("router") ? "app" : "table";
    const run = `(x) => "${params.word}" + (x + ${params.step})`;
    const lines = registering(style, String(params.key), run).repeat(
      Number(params.times),
    );
    const second = params.second
      ? registering(style, "/second", `(x) => "second" + x`)
      : "";
    const binding = style === "class router" ? "app" : "table";
    return {
      files: {
        [`${id}.ts`]:
          `import { ask } from "./${id}_table.ts";\nimport "./${id}_commands.ts";\nexport const read = (x: number) => ask(x);\n`,
        [`${id}_table.ts`]: `// table ${params.table}\n${REGISTRIES[style]}`,
        [`${id}_commands.ts`]:
          `// note ${params.note}\nimport { ${imported} } from "./${id}_table.ts";\n${lines}${second}`,
      },
      entry: `${id}.ts`,
      exports: ["read"],
      probes: [asked(`${id}_read`, 2)],
      ...(params.named ? { startsAnew: [`${id}_table.ts#${binding}`] } : {}),
    };
  },
  edits: {
    ...commonEdits,
    key: [3, (params, random) => ({ ...params, key: `/${word(random)}` })],
    second: [2, (params) => ({ ...params, second: !params.second })],
    table: [2, (params, random) => ({ ...params, table: word(random) })],
  },
};
