/** Pieces that read other pieces: one module with several importers, at several depths, behind boundaries or not.
 * @module
 */
import type { Feature } from "../program/model.ts";
import { asked, commonEdits, commonParams } from "./imports.ts";

/** A module that reads the entries of other pieces. */
export const hub: Feature = {
  kind: "hub",
  weight: 4,
  draw: (random) => ({
    ...commonParams(random),
    target: `m${random.integer(0, 3)}`,
    other: `m${random.integer(0, 3)}`,
    behind: random.chance(0.35),
  }),
  render(id, params, readable) {
    const targets = [...new Set([params.target, params.other])].map(String)
      .filter((target) => target < id && readable.includes(target));
    const imports = targets.map((target) =>
      params.behind
        ? `const ${target} = await live(() => import("./${target}.ts"));\n`
        : `import * as ${target} from "./${target}.ts";\n`
    ).join("");
    const reads = targets.map((target) => `await ${target}.read(x)`);
    return {
      files: {
        [`${id}.ts`]: `// note ${params.note}\n${
          params.behind && targets.length > 0
            ? `import { live } from "@flyhot/runtime";\n`
            : ""
        }${imports}export const read = async (x: number) => ["${params.word}", x + ${params.step}${
          reads.map((text) => `, ${text}`).join("")
        }].join("~");\n`,
      },
      entry: `${id}.ts`,
      exports: ["read"],
      probes: [asked(`${id}_read`, 1)],
    };
  },
  edits: {
    ...commonEdits,
    otherTarget: [2, (params, random) => ({
      ...params,
      target: `m${random.integer(0, 3)}`,
    })],
  },
};
