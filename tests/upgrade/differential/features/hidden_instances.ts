/** Pieces whose class instances live where no walk from a holder finds them.
 * @module
 */
import type { Feature, Params } from "../program/model.ts";
import { asked, commonEdits, commonParams } from "./imports.ts";

const PLACES = ["set", "closure", "weak map", "object", "maker"] as const;

/** A module that stays: it imports nothing, and holds what it is given. */
const SHELVES: Readonly<Record<string, string>> = {
  set:
    `const held = new Set<any>();\nexport const add = (item: any) => { held.add(item); };\nexport const all = () => [...held];\n`,
  closure:
    `let first = (): any[] => [];\nexport const add = (item: any) => { const before = first; first = () => [...before(), item]; };\nexport const all = () => first();\n`,
  "weak map":
    `const key = {};\nconst held = new WeakMap<object, any[]>();\nexport const add = (item: any) => { held.set(key, [...held.get(key) ?? [], item]); };\nexport const all = () => held.get(key) ?? [];\n`,
  object:
    `class Shelf {\n  #held: any[] = [];\n  add(item: any) { this.#held.push(item); }\n  all() { return this.#held; }\n}\nconst shelf = new Shelf();\nexport const add = (item: any) => shelf.add(item);\nexport const all = () => shelf.all();\n`,
  // Holds one instance, which makes the others: of the class as it is when they are made.
  maker:
    `let first: any;\nexport const add = (item: any) => { first ??= item; };\nexport const all = () => first ? [first, first.another()] : [];\n`,
};

const itemModule = (params: Params): string =>
  `// note ${params.note}\n${params.exported ? "export " : ""}class Thing {\n${
    params.field ? `  tone = ${params.field};\n` : ""
  }  constructor(readonly x: number) {}\n  describe(x: number): string { return "${params.word}" + (this.x + x + ${params.step})${
    params.field ? " + this.tone" : ""
  }${
    params.helper ? ` + this.helper()` : ""
  }; }\n  another(): Thing { return new Thing(this.x * 2); }\n${
    params.helper
      ? `  helper(): string { return "helps${params.helper}"; }\n`
      : ""
  }}\n${
    params.subclass
      ? `class Special extends Thing {\n  override describe(x: number): string { return "special" + super.describe(x); }\n}\n`
      : ""
  }export const make = (x: number): Thing => new ${
    params.subclass ? "Special" : "Thing"
  }(x);\n`;

/** Instances in closures, weak maps and unexported variables of a module that does not change. */
export const hidden: Feature = {
  kind: "hidden",
  weight: 3,
  draw: (random) => ({
    ...commonParams(random),
    place: random.pick(PLACES),
    exported: random.chance(0.5),
    subclass: random.chance(0.3),
    field: 0,
    helper: 0,
  }),
  render: (id, params) => ({
    files: {
      [`${id}.ts`]:
        `import { make } from "./${id}_thing.ts";\nimport { add, all } from "./${id}_shelf.ts";\nexport const put = (x: number) => { add(make(x)); };\nexport const read = (x: number) => all().map((item) => item.describe(x)).join("|");\n`,
      [`${id}_thing.ts`]: itemModule(params),
      [`${id}_shelf.ts`]: SHELVES[String(params.place)]!,
    },
    entry: `${id}.ts`,
    exports: ["put", "read"],
    probes: [asked(`${id}_read`, 3)],
    given: [{ name: `${id}_put`, args: [5] }, { name: `${id}_put`, args: [6] }],
  }),
  edits: {
    ...commonEdits,
    field: [
      2,
      (params, random) => ({
        ...params,
        field: params.field ? 0 : random.integer(1, 9),
      }),
    ],
    helper: [2, (params, random) => ({
      ...params,
      helper: random.integer(1, 99),
    })],
  },
};
